"""Sends branches and tags to the remote, one by one; it must not know releases.

Which remotes are allowed, and how credentials reach git, is what fetching knows already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.adapters.git.command import Result
from reconciler.adapters.git.history import History
from reconciler.adapters.git.refs import Refs, name_problem
from reconciler.adapters.git.remote import Connection, Remotes
from reconciler.core.errors import RepositoryError
from reconciler.core.printable import one_line

_HEADS = "refs/heads/"
_TAGS = "refs/tags/"
_HINTS = {
    "already exists": "A tag that was shared is never moved; look at the one on the remote.",
    "fetch first": "Fetch the branch: somebody else has pushed to it.",
    "non-fast-forward": "Fetch the branch: somebody else has pushed to it.",
    "stale info": "Fetch the branch: somebody else has pushed to it just now.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushing:
    """Sends refs of one repository to one remote."""

    remotes: Remotes
    refs: Refs
    history: History

    def push(self, names: Sequence[str], url: str, *, force: bool) -> None:
        """Push full ref names; `force` replaces what a branch of the same name is on the remote.

        Raises:
            RemoteUnreachable: the remote does not answer.
            RepositoryError: a ref is not here or is refused there; says which and why.
        """
        found = self.refs.exact([_checked(name) for name in names])
        for name in names:
            if name not in found:
                raise RepositoryError(f"{name} is not here, so it is not pushed.")
        if not names:
            return
        connection = self.remotes.connection(url)
        for name in dict.fromkeys(names):
            lease = self._lease(connection, name) if force and name.startswith(_HEADS) else ()
            self._push(connection, name, lease)

    def _push(self, connection: Connection, name: str, lease: Sequence[str]) -> None:
        fixed = ("--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no")
        spec = f"{name}:{name}"
        target = ("--end-of-options", connection.remote.url, spec)
        result = connection.command.run("push", *fixed, *lease, *target)
        if result.status:
            raise _refused(connection, name, spec, result)

    def _lease(self, connection: Connection, name: str) -> tuple[str, ...]:
        """Return the option by which a branch is replaced only if it is still what it is now.

        It may go only if it is a commit that is here: then nobody else's work is lost unseen.
        """
        asked = ("ls-remote", "--refs", "--end-of-options", connection.remote.url, name)
        result = connection.command.run(*asked)
        if result.status:
            raise connection.unreachable("asked", result)
        lines = (line.partition("\t") for line in result.text.splitlines())
        there = next((oid for oid, _, ref in lines if ref == name), "")
        if there and not self.history.exists(there):
            raise RepositoryError(
                f"{name} on {connection.remote.shown} has commits that are not here.",
                hint=_HINTS["fetch first"],
            )
        return (f"--force-with-lease={name}:{there}",)


def _checked(name: str) -> str:
    problem = name_problem(name)
    if problem is None and not name.startswith((_HEADS, _TAGS)):
        problem = "is neither a branch nor a tag by its full name"
    if problem is not None:
        raise RepositoryError(f"`{one_line(name, 100)}` is not pushed: it {problem}.")
    return name


def _refused(connection: Connection, name: str, spec: str, result: Result) -> RepositoryError:
    lines = (line.split("\t") for line in result.text.splitlines())
    said = next((line[2] for line in lines if len(line) == 3 and line[1] == spec), None)
    if said is None:
        return connection.unreachable("pushed to", result)
    why = next((hint for key, hint in _HINTS.items() if key in said), None)
    told = f"; {result.reason}" if result.reason and why is None else ""
    return RepositoryError(
        f"{connection.remote.shown} refused {name}: {one_line(said, 200)}{told}.",
        hint=why or "Check that you may push this ref.",
    )
