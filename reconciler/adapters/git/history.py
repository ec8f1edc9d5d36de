"""Which commits lie behind which, and what they touched.

It must not know refs that people write, remotes or what files mean: commits are full ids here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reconciler.adapters.git.command import GitCommand
from reconciler.adapters.git.objects import commit_infos
from reconciler.adapters.git.private import Place
from reconciler.adapters.git.snapshot import folder_name
from reconciler.core.commits import CommitInfo
from reconciler.core.errors import NotFound, RepositoryError
from reconciler.core.printable import one_line

_HEX = frozenset("0123456789abcdef")
_CUT_OFF = "Fetch the whole history: `git fetch --unshallow`."


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The commits of one repository."""

    command: GitCommand
    place: Place
    width: int = 40
    # What is there and lies behind what stays so for as long as the repository is open.
    _here: set[str] = field(default_factory=set)
    _behind: set[tuple[str, str]] = field(default_factory=set)

    @property
    def is_shallow(self) -> bool:
        """True when the history was cut off, so that ancestry cannot always be proven."""
        return (self.place.common_dir / "shallow").exists()

    def checked(self, commit: str) -> str:
        """Return a full commit id.

        Raises:
            NotFound: it is none.
        """
        if len(commit) != self.width or not _HEX.issuperset(commit):
            raise NotFound(f"`{one_line(commit[:100])}` is not a full commit id.")
        return commit

    def exists(self, commit: str) -> bool:
        """Say whether a commit is here."""
        if commit in self._here:
            return True
        asked = f"{self.checked(commit)}\n".encode("ascii")
        answer = self.command.need("cat-file", "--batch-check", stdin=asked).text.split()
        if answer[1] != "commit":
            return False
        self._here.add(commit)
        return True

    def ahead(self, commit: str, other: str) -> int:
        """Count the commits behind one commit that are not behind another."""
        ids = (self.checked(commit), f"^{self.checked(other)}")
        return int(self.command.need("rev-list", "--count", *ids).text)

    def is_ancestor(self, commit: str, tip: str) -> bool | None:
        """Say whether a commit is behind a tip; None where the history is cut off before it."""
        if (commit, tip) in self._behind:
            return True
        self._need(tip)
        if not self.exists(commit):
            return None if self.is_shallow else False
        result = self.command.run("merge-base", "--is-ancestor", commit, tip)
        if result.status not in {0, 1}:
            raise RepositoryError(f"history of {self.place.shown} is damaged: {result.reason}.")
        if result.status:
            return None if self.is_shallow else False
        self._behind.add((commit, tip))
        return True

    def introduced(self, tip: str, path: str) -> str | None:
        """Return the commit on the first-parent line of a tip that gave a path the form it has.

        A release manifest is never changed once it is merged: so this is the commit that merged
        it, and the last one of its branch where that was only moved forward.

        Raises:
            RepositoryError: the history is cut off where the path is there already.
        """
        self._need(tip)
        name = folder_name(path)
        touched = ("rev-list", "--first-parent", "--max-count=1", tip, "--", name)
        newest = self.command.need(*touched).text
        if newest and newest in self._boundary():
            raise RepositoryError(
                f"the history is cut off before {name} was merged.", hint=_CUT_OFF
            )
        there = newest and self.command.need("ls-tree", "--full-tree", tip, "--", name).text
        return newest if there else None

    def commits(
        self, since: str | None, until: str, folders: Sequence[str], limit: int
    ) -> tuple[CommitInfo, ...]:
        """Return what touched the folders after one commit up to another, newest first."""
        for commit in filter(None, (since, until)):
            self._need(commit)
        ids = (until,) if since is None else (until, f"^{since}")
        paths = [folder_name(folder) for folder in folders]
        if not paths or "" in paths:
            paths = []
        asked = ("rev-list", "--date-order", f"--max-count={limit:d}", *ids, "--", *paths)
        return tuple(commit_infos(self.command, self.command.need(*asked).text.split()))

    def oddities(self) -> tuple[str, ...]:
        """Return a sentence for each thing by which others are shown another history."""
        found = []
        count = len(self.command.need("for-each-ref", "refs/replace").text.splitlines())
        if count:
            noun = "object is" if count == 1 else "objects are"
            found.append(
                f"{count:,} {noun} replaced by refs/replace in {self.place.shown};"
                " that has no effect here."
            )
        if _holds_text(self.place):
            found.append(
                f"{self.place.shown} has a grafts file (info/grafts); it has no effect here."
            )
        return tuple(found)

    def _need(self, commit: str) -> None:
        if not self.exists(commit):
            raise RepositoryError(
                f"the commit {commit[:12]} is not in the history that is here.",
                hint="Fetch the repository anew; the commit may have been removed.",
            )

    def _boundary(self) -> frozenset[str]:
        """Return the commits whose parents were cut off."""
        try:
            text = (self.place.common_dir / "shallow").read_text(encoding="ascii")
        except FileNotFoundError:
            return frozenset()
        except (OSError, ValueError) as error:
            raise RepositoryError(f"what {self.place.shown} lacks cannot be read.") from error
        return frozenset(text.split())


def _holds_text(place: Place) -> bool:
    grafts = place.common_dir / "info" / "grafts"
    try:
        return grafts.stat().st_size > 0
    except OSError:
        return False
