"""Single files of a snapshot."""

from __future__ import annotations

from reconciler.ports import Snapshot


def read_file(snapshot: Snapshot, path: str) -> bytes | None:
    """Return the bytes of a file, None where the snapshot has none at that very path.

    Raises:
        RepositoryError: it is no plain file, or its object is missing.
    """
    found = [file for file in snapshot.files(path) if file.path == path]
    return next((data for _, data in snapshot.read(found)), None)
