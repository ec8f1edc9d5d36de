"""What every store promises of releases: tags seen, trust, audit, the live deployment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.errors import Busy, Conflict, NotFound
from reconciler.core.model import Applied, Phase, ResourceKey
from reconciler.core.releases.records import AuditEntry, SeenTag, TagState, Trust
from reconciler.testing import deployment, integration, operation, workflow
from tests.contract.worlds import SqliteWorld, World

STAGING = "staging"
TAG = "staging/v1.4.0"
ONE, TWO = "1" * 40, "2" * 40
EARLY, LATER = "2026-01-06T10:00:00+00:00", "2026-02-06T10:00:00+00:00"


def seen(name: str = TAG, object_id: str = ONE, at: str = EARLY) -> SeenTag:
    """Return a tag object that was seen."""
    environment = name.partition("/")[0]
    return SeenTag(name=name, object_id=object_id, environment=environment, first_seen=at)


def judge(
    world: World,
    state: TagState,
    object_id: str = ONE,
    *,
    reason: str | None = None,
    reported: bool = False,
) -> None:
    """Judge an object of the tag."""
    world.store.judge_tag(TAG, object_id, state, reason, reported=reported)


def told(world: World) -> tuple[TagState, str | None, bool]:
    """Return what is known of the one tag that was seen."""
    [tag] = world.store.tags_seen(STAGING)
    return tag.state, tag.reason, tag.reported


def test_an_empty_store_has_seen_no_release(world: World) -> None:
    """Nothing is live, seen, pinned, trusted or done, and nobody affected."""
    store = world.store

    assert [*store.tags_seen(STAGING), *store.audit()] == []
    assert {store.live(STAGING), store.accepted(TAG), store.trust(STAGING)} == {None}
    assert list(store.affected("d-1")) == []


# --- tags ---------------------------------------------------------------------------------------


def test_tags_are_remembered_in_the_order_they_were_seen(world: World) -> None:
    """Objects of one environment come by first seen, then by name and object id."""
    later = seen("staging/v1.3.0", ONE, LATER)
    world.store.see_tags([seen("production/v1.0.0"), later, seen(TAG, TWO), seen(TAG, ONE)])

    assert list(world.store.tags_seen(STAGING)) == [seen(TAG, ONE), seen(TAG, TWO), later]


def test_a_tag_seen_again_keeps_when_it_was_first_seen(world: World) -> None:
    """Neither time nor judgement of a known object changes; of two at once the first counts."""
    world.store.see_tags([seen(), seen(at=LATER)])
    judge(world, TagState.REFUSED, reason="unsigned", reported=True)
    world.store.see_tags([seen(at=LATER), seen(TAG, TWO, LATER)])

    first, second = world.store.tags_seen(STAGING)
    assert (first.first_seen, first.state, first.reason) == (EARLY, TagState.REFUSED, "unsigned")
    assert second == seen(TAG, TWO, LATER)


def test_a_refused_tag_may_be_accepted_later(world: World) -> None:
    """A refusal reserves nothing: the object is accepted and pinned when it passes."""
    world.store.see_tags([seen()])
    judge(world, TagState.REFUSED, reason="unsigned", reported=True)
    assert world.store.accepted(TAG) is None
    judge(world, TagState.ACCEPTED)

    assert told(world) == (TagState.ACCEPTED, None, False)
    assert world.store.accepted(TAG) == ONE


@pytest.mark.parametrize("state", [TagState.REFUSED, TagState.SEEN])
def test_an_accepted_tag_stays_accepted(world: World, state: TagState) -> None:
    """Another judgement of an accepted tag leaves only its reason, and whether it was told."""
    world.store.see_tags([seen()])
    judge(world, TagState.ACCEPTED)
    judge(world, state, reason="moved", reported=True)

    assert told(world) == (TagState.ACCEPTED, "moved", True)
    assert world.store.accepted(TAG) == ONE


def test_a_superseded_tag_stays_so_and_keeps_its_name(world: World) -> None:
    """An accepted tag may be superseded, never applied after, and its name stays pinned."""
    world.store.see_tags([seen()])
    judge(world, TagState.ACCEPTED)
    judge(world, TagState.SUPERSEDED, reason="1.5.0 is live")
    judge(world, TagState.ACCEPTED, reason="again")

    assert told(world) == (TagState.SUPERSEDED, "again", False)
    assert world.store.accepted(TAG) == ONE


def test_one_object_is_pinned_to_a_name(world: World) -> None:
    """A second object is not accepted under a name, however it comes; the first stays."""
    world.store.see_tags([seen(), seen(TAG, TWO)])
    judge(world, TagState.ACCEPTED)
    with pytest.raises(Conflict, match=f"{ONE}, not {TWO}"):
        judge(world, TagState.ACCEPTED, TWO)
    with pytest.raises(Conflict, match=ONE):
        world.store.see_tags([replace(seen(TAG, "3" * 40), state=TagState.ACCEPTED)])

    states = [tag.state for tag in world.store.tags_seen(STAGING)]
    assert states == [TagState.ACCEPTED, TagState.SEEN]


def test_a_tag_given_as_accepted_is_pinned(world: World) -> None:
    """A tag may be written down as accepted when it is first seen."""
    world.store.see_tags([replace(seen(), state=TagState.ACCEPTED)])

    assert world.store.accepted(TAG) == ONE


def test_a_told_deletion_is_remembered(world: World) -> None:
    """That a tag was deleted is told once."""
    world.store.see_tags([seen()])
    world.store.report_deleted(TAG, ONE)
    world.store.report_deleted(TAG, ONE)

    assert list(world.store.tags_seen(STAGING)) == [replace(seen(), deletion_reported=True)]


def test_an_object_that_was_never_seen_is_named(world: World) -> None:
    """Judging, or telling the deletion of, what was never seen is an error."""
    world.store.see_tags([seen()])
    with pytest.raises(NotFound, match=TWO):
        judge(world, TagState.ACCEPTED, TWO)
    with pytest.raises(NotFound, match=TWO):
        world.store.report_deleted(TAG, TWO)


def test_a_hundred_thousand_tags_at_once(world: World) -> None:
    """A repository with very many tags is seen in one go, and again."""
    tags = [seen(f"staging/v1.0.{number}") for number in range(100_000)]
    world.store.see_tags(tags)
    world.store.see_tags(tags)

    assert len(world.store.tags_seen(STAGING)) == 100_000


def test_what_is_known_is_not_written_again(sqlite_world: SqliteWorld) -> None:
    """The file stays as it is, byte for byte, when tags and judgements are the same again."""
    path, states = sqlite_world.path, []
    for _ in range(2):
        sqlite_world.store.see_tags([seen(), seen(TAG, TWO)])
        judge(sqlite_world, TagState.ACCEPTED)
        sqlite_world.store.report_deleted(TAG, TWO)
        states.append((path.read_bytes(), path.stat().st_mtime_ns))

    assert states[0] == states[1]


# --- trust and audit ----------------------------------------------------------------------------


def trusted(commit: str = ONE, environment: str = STAGING) -> Trust:
    """Return a trusted commit."""
    return Trust(environment=environment, commit=commit, since=EARLY, by="ana", reason="first read")


def test_the_trusted_commit_is_replaced_and_audited(world: World) -> None:
    """The newest counts, per environment, and each is in the audit with who and why."""
    for each in (trusted(), trusted(TWO), trusted(environment="production")):
        world.store.set_trust(each)

    assert world.store.trust(STAGING) == trusted(TWO)
    assert world.store.trust("production") == trusted(environment="production")
    assert [each.detail for each in world.store.audit(STAGING)] == [
        f"{TWO}: first read",
        f"{ONE}: first read",
    ]
    assert {(each.at, each.actor, each.action) for each in world.store.audit()} == {
        (EARLY, "ana", "trust")
    }


def test_audit_comes_newest_first(world: World) -> None:
    """Order is that of writing, whatever clocks say; the limit keeps the newest."""
    entries = [
        AuditEntry(at=at, actor="ben", action="secret", environment=where, detail=f"é {at}")
        for at, where in ((LATER, STAGING), (EARLY, None), (EARLY, STAGING))
    ]
    for each in entries:
        world.store.add_audit(each)

    assert list(world.store.audit()) == entries[::-1]
    assert list(world.store.audit(limit=1)) == entries[2:]
    assert list(world.store.audit(STAGING)) == [entries[2], entries[0]]


# --- identity and what is live ------------------------------------------------------------------


def test_a_store_keeps_its_identity(world: World) -> None:
    """The id is there before anything else was written, and stays."""
    identity = world.store.identity()
    world.store.add_audit(
        AuditEntry(at=EARLY, actor="ben", action="secret", environment=None, detail="")
    )

    assert identity
    assert world.store.identity() == identity


def test_the_live_deployment_bears_the_mark(world: World) -> None:
    """What ended last is not what is live: the mark says."""
    for each, live in (("d-1", True), ("d-2", False)):
        world.store.begin(deployment(each, STAGING))
        if live:
            world.store.mark_live(each)
        world.store.finish(each, Phase.SUCCEEDED, LATER)
    found = world.store.live(STAGING)

    assert found is not None
    assert found.id == "d-1"
    assert world.store.live("production") is None


def test_a_release_found_running_is_recorded_as_live(world: World) -> None:
    """One finished deployment without steps is live, and its resources are what was applied."""
    given = deployment("d-1", STAGING, version="1.4.0", tag=TAG, commit=ONE, description="Sync")
    contents = [integration(), workflow()]
    world.store.record_live(given, [operation(each) for each in contents], "sha256:content")
    digests = {operation(each).key: operation(each).digest or "" for each in contents}

    expected = replace(
        given, phase=Phase.SUCCEEDED, live=True, finished_at=given.started_at, steps=()
    )
    assert world.store.live(STAGING) == expected
    assert world.store.applied(STAGING) == Applied(digests=digests, content_digest="sha256:content")
    key = ResourceKey("Workflow", "sync-contacts")
    assert world.store.applied_contents(STAGING, [key]) == {key: workflow()}


def test_recording_a_live_release_replaces_what_was_known(world: World) -> None:
    """The mark moves, and only what the new release holds counts as applied; others keep theirs."""
    world.store.record_live(deployment("d-0", "production"), [operation(workflow())], "sha256:p")
    world.store.record_live(deployment("d-1", STAGING), [operation(workflow())], "sha256:one")
    world.store.record_live(deployment("d-2", STAGING), [operation(integration())], "sha256:two")

    assert [each.id for each in world.store.deployments() if each.live] == ["d-2", "d-0"]
    assert list(world.store.applied(STAGING).digests) == [operation(integration()).key]
    assert list(world.store.applied("production").digests) == [operation(workflow()).key]


def test_nothing_is_recorded_as_live_during_a_deployment(world: World) -> None:
    """While a deployment runs it alone says what was applied."""
    world.store.begin(deployment("d-1", STAGING))
    with pytest.raises(Busy, match="d-1"):
        world.store.record_live(deployment("d-2", STAGING), [operation(workflow())], "sha256:two")

    assert world.store.live(STAGING) is None
    assert world.store.applied(STAGING) == Applied()
