"""Plans as Markdown for pull requests and job summaries.

Verdict and counts stand outside of any fold; what is long is folded, and cut on the boundary of a
resource when it is too long. Everything foreign goes through `escape`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from reconciler.core.messages.review import Message, Severity
from reconciler.core.model import Action, Change, Finding
from reconciler.core.plan import Plan
from reconciler.core.render import cutting, wording
from reconciler.core.render.cutting import Item, Part
from reconciler.core.render.escape import code, fenced, html, html_prose, prose, words
from reconciler.core.render.fields import fields
from reconciler.core.render.lines import Line
from reconciler.core.render.outline import outline, title
from reconciler.core.render.style import SYMBOLS

LIMIT = 65_000

_WIDTH = 110
_TEXT = 2_000
_SIGNS = {"~": "!"}
_ALERTS = {Severity.ERROR: "CAUTION", Severity.WARNING: "WARNING", Severity.INFO: "NOTE"}
_ASKS = {
    Severity.ERROR: "",
    Severity.WARNING: " to resolve, or to acknowledge before a promotion",
    Severity.INFO: "",
}
# What is cut last has the lowest number.
_TABLE, _ERRORS, _WARNINGS, _INFOS, _DRIFT, _CHANGES = range(6)
_MESSAGES = {Severity.ERROR: _ERRORS, Severity.WARNING: _WARNINGS, Severity.INFO: _INFOS}


def plans(
    many: Sequence[Plan],
    *,
    limit: int = LIMIT,
    link: str | None = None,
    commands: Mapping[str, str] | None = None,
) -> str:
    """Return Markdown of at most about `limit` characters.

    `link` is where the whole is to be seen. `commands` gives the next command of an environment;
    without one it is the `reconcile` that applies what was merged.
    """
    sections = [
        _section(one, commands or {}, titled=len(many) > 1) for one in many if _says_more(one)
    ]
    top = [Part(head=f"## {_heading(many)}"), _table(many)]
    bottom = [Part(foot=f"[The whole plan](<{link}>)")] if link else []
    shown_sections, hidden = cutting.bounded(sections, limit // 2)
    if hidden:
        bottom.insert(0, Part(foot=wording.and_more(hidden, "environment")))
    return cutting.fit([*top, *shown_sections, *bottom], limit)


def _heading(many: Sequence[Plan]) -> str:
    """Return the verdict over all environments; where there is one to name, its name."""
    broken = [one for one in many if one.errored]
    moving = broken or [one for one in many if one.changes] or many
    where = f"{len(many):,} environments" if len(moving) != 1 else prose(moving[0].environment)
    if broken:
        return f"Not complete, cannot be applied: {where}"
    total = {a.value: sum(one.summary[a.value] for one in many) for a in Action}
    drifted = sum(len(one.drift) for one in many)
    parts = [f"{wording.totals(total).removeprefix('Plan: ').rstrip('.')} in {where}"]
    parts += [f"drift in {wording.counted(drifted, 'resource')}"] if drifted else []
    loud = [m for one in many for m in one.messages if m.severity is not Severity.INFO]
    parts += [wording.message_counts(loud)] if loud else []
    return "; ".join(parts)


def _table(many: Sequence[Plan]) -> Part:
    head = "| environment | add | modify | remove | drift | messages |\n"
    head += "|---|---:|---:|---:|---:|---|"
    rows = tuple(Item(partial(_row, one)) for one in many)
    return Part(head=head, items=rows, joiner="\n", more="| ", priority=_TABLE)


def _row(one: Plan) -> str:
    counts = [str(one.summary[action.value]) for action in Action]
    notes = wording.message_counts(one.messages)
    if one.errored:
        notes = f"**not complete: {wording.counted(len(one.findings), 'finding')}**"
    elif one.waiting:
        notes = "waits for its first release tag"
    cells = [prose(one.environment), *counts, str(len(one.drift)), notes]
    return f"| {' | '.join(cells)} |"


def _says_more(one: Plan) -> bool:
    return bool(
        one.has_differences or one.messages or one.notices or one.errored or not one.complete
    )


def _section(one: Plan, commands: Mapping[str, str], *, titled: bool) -> list[Part]:
    return [
        Part(head=_about(one, titled=titled)),
        *_findings(one.findings),
        *(part for severity in wording.SEVERITIES for part in _messages(one, severity)),
        *_notices(one.notices),
        *_drift(one.drift),
        *_changes(one.changes),
        Part(foot=_foot(one, commands.get(one.environment))),
    ]


def _about(one: Plan, *, titled: bool) -> str:
    lines = [f"### {prose(one.environment)}"] if titled else []
    at = "working tree"
    if one.commit:
        ref = f" ({code(wording.short_ref(one.ref))})" if one.ref else ""
        at = f"commit {code(wording.short_commit(one.commit))}{ref}"
    lines.append(
        f"**{wording.verdict(one)}** {prose(wording.waiting(one)) if one.waiting else f'At {at}.'}"
    )
    if not one.complete:
        lines.append(f"> [!CAUTION]\n> {prose(wording.incomplete(one))}")
    return "\n\n".join(lines)


def _findings(many: Sequence[Finding]) -> list[Part]:
    head = f"> [!CAUTION]\n> **{wording.NOT_APPLICABLE}**"
    items = tuple(Item(partial(_finding, one)) for one in many)
    part = Part(head=head, items=items, joiner="\n", more="> - ", priority=_ERRORS)
    return [part] if many else []


def _finding(one: Finding) -> str:
    return f"> - {code(f'{one.file}:{one.line}:{one.column}')} {words(one.text, _TEXT)}"


def _messages(one: Plan, severity: Severity) -> list[Part]:
    many = [message for message in one.messages if message.severity is severity]
    counted = wording.counted(len(many), severity.value)
    part = Part(
        head=f"> [!{_ALERTS[severity]}]\n> **{counted}{_ASKS[severity]}**",
        items=tuple(Item(partial(_message, message)) for message in many),
        joiner="\n",
        more="> - ",
        priority=_MESSAGES[severity],
    )
    return [part] if many else []


def _message(message: Message) -> str:
    subject = code(str(message.subject))
    facts = [f"**{prose(message.code)}** {subject}", wording.affected(message)]
    if message.location:
        facts.append(code(f"{message.location.file}:{message.location.line}"))
    lines = [", ".join(filter(None, facts)), words(message.text, _TEXT)]
    if message.action:
        lines.append(f"*To do:* {words(message.action, _TEXT)}")
    # Some places break lines where the source does and some do not.
    return f"> - {'<br>'.join(lines)}"


def _notices(notices: Sequence[str]) -> list[Part]:
    items = tuple(Item(partial(_notice, notice)) for notice in notices)
    part = Part(head="**Configuration**\n", items=items, joiner="\n", more="- ", priority=_INFOS)
    return [part] if notices else []


def _notice(notice: str) -> str:
    return f"- {words(notice, _TEXT)}"


def _drift(drift: Sequence[Change]) -> list[Part]:
    if not drift:
        return []
    head = f"> [!IMPORTANT]\n> **{wording.drift_title(drift)}**<br>{wording.APART}"
    items = tuple(Item(partial(_drifted, one), partial(_short, one)) for one in drift)
    return [Part(head=head, items=items, priority=_DRIFT)]


def _drifted(change: Change) -> str:
    return _fold(change, f"{wording.happened(change)} {wording.who_wins(change)}")


def _changes(changes: Sequence[Change]) -> list[Part]:
    items = tuple(Item(partial(_fold, one), partial(_short, one)) for one in changes)
    return [Part(items=items, priority=_CHANGES)] if changes else []


def _fold(change: Change, comment: str = "") -> str:
    """Return one resource, folded: what it is, what happened to it and its difference."""
    lines = fields(change.fields, _WIDTH) if change.fields else outline(change, _WIDTH)
    body = [words(comment)] if comment else []
    if lines:
        body.append(fenced(_lines(lines)))
    if not body:
        return _short(change)
    return "\n\n".join([f"<details><summary>{_name(change)}</summary>", *body, "</details>"])


def _short(change: Change) -> str:
    return f"<p>{_name(change)}</p>"


def _name(change: Change) -> str:
    name = f"<code>{SYMBOLS[change.action]} {html(str(change.key))}</code>"
    called = title(change)
    count = wording.counted(len(change.fields), "field") if change.fields else ""
    rest = [f"“{html_prose(called)}”" if called else "", f"({count})" if count else ""]
    return " ".join(filter(None, [name, *rest]))


def _lines(lines: Iterable[Line]) -> Iterable[str]:
    """Return lines whose symbol stands in column one, where it gives the colour."""
    for line in lines:
        sign = _SIGNS.get(line.sign, line.sign)
        yield f"{sign} {'  ' * (line.depth - 1)}{line.text}".rstrip()


def _foot(one: Plan, command: str | None) -> str:
    lines = [wording.unmanaged(one.unmanaged)] if one.unmanaged else []
    if one.digest:
        lines.append(f"Plan digest {code(one.digest)}")
    if following := command or _command(one):
        lines.append(f"Next: {code(following)}")
    return "<br>".join(lines)


def _command(one: Plan) -> str | None:
    """Return the command that goes on from here, None when there is nothing to do."""
    if one.errored:
        return "reconciler validate"
    if not one.complete:
        return f"reconciler plan --environment {one.environment}"
    if one.has_differences:
        return f"reconciler reconcile --environment {one.environment}"
    return None
