"""What every platform promises, on each of them: with transactions, and without."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core import canonical
from reconciler.core.canonical import Json
from reconciler.core.errors import StalePlan
from reconciler.core.model import ResourceKey
from reconciler.ports import Operation, SealedSecret
from reconciler.testing import app_event, integration, manifest, operation, removal, workflow
from reconciler.testing.factories import key_of
from tests.contract.worlds import World, deploy
from tests.shared_data import naughty_strings

DEV = "development"
SYNC = ResourceKey("Workflow", "sync-contacts")
HUBSPOT = ResourceKey("Integration", "hubspot")
_numbers = itertools.count()


@pytest.fixture
def world(every_world: World) -> World:
    """Return an empty world of each kind."""
    return every_world


def running(world: World, environment: str = DEV) -> dict[ResourceKey, Json]:
    """Return the contents of all that runs, having compared them with their digests."""
    platform = world.platform(environment)
    digests = platform.observe().digests
    contents = dict(platform.contents(digests))
    assert {key: canonical.digest(content) for key, content in contents.items()} == digests
    return contents


def needing(
    content: Mapping[str, Json], *secrets: str, expected: Mapping[str, Json] | None = None
) -> Operation:
    """Return the write of a workflow of hubspot that requires secrets."""
    related = [("secret", ResourceKey("Secret", name)) for name in secrets]
    relationships = (("integration", HUBSPOT), *related)
    return operation(content, expected=expected, relationships=relationships)


def test_an_empty_environment_is_completely_known(world: World) -> None:
    """Where nothing was deployed, nothing runs, and that is certain."""
    seen = world.platform(DEV).observe()

    assert (dict(seen.digests), seen.complete, seen.reason) == ({}, True, None)
    assert world.platform(DEV).contents([SYNC]) == {}


def test_what_was_deployed_runs(world: World) -> None:
    """Everything on the deploy list runs with its content, in its environment only."""
    contents = [integration(), workflow(), app_event()]
    deploy(world, DEV, *map(operation, contents))

    assert running(world) == {key_of(each): each for each in contents}
    assert running(world, "staging") == {}
    assert world.platform(DEV).contents([SYNC]) == {SYNC: workflow()}


def test_a_write_touches_only_what_it_names(world: World) -> None:
    """Modify, remove and add touch their own resources and no other."""
    deploy(world, DEV, *map(operation, (integration(), workflow(), app_event())))
    changed = workflow(title="Sync all")
    deploy(world, DEV, operation(changed, expected=workflow()), removal(app_event()))

    assert running(world) == {HUBSPOT: integration(), SYNC: changed}


def test_a_removed_resource_comes_back_by_name(world: World) -> None:
    """What was removed is absent, and present again when its name is deployed again."""
    deploy(world, DEV, operation(workflow()))
    deploy(world, DEV, removal(workflow()))
    assert running(world) == {}
    deploy(world, DEV, operation(workflow(title="Again")))

    assert running(world) == {SYNC: workflow(title="Again")}


def test_no_operations_write_nothing(world: World) -> None:
    """A deploy without differences leaves the revision as it is."""
    deploy(world, DEV, operation(workflow()))
    before = world.platform(DEV).observe()
    deploy(world, DEV)

    assert world.platform(DEV).observe() == before


def test_every_write_is_another_revision(world: World) -> None:
    """Deploys and hands both move the revision, also back to an earlier content."""
    revisions = [world.platform(DEV).observe().revision]
    deploy(world, DEV, operation(workflow()))
    revisions.append(world.platform(DEV).observe().revision)
    for content in (workflow(title="Edited"), workflow()):
        world.edit(DEV, content)
        revisions.append(world.platform(DEV).observe().revision)
    world.delete(DEV, SYNC)
    revisions.append(world.platform(DEV).observe().revision)

    assert len(set(revisions)) == len(revisions)


def test_an_edit_from_outside_is_seen(world: World) -> None:
    """A content that was changed by hand has its own digest, and its old one when changed back."""
    deploy(world, DEV, operation(workflow()))
    world.edit(DEV, workflow(title="Edited"))
    assert running(world) == {SYNC: workflow(title="Edited")}
    world.edit(DEV, workflow())

    assert running(world) == {SYNC: workflow()}


def test_a_plan_is_stale_when_its_resource_moved(world: World) -> None:
    """What was edited between plan and apply is named, and keeps the edit."""
    deploy(world, DEV, operation(workflow()))
    platform = world.platform(DEV)
    revision = platform.observe().revision
    world.edit(DEV, workflow(title="Edited"))
    planned = operation(workflow(title="Planned"), expected=workflow())
    with (
        pytest.raises(StalePlan, match="Workflow/sync-contacts"),
        world.store.transaction() as unit,
    ):
        platform.deploy(unit, [planned], revision)

    assert running(world) == {SYNC: workflow(title="Edited")}


def test_a_plan_is_stale_when_a_resource_appeared(world: World) -> None:
    """An add that finds another resource of its name is stale."""
    deploy(world, DEV, operation(app_event()))
    platform = world.platform(DEV)
    revision = platform.observe().revision
    world.edit(DEV, workflow(title="By hand"))

    with pytest.raises(StalePlan), world.store.transaction() as unit:
        platform.deploy(unit, [operation(workflow())], revision)


def test_a_write_by_itself_runs_at_once(world: World) -> None:
    """One resource after another is added, changed, removed and brought back, without a unit."""
    platform = world.platform(DEV)
    changed = workflow(title="Changed")
    platform.write(operation(workflow()))
    platform.write(operation(integration()))
    platform.write(operation(changed, expected=workflow()))
    assert running(world) == {HUBSPOT: integration(), SYNC: changed}
    platform.write(removal(changed))
    assert running(world) == {HUBSPOT: integration()}
    platform.write(operation(changed))

    assert running(world) == {HUBSPOT: integration(), SYNC: changed}


def test_the_same_write_again_changes_nothing(world: World) -> None:
    """A write that arrived before is done, whatever it expected to find."""
    platform = world.platform(DEV)
    changed = operation(workflow(title="Changed"), expected=workflow())
    for each in (operation(workflow()), changed, removal(workflow(title="Changed"))):
        platform.write(each)
        before = platform.observe()
        platform.write(each)
        assert platform.observe() == before


@pytest.mark.parametrize(
    "planned",
    [
        operation(workflow()),
        operation(workflow(), expected=workflow(title="Seen")),
        removal(workflow(title="Seen")),
    ],
)
def test_a_write_compares_before_it_changes(world: World, planned: Operation) -> None:
    """A write that finds what it neither expects nor wants is stale, and changes nothing."""
    world.edit(DEV, workflow(title="By hand"))
    before = world.platform(DEV).observe()

    with pytest.raises(StalePlan, match="Workflow/sync-contacts"):
        world.platform(DEV).write(planned)

    assert world.platform(DEV).observe() == before


def test_a_write_of_what_went_away_is_stale(world: World) -> None:
    """A change of a resource that is gone is stale: it does not come back unasked."""
    deploy(world, DEV, operation(workflow()))
    world.delete(DEV, SYNC)

    with pytest.raises(StalePlan, match="Workflow/sync-contacts"):
        world.platform(DEV).write(operation(workflow(title="New"), expected=workflow()))

    assert running(world) == {}


def test_a_plan_is_not_stale_for_what_it_does_not_touch(world: World) -> None:
    """An edit of a resource that the plan does not name does not stop it."""
    deploy(world, DEV, operation(workflow()), operation(integration()))
    platform = world.platform(DEV)
    revision = platform.observe().revision
    world.edit(DEV, integration(title="By hand"))
    with world.store.transaction() as unit:
        planned = operation(workflow(title="Planned"), expected=workflow())
        platform.deploy(unit, [planned], revision)

    assert running(world) == {
        HUBSPOT: integration(title="By hand"),
        SYNC: workflow(title="Planned"),
    }


def test_secrets_are_given_by_fingerprint(world: World) -> None:
    """Only secrets whose fingerprint differs are written and named; None takes one away."""
    platform = world.platform(DEV)
    answers = []
    for sealed in (
        {"B": SealedSecret(b"1", "f-1"), "A": SealedSecret(b"2", "f-2"), "C": None},
        {"B": SealedSecret(b"sealed again", "f-1"), "A": SealedSecret(b"3", "f-3")},
        {"A": None},
    ):
        with world.store.transaction() as unit:
            answers.append(platform.give_secrets(unit, sealed))

    assert answers == [("A", "B"), ("A",), ("A",)]
    assert platform.secret_fingerprints() == {"B": "f-1"}
    assert world.platform("staging").secret_fingerprints() == {}


def test_a_workflow_waits_for_its_secrets(world: World) -> None:
    """A workflow is inactive while a secret it requires has no value, and says which."""
    deploy(world, DEV, operation(integration()), needing(workflow(), "TOKEN", "KEY"))
    platform = world.platform(DEV)
    assert platform.inactive() == {SYNC: ("KEY", "TOKEN")}
    for name in ("TOKEN", "KEY"):
        with world.store.transaction() as unit:
            platform.give_secrets(unit, {name: SealedSecret(b"1", "f")})

    assert platform.inactive() == {}


def test_a_workflow_needs_its_integration(world: World) -> None:
    """A workflow whose integration is off or absent is inactive, with no secret missing."""
    deploy(world, DEV, needing(workflow()))
    assert world.platform(DEV).inactive() == {SYNC: ()}
    deploy(world, DEV, operation(integration(enabled=False)))
    assert world.platform(DEV).inactive() == {SYNC: ()}
    deploy(world, DEV, operation(integration(), expected=integration(enabled=False)))

    assert world.platform(DEV).inactive() == {}


def test_only_what_should_run_is_called_inactive(world: World) -> None:
    """Workflows that are disabled or removed do not run on purpose."""
    deploy(world, DEV, operation(integration()))
    deploy(world, DEV, needing(workflow("off", enabled=False), "TOKEN"))
    deploy(world, DEV, needing(workflow("gone"), "TOKEN"))
    deploy(world, DEV, removal(workflow("gone")))

    assert world.platform(DEV).inactive() == {}


def test_relationships_are_replaced(world: World) -> None:
    """A workflow that no longer requires a secret no longer waits for it."""
    deploy(world, DEV, operation(integration()), needing(workflow(), "TOKEN"))
    deploy(world, DEV, needing(workflow(title="Free"), expected=workflow()))

    assert world.platform(DEV).inactive() == {}


@pytest.mark.parametrize(
    "name",
    [
        "'; DROP TABLE platform_resources; --",
        "%",
        "../../etc/passwd",
        "x" * 5000,
        "ﷺ𝔘",
        ":environment",
    ],
)
def test_hostile_names_are_only_names(world: World, name: str) -> None:
    """A name is data: it is stored, found, changed and removed as it is."""
    content = workflow(name)
    deploy(world, DEV, operation(content), operation(workflow()))
    key = ResourceKey("Workflow", name)
    assert world.platform(DEV).contents([key]) == {key: content}
    deploy(world, DEV, removal(content))

    assert running(world) == {SYNC: workflow()}


def test_unknown_names_are_left_out(world: World) -> None:
    """Asking for what does not run answers with what does."""
    deploy(world, DEV, operation(workflow()))
    asked = [ResourceKey("Workflow", f"unknown-{number}") for number in range(1200)]

    assert world.platform(DEV).contents([*asked, SYNC]) == {SYNC: workflow()}


def test_many_resources_are_written_and_read_together(world: World) -> None:
    """More resources than one query can name are deployed, read and removed."""
    contents = {key_of(each): each for each in (workflow(f"w-{n}") for n in range(1201))}
    deploy(world, DEV, *map(operation, contents.values()))
    assert running(world) == contents
    deploy(world, DEV, *map(removal, contents.values()))

    assert running(world) == {}


def test_naughty_strings_survive(world: World) -> None:
    """Titles of the public list of naughty strings are read back as they were written."""
    contents = [workflow(f"w-{n}", title=text) for n, text in enumerate(naughty_strings())]
    deploy(world, DEV, *map(operation, contents))

    assert len(contents) > 400
    assert running(world) == {key_of(each): each for each in contents}


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts
json_values = st.recursive(
    scalars | st.floats(allow_nan=False, allow_infinity=False).map(canonical.canonical_numbers),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=15,
)
manifests = st.builds(
    manifest,
    st.sampled_from(["Workflow", "Integration", "AppEvent"]),
    # A name holds no NUL: not every database keeps it.
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12
    ),
    st.dictionaries(texts, json_values, max_size=5),
)


@settings(max_examples=40)
@given(st.lists(manifests, max_size=4, unique_by=key_of), st.lists(manifests, max_size=3))
def test_what_is_read_is_what_was_written(
    lasting_every_world: World, first: list[dict[str, Json]], then: list[dict[str, Json]]
) -> None:
    """Contents of any JSON are read back equal, also after others were written over them."""
    environment = f"round-{next(_numbers)}"
    deploy(lasting_every_world, environment, *map(operation, first))
    expected = {key_of(each): each for each in first}
    assert running(lasting_every_world, environment) == expected
    for content in then:
        before = expected.get(key_of(content))
        deploy(lasting_every_world, environment, operation(content, expected=before))
        expected[key_of(content)] = content

    assert running(lasting_every_world, environment) == expected
