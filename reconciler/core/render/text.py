"""Plans, findings and outcomes as text for a terminal or a build log.

Pure: no clock, no terminal; colour and width come with the style. All foreign text is shown
through `foreign.shown`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.core import steps
from reconciler.core.messages.review import Message, Severity
from reconciler.core.model import Action, Change, Finding
from reconciler.core.plan import Plan
from reconciler.core.render import wording
from reconciler.core.render.fields import fields, sign_of
from reconciler.core.render.foreign import shown
from reconciler.core.render.history import deployment, history
from reconciler.core.render.lines import Line
from reconciler.core.render.outline import outline, title
from reconciler.core.render.stale import plan_difference
from reconciler.core.render.style import (
    BOLD,
    CYAN,
    DIM,
    PLAIN,
    RED,
    SIGN_WORDS,
    SYMBOLS,
    YELLOW,
    Style,
)

__all__ = [
    "PLAIN",
    "Style",
    "applied",
    "deployment",
    "drift",
    "findings",
    "history",
    "plan",
    "plan_difference",
    "plans",
]

_SEVERITY_COLOURS = {Severity.ERROR: RED, Severity.WARNING: YELLOW, Severity.INFO: CYAN}


def plans(many: Sequence[Plan], style: Style = PLAIN) -> str:
    """Return the plans of several environments, set apart, each with its own last line."""
    return _apart((plan(one, style) for one in many), style)


def drift(many: Sequence[Plan], style: Style = PLAIN) -> str:
    """Return what was changed outside, of several environments; changes of git are no part."""
    return _apart((_drift_report(one, style) for one in many), style)


def plan(one: Plan, style: Style = PLAIN) -> str:
    """Return a plan that is understood without opening the YAML; its last line is the verdict."""
    blocks = (
        _top(one, style),
        _drift(one.drift, wording.APART, style),
        _legend(one, style),
        *(_resource(change, style) for change in one.changes),
        _messages(one.messages, style),
        _notices(one.notices, style),
        _facts(one, style),
        _found(one.findings, style),
        [wording.verdict(one)],
    )
    return _joined(blocks)


def findings(many: Iterable[Finding]) -> str:
    """Return one line for each finding: `FILE:LINE:COLUMN: text`."""
    return "\n".join(shown(str(finding)) for finding in many)


def applied(summary: Mapping[str, int]) -> str:
    """Return `Applied: 1 added, 2 modified, 0 removed.`."""
    words = {Action.ADD: "added", Action.MODIFY: "modified", Action.REMOVE: "removed"}
    return "Applied: " + ", ".join(f"{summary.get(a.value, 0)} {w}" for a, w in words.items()) + "."


def _drift_report(one: Plan, style: Style) -> str:
    blocks = (
        _top(one, style),
        _drift(one.drift, wording.SIDES, style),
        _found(one.findings, style),
        [wording.NOT_APPLICABLE if one.errored else wording.drift_total(one)],
    )
    return _joined(blocks)


def _apart(texts: Iterable[str], style: Style) -> str:
    rule = style.paint("─" * min(style.width, 72), DIM)
    return f"\n\n{rule}\n\n".join(texts)


def _joined(blocks: Iterable[Iterable[str]]) -> str:
    """Return blocks of lines with an empty line between those that say something."""
    return "\n\n".join("\n".join(lines) for block in blocks if (lines := list(block)))


def _top(one: Plan, style: Style) -> Iterator[str]:
    where = ""
    if one.commit:
        where = f"commit {shown(wording.short_commit(one.commit))}"
        where += f" ({shown(wording.short_ref(one.ref))})" if one.ref else ""
    elif not one.waiting:
        where = "working tree"
    yield style.paint(f"Environment {shown(one.environment)}", BOLD) + (where and f", {where}")
    if one.waiting:
        yield from _wrapped(wording.waiting(one), "", style)
    if not one.complete:
        yield ""
        yield from _wrapped(wording.incomplete(one), "", style, YELLOW)


def _drift(drift: Sequence[Change], note: str, style: Style) -> Iterator[str]:
    if not drift:
        return
    yield style.paint(wording.drift_title(drift), BOLD, YELLOW)
    yield from _wrapped(note, "", style)
    for change in drift:
        yield ""
        yield f"  {_heading(change, style)}"
        yield from _wrapped(wording.happened(change), " " * 6, style)
        yield from _wrapped(wording.who_wins(change), " " * 6, style)
        yield from _lines(fields(change.fields, style.width - 10), style, 2)


def _legend(one: Plan, style: Style) -> Iterator[str]:
    used = _signs(one)
    if used:
        words = ", ".join(f"{style.sign(s)} {w}" for s, w in SIGN_WORDS.items() if s in used)
        yield f"Symbols: {words}"


def _signs(one: Plan) -> set[str]:
    """Return the symbols that a plan shows, on resources and on their fields."""
    everything = (*one.changes, *one.drift)
    signs = {SYMBOLS[change.action] for change in everything}
    return signs | {sign_of(field) for change in everything for field in change.fields}


def _resource(change: Change, style: Style) -> Iterator[str]:
    yield _heading(change, style)
    width = style.width - 8
    lines = fields(change.fields, width) if change.fields else outline(change, width)
    yield from _lines(lines, style, 0)


def _heading(change: Change, style: Style) -> str:
    name = style.paint(shown(str(change.key)), BOLD)
    called = title(change)
    return f"{style.sign(SYMBOLS[change.action], BOLD)} {name}" + (
        f'  "{called}"' if called else ""
    )


def _lines(lines: Iterable[Line], style: Style, indent: int) -> Iterator[str]:
    for line in lines:
        margin = " " * (indent + 4 * line.depth)
        gutter = "│ " if line.content else ""
        yield f"{margin}{gutter}{style.sign(line.sign)} {line.text}".rstrip()


def _messages(messages: Sequence[Message], style: Style) -> Iterator[str]:
    if not messages:
        return
    yield style.paint(f"Messages: {wording.message_counts(messages)}", BOLD)
    for message in wording.by_severity(messages):
        yield ""
        yield from _message(message, style)


def _message(message: Message, style: Style) -> Iterator[str]:
    severity = style.paint(message.severity.value, BOLD, _SEVERITY_COLOURS[message.severity])
    facts = [shown(str(message.subject)), wording.affected(message)]
    yield f"  {severity} {shown(message.code)}: " + ", ".join(filter(None, facts))
    yield from _wrapped(message.text, " " * 6, style)
    yield from _wrapped(message.action and f"To do: {message.action}", " " * 6, style)
    if message.location:
        file, line, _ = message.location
        yield style.paint(f"      {shown(file)}:{line}", DIM)


def _notices(notices: Sequence[str], style: Style) -> Iterator[str]:
    if notices:
        yield style.paint("Configuration", BOLD)
    for notice in notices:
        yield from _wrapped(notice, "  ", style)


def _facts(one: Plan, style: Style) -> Iterator[str]:
    if one.unmanaged:
        yield wording.unmanaged(one.unmanaged)
    if one.digest:
        yield style.paint(f"Plan digest {shown(one.digest)}", DIM)
    if one.digest and one.changes:
        yield style.paint(f"Steps of the deployment: {steps.in_order()}", DIM)


def _found(many: Sequence[Finding], style: Style) -> Iterator[str]:
    if many:
        yield style.paint(f"Planning met {wording.counted(len(many), 'finding')}", BOLD, RED)
        yield from (f"  {shown(str(finding))}" for finding in many)


def _wrapped(text: str, indent: str, style: Style, *codes: str) -> Iterator[str]:
    """Yield a sentence in lines of the style's width; what cannot be broken stays whole."""
    lines = textwrap.wrap(
        shown(text),
        max(20, style.width),
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    yield from (style.paint(line, *codes) for line in lines)
