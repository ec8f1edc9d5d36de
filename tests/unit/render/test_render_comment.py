"""The comment of a pull request: what it says, in which order, and how it is cut."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.forge.sticky import Source
from reconciler.core.gates.model import GateName, GateState
from reconciler.core.messages.review import Severity
from reconciler.core.releases.model import ReleaseType
from reconciler.core.render import comment, cutting
from reconciler.core.render.comment import Report
from reconciler.core.render.places import Places, link
from tests.unit.render import build, build_reports, gfm
from tests.unit.render.build_reports import BERLIN, TUESDAY, gate, page, release, report, verdict

FOLD = re.compile(r"<details>.*?</details>", re.DOTALL)
GIT_ALONE = "*From git alone: the scheduled run adds how many users are affected, drift and gates.*"


def test_the_order() -> None:
    """What asks most of a reader comes first, what proves it last."""
    text = comment.body(build_reports.live())
    order = [
        "## Release production/1.4.0",
        "| environment | add |",
        "| requirement | required | state |",
        "**Earliest: Tue 2026-11-24 09:00 Europe/Berlin**<br>Who must act: ana",
        "> [!WARNING]",
        "> [!NOTE]",
        "**Configuration changes**",
        "> [!IMPORTANT]\n> **Changed outside",
        "**Changes**",
        "**Configuration still to be given**",
        "### Commits since the last release",
        "### Monitors to watch",
        "Plan digest `sha256:7c",
        "### How to ship it",
        "<sub>Head ",
        "[The whole plan]",
    ]
    assert [text.index(each) for each in order] == sorted(text.index(each) for each in order)


def test_what_counts_is_in_no_fold() -> None:
    """Verdict, table, requirements, messages and commands are read without opening anything."""
    text = FOLD.sub("", comment.body(build_reports.live()))
    for words in (
        "1 to add, 2 to modify, 1 to remove; drift in 1 resource; 2 warnings; 5 gates closed",
        "| production 1.4.0 | 1 | 2 | 1 | 1 | 2 warnings, 2 infos | 5 of 17 closed: earliest Tue",
        "1,204 users affected",
        "reconciler release tag production/1.4.0 --push",
        build.DIGEST,
    ):
        assert words in text
    assert "```diff" not in text


def test_git_alone_is_said_once() -> None:
    """Without a platform the comment says once what the scheduled run adds."""
    text = comment.body(build_reports.proposed())
    assert text.count(GIT_ALONE) == 1
    assert "users affected: not known here" in text
    assert "| drift |" not in text
    assert "from git alone, 2026-11-22 10:30 +01:00</sub>" in text
    assert GIT_ALONE not in comment.body(build_reports.live())


def test_each_warning_has_its_command() -> None:
    """A warning of a release shows the exact command, or who took responsibility for it."""
    text = comment.body(build_reports.live())
    command = "reconciler release acknowledge production/1.4.0 EnvironmentSecretMissing "
    assert f"*Or acknowledge:* `{command}Workflow/sync-deals --reason REASON`" in text
    assert "*Acknowledged by ana@&#8203;example.com:* The one user was told on Friday." in text
    assert text.count("*Or acknowledge:*") == 1
    assert "**2 warnings, 1 acknowledged; 1 to resolve or to acknowledge" in text


def test_places_are_links() -> None:
    """Files lead to their line at the head, commits to their page."""
    text = comment.body(build_reports.development())
    page = f"https://github.com/acme/integrations/blob/{build.COMMIT}"
    file = "environments/development/workflows/sync-contacts.yaml"
    assert f"[`workflows/sync-contacts.yaml:14`](<{page}/{file}#L14>)" in text
    local = comment.body(replace(build_reports.development(), remote="/srv/git/shop.git"))
    assert f"`{file}:14`<br>" in local
    assert "](<https://github.com" not in local.replace(build_reports.LINK, "")


@pytest.mark.parametrize("file", ["../../evil", "a/../b", "/etc/passwd", "a//b", "a\nb", "\ud800"])
def test_no_link_leads_out_of_the_repository(file: str) -> None:
    """A path that is none within the repository is shown and leads nowhere."""
    assert "](" not in Places(build_reports.REMOTE, build.COMMIT).line(file, 1)


def test_only_pages_are_linked() -> None:
    """An address that is no page of the web is shown as text."""
    assert link("a", "https://example.com/x") == "[a](<https://example.com/x>)"
    assert link("a", "javascript:alert(1)") == "a: `javascript:alert(1)`"
    assert link("a", "https://example.com/> x") == "a: `https://example.com/> x`"


def test_findings_come_first() -> None:
    """What is invalid stands before everything else, once, with file and line."""
    text = comment.body(build_reports.invalid())
    assert text.startswith("## Cannot be planned: 3 findings\n\n> [!CAUTION]\n")
    assert text.index("sync-deals.yaml:4`") < text.index("| environment |")
    assert text.count('unknown key "titel"') == 1
    assert "How to ship it" not in text
    assert "reconciler validate" in text


def test_nothing_is_one_line() -> None:
    """A pull request that changes no environment says so, and no more."""
    text = comment.body(report(plans=[build.plan(), build.plan("staging")]))
    assert text.startswith("**Nothing changes in any environment.**\n\n<sub>Head ")
    assert text.count("\n\n") == 2
    assert "|" not in text


def test_unchanged_environments_take_one_line() -> None:
    """Environments that stay as they are are named, without rows of zeros."""
    text = comment.body(build_reports.development())
    assert "\n\nUnchanged: staging, production.\n\n" in text
    assert "| staging |" not in text


def test_one_merge_and_one_tag_each() -> None:
    """Several releases are merged once, by their pull request, and each is tagged."""
    text = comment.body(build_reports.hotfix())
    assert text.startswith(
        "## Release production/1.4.1, staging/1.5.1 and development: 0 to add, 3"
    )
    assert text.count("Merge ") == text.count("Merge this pull request.") == 1
    assert text.count("reconciler release tag ") == 2
    assert "Hotfix: it waits for no release day, soak or window." in text
    assert "**Open hotfix debt**\n> - staging lacks hotfix production/1.4.1" in text


def test_a_hotfix_ships_from_the_last_environment_down() -> None:
    """Table, sections and steps of a hotfix have production first, what is edited last."""
    text = comment.body(build_reports.hotfix())
    for order in (
        ["| production 1.4.1 ", "| staging 1.5.1 ", "| development |"],
        ["### Release production/1.4.1", "### Release staging/1.5.1", "### development"],
        ["promote production/1.4.1", "promote staging/1.5.1", "--environment development"],
    ):
        places = [text.index(each) for each in order]
        assert places == sorted(places)


@pytest.mark.parametrize("kind", [k for k in ReleaseType if k is not ReleaseType.REGULAR])
def test_the_kind_of_a_release_is_told(kind: ReleaseType) -> None:
    """What is out of the ordinary says what that means."""
    text = comment.body(report(releases=[page(release(type=kind))], live=True))
    assert f"{kind.value.capitalize()}: " in text


def test_approvals_by_what_counts() -> None:
    """Each role is asked in the ways that count for it; what was given is not asked again."""
    ways = {"tests": ("check",), "qa": ("review", "tag")}
    made = page(via=ways, checks={"tests": ("unit", "e2e")})
    text = comment.body(report(releases=[made]))
    assert "1. **tests** for `production/1.4.0`: the check `unit`, `e2e` passes.\n" in text
    command = "reconciler release approve production/1.4.0 --role qa --push"
    either = "an approving review of this pull request, or a signed tag:"
    assert f"2. **qa** for `production/1.4.0`: {either}\n   ```sh\n   {command}\n   ```" in text
    given = replace(made, preview=replace(made.preview, verdict=verdict()))
    assert "--role qa" not in comment.body(report(releases=[given], live=True))


@pytest.mark.parametrize(
    ("closed", "more", "cell", "line"),
    [
        ([], {}, "all 17 open", "Earliest: now; every gate is open"),
        (
            [gate(GateName.QA_APPROVED, GateState.WAITING, who=("bo",))],
            {},
            "1 of 17 waits: people must act",
            "Earliest: as soon as people have acted; no gate waits for a time<br>Who must act: bo",
        ),
        (
            [gate(GateName.NOT_FROZEN, GateState.BLOCKED)],
            {"earliest": None, "never": "it is frozen"},
            "1 of 17 closed, and nothing opens all of them",
            "Earliest: none; it is frozen",
        ),
        (
            [gate(GateName.RELEASE_DAY, GateState.WAITING, until=TUESDAY)],
            {},
            "1 of 17 waits: earliest Tue 2026-11-24 09:00",
            "Earliest: Tue 2026-11-24 09:00 Europe/Berlin",
        ),
    ],
)
def test_when_it_could_ship(closed: list[Any], more: dict[str, Any], cell: str, line: str) -> None:
    """The table says how many gates hold it, and the section when it could ship."""
    made = page(verdict=verdict(*closed, **more))
    text = comment.body(report(releases=[made], live=True))
    assert f"| {cell} |" in text
    assert f"\n\n**{line.replace('<br>', '**<br>', 1)}" in text


def test_another_moment_states_the_same() -> None:
    """What only time has changed is no reason to write the comment again."""

    def at(minutes: int) -> Report:
        now = TUESDAY - timedelta(days=1, minutes=minutes)
        told = gate(GateName.RELEASE_WINDOW, GateState.PASSED, f"{now} is in a window")
        held = gate(GateName.QA_APPROVED, GateState.WAITING, "no", who=("bo",))
        made = page(verdict=verdict(held, told, earliest=now))
        return report(releases=[made], live=True, at=now.astimezone(BERLIN).isoformat())

    assert comment.stated(at(0)) == comment.stated(at(90))
    assert comment.body(at(0)) != comment.body(at(90))


def test_news_states_something_else() -> None:
    """Another count, gate, head or plan is news."""
    live = build_reports.live()
    first = live.releases[0]
    told = first.plan.messages
    counted = replace(first.plan, messages=(replace(told[0], affected_users=7), *told[1:]))
    others = [
        replace(live, commit="c" * 40),
        replace(live, live=False),
        *(
            replace(live, releases=[replace(first, preview=replace(first.preview, **change))])
            for change in ({"plan": counted}, {"verdict": verdict()})
        ),
    ]
    texts = {comment.stated(each) for each in (live, *others)}
    assert len(texts) == 5


def test_what_is_wanted() -> None:
    """The comment that shall stand knows its head, its source and what was planned."""
    git, live = (comment.wanted(r) for r in (build_reports.proposed(), build_reports.live()))
    assert (git.head, git.source, live.source) == (build.COMMIT, Source.GIT, Source.LIVE)
    assert git.plan == live.plan == f"production {build.DIGEST}"
    still = replace(build_reports.proposed(), plans=[build.plan()])
    assert comment.wanted(still).plan == git.plan


def test_many_infos_are_folded() -> None:
    """A few infos are open, many are folded behind their number."""
    few, many = (
        comment.body(report(plans=[build.plan(messages=(build.message(),) * count)]))
        for count in (3, 4)
    )
    assert "> [!NOTE]\n> **3 infos**" in few
    assert "<details><summary><b>4 infos</b></summary>" in many


def test_optional_signatures_are_told() -> None:
    """Where unsigned tags count the comment of a release says so."""
    text = comment.body(replace(build_reports.proposed(), unsigned=["staging", "production"]))
    told = "*Signatures are optional in staging, production: unsigned tags and approvals count.*"
    assert told in text


def test_a_huge_change_is_cut_honestly() -> None:
    """Some resources are shown whole, more are named, and the rest is counted."""
    text = comment.body(build_reports.huge())
    assert cutting.size(text) <= comment.LIMIT
    whole = len(re.findall(r"<details><summary><code>~ Workflow/workflow-", text))
    named = len(re.findall(r"^! Workflow/workflow-\d+", text, flags=re.MULTILINE))
    found = re.search(r"… and ([\d,]+) more", text)
    assert found is not None
    assert whole > 30
    assert named > 200
    assert whole + named + int(found.group(1).replace(",", "")) == 1_500
    assert text.endswith(f"[The whole plan](<{build_reports.LINK}>)")


def test_what_fits_as_lines_is_not_cut() -> None:
    """Between whole resources and names there are lines that say a little more."""
    text = comment.body(build_reports.huge(150))
    assert "! Workflow/workflow-0149 (4 fields)\n```" in text
    assert "more" not in text


def test_a_comment_fits_with_its_marker() -> None:
    """The longest comment and its marker stay below what a forge takes."""
    text = comment.body(build_reports.huge(20_000))
    assert cutting.size(text) <= comment.LIMIT <= 65_536 - 400


@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=40),
    limit=st.integers(3_000, 20_000),
    severity=st.sampled_from([Severity.WARNING, Severity.INFO]),
)
def test_it_fits_and_is_whole(names: list[str], limit: int, severity: Severity) -> None:
    """Whatever there is to say, the text fits, and every fold, fence and table in it ends."""
    changes = tuple(build.change(name, build.field("/spec/a", name, name * 9)) for name in names)
    messages = tuple(build.message(text=name * 9, severity=severity) for name in names)
    text = comment.body(
        report(plans=[build.plan(changes=changes, drift=changes, messages=messages)]), limit
    )
    assert cutting.size(text) <= limit
    shown = gfm.Page(text)
    for tag in ("details", "table", "ol", "sub", "pre"):
        assert shown.tags.count(tag) == shown.tags.count(f"/{tag}")
    assert shown.tags.count("h2") == 1
    assert "The whole plan" in shown.text


def test_what_the_removal_budget_keeps_is_not_promised() -> None:
    """Where more is removed than the budget allows, the next run deploys nothing: that is said."""
    held = replace(
        build_reports.development().plans[0], messages=(build.message("RemovalBudgetExceeded"),)
    )
    text = comment.body(report(plans=[held]))
    assert "reconciler apply --environment development --allow-removals" in text
    assert "The next run deploys it" not in text
