"""Events for operators: structured, masked, one line each, on stderr."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from reconciler import telemetry

CANARY = "c4nary-value"


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return what was written to stderr, and check that stdout is for answers."""
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.splitlines()


def events(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """Return the events that were written as JSON."""
    return [json.loads(line) for line in lines(capsys)]


@pytest.mark.parametrize(
    ("verbosity", "written"),
    [
        (0, ["warning", "error"]),
        (1, ["info", "warning", "error"]),
        (2, ["debug", "info", "warning", "error"]),
    ],
)
def test_the_level_is_chosen(
    capsys: pytest.CaptureFixture[str], verbosity: int, written: list[str]
) -> None:
    """Warnings are written always, informations and details when asked for."""
    telemetry.configure(log_format="json", verbosity=verbosity)
    for level in ("debug", "info", "warning", "error"):
        getattr(telemetry.log(), level)("plan_made")

    assert [event["level"] for event in events(capsys)] == written


def test_an_event_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON events have their name, level, time and values, with JSON's types."""
    telemetry.configure(log_format="json")
    telemetry.log().warning("plan_made", changes=3, environment="staging", names=("a",), none=None)

    (event,) = events(capsys)
    assert event.pop("timestamp")
    assert event == {
        "event": "plan_made",
        "level": "warning",
        "changes": 3,
        "environment": "staging",
        "names": ["a"],
        "none": None,
    }


def test_an_event_is_one_line_of_text(capsys: pytest.CaptureFixture[str]) -> None:
    """For people an event is one line with its name and values, without colour."""
    telemetry.log().warning("plan_made", changes=3, environment="staging")

    (line,) = lines(capsys)
    assert "plan_made" in line
    assert "changes=3 environment=staging" in line
    assert "\x1b" not in line


def test_colour_is_for_terminals(capsys: pytest.CaptureFixture[str]) -> None:
    """Colour is written only when it was chosen."""
    telemetry.configure(colour=True)
    telemetry.log().warning("plan_made")

    assert "\x1b[" in lines(capsys)[0]


def test_bound_values_are_in_every_event(capsys: pytest.CaptureFixture[str]) -> None:
    """What is bound is added inside the block only; inner values win."""
    telemetry.configure(log_format="json")
    with telemetry.bound(environment="staging", deployment="d-1"):
        with telemetry.bound(deployment="d-2"):
            telemetry.log().warning("step_finished", step="apply")
        telemetry.log().warning("deployment_finished")
    telemetry.log().warning("run_finished")

    inner, outer, outside = events(capsys)
    assert (inner["environment"], inner["deployment"], inner["step"]) == ("staging", "d-2", "apply")
    assert (outer["environment"], outer["deployment"]) == ("staging", "d-1")
    assert "environment" not in outside


class Holder:
    """An object whose text holds a secret."""

    def __str__(self) -> str:
        """Return the secret."""
        return f"holder of {CANARY}"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_secrets_never_reach_the_log(capsys: pytest.CaptureFixture[str], log_format: str) -> None:
    """Names, values, nested values, other objects, exceptions and bound values are masked."""
    telemetry.configure(log_format=log_format)
    telemetry.redact([CANARY])
    with telemetry.bound(actor=f"x {CANARY}"):
        telemetry.log().error(
            f"step_failed_{CANARY}",
            plain=CANARY,
            nested={"a": [CANARY, {CANARY: 1}]},
            other=Holder(),
            data=CANARY.encode(),
            exc_info=ValueError(f"request with {CANARY} failed"),
        )

    written = "\n".join(lines(capsys))
    assert CANARY not in written
    assert "ValueError: request with *** failed" in written
    assert "holder of ***" in written


def test_a_traceback_cannot_forge_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """In text each line of a traceback is marked; in JSON it is a value like others."""
    for log_format in ("text", "json"):
        telemetry.configure(log_format=log_format)
        error = ValueError("a\n2026-01-01 [error] forged\x1b[31m")
        telemetry.log().error("step_failed", exc_info=error)

    first, *marked, last = lines(capsys)
    assert "step_failed" in first
    assert marked
    assert all(line.startswith("  | ") and "\x1b" not in line for line in marked)
    assert "forged\\x1b[31m" in json.loads(last)["exception"]


def test_credentials_in_urls_are_masked_unasked(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody has to tell of a password in a URL."""
    telemetry.log().warning("store_opened", url="postgresql://u:c4nary@db/x")

    assert "postgresql://***@db/x" in lines(capsys)[0]


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_value_cannot_forge_a_line(capsys: pytest.CaptureFixture[str], log_format: str) -> None:
    """Line ends, terminal sequences and bidirectional marks in values are written out."""
    telemetry.configure(log_format=log_format)
    telemetry.log().warning("plan_made", name="a\r\nb\x1b[31m\u2028\u202e\x9b")

    (line,) = lines(capsys)
    assert not set("\x1b\u2028\u202e\x9b") & set(line)
    assert "\\u202e" in line


def test_a_huge_value_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    """A log is no place for a whole file."""
    telemetry.log().warning("plan_made", content="x" * 10_000_000)

    assert len(lines(capsys)[0]) < 10_000


class ClosedStream:
    """A stream that nobody reads any more."""

    def write(self, _: str) -> int:
        """Fail as a closed pipe does."""
        raise BrokenPipeError

    def flush(self) -> None:
        """Do nothing."""


def test_a_log_that_cannot_be_written_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed stderr never fails a command."""
    monkeypatch.setattr(sys, "stderr", ClosedStream())

    telemetry.log().warning("plan_made")


def test_forgetting_forgets_options_and_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    """After `forget` everything is as in a new process."""
    telemetry.configure(log_format="json", verbosity=2, colour=True)
    telemetry.redact([CANARY])
    telemetry.forget()

    telemetry.log().info("plan_made")
    assert lines(capsys) == []
    assert telemetry.redactor().text(CANARY) == CANARY


def test_structlog_is_loaded_by_the_first_event_only() -> None:
    """Importing, configuring and events below the level cost no import of structlog."""
    script = (
        "import sys; from reconciler import telemetry; telemetry.configure(log_format='json');"
        "telemetry.redact(['x']); telemetry.log().info('plan_made');"
        "before = 'structlog' in sys.modules;"
        "telemetry.log().warning('plan_made'); print(before, 'structlog' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert answer.stdout == "False True\n"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_value_gives_no_command_to_a_build_server(
    capsys: pytest.CaptureFixture[str], log_format: str
) -> None:
    """What a runner looks for anywhere in a line does not stand there; JSON gives it back."""
    telemetry.configure(log_format=log_format)
    text = "a ##[group]b ##vso[task.x]c"
    telemetry.log().warning(
        "plan_made", text=text, exc_info=ValueError(f"::error::x\n::y::\n{text}")
    )

    written = lines(capsys)
    assert not [line for line in written if "##[" in line or "##vso[" in line]
    assert not [line for line in written if line.lstrip().startswith("::")]
    if log_format == "json":
        assert json.loads(written[0])["text"] == text
