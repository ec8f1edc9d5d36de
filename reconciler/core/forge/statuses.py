"""What statuses at a commit say: of a pull request's plans, and of releases that are promoted.

A status is one plain line of at most 140 characters: cut on a word, and nothing in it mentions
anybody or hides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.core.forge.model import State, Status
from reconciler.core.model import Finding
from reconciler.core.plan import Plan
from reconciler.core.printable import ELLIPSIS, one_line
from reconciler.core.render import wording
from reconciler.core.render.comment import Report
from reconciler.core.render.cutting import size
from reconciler.core.render.foreign import shown

AGGREGATE = "reconciler"
LIMIT = 140

_NOTHING = "Nothing changes in any environment."
_STATES = {
    "applied": State.SUCCESS,
    "nothing": State.SUCCESS,
    "superseded": State.SUCCESS,
    "waiting": State.PENDING,
    "refused": State.FAILURE,
    "restored": State.FAILURE,
}
_RANK = (State.SUCCESS, State.PENDING, State.FAILURE, State.ERROR)
_UNITS = (("day", 24 * 60), ("hour", 60), ("minute", 1))
# Where a mention or a reference to an issue begins.
_ACTS = re.compile(r"@(?=\w)|#(?=\d)|(?<=https)://|(?<=http)://", re.IGNORECASE)
_CONTEXT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an environment, or of a release of it, in the words of `promote`.

    `earliest` is when it could ship; with `now` the time that is left is told.
    """

    environment: str
    outcome: str
    reason: str
    version: str | None = None
    earliest: datetime | None = None
    now: datetime | None = None


def context(environment: str) -> str:
    """Return the name of an environment's status."""
    return f"{AGGREGATE}/{shown(environment, _CONTEXT)}"


def of_pull_request(report: Report, link: str | None = None) -> tuple[Status, ...]:
    """Return one status for each environment that is planned, and the aggregate.

    Gates hold no pull request: they open after it is merged.
    """
    plans = [*report.plans, *(page.plan for page in report.releases)]
    names = dict.fromkeys(one.environment for one in plans)
    many = [[one for one in plans if one.environment == name] for name in names]
    findings = [*report.findings, *(each for one in plans for each in one.findings)]
    rows = [
        Status(context(each[0].environment), _planned_state(_findings(each)), _planned(each), link)
        for each in many
    ]
    text = _invalid(findings) if findings else _planned(plans)
    if report.rules and not findings:
        text = f"{text.rstrip('.')}; rules change"
    return (*rows, Status(AGGREGATE, _planned_state(findings), told(text), link))


def of_promotions(outcomes: Iterable[Outcome], link: str | None = None) -> tuple[Status, ...]:
    """Return one status for each environment, and the aggregate, of a release's commit."""
    worst: dict[str, Outcome] = {}
    for one in sorted(outcomes, key=_rank):
        worst[one.environment] = one
    rows = list(worst.values())
    each = [Status(context(one.environment), _state(one), _became(one), link) for one in rows]
    return (*each, _together(rows, link)) if rows else ()


def together(
    wanted: Sequence[Status], there: Iterable[Status], link: str | None = None
) -> tuple[Status, ...]:
    """Return what a job wants to say, its aggregate made of what others said at a commit too."""
    own = {one.context: one for one in wanted if one.context != AGGREGATE}
    others = [
        one for one in there if one.context.startswith(f"{AGGREGATE}/") and one.context not in own
    ]
    if not others:
        return tuple(wanted)
    rows = sorted([*others, *own.values()], key=lambda one: _RANK.index(one.state))
    worst, done = rows[-1], sum(one.state is State.SUCCESS for one in rows)
    text = f"{done}/{len(rows)} environments are done"
    if done < len(rows):
        text = f"{text}; {worst.context.removeprefix(f'{AGGREGATE}/')}: {worst.description}"
    return (*own.values(), Status(AGGREGATE, worst.state, told(text), link))


def told(text: str, limit: int = LIMIT) -> str:
    """Return a text as a description: one line, cut on a word, that mentions nobody."""
    line = " ".join(_ACTS.sub(lambda found: f"{found.group()} ", shown(text)).split())
    if size(line) <= limit:
        return line
    words = line.split(" ")
    while len(words) > 1 and size(" ".join(words)) > limit - 2:
        words.pop()
    kept = " ".join(words).rstrip(" ,;:(")
    while size(kept) > limit - 2:
        kept = one_line(kept, len(kept) - 1).removesuffix(ELLIPSIS)
    return f"{kept} {ELLIPSIS}"


def left(time: timedelta) -> str:
    """Return how long it is in words, in its largest unit: `2 days`, `1 hour`."""
    minutes = round(time / timedelta(minutes=1))
    for noun, unit in _UNITS:
        if minutes >= unit:
            return wording.counted(round(minutes / unit), noun)
    return "less than a minute"


# --- pull requests ------------------------------------------------------------------------------


def _planned_state(findings: Sequence[Finding]) -> State:
    return State.FAILURE if findings else State.SUCCESS


def _findings(plans: Iterable[Plan]) -> list[Finding]:
    return [finding for one in plans for finding in one.findings]


def _invalid(findings: Sequence[Finding]) -> str:
    first = findings[0]
    count = wording.counted(len(findings), "finding")
    return f"Cannot be planned, {count}: {first.file}:{first.line} {first.text}"


def _planned(plans: Sequence[Plan]) -> str:
    findings = _findings(plans)
    if findings:
        return told(_invalid(findings))
    messages = [message for one in plans for message in one.messages]
    total = wording.totals(wording.summed(plans)) if plans else _NOTHING
    notes = wording.message_counts(wording.by_severity(messages))
    return told(f"{total.rstrip('.')}; {notes}" if notes else total)


# --- promotions ---------------------------------------------------------------------------------


def _state(one: Outcome) -> State:
    return _STATES.get(one.outcome, State.ERROR)


def _rank(one: Outcome) -> int:
    return _RANK.index(_state(one))


def _became(one: Outcome) -> str:
    what = one.version or one.environment
    if one.outcome in {"applied", "nothing"}:
        return told(f"{what} is live")  # whether this run did it or one before
    if _state(one) is State.PENDING:
        return told(f"{what} waits{_time(one)}: {_rest(one, 'waits for ')}")
    if one.reason.startswith("held by "):
        return told(f"{what} is {one.reason}")
    return told(f"{what} {one.outcome.replace('-', ' ')}: {_rest(one, '')}")


def _rest(one: Outcome, said: str) -> str:
    """Return a reason without what stands before it already."""
    reason = one.reason
    for name in (f"{one.environment}/{one.version}", one.environment):
        reason = reason.removeprefix(name).removeprefix(":").strip()
    return reason.removeprefix(said) or one.reason


def _time(one: Outcome) -> str:
    """Return ` until Tue 2026-11-24 09:00 (2 days left)` as far as it is known."""
    if one.earliest is None:
        return ""
    when = f" until {one.earliest:%a %Y-%m-%d %H:%M}"
    if one.now is None:
        return when
    if one.earliest <= one.now:
        return ""
    return f"{when} ({left(one.earliest - one.now)} left)"


def _together(rows: Sequence[Outcome], link: str | None) -> Status:
    worst = rows[-1]
    done = sum(_state(one) is State.SUCCESS for one in rows)
    count = f"{done}/{len(rows)} environments are done"
    text = count if done == len(rows) else f"{count}; {worst.environment}: {_became(worst)}"
    if len(rows) == 1:
        text = _became(worst) if worst.version is None else f"{worst.environment}: {_became(worst)}"
    return Status(AGGREGATE, _state(worst), told(text), link)
