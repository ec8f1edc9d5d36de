"""Fetches the heads of pull requests, as data, into `refs/reconciler/pulls/`.

What lies there is foreign: no branch, tag or name that people write is ever looked up there.
It must not know releases.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.adapters.git.locking import alone
from reconciler.adapters.git.refs import FETCHED_PULLS, Refs
from reconciler.adapters.git.remote import Connection, Remotes
from reconciler.ports import PullRefs

_PULL = "refs/pull/"
_HEAD, _MERGE = "head", "merge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulls:
    """Fetches pull requests of one remote; only refs of fixed form with a number in them."""

    remotes: Remotes
    refs: Refs

    def fetch(self, numbers: Iterable[int], url: str) -> Mapping[int, PullRefs]:
        """Return head and merge of those pull requests that the remote has.

        One whose objects are not sound is left out and keeps no other from being fetched.

        Raises:
            RemoteUnreachable: the remote does not answer.
            RepositoryError: a remote of this kind is refused.
        """
        asked = sorted({int(number) for number in numbers if number > 0})
        if not asked:
            return {}
        connection = self.remotes.connection(url)
        named = _named(connection, asked)
        with alone(self.remotes.place):
            sound = named if _fetched(connection, named) else _one_by_one(connection, named)
        found = self.refs.exact(f"{FETCHED_PULLS}{each}" for each in sound)
        commits = {name: self.refs.commit_of(target) for name, target in found.items()}
        pulls: dict[int, PullRefs] = {}
        for number in asked:
            head = commits.get(f"{FETCHED_PULLS}{number}/{_HEAD}")
            if head is not None:
                merge = commits.get(f"{FETCHED_PULLS}{number}/{_MERGE}")
                pulls[number] = PullRefs(head, merge)
        return pulls


def _named(connection: Connection, numbers: Sequence[int]) -> list[str]:
    """Return which of the refs of pull requests the remote has, as `7/head` and `7/merge`."""
    wanted = [f"{number}/{kind}" for number in numbers for kind in (_HEAD, _MERGE)]
    patterns = (f"{_PULL}{each}" for each in wanted)
    asked = ("ls-remote", "--refs", "--end-of-options", connection.remote.url, *patterns)
    result = connection.command.run(*asked)
    if result.status:
        raise connection.unreachable("asked", result)
    # git takes the pattern for the end of a name: only the very ref counts.
    there = {line.partition("\t")[2] for line in result.text.splitlines()}
    return [each for each in wanted if f"{_PULL}{each}" in there]


def _fetched(connection: Connection, named: Sequence[str]) -> bool:
    if not named:
        return True
    result = connection.command.run(
        "fetch",
        "--quiet",
        "--no-tags",
        "--no-recurse-submodules",
        "--end-of-options",
        connection.remote.url,
        *(f"+{_PULL}{each}:{FETCHED_PULLS}{each}" for each in named),
    )
    return not result.status


def _one_by_one(connection: Connection, named: Sequence[str]) -> list[str]:
    return [each for each in named if _fetched(connection, [each])]
