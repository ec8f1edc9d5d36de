"""What a release still needs, when it could ship, and the commands that bring it there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from shlex import quote

from reconciler.core.gates.model import Gate, GateName, GateState, Verdict
from reconciler.core.gates.table import NONE_ASKED
from reconciler.core.plan import Plan
from reconciler.core.render import wording
from reconciler.core.render.escape import code, fenced, prose, words
from reconciler.core.render.foreign import shown
from reconciler.core.render.pages import VIA_TAG, Page

_TEXT = 1_000
_MANAGER = "release-manager"
_BUDGET = "RemovalBudgetExceeded"
_ROLES = {
    GateName.TESTS_PASSED: ("tests", "Automated unit and integration tests pass"),
    GateName.QA_APPROVED: ("qa", "QA has not identified blockers via manual testing"),
    GateName.RELEASE_MANAGER_APPROVED: (
        _MANAGER,
        "Release manager has determined that it is safe to release",
    ),
}
_HOLIDAY = "Release date is not a holiday"
_NAMED = (*_ROLES, GateName.NOT_A_HOLIDAY)
# What these say of now is no longer so an hour later.
_OF_TIME = frozenset(
    {
        GateName.SOAKED,
        GateName.RELEASE_DAY,
        GateName.RELEASE_WINDOW,
        GateName.NOT_A_HOLIDAY,
        GateName.NOT_FROZEN,
    }
)
_MARKS = {
    GateState.PASSED: "✓ passed",
    GateState.SKIPPED: "✓ not asked",
    GateState.WAITING: "**waiting**",
    GateState.BLOCKED: "**blocked**",
    GateState.UNKNOWN: "**unknown**",
}
_X = {True: "X", False: ""}
UNKNOWN = "not known here"
PEOPLE = "as soon as people have acted; no gate waits for a time"


# --- gates --------------------------------------------------------------------------------------


def cell(verdict: Verdict | None) -> str:
    """Return all gates in a few words: how many hold it, and until when."""
    if verdict is None:
        return UNKNOWN
    total, closed = len(verdict.gates), len(verdict.closed)
    if not closed:
        return f"all {total} open"
    states = {gate.state for gate in verdict.closed}
    holds = "closed" if states != {GateState.WAITING} else "waits" if closed == 1 else "wait"
    return f"{closed} of {total} {holds}{_until(verdict)}"


def _until(verdict: Verdict) -> str:
    if verdict.earliest is None:
        return ", and nothing opens all of them"
    moment = _moment(verdict)
    return f": earliest {_told(moment)}" if moment else ": people must act"


def when(verdict: Verdict | None, *, lasting: bool = True) -> Iterator[str]:
    """Yield the earliest moment as a sentence, and who must act.

    What is `lasting` says nothing that is only so now.
    """
    if verdict is None:
        yield f"Earliest: {UNKNOWN}"
        return
    moment = _moment(verdict) if lasting else verdict.earliest
    if verdict.earliest is None:
        yield f"Earliest: none; {verdict.never or 'it cannot ship'}"
    elif moment is not None:
        yield f"Earliest: {_told(moment)} {moment.tzinfo}"
    elif verdict.open:
        yield "Earliest: now; every gate is open"
    else:
        yield f"Earliest: {PEOPLE}"
    if verdict.who:
        yield f"Who must act: {', '.join(verdict.who)}"


def _moment(verdict: Verdict) -> datetime | None:
    """Return the earliest moment where a gate waits for it; else it is always now."""
    waits = any(gate.until is not None for gate in verdict.closed)
    return verdict.earliest if waits else None


def _told(moment: datetime) -> str:
    return f"{moment:%a %Y-%m-%d %H:%M}"


def requirements(page: Page, *, live: bool) -> str:
    """Return the table of what is asked before this release."""
    gates = _gates(page.preview.verdict)
    rows = [(text, role in page.roles, gates.get(name)) for name, (role, text) in _ROLES.items()]
    rows.append((_HOLIDAY, True, gates.get(GateName.NOT_A_HOLIDAY)))
    if not live:
        told = [f"| {text} | {_X[asked]} |" for text, asked, _ in rows]
        return "\n".join(["| requirement | required |", "|---|:---:|", *told])
    closed = [gate for gate in gates.values() if not gate.is_open and gate.name not in _NAMED]
    rows += [(code(gate.name.value), True, gate) for gate in closed]
    told = [
        f"| {text} | {_X[asked]} | {_state(gate) if asked else 'not asked here'} |"
        for text, asked, gate in rows
    ]
    return "\n".join(["| requirement | required | state |", "|---|:---:|---|", *told])


def open_gates(verdict: Verdict) -> str:
    """Return the gates that hold nothing, folded."""
    many = [gate for gate in verdict.gates if gate.is_open]
    total = wording.counted(len(verdict.gates), "gate")
    head = f"<details><summary>{len(many)} of {total} passed</summary>\n"
    rows = (f"| {gate.name.value} | {_state(gate)} |" for gate in many)
    table = "\n".join([head, "| gate | why |", "|---|---|", *rows, "", "</details>"])
    return table if many else ""


def _gates(verdict: Verdict | None) -> Mapping[GateName, Gate]:
    return {} if verdict is None else {gate.name: gate for gate in verdict.gates}


def _state(gate: Gate | None) -> str:
    if gate is None:
        return UNKNOWN
    said = [lasting(gate)]
    if gate.who and not gate.is_open:
        said.append(f"asked: {', '.join(gate.who)}")
    told = "; ".join(filter(None, said))
    return f"{_MARKS[gate.state]}: {_in_cell(told)}" if told else _MARKS[gate.state]


def lasting(gate: Gate) -> str:
    """Return why a gate stands so, without what is only so now: a comment is read later."""
    if gate.name not in _OF_TIME or gate.reason == NONE_ASKED:
        return gate.reason
    if gate.until is not None:
        return f"opens {_told(gate.until)}"
    return gate.reason if gate.state is GateState.BLOCKED else ""


def _in_cell(text: str) -> str:
    """Return a sentence of ours for a table, where code must not hold what divides cells."""
    return prose(text, _TEXT) if "|" in text else words(text, _TEXT)


# --- what to do ---------------------------------------------------------------------------------


def manager(page: Page) -> str:
    """Say who is asked as release manager."""
    if page.manager is not None:
        return f"{page.manager} is asked"
    return f"any of {', '.join(page.managers)}" if page.managers else "nobody is named"


def merging(branch: str | None = None, protected: str | None = None) -> str:
    """Return the step after which releases can be tagged; without a branch, for its comment."""
    what = "this pull request"
    if branch is not None and protected is not None:
        what = f"{code(branch)} into {code(protected)}"
    return f"Merge {what}. That alone ships no release."


def approvals(page: Page) -> Iterator[str]:
    """Yield what people approve, before or after the merge; what was given is not asked again."""
    name, gates = str(page.release.name), _gates(page.preview.verdict)
    given = [role for gate, (role, _) in _ROLES.items() if gate in gates and gates[gate].is_open]
    for role in page.roles:
        # A release manager's tag is their approval too.
        if role != _MANAGER and role not in given:
            yield _approval(page, role, name)
    warnings = gates.get(GateName.WARNINGS_RESOLVED)
    if page.commands and (warnings is None or not warnings.is_open):
        yield "Resolve each open warning, or acknowledge it with the command that stands beside it."


def promoting(page: Page) -> Iterator[str]:
    """Yield what people do after the merge, each with its command."""
    name = str(page.release.name)
    yield _step(
        f"**release-manager** tags {code(name)}, {prose(manager(page))}:",
        f"reconciler release tag {quote(name)} --push",
    )
    yield _step(
        f"The next run promotes {code(name)} once every gate is open. By hand:",
        f"reconciler promote {quote(name)}",
    )


def _approval(page: Page, role: str, name: str) -> str:
    via = page.via.get(role, VIA_TAG)
    ways = []
    if "check" in via:
        names = ", ".join(code(each) for each in page.checks.get(role, ()))
        ways.append(f"the check {names} passes" if names else "its check passes")
    if "review" in via:
        ways.append("an approving review of this pull request")
    if "tag" not in via:
        return f"**{prose(role)}** for {code(name)}: {', or '.join(ways) or 'nothing counts'}."
    tag = f"reconciler release approve {quote(name)} --role {quote(role)} --push"
    return _step(
        f"**{prose(role)}** for {code(name)}: {', or '.join([*ways, 'a signed tag'])}:", tag
    )


def _step(text: str, command: str) -> str:
    """Return a list item with a command that can be copied."""
    block = fenced([shown(command)], "sh").replace("\n", "\n   ")
    return f"{text}\n   {block}"


def numbered(items: Iterable[str]) -> str:
    """Return list items with their numbers."""
    return "\n".join(f"{number}. {text}" for number, text in enumerate(items, 1))


def deployed(plan: Plan, command: str | None = None) -> str:
    """Return the step that brings a plan to an environment which has no releases."""
    name = plan.environment
    if any(message.code == _BUDGET for message in plan.messages):
        text = f"The removal budget keeps it from {prose(name)} until somebody says it is meant:"
        return _step(text, f"reconciler apply --environment {quote(name)} --allow-removals")
    return first_step(name, command)


def first_step(environment: str, command: str | None = None) -> str:
    """Return the step that deploys an environment which has no releases."""
    text = f"The next run deploys it to {prose(environment)}. By hand:"
    return _step(text, command or f"reconciler reconcile --environment {quote(environment)}")


def following(plan: Plan, commands: Mapping[str, str]) -> str | None:
    """Return the command that goes on from what was merged, None when there is nothing to do."""
    if given := commands.get(plan.environment):
        return given
    if plan.errored:
        return "reconciler validate"
    if not plan.complete:
        return f"reconciler plan --environment {quote(plan.environment)}"
    if plan.has_differences:
        return f"reconciler reconcile --environment {quote(plan.environment)}"
    return None
