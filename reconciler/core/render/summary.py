"""What a run did, as Markdown for the page of a build server's job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from reconciler.core.gates.model import Gate
from reconciler.core.releases.model import ReleaseName
from reconciler.core.render import cutting
from reconciler.core.render.cutting import Item, Part
from reconciler.core.render.escape import code, prose, words
from reconciler.core.render.gates import when
from reconciler.core.render.shipping import lasting
from reconciler.core.render.text import applied

# Less than a build server takes for one step.
LIMIT = 200_000

_TEXT = 500
_MARKS = {"applied": "✅", "nothing": "✅", "superseded": "✅", "waiting": "⏳"}
_FAILED = "❌"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of one environment, or of one release of it.

    `gates` are those that hold it, `told` further sentences, `summary` what was written.
    """

    environment: str
    outcome: str
    reason: str
    version: str | None = None
    gates: Sequence[Gate] = ()
    earliest: str | None = None
    told: Sequence[str] = ()
    hint: str | None = None
    summary: Mapping[str, int] = field(default_factory=dict)


def summary(rows: Sequence[Done], notes: Sequence[str] = ()) -> str:
    """Return a table of what became of each environment, and what holds it."""
    parts = [
        Part(
            head="| environment | version | outcome | why |\n|---|---|---|---|",
            items=tuple(Item(partial(_row, each)) for each in rows),
            joiner="\n",
            more="| ",
        ),
        *_told(rows),
        *_gates(rows),
        *_notes(notes),
    ]
    return cutting.fit(parts, LIMIT)


def conclusion(name: ReleaseName, done: Done) -> str:
    """Return what became of a merged release, for its pull request: nothing that is only so now."""
    mark = _MARKS.get(done.outcome, _FAILED)
    parts = [Part(head=f"## Release {prose(str(name))}: {mark} {prose(done.reason, _TEXT)}")]
    if done.summary:
        parts.append(Part(head=applied(done.summary)))
    if done.hint:
        parts.append(Part(head=words(done.hint, _TEXT)))
    if done.gates:
        items = tuple(Item(partial(_lasting, gate)) for gate in done.gates)
        parts.append(Part(head="**What it waits for**\n", items=items, joiner="\n", more="- "))
    parts.append(Part(foot=f"All gates, and when it can ship: {code(f'reconciler gates {name}')}"))
    return cutting.fit(parts, LIMIT)


def _lasting(gate: Gate) -> str:
    who = f" Who must act: {', '.join(gate.who)}." if gate.who else ""
    reason = lasting(gate).rstrip(".")
    said = f"{reason}.{who}" if reason else who.strip()
    return f"- {code(gate.name.value)} {prose(gate.state.value)}: {words(said, _TEXT)}"


def _row(done: Done) -> str:
    mark = _MARKS.get(done.outcome, _FAILED)
    cells = [
        prose(done.environment),
        code(done.version) if done.version else "",  # semver has nothing that ends a cell
        f"{mark} {prose(done.outcome)}",
        prose(done.reason, _TEXT),
    ]
    return f"| {' | '.join(cells)} |"


def _told(rows: Sequence[Done]) -> Iterator[Part]:
    lines = [f"- {words(text, _TEXT)}" for each in rows for text in each.told]
    lines += [
        f"- {prose(each.environment)}: {words(each.hint, _TEXT)}" for each in rows if each.hint
    ]
    if lines:
        items = tuple(Item(partial(str, line)) for line in lines)
        yield Part(items=items, joiner="\n", more="- ")


def _gates(rows: Sequence[Done]) -> Iterator[Part]:
    for each in rows:
        if each.gates:
            name = f"{each.environment}/{each.version}" if each.version else each.environment
            yield Part(
                head=f"**What holds {prose(name)}**\n\n{prose(when(each.gates, each.earliest))}.\n",
                items=tuple(Item(partial(_gate, gate)) for gate in each.gates),
                joiner="\n",
                more="- ",
                priority=1,
            )


def _gate(gate: Gate) -> str:
    who = f" Who must act: {', '.join(gate.who)}." if gate.who else ""
    said = f"{gate.reason.rstrip('.')}.{who}"
    return f"- {code(gate.name.value)} {prose(gate.state.value)}: {words(said, _TEXT)}"


def _notes(notes: Sequence[str]) -> Iterator[Part]:
    if notes:
        items = tuple(Item(partial(words, each, _TEXT)) for each in notes)
        yield Part(items=items, joiner="\n\n", priority=2)
