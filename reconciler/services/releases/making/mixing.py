"""Puts the values of one environment.yaml into another, and leaves the rest as it stands."""

from __future__ import annotations

from reconciler.core import layout
from reconciler.core.errors import ReconcilerError
from reconciler.ports import Snapshot
from reconciler.services.workspace import Workspace


def with_values(workspace: Workspace, tip: Snapshot, old: Snapshot, environment: str) -> bytes:
    """Return the tip's environment.yaml with the values that it had in another commit.

    Raises:
        ReconcilerError: the two cannot be put together.
    """
    path = layout.environment_file(environment)
    now, then = (_bytes(snapshot, path) for snapshot in (tip, old))
    mixed = workspace.manifests.with_member(now, then, "/spec/values")
    if mixed is None:
        raise ReconcilerError(
            f"The values of {path} cannot be put back by themselves.",
            hint=f"Give spec.values the form it had at {(old.commit or '')[:12]}, and try again.",
        )
    return mixed


def _bytes(snapshot: Snapshot, path: str) -> bytes:
    files = [file for file in snapshot.files(path) if file.path == path]
    return next((data for _, data in snapshot.read(files)), b"")
