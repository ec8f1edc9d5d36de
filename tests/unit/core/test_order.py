"""The order of changes: what is needed first, what needs it removed first."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Mapping

import pytest

from reconciler.core.model import Action, Difference, Facts, Kind, Reason, ResourceKey
from reconciler.core.order import by_dependency, requirements

EVENT = ResourceKey(Kind.APP_EVENT, "zebra")
INTEGRATION = ResourceKey(Kind.INTEGRATION, "yak")


def flow(name: str) -> ResourceKey:
    """Return the key of a workflow."""
    return ResourceKey(Kind.WORKFLOW, name)


def needing(**needed: Iterable[str]) -> dict[ResourceKey, Facts]:
    """Return facts of workflows by name, with the workflows that each requires."""
    return {flow(name): Facts(workflows=tuple(names)) for name, names in needed.items()}


def ordered(
    keys: Iterable[ResourceKey],
    facts: Mapping[ResourceKey, Facts],
    action: Action = Action.ADD,
) -> list[str]:
    """Return the names of keys that all undergo one action, in order."""
    differences = [Difference(action=action, key=key, reason=Reason.PENDING) for key in keys]
    return [difference.key.name for difference in by_dependency(differences, facts)]


def test_kinds_come_in_the_order_of_dependence() -> None:
    """App events and integrations come before the workflows that use them, whatever their names."""
    assert ordered([flow("ant"), INTEGRATION, EVENT], {}) == ["zebra", "yak", "ant"]


def test_a_required_workflow_comes_first() -> None:
    """A workflow follows those that it requires."""
    facts = needing(a=["b"], b=["c"], c=[])

    assert ordered(facts, facts) == ["c", "b", "a"]


def test_kinds_keep_their_order_beside_requirements() -> None:
    """Requirements between workflows do not mix the kinds."""
    facts = needing(a=["b"], b=[]) | {flow("c"): Facts(integration="yak", event="zebra")}

    assert ordered([*facts, INTEGRATION, EVENT], facts) == ["zebra", "yak", "b", "a", "c"]


def test_removals_come_last_and_reversed() -> None:
    """What is removed goes after everything else, dependents before what they need."""
    facts = needing(a=["b"], b=[], new=[])
    gone = [
        Difference(action=Action.REMOVE, key=key, reason=Reason.PENDING)
        for key in (flow("b"), EVENT, flow("a"), INTEGRATION)
    ]
    new = Difference(action=Action.ADD, key=flow("new"), reason=Reason.PENDING)

    found = [difference.key.name for difference in by_dependency([*gone, new], facts)]
    assert found == ["new", "a", "b", "yak", "zebra"]


def test_adds_and_modifies_are_one_order() -> None:
    """A modified workflow that needs a new one waits for it."""
    facts = needing(a=["b"], b=[])
    both = [
        Difference(action=Action.MODIFY, key=flow("a"), reason=Reason.PENDING),
        Difference(action=Action.ADD, key=flow("b"), reason=Reason.PENDING),
    ]

    assert [difference.key.name for difference in by_dependency(both, facts)] == ["b", "a"]


def test_the_order_does_not_depend_on_the_input() -> None:
    """Every permutation of the differences gives the same order."""
    facts = needing(a=["c"], b=[], c=["d"], d=[])
    orders = {tuple(ordered(keys, facts)) for keys in itertools.permutations(facts)}

    assert len(orders) == 1


def test_what_is_needed_and_does_not_change_is_no_obstacle() -> None:
    """Only what changes is ordered; a requirement that is there already counts for nothing."""
    assert ordered([flow("a"), flow("b")], needing(a=["elsewhere"], b=["a"])) == ["a", "b"]


@pytest.mark.parametrize("action", [Action.ADD, Action.REMOVE])
def test_a_circle_is_ordered_all_the_same(action: Action) -> None:
    """Workflows in a circle come by name; nothing is lost and nothing raised."""
    facts = needing(c=["a"], a=["b"], b=["c"], d=[])
    names = ["a", "b", "c", "d"]

    assert ordered(facts, facts, action) == (names if action is Action.ADD else names[::-1])


def test_a_workflow_that_requires_itself_is_ordered() -> None:
    """Requiring oneself is no obstacle to anything."""
    facts = needing(a=["a", "b"], b=[])

    assert ordered(facts, facts) == ["b", "a"]


def test_what_nothing_is_known_of_is_ordered_by_name() -> None:
    """A removed resource without facts takes its place by kind and name."""
    facts = needing(b=["c"], c=[])

    assert ordered([flow("a"), flow("b"), flow("c")], facts) == ["a", "c", "b"]


def test_requirements_of_a_workflow() -> None:
    """A workflow needs its integration, its event and the workflows that it calls, not itself."""
    facts = Facts(integration="yak", event="zebra", workflows=("a", "b"))

    assert requirements(flow("a"), facts) == (INTEGRATION, EVENT, flow("b"))


def test_a_long_chain_is_ordered_fast() -> None:
    """10,000 workflows that each require the next are ordered without recursion, in a moment."""
    names = [f"w{number:05}" for number in range(10_000)]
    facts = needing(**{name: [following] for name, following in itertools.pairwise(names)})
    facts |= needing(**{names[-1]: []})
    began = time.process_time()

    assert ordered(facts, facts) == names[::-1]
    assert time.process_time() - began < 5
