"""What holds for the plan of any two states of an environment."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reconciler.core import canonical
from reconciler.core.model import Action
from reconciler.services import planning
from reconciler.services.deploying.options import ApplyOptions
from reconciler.testing import MemoryCache
from tests.properties.environments import environments
from tests.unit.services.shop import Shop

FEW = settings(max_examples=25)

# Blobs are known by their ids, so that an example parses only what no other had.
CACHE = MemoryCache()


def deployed(files: Mapping[str, str]) -> Shop:
    """Return a repository whose environment is deployed."""
    shop = Shop(files, cache=CACHE)
    shop.apply()
    return shop


def move(shop: Shop, files: Mapping[str, str]) -> None:
    """Commit other files in place of those that there are."""
    shop.git.files = dict(files)
    shop.git.commit()


@FEW
@given(environments())
def test_a_state_against_itself_is_empty(state: Mapping[str, str]) -> None:
    """What was applied plans nothing, and applying it again writes nothing."""
    shop = deployed(state)
    plan = shop.plan().plan

    assert (plan.changes, plan.drift, plan.unmanaged) == ((), (), 0)
    assert shop.apply().deployment is None


@FEW
@given(environments(), environments())
def test_applying_a_plan_leads_to_what_it_promised(
    before: Mapping[str, str], after: Mapping[str, str]
) -> None:
    """Applying plan(a, b) where a runs gives b, in contents, digests and records."""
    shop = deployed(before)
    move(shop, after)
    planned = shop.plan(allow_empty=True)
    shop.applier.apply(
        planned, lambda: shop.plan(allow_empty=True), ApplyOptions(allow_removals=True)
    )
    desired, running = shop.load().desired, shop.platform.observe().digests

    assert running == desired.digests == shop.store.applied("development").digests
    contents = shop.platform.contents(running)
    assert {key: canonical.digest(content) for key, content in contents.items()} == running
    assert not shop.plan(allow_empty=True).plan.has_differences


@FEW
@given(environments(), environments())
def test_a_plan_is_the_same_each_time_and_everywhere(
    before: Mapping[str, str], after: Mapping[str, str]
) -> None:
    """Planning twice, without a cache, and from git alone promises the same."""
    shop = deployed(before)
    base = shop.load()
    # Deploying nothing at all is not recorded, so that such a base is known to git alone.
    assume(base.desired.entries)
    move(shop, after)
    once = shop.plan(allow_empty=True).plan
    others = shop.choose().repository.environments
    shop.cache = MemoryCache()
    again = shop.plan(allow_empty=True).plan
    alone = planning.between(base, shop.load(), others)

    assert once.digest == again.digest == alone.digest
    assert once.changes == again.changes == alone.changes
    assert [m.code for m in once.messages if m.from_git] == [m.code for m in alone.messages]


@FEW
@given(environments(), environments())
def test_changes_are_ordered_by_need(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """What is written comes after what it needs, and what is removed before it."""
    shop = deployed(before)
    older = shop.load().desired.entries
    move(shop, after)
    newer = shop.load().desired.entries
    changes = shop.plan(allow_empty=True).plan.changes
    place = {change.key: index for index, change in enumerate(changes)}
    for change in changes:
        removed = change.action is Action.REMOVE
        facts = (older if removed else newer)[change.key].facts
        for name in facts.workflows:
            other = change.key._replace(name=name)
            if other in place and (changes[place[other]].action is Action.REMOVE) == removed:
                assert (place[other] > place[change.key]) == removed


@FEW
@given(environments(), environments(), st.data())
def test_drift_and_changes_never_mix(
    before: Mapping[str, str], after: Mapping[str, str], data: st.DataObject
) -> None:
    """Whatever is edited outside, a resource is pending or drift, and healing ends as git says."""
    shop = deployed(before)
    running = sorted(shop.platform.observe().digests)
    for key in data.draw(st.lists(st.sampled_from(running), unique=True)) if running else []:
        shop.edit(key, title="By hand")
    move(shop, after)
    planned = shop.plan(allow_empty=True)
    pending = {change.key for change in planned.plan.changes}

    assert not pending & {change.key for change in planned.plan.drift}
    shop.applier.apply(
        planned, lambda: shop.plan(allow_empty=True), ApplyOptions(allow_removals=True)
    )
    assert shop.platform.observe().digests == shop.load().desired.digests


@FEW
@given(environments(), environments(), st.data())
def test_without_healing_only_what_git_changed_is_written(
    before: Mapping[str, str], after: Mapping[str, str], data: st.DataObject
) -> None:
    """Drift is the same after an apply that does not heal, and nothing is pending any more."""
    shop = deployed(before)
    running = sorted(shop.platform.observe().digests)
    for key in data.draw(st.lists(st.sampled_from(running), unique=True)) if running else []:
        shop.edit(key, title="By hand")
    move(shop, after)
    planned = shop.plan(allow_empty=True)
    options = ApplyOptions(allow_removals=True, heal=False)
    shop.applier.apply(planned, lambda: shop.plan(allow_empty=True), options)
    left = shop.plan(allow_empty=True).plan

    assert left.changes == ()
    assert left.drift == planned.plan.drift
