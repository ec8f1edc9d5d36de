"""Turns what people write for a commit into its id, by full ref names and never by guessing.

Names are checked before git is started and git never looks a short name up itself: a tag called
`refs/heads/main` or a branch called like a commit id cannot stand in for another ref.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.adapters.git.command import GitCommand
from reconciler.adapters.git.private import Place
from reconciler.core.commits import TagRef
from reconciler.core.errors import NotFound, RepositoryError
from reconciler.core.names import closest
from reconciler.core.printable import one_line

FETCHED_HEADS = "refs/reconciler/heads/"
FETCHED_TAGS = "refs/reconciler/tags/"
FETCHED_PULLS = "refs/reconciler/pulls/"

_MAX_NAME = 1024
_MAX_HEAD = 4096
_SHOWN_BRANCHES = 20
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")
_BAD_SEGMENT = re.compile(r"(?:^|/)\.|\.lock(?:/|\Z)|\.(?:/|\Z)")
_REVISION = re.compile(r"(.*?)((?:[~^][0-9]{0,6})*)\Z", re.DOTALL)
_HEX = re.compile(r"[0-9a-f]{7,64}\Z")
_SYMBOLIC = re.compile(r"ref: (refs/.+?)\s*\Z")


def name_problem(name: str) -> str | None:
    """Say why a text is no ref name, None when it is one."""
    if not name or len(name) > _MAX_NAME:
        return "is empty" if not name else "is too long"
    if name.startswith("-"):
        return "begins with a dash"
    if not name.isprintable():
        return "holds a character that cannot be seen"
    if _FORBIDDEN.search(name) or _BAD_SEGMENT.search(name) or name[0] == "/" or name[-1] == "/":
        return "is not a ref name"
    return None


def checked_name(name: str) -> str:
    """Return a ref name that is safe to hand to git.

    Raises:
        NotFound: it is none, so nothing of that name can exist.
    """
    problem = name_problem(name)
    if problem is not None:
        raise NotFound(f"no such ref `{one_line(name[:100])}`: it {problem}.")
    return name


class Target(NamedTuple):
    """What a ref points at: an object id, and its kind where git told it."""

    oid: str
    kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refs:
    """The refs of one repository; those of a mirror are what was fetched into it."""

    command: GitCommand
    place: Place
    width: int = 40
    mirror: bool = False

    def resolve(self, text: str) -> str:
        """Return the id of the commit that a text names.

        Full refs, branches, tags, remote branches (also those of `origin` without its name),
        commit ids of at least 7 digits, HEAD, and all of them with `~2` or `^` behind.

        Raises:
            NotFound: there is none; tells the branches there are.
            RepositoryError: several have this name, or the object is missing.
        """
        base, steps = _split(text)
        target = self._base(checked_name(base))
        commit = self.commit_of(target, steps)
        if commit is None:
            raise _no_commit(one_line(text), known=target.oid != base and not steps)
        return commit

    def exact(self, names: Iterable[str]) -> dict[str, Target]:
        """Return what those full ref names that exist point at."""
        asked = list(names)
        form = "--format=%(objectname) %(objecttype) %(refname)"
        result = self.command.need("for-each-ref", form, "--end-of-options", *asked)
        lines = (line.split(" ", 2) for line in result.text.splitlines())
        found = {name: Target(oid, kind) for oid, kind, name in lines}
        if result.reason and not found.keys() & set(asked):
            raise RepositoryError(f"a ref of {self.place.shown} is damaged: {result.reason}.")
        return {name: found[name] for name in asked if name in found}

    def head(self) -> Target:
        """Return what HEAD of this working tree points at.

        Raises:
            NotFound: it names a branch without commits.
        """
        name = self.head_ref()
        if not name.startswith("refs/"):
            return Target(name)
        target = self.exact([checked_name(name)]).get(name)
        if target is None:
            raise NotFound(
                f"HEAD names {one_line(name)}, which has no commit yet.",
                hint="Make the first commit.",
            )
        return target

    def head_ref(self) -> str:
        """Return the full name of the branch that is checked out, or the id of a detached HEAD."""
        return read_head(self.place)

    def branches(self) -> tuple[str, ...]:
        """Return the names of all branches, sorted: `main`, `origin/main`."""
        places = (FETCHED_HEADS,) if self.mirror else ("refs/heads/", "refs/remotes/")
        result = self.command.need("for-each-ref", "--format=%(refname)", *places)
        start = len(FETCHED_HEADS) if self.mirror else 0
        lines = result.text.splitlines()
        names = (name[start:] if self.mirror else name.split("/", 2)[2] for name in lines)
        return tuple(sorted({name for name in names if not name.endswith("/HEAD")}))

    def protected(self, branch: str) -> tuple[str, str]:
        """Return full ref and commit of a branch, or of what `origin` was last seen to have.

        Raises:
            NotFound: there is neither; tells the branches there are.
        """
        checked_name(branch)
        own = (f"refs/heads/{branch}", f"refs/remotes/origin/{branch}")
        names = [f"{FETCHED_HEADS}{branch}"] if self.mirror else own
        for name, target in self.exact(names).items():
            commit = self.commit_of(target)
            if commit is None:
                raise _no_commit(name, known=True)
            return name, commit
        raise self.unknown("branch", branch)

    def tags(self, folder: str) -> tuple[TagRef, ...]:
        """Return the tags below a folder of refs, sorted by name."""
        form = "--format=%(objectname) %(objecttype) %(refname)"
        output = self.command.need("for-each-ref", form, folder).output
        lines = output.decode("utf-8", "surrogateescape").split("\n")[:-1]
        parts = (line.split(" ", 2) for line in lines)
        found = (TagRef(one_line(name[len(folder) :]), oid, kind) for oid, kind, name in parts)
        return tuple(sorted(found))

    def branch_commit(self, branch: str) -> str | None:
        """Return the commit of a local branch, None when there is none."""
        name = f"refs/heads/{checked_name(branch)}"
        target = self.exact([name]).get(name)
        return None if target is None else target.oid

    def commit_of(self, target: Target, steps: str = "") -> str | None:
        """Return the commit behind an object, `steps` such as `~2` back; None without one."""
        if target.kind == "commit" and not steps:
            return target.oid
        asked = f"{target.oid}{steps}^{{commit}}\n".encode("ascii")
        answer = self.command.need("cat-file", "--batch-check", stdin=asked).text.split(" ")
        return answer[0] if len(answer) == 3 else None

    def unknown(self, noun: str, name: str) -> NotFound:
        """Return the error for a name that nothing has, with the branches that exist."""
        branches = self.branches()
        near = closest(name, branches)
        return NotFound(
            f"no such {noun} `{one_line(name)}`; branches found: {listed(branches)}.",
            hint=f"Did you mean `{one_line(near)}`?" if near else None,
        )

    def _base(self, name: str) -> Target:
        if name in {"HEAD", "@"}:
            return self.head()
        if len(name) == self.width and _HEX.match(name):
            return Target(name)
        candidates, fallback = _candidates(name, mirror=self.mirror)
        found = self.exact((*candidates, *fallback))
        matching = [ref for ref in candidates if ref in found] or list(found)
        ids = self._abbreviated(name)
        if len(matching) + len(ids) > 1:
            raise _ambiguous(name, [*matching, *(f"commit {oid[:12]}" for oid in ids)])
        if matching:
            return found[matching[0]]
        if ids:
            return Target(ids[0])
        raise self.unknown("ref", name)

    def _abbreviated(self, name: str) -> list[str]:
        """Return the commits and tags whose id begins with a text."""
        if not _HEX.match(name):
            return []
        oids = self.command.need("rev-parse", f"--disambiguate={name}").text.split()
        asked = "".join(f"{oid}\n" for oid in oids).encode("ascii")
        kinds = self.command.need("cat-file", "--batch-check", stdin=asked).text.splitlines()
        return [line.split(" ")[0] for line in kinds if line.split(" ")[1] in {"commit", "tag"}]


def read_head(place: Place) -> str:
    """Return what the HEAD file of a working tree holds: a full ref name or an object id.

    Raises:
        RepositoryError: it cannot be read or holds neither.
    """
    path = place.git_dir / "HEAD"
    try:
        if path.is_symlink():
            return f"refs/{str(path.readlink()).removeprefix('refs/')}"
        with path.open("rb") as stream:
            text = stream.read(_MAX_HEAD).decode("utf-8", "surrogateescape")
    except OSError as error:
        raise RepositoryError(f"HEAD of {place.shown} cannot be read: {error.strerror}.") from error
    match = _SYMBOLIC.match(text)
    if match:
        return match[1]
    if _HEX.match(text.strip()):
        return text.strip()
    raise RepositoryError(f"HEAD of {place.shown} names neither a branch nor a commit.")


def _split(text: str) -> tuple[str, str]:
    match = _REVISION.match(text)
    return (match[1], match[2]) if match else (text, "")


def _candidates(name: str, *, mirror: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the full names a name may stand for, and what counts when none of them exists."""
    if name.startswith("refs/"):
        return (name,), ()
    if mirror:
        return (f"{FETCHED_HEADS}{name}", f"{FETCHED_TAGS}{name}"), (f"refs/heads/{name}",)
    likely = (f"refs/heads/{name}", f"refs/tags/{name}", f"refs/remotes/{name}")
    return likely, (f"refs/remotes/origin/{name}",)


def _ambiguous(name: str, found: Sequence[str]) -> RepositoryError:
    return RepositoryError(
        f"`{one_line(name)}` is ambiguous: it names {' and '.join(found)}.",
        hint="Write the full name of the one that is meant.",
    )


def _no_commit(title: str, *, known: bool) -> RepositoryError | NotFound:
    if not known:
        return NotFound(f"no such commit `{title}` in the history that is here.")
    return RepositoryError(
        f"`{title}` does not name a commit that is here.",
        hint="Fetch the repository anew; it may be incomplete or damaged.",
    )


def listed(names: Sequence[str]) -> str:
    """Return the names of branches as people are told them: the first ones, or none."""
    if not names:
        return "none"
    more = len(names) - _SHOWN_BRANCHES
    rest = f" … and {more:,} more" if more > 0 else ""
    return ", ".join(map(one_line, names[:_SHOWN_BRANCHES])) + rest
