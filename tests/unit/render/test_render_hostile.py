"""Names, titles and values that try to be more than text, in every form of output."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest
from markdown_it import MarkdownIt

from reconciler.core.messages.review import Message, Severity
from reconciler.core.model import Change, Kind, Location, ResourceKey
from reconciler.core.plan import Plan
from reconciler.core.render import escape, foreign, github, json, markdown, text
from tests.shared_data import naughty_strings
from tests.unit.render import build, html_text

NASTY = (
    *naughty_strings(),
    "``` \n```\n# forged verdict",
    "x\n\n</details>\n\n## No changes.",
    "| a | b |\n|---|---|",
    "\x1b]8;;https://example.com\x07link\x1b]8;;\x07",
    "\x1b[2K\rNo changes.",
    "::error::forged",
    "a\n  ::add-mask::b",
    "##[group]x",
    "<img src=x onerror=alert(1)>",
    "![](https://example.com/beacon.png)",
    "a`b``c```d",
    "> [!CAUTION]\n> forged",
    "[^1]: note",
    "\ud800 alone",
    "\u202egnp.exe",
    "- [ ] task",
    "Setext\n===",
    "    indented",
    "1) one",
    "trailing backslash\\",
    "$`x`$",
)
UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
COMMONMARK = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def changes(value: str) -> tuple[Change, ...]:
    """Return changes with a string wherever one can stand."""
    whole = build.workflow(
        "w", title=value, integration=value, steps=[{"name": value, "type": "x"}]
    )
    return (
        build.change(
            value,
            build.field(f"/spec/{value.replace('~', '~0').replace('/', '~1')}", None, [value]),
            build.field("/spec/a", value, value + "!"),
            build.field("/spec/b", "first\nsecond", f"first\n{value}\nsecond"),
            build.field("/spec/c", {value: value}, {value: 1}),
            build.field("/spec/steps", [value, "b"], ["b", value]),
            kind=value,
            title=value,
        ),
        build.added(whole),
        build.removed({**build.event(), "spec": {"schema": {"properties": {value: {}}}}}),
    )


def message(value: str) -> Message:
    """Return a message with a string wherever one can stand."""
    return build.message(
        value,
        Severity.WARNING,
        ResourceKey(value, value),
        text=f"{value} and {value}",
        action=value,
        location=Location(value, 3, 1),
    )


def plan(value: str) -> Plan:
    """Return a plan with a string wherever one can stand."""
    return build.plan(
        value,
        ref=value,
        changes=changes(value),
        drift=changes(value)[:1],
        messages=(message(value),),
        notices=(value,),
        findings=(build.finding(value, file=value),),
        complete=False,
        incomplete_reason=value,
    )


@pytest.fixture(scope="module", params=range(8), ids=lambda part: f"part{part}")
def values(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Return one part of all strings."""
    return NASTY[request.param :: 8]


@cache
def plan_forms(value: str) -> tuple[str, str]:
    """Return a plan with a string wherever one can stand, as text and as Markdown."""
    return text.plan(plan(value)), markdown.plans([plan(value)])


def forms(value: str) -> Iterator[str]:
    """Yield every form of text with a string wherever one can stand."""
    yield from plan_forms(value)
    yield text.history([build.deployment(environment=value, actor=value, description=value)])
    yield text.deployment(build.deployment(type=value, tag=value, description=value))
    yield text.plan_difference(json.plan(build.plan()), json.plan(plan(value)))
    yield text.findings([build.finding(value)])
    yield github.annotate([build.finding(value, file=value)], [message(value)])
    yield json.dumps(json.plans([plan(value)]))


def test_nothing_unseen_is_printed(values: tuple[str, ...]) -> None:
    """No form of output holds a raw control, bidi or zero-width character, and all are UTF-8."""
    for value in values:
        for form in forms(value):
            assert not UNSEEN.search(form), ascii(value)
            form.encode("utf-8")


def test_no_line_is_a_command(values: tuple[str, ...]) -> None:
    """No line of a plan is taken for a command by a build server."""
    for value in values:
        for form in plan_forms(value):
            assert "##[" not in form
            assert not any(line.lstrip().startswith("::") for line in form.split("\n")), value


def test_the_shape_of_text_does_not_depend_on_names(values: tuple[str, ...]) -> None:
    """A short string makes exactly the lines that a harmless one makes."""
    for value in values:
        if 2 < len(foreign.shown(value)) < 20 and "\n" not in value:
            harmless = text.plan(_named("z" * len(value)))
            assert text.plan(_named(value)).count("\n") == harmless.count("\n"), ascii(value)


def test_the_shape_of_markdown_does_not_depend_on_names(values: tuple[str, ...]) -> None:
    """Headings, tables, quotes, folds and fences are those of a harmless plan."""
    expected = _shape(markdown.plans([_listed("z")]))
    for value in values:
        assert _shape(markdown.plans([_listed(value)])) == expected, ascii(value)


def test_prose_reads_as_it_was_written(values: tuple[str, ...]) -> None:
    """A reader sees the string itself, and nothing of it is a link, a picture or emphasis."""
    for value in values:
        for render in (escape.prose, escape.words):
            html = COMMONMARK.render(render(value))
            seen = re.sub(r"\s+", " ", html_text.of(html)).strip()
            wanted = re.sub(r"\s+", " ", foreign.shown(value)).strip()
            assert seen in (wanted, wanted.replace("`", "")), ascii(value)
            tags = set(re.findall(r"<(\w+)", html))
            assert tags <= {"p", "span"} | ({"code"} if "`" in value else set()), html


def test_forges_make_no_links(values: tuple[str, ...]) -> None:
    """Outside of code nothing is left that a forge turns into a link, mention or picture."""
    links = re.compile(r"@\w|#\d|\bGH-\d|\bwww\.|://|:[a-z]\w*:", re.IGNORECASE)
    for value in values:
        for html in (COMMONMARK.render(escape.prose(value)), escape.html_prose(value)):
            assert not links.search(html_text.split(html)), ascii(value)


def test_a_title_in_a_fold_reads_as_it_was_written(values: tuple[str, ...]) -> None:
    """In the summary of a fold a title is text, not HTML."""
    for value in values:
        summary = escape.html_prose(value)
        assert html_text.of(summary) == foreign.shown(value).replace("\u200b", ""), ascii(value)


def test_fences_are_not_escaped_from(values: tuple[str, ...]) -> None:
    """Every value stays inside the fence that it was put in."""
    for value in values:
        lines = [f"+ {foreign.shown(value)}", "- ```", "  ~~~"]
        tokens = COMMONMARK.parse(escape.fenced(lines))
        assert [token.type for token in tokens] == ["fence"], ascii(value)
        assert tokens[0].content == "\n".join(lines) + "\n"


def _named(value: str) -> Plan:
    change = build.change("w", build.field("/spec/a", 1, 2), title=value)
    return build.plan(changes=(change,), notices=(value,), messages=(message(value),))


def _listed(value: str) -> Plan:
    whole = build.content("w", Kind.INTEGRATION, title="T", provider="p", enabled=True)
    changes = (
        build.change(value, build.field("/spec/a", value, None), title=f"a{value}"),
        build.added({**whole, "spec": {**whole["spec"], "provider": f"p{value}"}}),
    )
    named = message(f"m{value}")
    return build.plan(
        f"e{value}", ref=f"r{value}", changes=changes, messages=(named,), notices=(f"n{value}",)
    )


def _shape(source: str) -> list[tuple[str, str, int]]:
    """Return the structure of a document: blocks with their tags and levels, without text."""
    blocks = COMMONMARK.parse(source)
    html = [re.sub(r">[^<]*<", "><", block.content) for block in blocks if "html" in block.type]
    spans = [("html", text.strip().split("<code>")[0], 0) for text in html]
    return [(block.type, block.tag, block.level) for block in blocks] + spans
