"""What is measured: one repository for each size, taken through a first and a second commit.

The state of a run, the store and the cache in `.reconciler`, is put back before each run, so that
each begins where the one before it began.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from reconciler.core.model import RESOURCE_FOLDERS
from tests.benchmarks import baselines, manifests, measuring
from tests.benchmarks.measuring import Command, Measured, in_turn, python, reconciler
from tests.benchmarks.report import Row
from tests.repositories import Repository

CHANGED = 10
STATE = ".reconciler"

WARM = 3.0
COLD = 1.5
GROWTH = 2.0
APPLY = 3.0
VERSION = 4.0

# Below these sizes what every command costs once hides what a bound is about.
BOUND_FROM = 10_000

RECONCILE = "reconcile, nothing changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A generated repository, and a folder for what is measured beside it."""

    workflows: int
    rounds: int
    repository: Repository
    scratch: Path

    def command(self, title: str, *arguments: str, state: str) -> Command:
        """Return a command of the program that begins with a kept state."""
        return Command(
            title=title,
            argv=reconciler(self.repository.root, *arguments),
            prepare=partial(self.put_back, state),
            variables=manifests.SECRETS,
        )

    def keep(self, state: str) -> None:
        """Keep the store and the cache as they are now."""
        shutil.copytree(self.repository.root / STATE, self.scratch / state)

    def put_back(self, state: str) -> None:
        """Put a kept state back; one that was never kept is none at all."""
        there, kept = self.repository.root / STATE, self.scratch / state
        shutil.rmtree(there, ignore_errors=True)
        if kept.exists():
            shutil.copytree(kept, there)

    def row(
        self,
        measured: Measured,
        beside: Measured,
        bound: float | None = None,
        *,
        binding: bool = True,
    ) -> Row:
        """Return a row; bounds hold from the size on that they are about."""
        return Row(
            workflows=self.workflows,
            measured=measured,
            beside=beside,
            bound=bound if self.workflows >= BOUND_FROM else None,
            binding=binding,
        )


def measure(
    folder: Path, sizes: Sequence[int], rounds: int, tell: Callable[[str], None]
) -> list[Row]:
    """Measure everything for each size and return all rows."""
    rows: list[Row] = []
    for size in sizes:
        tell(f"{size:,} workflows: making the repository")
        place = make_place(folder / str(size), size, rounds)
        for measured in (first_sight, deployed, changed):
            tell(f"{size:,} workflows: {measured.__name__.replace('_', ' ')}")
            rows += measured(place)
    tell("what does not depend on the size")
    return rows + growth(rows) + [version(rounds)]


def make_place(folder: Path, workflows: int, rounds: int) -> Place:
    """Make a repository with a checkout."""
    scratch = folder / "scratch"
    scratch.mkdir(parents=True)
    repository = Repository(folder / "repository")
    repository.import_files(manifests.repository_files(workflows))
    repository.git("reset", "--hard", "--quiet")
    return Place(workflows=workflows, rounds=rounds, repository=repository, scratch=scratch)


def plan(place: Place, title: str, state: str) -> Command:
    """Return the plan of the generated environment, as JSON."""
    arguments = ("plan", "--environment", "development", "--format", "json")
    return place.command(title, *arguments, state=state)


def reconcile(place: Place, title: str, state: str) -> Command:
    """Return the scheduled job over all environments."""
    return place.command(title, "reconcile", state=state)


def first_sight(place: Place) -> list[Row]:
    """Measure a repository that was never looked at, and its first apply."""
    files = manifests.repository_files(place.workflows)
    expect(plan(place, "plan", "none"), add=resources(place))
    (place.repository.root / STATE / "state.db").unlink(missing_ok=True)
    place.keep("read")
    arguments = ("apply", "--environment", "development", "--auto-approve")
    apply = place.command("apply, all new", *arguments, state="read")
    measuring.execute(apply)
    place.keep("applied")
    insert = baselines.bulk_insert(place.scratch, place.repository.root / STATE / "state.db")
    found = in_turn(
        [
            plan(place, "plan, cold, all new", "none"),
            baselines.yaml_load(place.scratch, files),
            apply,
            insert,
        ],
        place.rounds,
    )
    cold, yaml, applied, inserted = found
    return [
        place.row(cold, yaml, COLD),
        place.row(applied, inserted, APPLY, binding=False),
    ]


def deployed(place: Place) -> list[Row]:
    """Measure an environment in which everything is deployed and nothing changed."""
    files = manifests.repository_files(place.workflows)
    place.put_back("applied")
    measuring.execute(reconcile(place, "reconcile", "applied"))
    place.keep("warm")
    shutil.copytree(place.scratch / "warm", place.scratch / "unread")
    (place.scratch / "unread" / "cache.db").unlink()
    unchanged = plan(place, "plan, warm, nothing changed", "warm")
    expect(unchanged)
    job = reconcile(place, RECONCILE, "warm")
    cold, yaml, warm, floor, idle, job_floor = in_turn(
        [
            plan(place, "plan, cold, nothing changed", "unread"),
            baselines.yaml_load(place.scratch, files),
            unchanged,
            baselines.floor(place.scratch, place.repository.root, unchanged),
            job,
            baselines.floor(place.scratch, place.repository.root, job),
        ],
        place.rounds,
    )
    return [
        place.row(cold, yaml, COLD),
        place.row(warm, floor, WARM),
        place.row(idle, job_floor),
    ]


def changed(place: Place) -> list[Row]:
    """Measure the first look at a commit that changes ten workflows."""
    place.repository.commit(manifests.changed_workflows(place.workflows, CHANGED))
    modified = plan(place, f"plan, warm, {CHANGED} changed", "warm")
    expect(modified, modify=CHANGED)
    job = reconcile(place, f"reconcile, {CHANGED} changed", "warm")
    warm, floor, applied, job_floor = in_turn(
        [
            modified,
            baselines.floor(place.scratch, place.repository.root, modified),
            job,
            baselines.floor(place.scratch, place.repository.root, job),
        ],
        place.rounds,
    )
    return [place.row(warm, floor, WARM), place.row(applied, job_floor)]


def growth(rows: Sequence[Row]) -> list[Row]:
    """Compare the job over the largest repository with that over the smallest."""
    idle = [row for row in rows if row.measured.title == RECONCILE]
    if len(idle) < 2:
        return []
    small, large = idle[0], idle[-1]
    return [
        Row(
            workflows=0,
            measured=_named(large.measured, f"{RECONCILE}, {large.workflows:,}"),
            beside=_named(small.measured, f"{small.workflows:,}"),
            bound=GROWTH if large.workflows <= 10 * small.workflows else None,
        )
    ]


def version(rounds: int) -> Row:
    """Compare `--version` with an interpreter that does nothing."""
    asked = Command(title="reconciler --version", argv=python("-m", "reconciler", "--version"))
    bare = Command(title="python -c pass", argv=python("-c", "pass"))
    measured, beside = in_turn([asked, bare], 3 * rounds)
    return Row(workflows=0, measured=measured, beside=beside, bound=VERSION)


def resources(place: Place) -> int:
    """Return how many resources the repository's environment has."""
    folders = tuple(f"{manifests.FOLDER}/{name}/" for name in RESOURCE_FOLDERS)
    files = manifests.repository_files(place.workflows)
    return sum(1 for path in files if path.startswith(folders))


def expect(command: Command, *, add: int = 0, modify: int = 0) -> None:
    """Check that a plan says what it must, so that no wrong answer is measured.

    Raises:
        RuntimeError: it says something else.
    """
    _, written = measuring.execute(command)
    [found] = json.loads(written)["plans"]
    wanted = {"add": add, "modify": modify, "remove": 0}
    if found["summary"] != wanted or found["drift"] or found["errored"]:
        raise RuntimeError(f"{command.title} says {found['summary']}, which should be {wanted}.")


def _named(measured: Measured, title: str) -> Measured:
    return Measured(title, measured.runs)
