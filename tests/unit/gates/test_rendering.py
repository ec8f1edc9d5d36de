"""Gates as people and programs see them."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from jsonschema import Draft202012Validator

from reconciler.core.gates.engine import evaluate
from reconciler.core.gates.model import GateFacts, GateState, Proof, Verdict
from reconciler.core.render.gates import (
    closed_text,
    gates_json,
    gates_markdown,
    gates_text,
)
from reconciler.core.render.style import Style
from tests import project
from tests.unit.calendar.making import at
from tests.unit.gates.making import OPEN, approvals, facts, hold, source, span

EVIL = "a\n\x1b[2J ::error::b | @ana <b>"


def held() -> GateFacts:
    """Return facts that soak and wait for an approval."""
    return facts(
        approvals=approvals(qa=None), sources=(source(span("2026-12-01T12:00")),), holds=()
    )


def soaking() -> Verdict:
    """Return what gates answer of them."""
    return evaluate(held(), OPEN)


def test_text_has_every_gate() -> None:
    """Each gate has a mark, state, name and reason; then come the moment and the people."""
    lines = gates_text(soaking()).split("\n")
    heads = [line.split()[:3] for line in lines if line[:1] in "+~x-?" and line]

    assert heads == [
        ["~" if gate.state == "waiting" else "+", gate.state.value, gate.name.value]
        for gate in soaking().gates
    ]
    assert lines[-3:] == [
        "",
        "Earliest: Tue 2026-12-08 12:00 Europe/Berlin",
        "Who must act: quinn@example.com",
    ]


def test_text_says_until_when_and_for_whom() -> None:
    """Below the reason stand the moment and the people, under one another."""
    lines = gates_text(soaking(), Style(width=120)).split("\n")
    below = {line.strip(): line.index(line.strip()) for line in lines if line[:1] == " "}

    assert below["who: quinn@example.com"] == below["until Tue 2026-12-08 12:00 Europe/Berlin"]
    assert lines[0].index("the release tag") == below["who: quinn@example.com"]


def test_text_of_what_can_ship() -> None:
    """Everything open says so."""
    assert gates_text(evaluate(facts(), OPEN)).endswith(
        "\n\nEarliest: Tue 2026-12-08 10:00 Europe/Berlin; every gate is open"
    )


def test_text_of_what_waits_for_people_alone() -> None:
    """Where no gate waits for a time no moment is told: it would be the present one."""
    asked = evaluate(facts(approvals=approvals(qa=None)), OPEN)
    assert "\n\nEarliest: as soon as people have acted; no gate waits" in gates_text(asked)


def test_text_of_what_is_live() -> None:
    """Of a live release the gates are told, and since when it is live instead of a moment."""
    text = gates_text(evaluate(facts(), OPEN), live="2026-12-01T09:30:00+00:00")
    assert text.endswith("\n\nIt is live since 2026-12-01 09:30 UTC.")
    assert "Earliest" not in text


def test_text_of_what_cannot_ship() -> None:
    """Without an earliest moment the reason stands in its place."""
    assert "\nEarliest: none; neither time nor an approval opens not-held\n" in gates_text(
        evaluate(facts(holds=(hold(),)), OPEN)
    )
    unexplained = Verdict(gates=(), open=False)
    assert gates_text(unexplained) == "\nEarliest: none; it cannot ship"


def test_closed_gates_alone() -> None:
    """What holds a promotion is told without the rest; where nothing does only the end."""
    assert [line.split()[2] for line in closed_text(soaking()).split("\n") if line[:1] == "~"] == [
        "qa-approved",
        "soaked",
    ]
    assert closed_text(evaluate(facts(), OPEN)).startswith("Earliest: ")


def test_a_gate_without_a_reason_still_has_a_line() -> None:
    """Name and state are shown whatever a proof says."""
    silent = facts(tag=Proof(state=GateState.UNKNOWN, reason=""))

    assert "? unknown  tag-accepted" in gates_text(evaluate(silent, OPEN))


def test_colours_add_nothing_to_the_text() -> None:
    """With colours the same characters stand there."""
    painted = gates_text(soaking(), Style(colour=True))

    assert "\x1b[33m" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == gates_text(soaking())


def test_foreign_text_is_shown_and_not_obeyed() -> None:
    """Reasons and names of others reach neither the terminal, the build server nor the table."""
    evil = evaluate(facts(holds=(replace(hold(), reason=EVIL, by=EVIL, name=EVIL),)), OPEN)

    for text in (gates_text(evil), gates_markdown(evil)):
        assert "\x1b" not in text
        assert " ::error" not in text
    assert "@ana" not in gates_markdown(evil)
    assert all(
        line.count("|") == 6 for line in gates_markdown(evil).split("\n") if line.startswith("|")
    )


def test_markdown_is_one_table() -> None:
    """Closed gates stand out, and the end follows."""
    lines = gates_markdown(soaking()).split("\n")

    assert lines[:2] == ["| gate | state | reason | until | who |", "|---|---|---|---|---|"]
    assert len(lines) == 2 + 17 + 3
    assert lines[2] == "| tag-accepted | passed | the release tag is accepted |  |  |"
    soaked = next(line for line in lines if line.startswith("| soaked"))
    assert soaked.startswith("| soaked | **waiting** | soaks until Tue 2026-12-08 12:00; ")
    assert soaked.endswith(" | Tue 2026-12-08 12:00 Europe/Berlin |  |")
    assert lines[-1] == "Who must act: quinn@&#8203;example.com"


def test_json_fits_its_schema() -> None:
    """Every key is there and no other, null where nothing is; times have the zone's offset."""
    answer = gates_json(soaking(), held())
    schema = json.loads(project.read("schemas/gates.v1.json"))

    assert list(Draft202012Validator(schema).iter_errors(answer)) == []
    gates = answer.pop("gates")
    assert answer == {
        "formatVersion": "1.0",
        "environment": "production",
        "version": "1.4.0",
        "open": False,
        "earliest": "2026-12-08T12:00:00+01:00",
    }
    assert gates[9] == {
        "name": "qa-approved",
        "state": "waiting",
        "reason": "the approval of qa is missing; "
        "give it with `reconciler release approve production/1.4.0 --role qa --push`",
        "until": None,
        "who": ["quinn@example.com"],
    }
    assert gates[12]["until"] == "2026-12-08T12:00:00+01:00"


def test_json_of_what_cannot_ship() -> None:
    """Without an earliest moment it is null."""
    given = facts(holds=(hold(),))

    assert gates_json(evaluate(given, at("2026-07-01T10:00")), given)["earliest"] is None
