"""Makes commits by plumbing: no hook runs, and checkout and index stay as they are.

It must not know what the files mean.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.adapters.git.command import GitCommand, temporary_files
from reconciler.adapters.git.objects import object_id
from reconciler.adapters.git.private import Place
from reconciler.adapters.git.refs import checked_name, read_head
from reconciler.adapters.git.writing.user import User
from reconciler.core.errors import Conflict, RepositoryError
from reconciler.core.paths import name_problem
from reconciler.core.printable import one_line
from reconciler.ports import Commit

_WITH_REFLOG = {
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "core.logAllRefUpdates",
    "GIT_CONFIG_VALUE_0": "true",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Commits:
    """Makes commits in one repository."""

    command: GitCommand
    place: Place
    user: User
    width: int = 40

    def commit(self, wanted: Commit) -> str:
        """Make a commit as the user git is configured for, and move its branch there.

        Raises:
            RepositoryError: no user is configured, a path is refused, or the branch is checked out.
            Conflict: the branch is not where it was expected.
        """
        self._check(wanted)
        variables = self.user.variables()
        with temporary_files(), tempfile.TemporaryDirectory(dir=self.command.directory) as folder:
            tree = self._tree(wanted, Path(folder))
            parent = ("-p", wanted.parent) if wanted.parent else ()
            commit = self._with(variables).need(
                "commit-tree", *parent, tree, stdin=wanted.message.encode()
            )
        self._move(wanted, commit.text, variables)
        if wanted.stage:
            index = {"GIT_INDEX_FILE": str(self.place.git_dir / "index")}
            self._with(index).need("read-tree", commit.text)
        return commit.text

    def _check(self, wanted: Commit) -> None:
        checked_name(wanted.branch)
        for path in wanted.files:
            problem = name_problem(path)
            if problem is not None:
                raise RepositoryError(f"{one_line(path)} {problem}.")
        if not wanted.stage and f"refs/heads/{wanted.branch}" in self._checked_out():
            raise RepositoryError(
                f"the branch {wanted.branch} is checked out and would change under its checkout.",
                hint="Switch that checkout to another branch and try again.",
            )

    def _checked_out(self) -> set[str]:
        """Return what HEAD names in the main and in every linked working tree."""
        common = self.place.common_dir
        folders = [head.parent for head in sorted((common / "worktrees").glob("*/HEAD"))]
        if self.place.root is not None:
            folders.append(common)
        return {read_head(replace(self.place, git_dir=folder)) for folder in folders}

    def _tree(self, wanted: Commit, folder: Path) -> str:
        """Write the blobs and the tree through an index of its own, and return the tree's id."""
        index = self._with({"GIT_INDEX_FILE": str(folder / "index")})
        if wanted.parent:
            index.need("read-tree", wanted.parent)
        oids = self._blobs(wanted.files, folder)
        modes = ((path, "100644" if path in oids else "0") for path in sorted(wanted.files))
        nothing = "0" * self.width
        lines = (f"{mode} {oids.get(path, nothing)}\t{path}\0" for path, mode in modes)
        index.need("update-index", "-z", "--index-info", stdin="".join(lines).encode())
        return index.need("write-tree").text

    def _blobs(self, files: Mapping[str, bytes | None], folder: Path) -> dict[str, str]:
        """Write the blobs that git does not have yet, and return the id of each path."""
        data = {path: text for path, text in files.items() if text is not None}
        oids = {path: object_id("blob", text, self.width) for path, text in data.items()}
        asked = "".join(f"{oid}\n" for oid in oids.values()).encode()
        answers = self.command.need("cat-file", "--batch-check", stdin=asked).text.splitlines()
        missing = [
            path for path, line in zip(oids, answers, strict=False) if line.endswith(" missing")
        ]
        names = []
        for number, path in enumerate(missing):
            (folder / str(number)).write_bytes(data[path])
            names.append(f"{folder}/{number}\n")
        paths = "".join(names).encode()
        if paths:
            self.command.need("hash-object", "-w", "--no-filters", "--stdin-paths", stdin=paths)
        return oids

    def _move(self, wanted: Commit, commit: str, identity: Mapping[str, str]) -> None:
        branch = f"refs/heads/{wanted.branch}"
        old = wanted.expected or "0" * self.width
        (self.place.common_dir / "logs").mkdir(exist_ok=True)
        move = (
            "update-ref",
            "-m",
            "commit by reconciler",
            "--no-deref",
            "--end-of-options",
            branch,
            commit,
            old,
        )
        result = self._with({**identity, **_WITH_REFLOG}).run(*move)
        if result.status:
            raise Conflict(
                f"the branch {wanted.branch} is not where it was: {result.reason}.",
                hint="Run the command again.",
            )

    def _with(self, variables: Mapping[str, str]) -> GitCommand:
        return replace(self.command, variables={**self.command.variables, **variables})
