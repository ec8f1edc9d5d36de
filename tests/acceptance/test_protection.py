"""`doctor` on a repository that is hosted on a forge: what protects it there, and what does not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.testing.github import GitHubServer, GitHubState
from tests.acceptance.program import Shop

REPOSITORY = "shop/flows"
RULES = ("pull_request", "non_fast_forward", "deletion", "required_status_checks")
FORMS = ("*/v*", "approvals/**/*", "acknowledgements/**/*", "holds/**/*")


@pytest.fixture
def forge() -> Iterator[GitHubServer]:
    """Yield a forge on which nothing is protected."""
    with GitHubServer(GitHubState(REPOSITORY)) as server:
        yield server


def looked(
    shop: Shop, forge: GitHubServer, *more: str, token: str = "t"
) -> dict[str, dict[str, str]]:
    """Return what `doctor` says of the branch, the tags and the environments."""
    answer = shop.run(
        *more,
        *("doctor", "--format", "json"),
        GITHUB_REPOSITORY=REPOSITORY,
        GITHUB_API_URL=forge.url,
        GITHUB_TOKEN=token,
    ).json
    checks = {each["name"]: each for each in answer["checks"]}
    return {
        word: next(
            each for name, each in checks.items() if name.startswith(f"protection of {word}")
        )
        for word in ("the branch main", "the tags", "the forge's environments")
    }


def test_what_is_not_protected_is_told_and_then_set(committed: Shop, forge: GitHubServer) -> None:
    """Each of the three says where to set what; set so, all are in order."""
    before = looked(committed, forge)
    assert {each["state"] for each in before.values()} == {"look"}
    assert all("missing" in each["text"] for each in before.values())
    settings = f"https://github.com/{REPOSITORY}/settings"
    assert before["the tags"]["next"].startswith(f"At {settings}/rules, make an active tag ruleset")

    told = forge.state.all
    told["rules"]["main"] = [{"type": each} for each in RULES]
    include = {"include": [f"refs/tags/{form}" for form in FORMS], "exclude": []}
    rules = [{"type": "update"}, {"type": "deletion"}]
    forge.state.add(
        "rulesets",
        name="tags",
        target="tag",
        enforcement="active",
        conditions={"ref_name": include},
        rules=rules,
    )
    policy = {"protected_branches": True, "custom_branch_policies": False}
    for name in ("development", "staging"):
        forge.state.add("environments", name=name, deployment_branch_policy=policy)
    after = looked(committed, forge)

    assert {each["state"] for each in after.values()} == {"ok"}, after


def test_without_a_token_or_offline_it_says_what_is_needed(
    committed: Shop, forge: GitHubServer
) -> None:
    """The same settings are named, the reason is told, and the forge is not asked."""
    for more, token, reason in (
        ((), "", "there is no token for the forge"),
        (("--offline",), "t", "the forge is not asked"),
    ):
        found = looked(committed, forge, *more, token=token)
        assert {each["state"] for each in found.values()} == {"look"}
        assert all(reason in each["text"] for each in found.values())
    assert forge.requests == []
