"""Runs workflow files as a forge's runner does: each job in a new clone, its steps in order.

ran = Runner(place).run(event)

`uses: actions/checkout` is done as the action does it; `actions/setup-python` and the step that
installs the released package are left out, since the program of this checkout is on the PATH. All
other steps are run as they stand in the file. Whatever this runner does not know is an error.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from tests.workflows import triggers
from tests.workflows.expressions import Scope
from tests.workflows.jobs import Job, Place, Running, known
from tests.workflows.triggers import Event

_WORKFLOW_KEYS = {"name", "run-name", "on", "permissions", "concurrency", "env", "defaults", "jobs"}
_JOB_KEYS = {
    *("name", "runs-on", "needs", "if", "permissions", "environment", "concurrency", "outputs"),
    *("env", "defaults", "steps", "timeout-minutes", "strategy"),
}


class Runner:
    """Runs what a forge's events ask for."""

    def __init__(self, place: Place) -> None:
        """Take a forge."""
        self._place = place
        self._numbers = itertools.count(1)

    def run(self, event: Event) -> list[Job]:
        """Run the jobs of every workflow whose triggers fit, of the commit that the event says."""
        done: list[Job] = []
        for file, text in self._files(event):
            workflow = read(text)
            known(workflow, _WORKFLOW_KEYS, file)
            if triggers.fits(workflow["on"], event, file):
                done += self._run(event, file, workflow)
        return done

    def _files(self, event: Event) -> Iterator[tuple[str, str]]:
        """Yield the workflow files of the commit."""
        remote = self._place.remote
        where = f"{event.workflows_at}:.github/workflows"
        for name in sorted(remote.git("ls-tree", "--name-only", where).splitlines()):
            if name.endswith((".yml", ".yaml")):
                yield name, remote.git("cat-file", "blob", f"{where}/{name}")

    def _run(self, event: Event, file: str, workflow: Mapping[str, Any]) -> list[Job]:
        """Run the jobs of a workflow, each after those that it needs."""
        ran: list[Job] = []
        done: dict[str, Job] = {}
        waiting = dict(workflow["jobs"])
        while waiting:
            name = next(key for key, job in waiting.items() if set(_needs(job)) <= set(done))
            job = waiting.pop(name)
            known(job, _JOB_KEYS, f"{file}: {name}")
            needed = {key: done[key] for key in _needs(job)}
            each = [
                self._one(event, file, workflow, {**job, "id": name}, needed, values)
                for values in _matrix(job, needed)
            ]
            ran += each
            done[name] = next((one for one in each if one.result != "success"), each[-1])
        return ran

    def _one(
        self,
        event: Event,
        file: str,
        workflow: Mapping[str, Any],
        job: Mapping[str, Any],
        needed: Mapping[str, Job],
        matrix: Mapping[str, Any],
    ) -> Job:
        number = next(self._numbers)
        running = Running(self._place, event, number, (file, workflow), job)
        return running.run(needed, matrix)


class _Loader(yaml.SafeLoader):
    """Reads `on`, `yes` and `no` as words, as the forge does."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in forms if not tag.endswith(":bool")]
    for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), ["t", "f"])


def read(text: str) -> dict[str, Any]:
    """Return the content of a workflow file."""
    found = yaml.load(text, Loader=_Loader)  # noqa: S506 -- made from the safe loader above
    assert isinstance(found, dict)
    return found


def _needs(job: Mapping[str, Any]) -> Sequence[str]:
    needs = job.get("needs", [])
    return [needs] if isinstance(needs, str) else needs


def _matrix(job: Mapping[str, Any], needed: Mapping[str, Job]) -> Iterator[dict[str, Any]]:
    """Yield the values of each copy of a job."""
    strategy = job.get("strategy", {})
    known(strategy, {"matrix", "fail-fast", "max-parallel"}, "strategy")
    needs = {name: {"outputs": done.outputs} for name, done in needed.items()}
    matrix = Scope({"needs": needs}).filled(strategy.get("matrix", {}))
    for values in itertools.product(*matrix.values()):
        yield dict(zip(matrix, values, strict=True))
