"""What gates answer as text, Markdown and JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from reconciler.core.canonical import Json
from reconciler.core.gates.model import Gate, GateFacts, GateName, GateState, Verdict
from reconciler.core.render.escape import prose
from reconciler.core.render.foreign import shown
from reconciler.core.render.json import FORMAT_VERSION, Answer
from reconciler.core.render.shipping import PEOPLE
from reconciler.core.render.style import BOLD, DIM, GREEN, PLAIN, RED, YELLOW, Style
from reconciler.core.render.wording import short_time

MARKS = {
    GateState.PASSED: "+",
    GateState.WAITING: "~",
    GateState.BLOCKED: "x",
    GateState.SKIPPED: "-",
    GateState.UNKNOWN: "?",
}
_COLOURS = {
    GateState.PASSED: GREEN,
    GateState.WAITING: YELLOW,
    GateState.BLOCKED: RED,
    GateState.SKIPPED: DIM,
    GateState.UNKNOWN: RED,
}
_STATES = max(len(state) for state in GateState)
_NAMES = max(len(name) for name in GateName)
_LIMIT = 2_000


# --- text ---------------------------------------------------------------------------------------


def gates_text(verdict: Verdict, style: Style = PLAIN, live: str | None = None) -> str:
    """Return every gate, then the earliest moment and who must act.

    Of a release that is live since a moment there is neither.
    """
    rows = (line for gate in verdict.gates for line in _lines(gate, style))
    end = _end(verdict) if live is None else [f"It is live since {short_time(live)}."]
    return "\n".join([*rows, "", *(style.paint(line, BOLD) for line in end)])


def closed_text(verdict: Verdict, style: Style = PLAIN) -> str:
    """Return the gates that are not passed, and the same end; only the end where all are."""
    rows = [line for gate in verdict.closed for line in _lines(gate, style)]
    end = [style.paint(line, BOLD) for line in _end(verdict)]
    return "\n".join([*rows, "", *end] if rows else end)


def held_text(gates: Collection[Gate], earliest: str | None, style: Style = PLAIN) -> str:
    """Return the gates that hold a promotion, and when it could ship."""
    rows = [f"  {line}" for gate in gates for line in _lines(gate, style)]
    return "\n".join([*rows, style.paint(f"  {when(gates, earliest)}", BOLD)])


def when(gates: Iterable[Gate], earliest: str | None) -> str:
    """Say when a promotion could ship that these gates hold; without a word of this moment."""
    if earliest is None:
        return "Earliest: nothing in sight opens them"
    opening = [gate.until for gate in gates if gate.until is not None]
    if not opening:
        return f"Earliest: {PEOPLE}"
    return f"Earliest: {_told(datetime.fromisoformat(earliest).astimezone(opening[0].tzinfo))}"


def _lines(gate: Gate, style: Style) -> Iterator[str]:
    """Yield the lines of one gate; only the first has its state and name."""
    state, name = f"{MARKS[gate.state]} {gate.state:<{_STATES}}", f"{gate.name:<{_NAMES}}"
    head, indent = f"{style.paint(state, _COLOURS[gate.state])}  {name}  ", len(state + name) + 4
    for number, line in enumerate(_cells(gate, max(30, style.width - indent))):
        yield f"{' ' * indent if number else head}{line}"


def _cells(gate: Gate, width: int) -> Iterator[str]:
    yield from _wrapped(gate.reason, width) or [""]
    if gate.until is not None:
        yield f"until {_told(gate.until)}"
    if gate.who:
        yield from _wrapped(f"who: {', '.join(gate.who)}", width)


def _end(verdict: Verdict) -> Iterator[str]:
    if verdict.earliest is None:
        yield f"Earliest: none; {shown(verdict.never or 'it cannot ship')}"
    elif verdict.open:
        yield f"Earliest: {_told(verdict.earliest)}; every gate is open"
    elif any(gate.until is not None for gate in verdict.closed):
        yield f"Earliest: {_told(verdict.earliest)}"
    else:
        yield f"Earliest: {PEOPLE}"
    if verdict.who:
        yield f"Who must act: {', '.join(map(shown, verdict.who))}"


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(shown(text), width, break_long_words=False, break_on_hyphens=False)


def _told(moment: datetime) -> str:
    """Return `Wed 2026-11-25 09:00 Europe/Berlin`."""
    return f"{moment:%a %Y-%m-%d %H:%M} {moment.tzinfo}"


# --- Markdown -----------------------------------------------------------------------------------


def gates_markdown(verdict: Verdict) -> str:
    """Return a table with one row for each gate, and the same end as the text."""
    head = ["| gate | state | reason | until | who |", "|---|---|---|---|---|"]
    end = (f"{prose(line)}  " for line in _end(verdict))
    return "\n".join([*head, *map(_row, verdict.gates), "", *end]).rstrip()


def _row(gate: Gate) -> str:
    state = gate.state.value if gate.is_open else f"**{gate.state.value}**"
    until = "" if gate.until is None else _told(gate.until)
    cells = (gate.name.value, state, prose(gate.reason, _LIMIT), until, prose(", ".join(gate.who)))
    return f"| {' | '.join(cells)} |"


# --- JSON ---------------------------------------------------------------------------------------


def gates_json(verdict: Verdict, facts: GateFacts) -> Answer:
    """Return the answer of `gates`."""
    return {
        "formatVersion": FORMAT_VERSION,
        "environment": facts.environment,
        "version": facts.version,
        "open": verdict.open,
        "earliest": _rfc3339(verdict.earliest),
        "gates": gate_rows(verdict.gates),
    }


def gate_rows(gates: tuple[Gate, ...]) -> list[Json]:
    """Return what stands under `gates`, in this answer and in others."""
    return [
        {
            "name": gate.name.value,
            "state": gate.state.value,
            "reason": gate.reason,
            "until": _rfc3339(gate.until),
            "who": list(gate.who),
        }
        for gate in gates
    ]


def _rfc3339(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
