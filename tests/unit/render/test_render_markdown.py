"""Plans as Markdown: order, escaping and cutting."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt

from reconciler.core.messages.review import Severity
from reconciler.core.model import Reason
from reconciler.core.plan import Plan
from reconciler.core.render import cutting, escape, markdown
from tests.unit.render import build, html_text


def test_the_verdict_comes_first() -> None:
    """Counts stand in the first heading, outside of any fold."""
    first = markdown.plans([build.rich(), build.waiting()]).split("\n")[0]
    assert first == (
        "## 1 to add, 2 to modify, 1 to remove in development; drift in 2 resources; 2 warnings"
    )


def test_the_verdict_without_changes() -> None:
    """A plan without changes says so first."""
    assert markdown.plans([build.plan()]).startswith("## No changes in development\n")


def test_the_verdict_over_several_environments() -> None:
    """Counts of several changed environments are added up."""
    plans = [
        build.plan(name, changes=(build.change("a", build.field()),)) for name in ("one", "two")
    ]
    assert markdown.plans(plans).startswith(
        "## 0 to add, 2 to modify, 0 to remove in 2 environments\n"
    )


def test_the_verdict_of_a_plan_with_findings() -> None:
    """A plan that could not be finished is never told as a count."""
    text = markdown.plans([build.plan(findings=(build.finding(),))])
    assert text.startswith("## Cannot be planned: 1 finding in development\n")
    assert "> - `environments/development/workflows/sync-contacts.yaml:7` unknown key" in text


def test_one_row_for_each_environment() -> None:
    """The table has every environment, also those without changes."""
    text = markdown.plans([build.rich(), build.waiting()])
    assert "| development | 1 | 2 | 1 | 2 | 2 warnings, 2 infos |\n| staging | 0 | 0 |" in text


def test_warnings_come_before_infos_drift_and_changes() -> None:
    """What asks most of a reader comes first."""
    text = markdown.plans([build.rich()])
    order = ["> [!WARNING]", "> [!NOTE]", "> [!IMPORTANT]", "~ Integration/hubspot", "Plan digest"]
    assert [text.index(mark) for mark in order] == sorted(text.index(mark) for mark in order)


def test_nothing_but_differences_is_folded() -> None:
    """Verdict, table, messages and digest can be read without opening anything."""
    open_text = re.sub(
        r"<details>.*?</details>", "", markdown.plans([build.rich()]), flags=re.DOTALL
    )
    for words in ("Plan: 1 to add", "| development |", "UserSettingRemoved", build.DIGEST):
        assert words in open_text
    assert "```" not in open_text


def test_symbols_stand_in_column_one() -> None:
    """Inside the fences each line begins with the sign that gives its colour."""
    fences = re.findall(r"```diff\n(.*?)\n```", markdown.plans([build.rich()]), flags=re.DOTALL)
    assert len(fences) == 6
    assert {line[0] for fence in fences for line in fence.split("\n")} == set("+-! ")


def test_the_next_command() -> None:
    """The comment ends with the command to go on with, or the one that was given."""
    assert "Next: `reconciler reconcile --environment development`" in markdown.plans(
        [build.rich()]
    )
    given = markdown.plans([build.rich()], commands={"development": "reconciler gates"})
    assert "Next: `reconciler gates`" in given
    assert "Next:" not in markdown.plans([build.plan()])


def test_incomplete_reads_are_told() -> None:
    """An incomplete read is said before anything else of the environment."""
    text = markdown.plans([build.plan(complete=False, incomplete_reason="a_b")])
    assert "> [!CAUTION]\n> The platform could not be read completely (a\\_b)." in text


@pytest.mark.parametrize(
    ("raw", "escaped"),
    [
        ("@team", "@&#8203;team"),
        ("me@example.com", "me@&#8203;example.com"),
        ("fixes #123", "fixes #&#8203;123"),
        ("GH-12", "GH&#8203;-12"),
        ("www.example.com", "www&#8203;.example.com"),
        ("https://example.com", "https:&#8203;//example.com"),
        (":tada:", ":&#8203;tada:"),
        ("ends with :tada", "ends with :&#8203;tada"),
        ("a\u3000", "a"),
        ("12:30:45", "12:30:45"),
        ("<!-- x -->", "&lt;!-- x --&gt;"),
        ("</details>", "&lt;/details&gt;"),
        ("a|b", "a&#124;b"),
        ("$x$", "<span>$</span>x<span>$</span>"),
        ("[a](b)", "\\[a\\](b)"),
        ("`a", "\\`a"),
        ("# a", "&#35; a"),
        ("#1", "&#35;&#8203;1"),
        ("- a", "&#45; a"),
        ("1. a", "1&#46; a"),
        ("a\nb", "a\\\\nb"),
        ("&amp;", "&amp;amp;"),
    ],
)
def test_prose_is_escaped(raw: str, escaped: str) -> None:
    """Nothing in foreign text is Markdown, a link, a mention or a picture."""
    assert escape.prose(raw) == escaped


@pytest.mark.parametrize("raw", ["a", "`", "a``b", "` `", " ", "", "  a  ", "\\", "<b>"])
def test_code_shows_what_was_written(raw: str) -> None:
    """A code span survives any backticks inside."""
    html = MarkdownIt("commonmark").renderInline(escape.code(raw))
    assert html.startswith("<code>")
    assert html_text.of(html).strip() == raw.strip()


def test_commands_in_sentences_become_code() -> None:
    """Backticks of our own texts are kept."""
    assert escape.words("Run `a_b`, then `c`.") == "Run `a_b`, then `c`."
    assert escape.words("one ` tick_") == "one \\` tick\\_"


def test_lines_of_a_description() -> None:
    """A text of several lines keeps them, without empty ones, and says when it is cut."""
    assert escape.lines("a\r\n\n- b\rc\u2028d", 99) == "a<br>&#45; b<br>c\\\\u2028d"
    assert escape.lines("a\n" * 20, 99, most=2) == "a<br>a<br>…"
    assert escape.lines("abc", 2) == "ab<br>…"


def test_sizes_are_those_of_forges() -> None:
    """A character outside of the basic plane counts twice, a lone surrogate once."""
    assert [cutting.size(text) for text in ("abc", "äöü", "😀", "\ud800")] == [3, 3, 2, 1]


def test_a_fence_is_longer_than_any_inside() -> None:
    """A value cannot close the fence that it stands in."""
    fence = escape.fenced(["+ a", "+ `````", "- ```"])
    assert fence.startswith("``````diff\n")
    assert fence.endswith("\n``````")


def many(count: int) -> list[Plan]:
    """Return a plan with very many changes."""
    changes = tuple(build.change(f"workflow-{n:05}", build.field()) for n in range(count))
    return [build.plan(changes=changes)]


def test_a_long_plan_is_cut_on_a_resource() -> None:
    """A plan over the limit ends on a whole resource, with an honest count of the rest."""
    text = markdown.plans(many(3_000))
    shown = text.count("<details>")
    assert 60_000 < cutting.size(text) <= 65_000
    assert text.count("</details>") == shown
    named = len(re.findall(r"^! Workflow/workflow-\d+$", text, flags=re.MULTILINE))
    assert named > shown > 100
    assert f"\n\n… and {3_000 - shown - named:,} more\n\n" in text
    assert "## 0 to add, 3000 to modify" in text


def test_the_end_survives_cutting() -> None:
    """Digest, command and link stay when the list is cut."""
    text = markdown.plans(many(3_000), link="https://example.com/run")
    assert build.DIGEST in text
    assert "Next: " in text
    assert text.endswith("[The whole plan](<https://example.com/run>)")


def test_messages_get_room_before_differences() -> None:
    """When room is short, warnings are kept and differences are cut."""
    messages = tuple(
        build.message(f"Code{n}", Severity.WARNING, text="word " * 20) for n in range(20)
    )
    plan = build.plan(messages=messages, changes=many(200)[0].changes)
    text = markdown.plans([plan], limit=8_000)
    assert text.count("> - **Code") == 20
    assert "more" in text
    assert cutting.size(text) <= 8_000


@pytest.mark.parametrize("limit", [1_500, 5_000, 20_000, 65_000])
def test_the_limit_holds(limit: int) -> None:
    """However much there is to say, the text keeps to the limit."""
    messages = tuple(build.message(text="😀 " * 500) for _ in range(20))
    drift = tuple(
        build.change(f"d{n}", build.field(), reason=Reason.CHANGED_OUTSIDE) for n in range(100)
    )
    plans = [
        build.plan(f"env-{n}", messages=messages, drift=drift, notices=("x" * 300,) * 9)
        for n in range(60)
    ]
    assert cutting.size(markdown.plans(plans, limit=limit)) <= limit


def test_environments_that_do_not_fit_are_counted() -> None:
    """Environments without room for a section are counted, and most still stand in the table."""
    plans = [build.plan(f"env-{n}", changes=(build.added(build.deals()),)) for n in range(300)]
    text = markdown.plans(plans, limit=20_000)
    sections = text.count("\n### ")
    assert f"… and {300 - sections} more environments" in text


def test_a_resource_too_large_to_fold_is_still_named() -> None:
    """A difference that does not fit leaves the name of its resource."""
    fields = tuple(build.field(f"/spec/f{n}", "a" * 90, "b" * 90) for n in range(30))
    text = markdown.plans([build.plan(changes=(build.change("big", *fields),))], limit=2_000)
    assert "```diff\n! Workflow/big (30 fields)\n```" in text
