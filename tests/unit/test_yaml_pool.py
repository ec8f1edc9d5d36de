"""Many manifests in several processes: the same answers, in order, and nothing left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Generator, Iterator

import pytest

from reconciler.adapters.manifests import pool
from reconciler.adapters.manifests.parsing import parse
from reconciler.adapters.manifests.reader import PARALLEL_FROM, ManifestReader
from reconciler.ports import Parsed, ParseRequest
from tests.unit.manifest_files import WORKFLOW

REQUESTS = [
    ParseRequest(
        f"workflows/w-{n}.yaml",
        (WORKFLOW.replace("sync", f"w-{n}") + ("typo: 1\n" if n % 7 == 0 else "")).encode(),
        "Workflow",
    )
    for n in range(400)
]


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    """Every test ends without children."""
    yield
    assert multiprocessing.active_children() == []


def test_answers_are_the_same_in_order() -> None:
    """Several processes answer what one does, in the order of the requests."""
    assert list(ManifestReader(workers=3).parse(REQUESTS)) == [parse(one) for one in REQUESTS]


def test_few_are_read_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process is not worth starting for a few."""
    monkeypatch.setattr(pool, "parse_many", None)
    assert len(list(ManifestReader(workers=2).parse(REQUESTS[: PARALLEL_FROM - 1]))) == 299


def test_one_processor_reads_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one worker nothing is forked."""
    monkeypatch.setattr(pool, "parse_many", None)
    assert len(list(ManifestReader(workers=1).parse(REQUESTS))) == len(REQUESTS)


def test_a_process_with_threads_is_not_forked() -> None:
    """Beside other threads one process reads alone, since a fork could inherit a held lock."""
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    count = pool.workers(4)
    done.set()
    thread.join()
    assert count == 1
    assert pool.workers(4) == 4
    assert pool.workers(100) == pool.MAX_WORKERS


def test_stopping_early_ends_the_processes() -> None:
    """Who stops reading half-way leaves no process behind."""
    answers = ManifestReader(workers=2).parse(REQUESTS)
    assert not isinstance(next(answers), Parsed)
    assert isinstance(answers, Generator)
    answers.close()


def interrupted(answers: Iterator[object]) -> None:
    """Go on reading until an interrupt comes, which is at once."""
    for _ in answers:
        signal.raise_signal(signal.SIGINT)


def test_an_interrupt_ends_the_processes() -> None:
    """An interrupt reaches the reader and ends the processes, which ignore it themselves."""
    answers = ManifestReader(workers=2).parse(REQUESTS)
    next(answers)
    for child in multiprocessing.active_children():
        os.kill(child.pid or 0, signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        interrupted(answers)


def test_a_killed_process_is_made_up_for() -> None:
    """What a process did not deliver because it was killed is read here."""
    answers = ManifestReader(workers=2).parse(REQUESTS)
    first = next(answers)
    for child in multiprocessing.active_children():
        os.kill(child.pid or 0, signal.SIGKILL)
    assert [first, *answers] == [parse(one) for one in REQUESTS]
