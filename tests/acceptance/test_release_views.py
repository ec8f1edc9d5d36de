"""`release list`, `release show`, `history`, `changelog` and `report`, with a store and without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.manifests import PIPELINE
from tests.acceptance.program import Run, Shop, fits

OPEN = ("EnvironmentSecretMissing", "IntegrationNeedsAppConfiguration")
GATES = ("gates", "staging/1.0.0", "--format", "json")


def released(shop: Shop, version: str, description: str) -> str:
    """Create, merge and tag a release of staging; return the commit of the merge."""
    options = ["--to", "staging", "--version", version, "--description", description]
    for code in OPEN:
        options += ["--acknowledge", f"{code}=It comes later"]
    shop.run("release", "create", *options)
    commit = shop.repository.merge(f"release/staging/{version}")
    shop.repository.tag(f"staging/v{version}", f"Release {version}")
    return commit


@pytest.fixture(scope="module")
def shop_once(deployed_once: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return a shop with 1.0.0 live in staging; nobody changes it."""
    shop = deployed_once.copy(tmp_path_factory.mktemp("views") / "shop")
    shop.repository.git("config", "user.name", "Ana Author")
    shop.repository.git("config", "user.email", "ana@example.com")
    roles = "  roles:\n    qa:\n      members: [ana@example.com]\n"
    shop.repository.commit({"environments/pipeline.yaml": PIPELINE + roles})
    released(shop, "1.0.0", "The first one")
    shop.run("promote")
    return shop


@pytest.fixture
def shop(shop_once: Shop, tmp_path: Path) -> Shop:
    """Return a shop of one's own with 1.0.0 live in staging."""
    return shop_once.copy(tmp_path / "shop")


@pytest.fixture
def forgotten(shop: Shop) -> Shop:
    """Return the same without its store."""
    shop.store.unlink()
    return shop


def row(answer: Run) -> dict[str, Any]:
    """Return the only release of an answer."""
    (found,) = answer.json["releases"]
    assert isinstance(found, dict)
    return found


def test_list_says_what_is_live(shop: Shop) -> None:
    """The list has every key of its schema, the merge commit, the tag, and the Live mark."""
    answer = shop.run("release", "list", "--format", "json")

    fits(answer.json, "releases")
    found = row(answer)
    assert (found["version"], found["live"], found["tag"]) == ("1.0.0", True, "staging/v1.0.0")
    assert found["commit"] == shop.repository.head
    text = shop.run("release", "list", "--environment", "staging")
    assert text.last.split()[:5] == ["Live", "staging", "1.0.0", "regular", "accepted"]


def test_gates_of_what_is_live(shop: Shop) -> None:
    """Of a release that is live `gates` says since when, and no moment at which it could ship."""
    text = shop.run("gates", "staging/1.0.0").out

    assert "It is live since 20" in text
    assert "Earliest" not in text


def test_list_without_a_store(forgotten: Shop) -> None:
    """Git alone gives the same list; only what is live is not known, and no store is made."""
    found = row(forgotten.run("release", "list", "--format", "json"))

    assert (found["version"], found["live"], found["tag"]) == ("1.0.0", None, "staging/v1.0.0")
    assert forgotten.run("release", "list").last.split()[:2] == ["-", "staging"]
    assert not forgotten.store.exists()


def test_list_is_newest_first(shop: Shop) -> None:
    """What was merged last comes first."""
    shop.commit({"events/stock-low.yaml": shop.read("events/stock-low.yaml") + "# more\n"})
    released(shop, "1.1.0", "The second one")

    answer = shop.run("release", "list", "--format", "json")
    assert [each["version"] for each in answer.json["releases"]] == ["1.1.0", "1.0.0"]
    assert shop.run("release", "list", "--limit", "1").last.split()[1] == "1.1.0"


def test_an_editable_environment_has_no_releases(shop: Shop) -> None:
    """Asking for releases of an editable environment is wrong usage."""
    shop.run("release", "list", "--environment", "development", code=64)


def test_show_is_readable(shop: Shop) -> None:
    """One page tells source, base, changes, description and the judgement of the tag."""
    page = shop.run("release", "show", "staging/1.0.0").out

    assert page.startswith("Release staging/1.0.0  Live\n")
    for part in (
        "The first one",
        "nothing was live",
        "development at ",
        "staging/v1.0.0, accepted",
    ):
        assert part in page
    assert "+ Workflow/" in page
    assert "acknowledged: It comes later" in page
    fits(shop.run("release", "show", "staging/v1.0.0", "--format", "json").json, "releases")


def test_show_reads_an_unmerged_release_from_its_branch(shop: Shop) -> None:
    """A release that is only on its branch has no commit on the protected one."""
    shop.commit({"events/stock-low.yaml": shop.read("events/stock-low.yaml") + "# more\n"})
    shop.run("release", "create", "--to", "staging", "--version", "1.1.0")

    found = row(shop.run("release", "show", "staging/1.1.0", "--format", "json"))
    assert (found["commit"], found["tag"], found["live"]) == (None, None, False)
    assert "not merged yet" in shop.run("release", "show", "staging/1.1.0").out


def test_an_unknown_release_is_not_found(shop: Shop) -> None:
    """What is nowhere is an error that tells which releases there are."""
    answer = shop.run("release", "show", "staging/9.9.9", code=1)

    assert "releases there: 1.0.0" in answer.err


def test_history_marks_what_is_live(shop: Shop) -> None:
    """With a store the history is what was deployed, the live one of each environment marked."""
    answer = shop.run("history", "--format", "json")

    fits(answer.json, "history")
    assert {(d["environment"], d["phase"], d["live"]) for d in answer.json["deployments"]} == {
        ("development", "Succeeded", True),
        ("staging", "Succeeded", True),
    }


def test_history_from_git_alone(forgotten: Shop) -> None:
    """Without a store the releases stand there, and what became of them is null."""
    answer = forgotten.run("history", "--format", "json")

    fits(answer.json, "history")
    (found,) = answer.json["deployments"]
    assert (found["environment"], found["version"]) == ("staging", "1.0.0")
    assert (found["tag"], found["description"]) == ("staging/v1.0.0", "The first one")
    unknown = ("phase", "live", "startedAt", "finishedAt", "actor", "backup")
    assert [found[name] for name in unknown] == [None] * len(unknown)
    assert "from git" in answer.err
    assert forgotten.run("history").last.split()[:3] == ["-", "staging", "1.0.0"]
    assert "Release staging/1.0.0" in forgotten.run("history", "--details").out


def test_a_broken_store_is_told(shop: Shop) -> None:
    """What keeps the store from being read is an error, not a history from git."""
    shop.store.write_bytes(b"this is no database, whatever its name says" * 100)

    assert shop.run("history", code=1).out == ""


def test_changelog_of_the_next_release(shop: Shop) -> None:
    """What was committed since the live release is listed by author."""
    assert shop.run("changelog", "--environment", "staging").last == "No commits."
    commit = shop.commit({"events/stock-low.yaml": shop.read("events/stock-low.yaml") + "# more\n"})

    answer = shop.run("changelog", "--environment", "staging", "--format", "json")
    fits(answer.json, "changelog")
    (log,) = answer.json["changelogs"]
    assert (log["version"], log["base"], log["origin"]) == (None, "1.0.0", "development")
    assert [each["commit"] for each in log["commits"]] == [commit]
    assert log["authors"] == [{"author": "Ana Author", "commits": 1}]
    markdown = shop.run("changelog", "--environment", "staging", "--format", "markdown").out
    assert "### Ana Author (1 commit)" in markdown


def test_changelog_of_a_release(forgotten: Shop) -> None:
    """What an existing release brought is told from git alone."""
    answer = forgotten.run("changelog", "-e", "staging", "--release", "1.0.0")

    assert answer.out.startswith("staging/1.0.0 brought from development\n")
    assert answer.last == "1 commit by 1 author."
    forgotten.run("changelog", "-e", "staging", "--release", "2.0.0", code=1)
    forgotten.run("changelog", "-e", "development", code=64)


def test_report_counts_what_was_delivered(shop: Shop) -> None:
    """The report counts releases and deployments, and knows how long commits took."""
    answer = shop.run("report", "--format", "json")

    fits(answer.json, "report")
    (figures,) = answer.json["reports"]
    assert (figures["environment"], figures["total"], figures["deployments"]) == ("staging", 1, 1)
    assert (figures["failed"], figures["leadTime"]["count"]) == (0, 1)
    assert "| releases | 1 |" in shop.run("report", "--format", "markdown").out
    late = shop.run("report", "--since", "2100-01-01", "--format", "json").json["reports"][0]
    assert (late["total"], late["leadTime"]["median"]) == (0, None)


def test_report_from_git_alone(forgotten: Shop) -> None:
    """Without a store releases are counted, and there are no times."""
    answer = forgotten.run("report", "--format", "json")

    fits(answer.json, "report")
    (figures,) = answer.json["reports"]
    assert (figures["total"], figures["fromStore"], figures["leadTime"]) == (1, False, None)
    assert "counted from git" in answer.err


def test_days_of_a_report_are_checked(shop: Shop) -> None:
    """A text that is no day, and days the wrong way round, are wrong usage."""
    assert "YYYY-MM-DD" in shop.run("report", "--since", "yesterday", code=64).err
    shop.run("report", "--since", "2026-02-01", "--until", "2026-01-01", code=64)


def test_approvals_stand_in_the_page(shop: Shop) -> None:
    """An approval is shown with its evidence, although it is history by what is live."""
    shop.run("release", "approve", "staging/1.0.0", "--role", "qa")

    (approval,) = row(shop.run("release", "show", "staging/1.0.0", "--format", "json"))["approvals"]
    assert (approval["role"], approval["evidence"]) == ("qa", "tag")
    assert (approval["signed"], approval["by"]) == (False, None)
    assert approval["name"].startswith("approvals/staging/v1.0.0/qa")


def test_a_refused_tag_is_shown_with_its_reason(shop: Shop) -> None:
    """A tag that is no annotated one is named, and why it is not accepted."""
    shop.commit({"events/stock-low.yaml": shop.read("events/stock-low.yaml") + "# more\n"})
    released(shop, "1.1.0", "The second one")
    shop.repository.git("tag", "--delete", "staging/v1.1.0")
    shop.repository.tag("staging/v1.1.0")

    assert "staging/v1.1.0, refused: " in shop.run("release", "show", "staging/1.1.0").out
    assert "refused" in shop.run("release", "list", "--limit", "1").last


def test_a_hold_after_a_restore_is_told(shop: Shop) -> None:
    """`release list`, `show` and `gates` say that it holds and what ends it; `resume` ends it."""
    shop.sql(
        "INSERT INTO holds (environment, since, actor, reason, backup, version) VALUES"
        " ('staging', '2026-01-06T09:00:00+00:00', 'ben', 'b-1 was restored', 'b-1', '1.0.0')"
    )
    ended = "`reconciler release resume staging` ends it"
    for command in (("list",), ("show", "staging/1.0.0")):
        told = shop.run("release", *command)
        assert "staging is held since" in told.err
        assert ended in told.err
    gates = {gate["name"]: gate for gate in shop.run(*GATES, code=None).json["gates"]}
    assert gates["not-held"]["state"] == "blocked"
    assert ended in gates["not-held"]["reason"]

    done = shop.run("release", "resume", "staging").out
    assert done == "staging is resumed; ended the hold of ben: b-1 was restored\n"
    gates = {gate["name"]: gate for gate in shop.run(*GATES, code=None).json["gates"]}
    assert gates["not-held"]["state"] == "passed"
    assert "Nothing holds staging." in shop.run("release", "resume", "staging", code=1).err
