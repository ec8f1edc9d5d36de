"""Which rules protect the repository, as the forge tells it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from reconciler.core.errors import ForgeRefused
from reconciler.core.forge.model import Protection, Rule
from tests.contract.forge_world import ServerWorld, server_world

NOT_SEEN = "Resource not accessible by integration"


@pytest.fixture
def world() -> Iterator[ServerWorld]:
    """Return an unprotected repository."""
    with server_world() as world:
        yield world


def found(world: ServerWorld, *, tag: str = "*/v*") -> Mapping[Rule, Protection]:
    """Return what is said of each rule."""
    told = world.forge.protections("main", [tag], ["production"])
    return {each.rule: each for each in told}


def holding(world: ServerWorld, *, tag: str = "*/v*") -> set[Rule]:
    """Return the rules that hold."""
    return {each.rule for each in found(world, tag=tag).values() if each.holds}


def test_an_unprotected_repository_has_nothing(world: ServerWorld) -> None:
    """Every rule is answered, and without rulesets and branch protection none holds."""
    told = found(world)

    assert told.keys() == set(Rule)
    assert {each.holds for each in told.values()} == {False}
    assert [told[rule].subject for rule in Rule] == [*["main"] * 3, *["*/v*"] * 2, "production"]


def test_a_ruleset_protects_the_branch(world: ServerWorld) -> None:
    """What the rules of the branch demand holds, and nothing else."""
    world.state.all["rules"]["main"] = [{"type": "pull_request"}, {"type": "non_fast_forward"}]

    assert holding(world) == {Rule.BRANCH_PULL_REQUEST, Rule.BRANCH_NO_FORCE}


def test_the_older_protection_will_do(world: ServerWorld) -> None:
    """Branch protection holds what it demands; force pushes are forbidden unless allowed."""
    world.state.all["protection"]["main"] = {
        "required_pull_request_reviews": {"required_approving_review_count": 1},
        "required_status_checks": {"strict": True, "contexts": ["reconciler"], "checks": []},
        "allow_force_pushes": {"enabled": False},
    }
    whole = {Rule.BRANCH_PULL_REQUEST, Rule.BRANCH_CHECKS, Rule.BRANCH_NO_FORCE}
    assert holding(world) == whole

    world.state.all["protection"]["main"] = {
        "required_status_checks": {"strict": True, "contexts": [], "checks": []},
        "allow_force_pushes": {"enabled": True},
    }
    assert holding(world) == set()


@pytest.mark.parametrize(
    ("conditions", "rules", "tag", "expected"),
    [
        (["refs/tags/*/v*"], ["update", "deletion"], "*/v*", 2),
        (["refs/tags/*/v*"], ["deletion"], "*/v*", 1),
        (["refs/tags/*/v*"], ["non_fast_forward", "creation"], "*/v*", 0),
        (["~ALL"], ["update", "deletion"], "approvals/**", 2),
        (["refs/tags/**/*"], ["update", "deletion"], "approvals/**", 2),
        (["refs/tags/approvals/**/*"], ["update", "deletion"], "approvals/**", 2),
        (["refs/tags/approvals/*"], ["update", "deletion"], "approvals/**", 0),
        (["refs/tags/v*"], ["update", "deletion"], "*/v*", 0),
        (["refs/tags/production/v*"], ["update", "deletion"], "*/v*", 0),
        (["refs/heads/*/v*"], ["update", "deletion"], "*/v*", 0),
        ([], ["update", "deletion"], "*/v*", 0),
    ],
)
def test_a_ruleset_protects_the_tags_that_it_names(
    world: ServerWorld, conditions: list[str], rules: list[str], tag: str, expected: int
) -> None:
    """Every tag of the form must be covered by one ruleset with the rule; levels count."""
    named = {"ref_name": {"include": conditions, "exclude": []}}
    told: dict[str, Any] = {"target": "tag", "enforcement": "active", "conditions": named}
    world.state.add("rulesets", name="tags", rules=[{"type": each} for each in rules], **told)

    assert len(holding(world, tag=tag)) == expected


@pytest.mark.parametrize(
    "changed",
    [
        {"enforcement": "evaluate"},
        {"enforcement": "disabled"},
        {"target": "branch"},
        {"conditions": {"ref_name": {"include": ["~ALL"], "exclude": ["refs/tags/a/*"]}}},
        {"conditions": {}},
        {"conditions": None},
    ],
)
def test_a_ruleset_that_does_not_act_protects_nothing(
    world: ServerWorld, changed: dict[str, Any]
) -> None:
    """One that only evaluates, is for branches, or leaves some tags out, is no protection."""
    whole = {"ref_name": {"include": ["~ALL"], "exclude": []}}
    told = {"target": "tag", "enforcement": "active", "conditions": whole}
    rules = [{"type": "update"}, {"type": "deletion"}]
    world.state.add("rulesets", name="tags", rules=rules, **{**told, **changed})

    assert holding(world) == set()


def test_an_exception_elsewhere_does_no_harm(world: ServerWorld) -> None:
    """Tags that are left out matter only where they may be of the form."""
    named = {"include": ["~ALL"], "exclude": ["refs/tags/drafts/*"]}
    rules = [{"type": "update"}, {"type": "deletion"}]
    told: dict[str, Any] = {"target": "tag", "enforcement": "active", "rules": rules}
    world.state.add("rulesets", name="tags", conditions={"ref_name": named}, **told)

    assert len(holding(world, tag="approvals/**")) == 2
    assert holding(world, tag="*/v*") == set()


@pytest.mark.parametrize(
    ("policy", "branches", "holds"),
    [
        (None, [], False),
        ({"protected_branches": True, "custom_branch_policies": False}, [], True),
        ({"protected_branches": False, "custom_branch_policies": True}, ["main"], True),
        ({"protected_branches": False, "custom_branch_policies": True}, ["*"], False),
        ({"protected_branches": False, "custom_branch_policies": True}, ["main", "x"], False),
        ({"protected_branches": False, "custom_branch_policies": True}, [], False),
    ],
)
def test_an_environment_is_for_the_branch_alone(
    world: ServerWorld, policy: Any, branches: list[str], *, holds: bool
) -> None:
    """Only protected branches, or the one branch by its name, may use an environment."""
    world.state.add("environments", name="production", deployment_branch_policy=policy)
    world.state.all["policies"]["production"] = [{"name": each} for each in branches]

    assert found(world)[Rule.ENVIRONMENT_BRANCH].holds is holds


def test_a_tag_that_may_use_an_environment_is_seen(world: ServerWorld) -> None:
    """A policy for a tag of the branch's name is not one for the branch."""
    policy = {"protected_branches": False, "custom_branch_policies": True}
    world.state.add("environments", name="production", deployment_branch_policy=policy)
    world.state.all["policies"]["production"] = [{"name": "main", "type": "tag"}]

    told = found(world)[Rule.ENVIRONMENT_BRANCH]
    assert told.holds is False
    assert "tag main" in told.detail


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize(
    ("path", "unknown"),
    [
        ("rules/branches", {Rule.BRANCH_PULL_REQUEST, Rule.BRANCH_NO_FORCE, Rule.BRANCH_CHECKS}),
        ("/protection", {Rule.BRANCH_PULL_REQUEST, Rule.BRANCH_NO_FORCE, Rule.BRANCH_CHECKS}),
        ("rulesets", {Rule.TAGS_NO_UPDATE, Rule.TAGS_NO_DELETION}),
        ("environments", {Rule.ENVIRONMENT_BRANCH}),
    ],
)
def test_what_cannot_be_read_is_unknown(
    world: ServerWorld, path: str, unknown: set[Rule], status: int
) -> None:
    """A token that may not see a rule leaves it open: it is neither held nor missing."""
    world.server.faults.add("status", status=status, message=NOT_SEEN, path=path, times=None)

    told = found(world)
    assert {each.rule for each in told.values() if each.holds is None} == unknown


def test_what_a_ruleset_demands_holds_without_the_older_protection(world: ServerWorld) -> None:
    """Only administrators read branch protection: a ruleset alone is enough to know."""
    rules = [{"type": each} for each in ("pull_request", "required_status_checks")]
    world.state.all["rules"]["main"] = rules
    world.server.faults.add("status", status=403, message=NOT_SEEN, path="/protection", times=None)

    told = found(world)
    assert told[Rule.BRANCH_PULL_REQUEST].holds is True
    assert told[Rule.BRANCH_CHECKS].holds is True
    assert told[Rule.BRANCH_NO_FORCE].holds is None


def test_a_refused_token_is_an_error(world: ServerWorld) -> None:
    """A token that the forge does not know leaves nothing open: it is said."""
    world.server.faults.add("status", status=401, message="Bad credentials", times=None)

    with pytest.raises(ForgeRefused, match="token is not accepted"):
        found(world)
