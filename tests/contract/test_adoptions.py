"""What every store promises of the marks of adopted resources."""

from __future__ import annotations

from reconciler.core.model import ResourceKey
from reconciler.testing import deployment, operation, removal, workflow
from tests.contract.worlds import World

DEV, STAGING = "development", "staging"
AT = "2026-01-06T10:00:00+00:00"
ONE, TWO = ResourceKey("Workflow", "one"), ResourceKey("Workflow", "two")
MARKS = {ONE: ("sha256:one", workflow("one")), TWO: ("sha256:two", workflow("two"))}


def test_a_mark_is_kept_for_its_environment(world: World) -> None:
    """Digest and content are read back, of the environment that was asked for alone."""
    world.store.adopt(DEV, MARKS, AT)

    assert world.store.adopted(DEV) == {ONE: "sha256:one", TWO: "sha256:two"}
    assert world.store.adopted_contents(DEV, [TWO]) == {TWO: workflow("two")}
    assert world.store.adopted(STAGING) == {}
    assert world.store.adopted_contents(STAGING, [TWO]) == {}


def test_a_later_mark_replaces_an_earlier(world: World) -> None:
    """Adopting again notes what runs by then."""
    world.store.adopt(DEV, MARKS, AT)
    world.store.adopt(DEV, {ONE: ("sha256:new", workflow("one", title="New"))}, AT)

    assert world.store.adopted(DEV) == {ONE: "sha256:new", TWO: "sha256:two"}
    assert world.store.adopted_contents(DEV, [ONE]) == {ONE: workflow("one", title="New")}


def test_what_is_applied_takes_its_mark_away(world: World) -> None:
    """A record of ours takes the place of a mark, be it of a write or of a removal."""
    world.store.adopt(DEV, MARKS, AT)
    world.store.adopt(STAGING, MARKS, AT)
    world.store.begin(deployment("d-1", DEV))
    operations = (operation(workflow("one")), removal(workflow("two")))
    with world.store.transaction() as unit:
        world.store.record_applied(unit, DEV, operations, (), "sha256:content", "d-1")

    assert world.store.adopted(DEV) == {}
    assert len(world.store.adopted(STAGING)) == 2


def test_an_empty_store_has_no_marks(world: World) -> None:
    """Whoever reads before anything was written finds none."""
    assert world.store.adopted(DEV) == world.store.adopted_contents(DEV, [ONE]) == {}
