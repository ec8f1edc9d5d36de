"""What every store promises of the forge: evidence as it counted last, deployments told once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from reconciler.core.forge.records import ForgeEvidence, Told
from tests.contract.worlds import SqliteWorld, World

PRODUCTION, VERSION = "production", "1.4.0"
AT, LATER = "2026-01-06T10:00:00+00:00", "2026-01-06T11:00:00+00:00"

REVIEW = ForgeEvidence(
    environment=PRODUCTION,
    version=VERSION,
    role="qa",
    evidence="review",
    name="Quinn-Ü",
    by="quinn@example.com",
    commit="1" * 40,
    link="https://forge.example/pull/7#review-1",
    at=AT,
    seen_at=AT,
    content_digest="sha256:a",
    plan_digest="sha256:b",
)
CHECK = replace(
    REVIEW, role="tests", evidence="check", name="integration tests", by="github-actions"
)
TOLD = Told(environment=PRODUCTION, deployment="d-1", url="https://forge.example/d/1", at=AT)


def evidence(world: World, version: str = VERSION) -> list[ForgeEvidence]:
    """Return what counted of a release."""
    return list(world.store.forge_evidence(PRODUCTION, version))


def keep(world: World, *found: ForgeEvidence) -> None:
    """Keep what counts of the release."""
    world.store.keep_forge_evidence(PRODUCTION, VERSION, found)


def test_an_empty_store_knows_nothing_of_the_forge(world: World) -> None:
    """Nothing counted and nothing was told."""
    assert evidence(world) == []
    assert world.store.told_to_forge(["d-1"]) == {}
    assert world.store.told_to_forge([]) == {}


def test_evidence_is_read_back_as_it_was(world: World) -> None:
    """Every field comes back, ordered by role, evidence, name and who, of this release alone."""
    another = replace(REVIEW, name="Zoe", by="zoe@example.com")
    app = replace(CHECK, by="another-app")
    keep(world, CHECK, another, REVIEW, app)
    world.store.keep_forge_evidence(PRODUCTION, "1.5.0", [replace(REVIEW, version="1.5.0")])

    assert evidence(world) == [REVIEW, another, app, CHECK]
    assert [each.version for each in evidence(world, "1.5.0")] == ["1.5.0"]
    assert list(world.store.forge_evidence("staging", VERSION)) == []


def test_what_counts_no_more_is_removed(world: World) -> None:
    """What is not found again is gone; of another release nothing is."""
    keep(world, REVIEW, CHECK)
    world.store.keep_forge_evidence(PRODUCTION, "1.5.0", [replace(REVIEW, version="1.5.0")])

    keep(world, CHECK)
    assert evidence(world) == [CHECK]
    keep(world)
    assert evidence(world) == []
    assert len(evidence(world, "1.5.0")) == 1


def test_when_it_was_first_seen_stays(world: World) -> None:
    """The same evidence keeps its time; the same reviewer of another commit is seen anew."""
    keep(world, REVIEW)
    keep(world, replace(REVIEW, seen_at=LATER))
    assert evidence(world) == [REVIEW]

    moved = replace(REVIEW, commit="2" * 40, seen_at=LATER)
    keep(world, moved)
    assert evidence(world) == [moved]


def test_a_deployment_is_told_once(world: World) -> None:
    """The first to say so is remembered with page and time; a second changes nothing."""
    assert world.store.note_told(TOLD)
    assert not world.store.note_told(TOLD)
    assert not world.store.note_told(replace(TOLD, url="https://forge.example/other", at=LATER))
    nowhere = replace(TOLD, deployment="d-2", url=None)
    assert world.store.note_told(nowhere)

    found = world.store.told_to_forge(["d-1", "d-2", "d-3"])
    assert found == {"d-1": TOLD, "d-2": nowhere}


def test_of_many_that_tell_at_once_one_is_first(world: World) -> None:
    """Eight threads that note the same deployment are one that did, and seven that did not."""
    with ThreadPoolExecutor(8) as pool:
        each = [replace(TOLD, at=f"2026-01-06T10:00:0{number}+00:00") for number in range(8)]
        first = list(pool.map(world.store.note_told, each))

    assert sorted(first) == [False] * 7 + [True]


def test_many_deployments_are_asked_for_at_once(world: World) -> None:
    """Thousands of ids are one question."""
    world.store.note_told(TOLD)

    assert list(world.store.told_to_forge(f"d-{number}" for number in range(3000))) == ["d-1"]


def test_what_is_known_writes_nothing(sqlite_world: SqliteWorld) -> None:
    """A run that finds everything as it was leaves the file as it is."""
    keep(sqlite_world, REVIEW, CHECK)
    sqlite_world.store.note_told(TOLD)
    before = sqlite_world.path.read_bytes(), sqlite_world.path.stat().st_mtime_ns

    for _ in range(3):
        keep(sqlite_world, replace(CHECK, seen_at=LATER), replace(REVIEW, seen_at=LATER))
        sqlite_world.store.note_told(TOLD)
        sqlite_world.store.keep_forge_evidence(PRODUCTION, "9.9.9", [])
    assert (sqlite_world.path.read_bytes(), sqlite_world.path.stat().st_mtime_ns) == before
