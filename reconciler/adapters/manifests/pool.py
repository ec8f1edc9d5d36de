"""Many manifests in several processes: the order is kept, and no process outlives the reading.

Workers are forked, so that they have the requests without being sent them; only results travel, as
marshalled plain values, which are cheaper than pickled ones. A process with threads does not fork.
"""

from __future__ import annotations

import gc
import marshal
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import fields
from multiprocessing.connection import Connection
from operator import attrgetter
from typing import Any

from reconciler.adapters.manifests import schemas
from reconciler.adapters.manifests.parsing import parse
from reconciler.core.model import Facts, Finding, Kind
from reconciler.ports import Parsed, ParseRequest

MAX_WORKERS = 8
CHUNK = 64

Answer = Parsed | tuple[Finding, ...]

_FACTS = tuple(field.name for field in fields(Facts))
_facts_row = attrgetter(*_FACTS)
_finding_row = attrgetter("file", "line", "column", "text", "code")


def workers(wanted: int | None) -> int:
    """Return how many processes to use; 1 where this process cannot be forked safely."""
    if "fork" not in multiprocessing.get_all_start_methods() or threading.active_count() > 1:
        return 1
    return min(wanted or _processors(), MAX_WORKERS)


def _processors() -> int:
    """Return on how many processors this process may run."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def parse_many(requests: Sequence[ParseRequest], count: int) -> Iterator[Answer]:
    """Yield the answers in order; chunk n is the work of process n modulo their number."""
    _warm_up()
    context = multiprocessing.get_context("fork")
    processes, pipes = [], []
    try:
        for number in range(count):
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(
                target=_work, args=(requests, number, count, sender), daemon=True
            )
            process.start()
            sender.close()
            processes.append(process)
            pipes.append(receiver)
        for number, begin in enumerate(range(0, len(requests), CHUNK)):
            yield from _answers(pipes[number % count], requests[begin : begin + CHUNK])
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()
        for pipe in pipes:
            pipe.close()


def _warm_up() -> None:
    """Load what every worker needs before they are forked."""
    for kind in Kind:
        schemas.quick(kind)


def _work(requests: Sequence[ParseRequest], number: int, count: int, sender: Connection) -> None:
    # An interrupt from the keyboard reaches every process; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Nothing here lives longer than a chunk, and what is let go is freed without a collector.
    gc.disable()
    for begin in range(number * CHUNK, len(requests), count * CHUNK):
        chunk = requests[begin : begin + CHUNK]
        sender.send_bytes(marshal.dumps([_row(parse(request)) for request in chunk]))
    sender.close()


def _answers(pipe: Connection, requests: Sequence[ParseRequest]) -> Iterator[Answer]:
    try:
        rows = marshal.loads(pipe.recv_bytes())  # noqa: S302 a process of our own wrote it
    except (EOFError, OSError):
        # The process was killed, for its memory perhaps; what it would have done is done here.
        yield from map(parse, requests)
        return
    yield from map(_answer, rows)


def _row(answer: Answer) -> tuple[bool, Any]:
    if isinstance(answer, Parsed):
        return True, (answer.content, _facts_row(answer.facts))
    return False, [_finding_row(finding) for finding in answer]


def _answer(row: tuple[bool, Any]) -> Answer:
    is_manifest, values = row
    if is_manifest:
        content, facts = values
        return Parsed(content, Facts(**dict(zip(_FACTS, facts, strict=True))))
    return tuple(Finding(*finding) for finding in values)
