"""Lets forks share what git answered: most of a run is asking it, and the faults are not about it.

The repository of a sweep does not change, so the same question has the same answer. A fork that
has to ask git itself leaves the answers to those that come after it.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from reconciler.adapters.git.command import GitCommand

_Key = tuple[tuple[str, ...], bytes]


class _Answer(NamedTuple):
    """What git wrote, like a process that has ended."""

    output: bytes
    complaint: bytes
    status: int

    def chunks(self) -> Iterator[bytes]:
        """Yield what it wrote."""
        if self.output:
            yield self.output

    def wait(self) -> int:
        """Return its exit status."""
        return self.status


class Memory:
    """Answers by repository, kept by the process that forks."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._known: dict[str, dict[_Key, _Answer]] = {}

    def learn(self, repository: str, path: Path) -> None:
        """Take over what a fork had to ask."""
        if path.exists():
            known = self._known.setdefault(repository, {})
            known |= {
                key: _Answer(*answer)
                for key, answer in pickle.loads(path.read_bytes()).items()  # noqa: S301 - written by ourselves
            }

    def install(self, repository: str) -> dict[_Key, tuple[Any, ...]]:
        """Answer from memory in this process from now on; return what will be asked of git."""
        known: Mapping[_Key, _Answer] = self._known.get(repository, {})
        asked: dict[_Key, tuple[Any, ...]] = {}
        original = GitCommand._started

        @contextmanager
        def started(command: GitCommand, argv: tuple[str, ...], stdin: bytes) -> Iterator[_Answer]:
            answer = known.get((argv, stdin))
            if answer is None:
                with original(command, argv, stdin) as running:
                    output = b"".join(running.chunks())
                    status = running.wait()
                    answer = _Answer(output, running.complaint, status)
                asked[argv, stdin] = tuple(answer)
            yield answer

        GitCommand._started = started  # type: ignore[method-assign, assignment]  # answers what is known
        return asked


def leave(asked: Mapping[_Key, tuple[Any, ...]], path: Path) -> None:
    """Leave answers to the process that forks."""
    if asked:
        path.write_bytes(pickle.dumps(dict(asked)))
