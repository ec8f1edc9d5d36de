"""A bare mirror of a remote: made when it is first needed, read like a checkout.

Its HEAD names the protected branch among what was fetched. No URL and no credential is written
into it. It must not know which branch is protected: whoever opens it says so.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from reconciler.adapters import folder as state
from reconciler.adapters.git.command import GitCommand, temporary_files
from reconciler.adapters.git.private import bare
from reconciler.adapters.git.refs import FETCHED_HEADS, read_head
from reconciler.adapters.git.remote import EVERY, parse_remote
from reconciler.adapters.git.repository import GitRepository
from reconciler.core.errors import RepositoryError
from reconciler.core.printable import one_line

_UNBORN = "ref: refs/reconciler/heads/unknown\n"


def mirror_folder(mirrors: Path, url: str) -> Path:
    """Return where the mirror of a remote lies; its credentials have no part in that."""
    known = parse_remote(url, mirrors).url
    return mirrors / f"{hashlib.sha256(known.encode('utf-8', 'surrogateescape')).hexdigest()}.git"


class Mirror(GitRepository):
    """The mirror of one remote."""

    def __init__(self, mirrors: Path, url: str) -> None:
        """Open the mirror of a remote below a folder, and make it where there is none.

        Raises:
            RepositoryError: the remote is of a kind that is refused, or nothing can be written.
        """
        folder = mirror_folder(mirrors, url)
        if not folder.exists():
            _make(folder)
        super().__init__(bare(folder), url)

    @property
    def is_empty(self) -> bool:
        """True before the first fetch."""
        return not self._refs.branches()

    def follow(self) -> str:
        """Fetch everything; return the full ref of the branch that the remote itself puts first.

        Raises:
            RemoteUnreachable: the remote does not answer.
            RepositoryError: the remote has no branch.
        """
        url = self._address()
        self._remotes().fetch(EVERY, url)
        named = self._remotes().default_branch(url)
        branches = self._refs.branches()
        if named not in branches:
            found = ", ".join(branches[:20]) or "none"
            raise RepositoryError(f"HEAD of the remote names no branch; branches found: {found}.")
        return f"{FETCHED_HEADS}{named}"

    def protect(self, branch: str) -> None:
        """Let HEAD name the protected branch, which was fetched.

        Raises:
            NotFound: the remote has no such branch; tells which it has.
        """
        ref, _ = self.protected(branch)
        if read_head(self._place) != ref:
            _write_head(self.git_dir, f"ref: {ref}\n")


def _make(folder: Path) -> None:
    """Make an empty mirror in one step, so that nobody ever sees half of one."""
    try:
        state.ensure(folder.parent.parent)
        folder.parent.mkdir(exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
    except OSError as error:
        raise RepositoryError(
            f"no mirror can be kept in {one_line(str(folder.parent))}: {error.strerror}.",
            hint="Set XDG_CACHE_HOME to a folder that can be written.",
        ) from error
    try:
        _initialise(made)
        made.replace(folder)
    except OSError as error:
        if not folder.exists():  # else somebody else was first
            raise RepositoryError(
                f"{one_line(str(folder))} cannot be made: {error.strerror}."
            ) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _initialise(folder: Path) -> None:
    with temporary_files(), tempfile.TemporaryDirectory(prefix="reconciler-git-") as private:
        command = GitCommand(directory=Path(private), shown=one_line(str(folder)))
        made = replace(command, variables={"GIT_DIR": str(folder)})
        made.need("init", "--quiet", "--bare", "--template=")
    _write_head(folder, _UNBORN)


def _write_head(folder: Path, text: str) -> None:
    """Replace the file HEAD at once, so that another process reads the old or the new one."""
    with temporary_files():
        handle, name = tempfile.mkstemp(prefix="HEAD-", dir=folder)
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as stream:
            stream.write(text)
        Path(name).replace(folder / "HEAD")
