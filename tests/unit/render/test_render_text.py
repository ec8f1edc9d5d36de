"""Plans as text."""

from __future__ import annotations

import re

import pytest

from reconciler.core.affected import ConnectedTo
from reconciler.core.messages.review import Severity
from reconciler.core.model import Kind, Reason, ResourceKey
from reconciler.core.render import text
from reconciler.core.render.style import Style
from tests.unit.render import build


def last(plan: str) -> str:
    """Return the last line."""
    return plan.rsplit("\n", maxsplit=1)[-1]


def test_the_last_line_counts_changes() -> None:
    """The last line of a plan with changes is the contract's."""
    changes = (
        build.added(build.deals()),
        build.change("a", build.field()),
        build.change("b", build.field()),
    )
    assert last(text.plan(build.plan(changes=changes))) == (
        "Plan: 1 to add, 2 to modify, 0 to remove."
    )


def test_the_last_line_without_changes() -> None:
    """Without changes the last line says so."""
    assert last(text.plan(build.plan())) == "No changes."


def test_drift_alone_is_no_change() -> None:
    """Drift is shown, and the last line still says that there are no changes."""
    drift = (build.change("a", build.field(), reason=Reason.CHANGED_OUTSIDE),)
    plan = text.plan(build.plan(drift=drift))
    assert "Changed outside since the last deployment: 1 resource" in plan
    assert last(plan) == "No changes."


def test_colour_does_not_touch_the_last_line() -> None:
    """Programs find the last line in colour too."""
    plan = text.plan(build.rich(), Style(colour=True))
    assert last(plan) == "Plan: 1 to add, 2 to modify, 1 to remove."


def test_colour_only_adds_codes() -> None:
    """Without its colour codes a coloured plan is the plain one."""
    coloured = text.plan(build.rich(), Style(colour=True))
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == text.plan(build.rich())


def test_no_escape_without_colour() -> None:
    """A plain plan holds no escape sequence."""
    assert "\x1b" not in text.plan(build.rich())


def test_drift_stands_before_changes() -> None:
    """What was changed outside is read first, apart from what git changed."""
    plan = text.plan(build.rich())
    assert plan.index("sync-leads") < plan.index("Symbols:") < plan.index("~ Integration/hubspot")


@pytest.mark.parametrize(
    ("reason", "happened", "winner"),
    [
        (
            Reason.CHANGED_OUTSIDE,
            "Changed on the platform; git did not",
            "Git wins with the next apply",
        ),
        (Reason.CONFLICT, "Changed on the platform and in git", "`reconciler import` adopts"),
        (Reason.UNFINISHED, "A deployment began", "Git wins: the next reconcile"),
    ],
)
def test_drift_says_what_happened_and_who_wins(reason: Reason, happened: str, winner: str) -> None:
    """Each drifted resource has its reason in words and says which side wins."""
    plan = text.plan(build.plan(drift=(build.change("a", build.field(), reason=reason),)))
    assert happened in plan
    assert winner in plan


def test_a_resource_removed_outside_is_said() -> None:
    """Drift that would add a resource again says that it was removed on the platform."""
    drift = (build.added(build.deals(), Reason.CHANGED_OUTSIDE),)
    assert "Removed on the platform; git still has it." in text.plan(build.plan(drift=drift))


def test_drift_report() -> None:
    """The drift report holds drift alone and ends by counting it."""
    report = text.drift([build.rich()])
    assert "sync-leads" in report
    assert "Integration/hubspot" not in report
    assert last(report) == "Drift: 1 changed outside, 1 in conflict."


def test_drift_report_without_drift() -> None:
    """Without drift the report says so, also where an environment waits."""
    assert last(text.drift([build.plan()])) == "No drift."
    assert last(text.drift([build.waiting()])) == "No drift."


def test_drift_report_with_findings() -> None:
    """A report that could not be finished is never told as no drift."""
    report = text.drift([build.plan(findings=(build.finding(),))])
    assert last(report) == "This plan is not complete and cannot be applied."


def test_the_legend_names_only_used_symbols() -> None:
    """A plan that only removes explains only that symbol."""
    plan = text.plan(build.plan(changes=(build.removed(build.event()),)))
    assert "Symbols: - remove\n" in plan


def test_the_legend_covers_fields() -> None:
    """Symbols of fields are explained as well."""
    changes = (build.change("a", build.field("/spec/x", None, 1)),)
    assert "Symbols: + add, ~ modify\n" in text.plan(build.plan(changes=changes))


def test_a_title_that_repeats_the_name_is_left_out() -> None:
    """Only a title that says more than the name is shown."""
    plan = text.plan(build.plan(changes=(build.change("a", build.field()),)))
    assert "\n~ Workflow/a\n" in plan


def test_waiting_environment() -> None:
    """An environment without a release says what it waits for, and has no changes."""
    assert text.plan(build.waiting()) == (
        "Environment staging\nstaging waits for its first release tag (staging/v…).\n\nNo changes."
    )


def test_incomplete_read() -> None:
    """An incomplete read says why, what is unknown and that nothing is removed."""
    plan = text.plan(build.plan(complete=False, incomplete_reason="page 3 timed out"))
    assert "could not be read completely (page 3 timed out)" in plan
    assert "unknown, not absent: nothing is removed." in plan.replace("\n", " ")


def test_errored_plan_is_not_applicable() -> None:
    """A plan with findings lists them and ends by saying that it cannot be applied."""
    plan = text.plan(build.plan(findings=(build.finding(),)))
    assert f"  {build.finding()}\n" in plan
    assert last(plan) == "This plan is not complete and cannot be applied."


def test_each_environment_has_its_last_line() -> None:
    """Several plans stand apart, each with its own last line."""
    several = text.plans([build.rich(), build.waiting()])
    first, second = re.split(r"\n\n─+\n\n", several)
    assert last(first) == "Plan: 1 to add, 2 to modify, 1 to remove."
    assert last(second) == "No changes."


def test_unmanaged_is_counted_once() -> None:
    """What others made is one line with a count."""
    plan = text.plan(build.plan(unmanaged=1))
    assert "1 unmanaged resource on the platform is left alone" in plan
    assert plan.count("unmanaged") == 1


def test_digest_is_shown_whole() -> None:
    """The promise that a reviewer gives is printed in full."""
    assert f"Plan digest {build.DIGEST}\n" in text.plan(build.plan())


def test_working_tree() -> None:
    """A plan of files that are in no commit says so."""
    assert text.plan(build.plan(commit=None, ref=None)).startswith(
        "Environment development, working tree\n"
    )


def test_errors_come_before_warnings_and_infos() -> None:
    """Messages are ordered by how much they ask."""
    messages = tuple(
        build.message(severity.title(), severity)
        for severity in (Severity.INFO, Severity.WARNING, Severity.ERROR)
    )
    plan = text.plan(build.plan(messages=messages))
    assert "Messages: 1 error, 1 warning, 1 info" in plan
    assert plan.index("error Error:") < plan.index("warning Warning:") < plan.index("info Info:")


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 users affected"), (1, "1 user affected"), (42, "42 users affected")],
)
def test_affected_users_are_counted(count: int, words: str) -> None:
    """A known count is told, also when it is nought."""
    message = build.message(affected_users=count)
    assert f", {words}\n" in text.plan(build.plan(messages=(message,)))


def test_an_unknown_count_is_not_nought() -> None:
    """A count that cannot be read here is said to be unknown."""
    message = build.message(affected=ConnectedTo(integration="hubspot"))
    plan = text.plan(build.plan(messages=(message,)))
    assert "users affected: not known here" in plan
    assert "0 users" not in plan


def test_a_message_about_nobody_counts_nobody() -> None:
    """A message that concerns no users says nothing of them."""
    assert "affected" not in text.plan(build.plan(messages=(build.message(),)))


def test_lines_keep_to_the_width() -> None:
    """Sentences are wrapped at the width of the terminal."""
    message = build.message(text="word " * 200)
    plan = text.plan(build.plan(messages=(message,)), Style(width=60))
    assert max(len(line) for line in plan.split("\n") if "word" in line) <= 60


def test_findings_are_one_line_each() -> None:
    """Every finding is `FILE:LINE:COLUMN: text` on one line."""
    lines = text.findings([build.finding(), build.finding("two\nlines", line=9)])
    assert lines.split("\n")[1].endswith("sync-contacts.yaml:9:3: two\\nlines")


def test_applied() -> None:
    """The line after an apply is the contract's."""
    assert text.applied({"add": 1, "modify": 2}) == "Applied: 1 added, 2 modified, 0 removed."


def test_an_add_is_outlined() -> None:
    """What comes is told by what matters to a reviewer."""
    plan = text.plan(build.plan(changes=(build.added(build.deals()),)))
    assert "    + trigger: schedule, 0 5 * * 1-5, Europe/Berlin\n" in plan
    assert "    + enabled: true\n" in plan


def test_a_default_for_every_user_is_told() -> None:
    """A workflow that comes switched on for everyone says so."""
    whole = build.workflow("a", enabledByDefault=True)
    plan = text.plan(build.plan(changes=(build.added(whole),)))
    assert "+ enabled: true, by default for every connected user" in plan


def test_a_definition_file_is_told_by_file_and_size() -> None:
    """An engine's own file is one line, never its content."""
    nodes = [{"name": "Start"}, {"name": "Webhook"}]
    definition = {"format": "n8n", "file": "a.json", "content": {"nodes": nodes}}
    whole = build.workflow("a", definition=definition)
    plan = text.plan(build.plan(changes=(build.added(whole),)))
    assert "+ definition: a.json, n8n, 2 nodes" in plan


@pytest.mark.parametrize("whole", [{}, {"spec": []}, {"spec": {"auth": 1, "trigger": "x"}}, None])
@pytest.mark.parametrize("kind", [*Kind, "Unheard"])
def test_an_outline_takes_any_shape(whole: object, kind: str) -> None:
    """A platform that somebody edited may hold anything; showing it never fails."""
    change = build.removed({**build.event(), "kind": kind})
    object.__setattr__(change, "before", whole)
    assert f"- {ResourceKey(kind, 'contact-created')}" in text.plan(build.plan(changes=(change,)))
