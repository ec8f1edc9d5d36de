"""`release propose` as the schedule runs it: in new clones, on a day that is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.program import fits
from tests.acceptance.waiting import travel
from tests.attacks.releases.world import World

HOLIDAY = "2027-01-01T10:00:00+00:00"
NO_RELEASE_DAY = "2027-01-07T10:00:00+00:00"
NEXT_RELEASE_DAY = "2027-01-19T10:00:00+00:00"


@pytest.fixture
def waiting(waiting_once: World, tmp_path: Path) -> World:
    """Return such a world of one's own."""
    return waiting_once.copy(tmp_path / "world")


def propose(world: World, *arguments: str, code: int = 0) -> dict[str, dict[str, str]]:
    """Propose in a new clone, and return the answer by environment."""
    clone = world.clone()
    found = world.job(
        "release", "propose", *arguments, "--format", "json", clone=clone, code=code
    ).json
    fits(found, "proposals")
    return {row["environment"]: row for row in found["proposals"]}


@pytest.mark.usefixtures("today")
def test_production_then_staging_and_the_same_again(waiting: World) -> None:
    """Each has a branch whose message is the reviewers' page; another clone changes nothing."""
    first = propose(waiting, "--push")
    second = propose(waiting, "--push")

    assert [*first] == ["production", "staging"]
    assert [row["version"] for row in first.values()] == ["1.1.0", "1.2.0"]
    assert {row["outcome"] for row in first.values()} == {"proposed"}
    assert {row["outcome"] for row in second.values()} == {"unchanged"}
    for name, row in first.items():
        assert row["commit"] == second[name]["commit"]
        assert waiting.forge.git("rev-parse", row["branch"]) == row["commit"]
    message = waiting.forge.git("log", "-1", "--format=%B", "release/production/1.1.0")
    assert message.startswith("Release production/1.1.0\n\n## Release production/1.1.0\n")
    assert "### Requirements" in message


def test_other_days(waiting: World, today: pytest.MonkeyPatch) -> None:
    """On other days and holidays it exits with 0, names the next release day and prepares none."""
    for moment, said in ((NO_RELEASE_DAY, "is no release day"), (HOLIDAY, "is a holiday")):
        travel(today, moment)
        found = waiting.job("release", "propose", "--push")
        assert said in found.out
        assert "the next release day is" in found.out
    assert waiting.forge.git("branch", "--list", "release/*") == ""


def test_hotfix_replaces_production_s_release_of_the_week(
    waiting: World, today: pytest.MonkeyPatch
) -> None:
    """In the week of a release day a live hotfix takes the release's place; later it does not."""
    fixed = waiting.desk.root / "environments/production/workflows/news.yaml"
    fixed.write_text(fixed.read_text().replace("  title:", "  hidden: true\n  title:"))
    version = ("--version", "1.0.1", "--version", "staging=1.1.1")
    waiting.at_desk("release", "create", "--type", "hotfix", "--to", "production", *version)
    waiting.desk.git("checkout", "--quiet", "--", "environments")
    waiting.desk.squash("release/production/1.0.1")
    waiting.push()
    waiting.at_desk("release", "tag", "production/1.0.1", "--push")
    waiting.approve("production/1.0.1", "qa", "quinn")
    waiting.job("promote", "production/1.0.1")
    found = propose(waiting)

    assert found["production"]["outcome"] == "replaced"
    assert "production/1.0.1 is a hotfix" in found["production"]["reason"]
    assert found["staging"]["outcome"] == "pending"
    travel(today, NEXT_RELEASE_DAY)
    assert propose(waiting, "--environment", "production")["production"]["outcome"] == "proposed"


@pytest.mark.usefixtures("today")
def test_markdown_and_text(waiting: World) -> None:
    """Markdown is the reviewers' page, text the next commands; an editable one is wrong usage."""
    clone = waiting.clone()
    asked = ("release", "propose", "--environment", "production")
    page = waiting.job(*asked, "--format", "markdown", clone=clone).out
    told = waiting.job(*asked, clone=clone).out

    assert page.startswith("## Release production/1.1.0\n")
    assert "production: unchanged: production/1.1.0 from staging/1.1.0" in told
    assert "reconciler release tag production/1.1.0 --push" in told
    waiting.job("release", "propose", "--environment", "development", code=64, clone=clone)
