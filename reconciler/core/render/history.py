"""Deployments as text: a table with the Live one marked, and one of them with steps and log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from reconciler.core.canonical import Json
from reconciler.core.model import Deployment, Phase, Step
from reconciler.core.render import wording
from reconciler.core.render.foreign import shown
from reconciler.core.render.style import (
    BOLD,
    CYAN,
    DIM,
    GREEN,
    PLAIN,
    RED,
    SYMBOLS,
    YELLOW,
    Style,
    columns,
    pad,
)

if TYPE_CHECKING:
    from reconciler.core.releases.listed import Listed

NOTHING = "No deployments yet."
NONE = "-"
_HEAD = ("", "ENVIRONMENT", "VERSION", "COMMIT", "PHASE", "STARTED", "CHANGES", "BY", "DESCRIPTION")
_LONGEST = 40
_PHASE_COLOURS = {
    Phase.SUCCEEDED: GREEN,
    Phase.RUNNING: CYAN,
    Phase.PARTIAL: YELLOW,
    Phase.RESTORED: YELLOW,
    Phase.FAILED: RED,
    Phase.ERRORED: RED,
}


def history(
    many: Sequence[Deployment | Listed], style: Style = PLAIN, *, details: bool = False
) -> str:
    """Return deployments in the order they came in, with the Live one marked.

    They are a table, or with details one after the other. Of a release that git alone knows, what
    became of it is a dash.
    """
    if not many:
        return NOTHING
    if details:
        return "\n\n".join(_page(one, style) for one in many)
    rows = [_HEAD, *(_row(one) for one in many)]
    widths = [max(columns(row[number]) for row in rows) for number in range(len(_HEAD))]
    lines = ["  ".join(map(pad, row, widths)).rstrip() for row in rows]
    head, *body = lines
    painted = (style.paint(line, *_codes(d)) for line, d in zip(body, many, strict=True))
    return "\n".join([style.paint(head, DIM), *painted])


def deployment(one: Deployment, style: Style = PLAIN) -> str:
    """Return one deployment with everything recorded of it: facts, messages, steps and log."""
    blocks = (_facts(one, style), _messages(one.messages), _steps(one.steps, style))
    return "\n\n".join("\n".join(lines) for block in blocks if (lines := list(block)))


def _page(one: Deployment | Listed, style: Style) -> str:
    if isinstance(one, Deployment):
        return deployment(one, style)
    from reconciler.core.render import release_page

    return release_page.page(one, style)


def _row(one: Deployment | Listed) -> tuple[str, ...]:
    cells = _deployed(one) if isinstance(one, Deployment) else _listed(one)
    return tuple(shown(cell, _LONGEST) for cell in cells)


def _listed(one: Listed) -> tuple[str, ...]:
    release = one.release
    return (
        NONE,
        release.environment,
        release.version,
        wording.short_commit(one.commit) if one.commit else NONE,
        NONE,
        NONE,
        _counts(Counter(change["action"] for change in release.changes)),
        NONE,
        release.description,
    )


def _deployed(one: Deployment) -> tuple[str, ...]:
    return (
        "Live" if one.live else "",
        one.environment,
        one.version or NONE,
        wording.short_commit(one.commit) if one.commit else NONE,
        one.phase.value,
        wording.short_time(one.started_at),
        _counts(one.summary),
        one.actor,
        one.description or "",
    )


def _counts(summary: Mapping[str, int]) -> str:
    """Return `+1 ~2 -0`, a dash where nothing was recorded."""
    if not summary:
        return NONE
    return " ".join(f"{sign}{summary.get(action.value, 0)}" for action, sign in SYMBOLS.items())


def _codes(one: Deployment | Listed) -> tuple[str, ...]:
    if not isinstance(one, Deployment):
        return ()
    colour = _PHASE_COLOURS.get(one.phase, "")
    return tuple(filter(None, (colour if not one.live else GREEN, BOLD if one.live else "")))


def _facts(one: Deployment, style: Style) -> Iterator[str]:
    name = f"{one.environment}/{one.version}" if one.version else one.environment
    live = "  Live" if one.live else ""
    yield style.paint(f"Deployment {shown(one.id)} of {shown(name)}{live}", BOLD)
    facts = {
        "phase": style.paint(one.phase.value, *_codes(one)),
        "type": shown(one.type),
        "description": shown(one.description or NONE),
        "commit": shown(one.commit or NONE),
        "tag": shown(one.tag or NONE),
        "by": shown(one.actor),
        "started": shown(one.started_at),
        "finished": shown(one.finished_at or NONE),
        "changes": _counts(one.summary),
        "backup": shown(one.backup or NONE),
        "plan digest": shown(one.plan_digest or NONE),
    }
    yield from (f"  {label:<11}  {text}" for label, text in facts.items())


def _messages(messages: Sequence[Mapping[str, Json]]) -> Iterator[str]:
    if messages:
        yield "Messages"
    for message in messages:
        subject = message.get("subject") or {}
        about = f"{subject.get('kind')}/{subject.get('name')}" if subject else ""
        facts = f"{message.get('severity')} {message.get('code')}"
        yield f"  {shown(facts)}: {shown(about)}"
        yield f"      {shown(str(message.get('text') or ''))}"


def _steps(steps: Sequence[Step], style: Style) -> Iterator[str]:
    if not steps:
        return
    yield "Steps"
    widths = [max(columns(shown(text)) for text in texts) for texts in _names(steps)]
    for step in steps:
        names = "  ".join(map(pad, (shown(step.name), shown(step.state)), widths))
        times = [shown(time) for time in (step.started_at, step.finished_at) if time]
        yield f"  {names}  {style.paint(' → '.join(times), DIM)}".rstrip()
        if step.reason:
            yield f"      {shown(step.reason)}"
        yield from (f"      │ {shown(line)}" for line in step.log)


def _names(steps: Sequence[Step]) -> tuple[list[str], list[str]]:
    return [step.name for step in steps], [step.state for step in steps]
