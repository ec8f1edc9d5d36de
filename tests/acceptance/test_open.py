"""`--open`: release branches become pull requests on a forge, from the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.testing.github import BOT, GitHubServer, GitHubState
from tests.acceptance.program import fits
from tests.attacks.releases.world import World

APP = "releases[bot]"
REPOSITORY = "owner/repository"
JSON = ("--format", "json")


class Forged(World):
    """A world whose remote is hosted on a forge."""

    forge_at: GitHubServer
    tokens: Mapping[str, str]

    def _variables(self) -> dict[str, str]:
        return {
            **super()._variables(),
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_API_URL": self.forge_at.url,
            **self.tokens,
        }

    @property
    def pulls(self) -> list[dict[str, Any]]:
        """The pull requests on the forge, the oldest first."""
        return list(self.forge_at.state.all["pulls"])

    def page(self, number: int) -> str:
        """Return the page of a pull request."""
        return f"{self.forge_at.url}/{REPOSITORY}/pull/{number}"

    def close(self, number: int) -> None:
        """Close a pull request and delete its branch, as a person does on the forge."""
        state = self.forge_at.state
        pull = state.one("pulls", number=number)
        assert pull is not None
        head = state.head_of(pull)
        self.forge.git("update-ref", f"refs/pull/{number}/head", head)
        self.forge.git("update-ref", "-d", f"refs/heads/{pull['head']}")
        state.edit("pulls", pull, state="closed", head_commit=head)


@pytest.fixture
def forged(waiting_once: World, tmp_path: Path) -> Iterator[Forged]:
    """Yield a world on a forge where production/1.1.0 and staging/1.2.0 can be released."""
    copied = waiting_once.copy(tmp_path / "world")
    world = Forged(copied.root, copied.people)
    state = GitHubState(REPOSITORY, git=world.forge.root)
    with GitHubServer(state, logins={"t-app": APP, "t-default": BOT}) as server:
        world.forge_at, world.tokens = server, {"RECONCILER_FORGE_TOKEN": "t-app"}
        yield world


@pytest.mark.usefixtures("today")
def test_proposals_are_opened_once(forged: Forged) -> None:
    """Each branch has one pull request with the reviewers' page; the same again adds none."""
    first = forged.job("release", "propose", "--open", *JSON)
    again = forged.job("release", "propose", "--open", *JSON).json

    fits(first.json, "proposals")
    rows = first.json["proposals"]
    assert [(each["title"], each["head"], each["base"]) for each in forged.pulls] == [
        ("Release production/1.1.0", "release/production/1.1.0", "main"),
        ("Release staging/1.2.0", "release/staging/1.2.0", "main"),
    ]
    assert [each["body"] for each in forged.pulls] == [row["body"] for row in rows]
    assert [row["pullRequest"] for row in again["proposals"]] == [
        row["pullRequest"] for row in rows
    ]
    assert rows[1]["pullRequest"].endswith("/owner/repository/pull/2")
    assert forged.forge.git("rev-parse", rows[0]["branch"]) == rows[0]["commit"]
    assert "starts no checks" not in first.err


@pytest.mark.usefixtures("today")
def test_the_default_token_is_told_to_start_no_checks(forged: Forged) -> None:
    """A run with nothing but the token of Actions opens it, and says what an app's token brings."""
    forged.tokens = {"GITHUB_TOKEN": "t-default", "GITHUB_ACTIONS": "true"}
    said = forged.job("release", "propose", "--open", "--environment", "staging")

    assert f"merge {forged.page(1)}" in said.out
    assert f"{forged.page(1)} starts no checks" in said.err
    assert "RECONCILER_FORGE_TOKEN" in said.err


@pytest.mark.usefixtures("today")
def test_what_a_person_closed_is_not_opened_again(forged: Forged) -> None:
    """The schedule says so and is green; neither branch nor pull request comes back."""
    asked = ("release", "propose", "--open", "--environment", "staging")
    forged.job(*asked)
    forged.close(1)
    again = forged.job(*asked, *JSON).json

    fits(again, "proposals")
    [row] = again["proposals"]
    assert (row["outcome"], row["version"], row["pullRequest"]) == ("declined", "1.2.0", None)
    assert f"{forged.page(1)} was closed with this content" in row["reason"]
    assert len(forged.pulls) == 1
    assert forged.forge.git("branch", "--list", "release/staging/1.2.0") == ""


def test_a_release_is_opened_by_who_makes_it(forged: Forged) -> None:
    """The next step names the page; made anew the same page gets the new text."""
    made = ("release", "create", "--to", "staging", "--version", "1.2.0", "--open")
    said = forged.at_desk(*made, "--description", "What is new")
    again = forged.at_desk(*made, "--description", "Better words", *JSON).json

    fits(again, "plan")
    assert (
        said.last
        == f"Next: merge {forged.page(1)}; then reconciler release tag staging/1.2.0 --push."
    )
    assert again["pullRequest"] == forged.page(1)
    [pull] = forged.pulls
    assert (pull["title"], pull["head"]) == ("Release staging/1.2.0", "release/staging/1.2.0")
    assert "Better words" in pull["body"]


def test_a_closed_one_is_not_what_was_asked_for(forged: Forged) -> None:
    """A person who asks to open what was closed is told where; the branch is there for it."""
    made = ("release", "create", "--to", "staging", "--version", "1.2.0", "--open")
    forged.at_desk(*made)
    forged.close(1)
    said = forged.at_desk(*made, code=1)

    assert f"{forged.page(1)} was closed with the same content" in said.err
    assert "Open it again there" in said.err
    assert forged.forge.git("branch", "--list", "release/staging/1.2.0") != ""


def test_a_rollback_is_opened(forged: Forged) -> None:
    """Its title says what it brings back."""
    found = forged.at_desk("rollback", "staging/1.0.0", "--open", *JSON).json

    assert found["pullRequest"] == forged.page(1)
    assert [each["title"] for each in forged.pulls] == ["Roll back staging to 1.0.0 as 1.1.1"]


@pytest.mark.parametrize("as_json", [False, True])
def test_without_a_token_the_branch_is_pushed_and_a_person_is_told(
    forged: Forged, as_json: bool
) -> None:
    """All but the pull request is done; the sentence says what is missing, and exit is 1."""
    forged.tokens = {}
    made = ("release", "create", "--to", "staging", "--version", "1.2.0", "--open")
    said = forged.at_desk(*made, *(JSON if as_json else ()), code=1)

    assert "there is no token for the forge" in said.all
    assert "from release/staging/1.2.0 into main" in said.all
    assert forged.forge.git("branch", "--list", "release/staging/1.2.0") != ""
    assert forged.pulls == []
    if as_json:
        fits(said.json, "plan")
        assert said.json["pullRequest"] is None
        assert said.json["branch"] == "release/staging/1.2.0"


@pytest.mark.usefixtures("today")
def test_a_forge_that_refuses_stops_nothing_else(forged: Forged) -> None:
    """Both branches are pushed, the other is opened, the reason is told, and exit is 1."""
    reason = "GitHub Actions is not permitted to create or approve pull requests."
    forged.forge_at.faults.add(
        fault="status", method="POST", path="pulls", status=403, message=reason
    )
    said = forged.job("release", "propose", "--open", *JSON, code=1)

    fits(said.json, "proposals")
    assert [row["pullRequest"] for row in said.json["proposals"]] == [None, forged.page(1)]
    assert [error["code"] for error in said.json["errors"]] == ["ForgeRefused"]
    assert reason in said.json["errors"][0]["text"]
    for row in said.json["proposals"]:
        assert forged.forge.git("rev-parse", row["branch"]) == row["commit"]
