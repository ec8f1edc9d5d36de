"""An opened repository: the private directory through which it is read, and its life."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from reconciler.adapters.git.history import History
from reconciler.adapters.git.private import Place, PrivateDirectory
from reconciler.adapters.git.refs import Refs
from reconciler.adapters.git.remote import Remotes
from reconciler.core.errors import RepositoryError


class Opened:
    """What all views of one repository stand on; close it to remove the private directory."""

    def __init__(self, place: Place, mirrored: str | None = None) -> None:
        """Take a repository that was found; `mirrored` is the URL that a mirror is one of."""
        self._place = place
        self._mirrored = mirrored
        self._private = PrivateDirectory(place)
        self._command = self._private.command()
        self._width = 64 if self._private.object_format == "sha256" else 40
        self._refs = Refs(
            command=self._command,
            place=place,
            width=self._width,
            mirror=mirrored is not None,
        )
        self._history = History(command=self._command, place=place, width=self._width)

    def __enter__(self) -> Self:
        """Return the repository; leaving closes it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the repository."""
        self.close()

    def close(self) -> None:
        """Remove the private directory; the repository cannot be used any more."""
        self._private.close()

    @property
    def root(self) -> Path | None:
        """The root of the working tree, None when there is none."""
        return self._place.root

    @property
    def git_dir(self) -> Path:
        """The git directory."""
        return self._place.git_dir

    @property
    def private_directory(self) -> Path:
        """The temporary git directory through which the repository is read."""
        return self._private.path

    @property
    def is_bare(self) -> bool:
        """True when there is no working tree."""
        return self._place.root is None

    @property
    def is_shallow(self) -> bool:
        """True when the history was cut off, so that ancestry cannot always be proven."""
        return self._history.is_shallow

    def remote_url(self, remote: str = "origin") -> str | None:
        """Return the URL of a remote, None without one; it may hold credentials: never show it."""
        return self._mirrored or self._remotes().url(remote)

    @property
    def _shown(self) -> str:
        """The name by which people know it."""
        return self._place.shown if self._mirrored is None else "a mirror of a remote"

    def _remotes(self) -> Remotes:
        return Remotes(command=self._command, place=self._place, directory=self._private.path)

    def _address(self) -> str:
        """Return the URL of the remote.

        Raises:
            RepositoryError: there is none.
        """
        address = self.remote_url()
        if address is None:
            raise RepositoryError(
                "there is no remote called origin.",
                hint="Add one with `git remote add origin URL`.",
            )
        return address
