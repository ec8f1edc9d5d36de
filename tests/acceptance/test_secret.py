"""Secrets: in through standard input or a terminal, out to nobody, given at the next apply."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest

from tests.acceptance.program import Run, Shop
from tests.acceptance.terminal import on_a_terminal

pytestmark = pytest.mark.both_stores

CANARY = "kanarienvogel-7f3a\u00e9\U0001f426-end"
OTHER = "zaunkoenig-19cc-end"


def in_files(folder: Path, secret: str) -> list[str]:
    """Return the files below a folder that hold a secret in any of the usual forms."""
    forms = [secret.encode(code) for code in ("utf-8", "utf-16-le", "utf-32-le")]
    forms += [ascii(secret)[1:-1].encode(), secret.encode().hex().encode()]
    found = [path for path in folder.rglob("*") if path.is_file()]
    assert found
    return [str(path) for path in found if any(form in path.read_bytes() for form in forms)]


def told(run: Run) -> list[str]:
    """Return the lines of an answer with the columns apart by one space."""
    return [re.sub(r" +", " ", line) for line in run.out.splitlines()]


def test_a_secret_goes_in_and_never_comes_out(deployed: Shop) -> None:
    """Set, listed, applied and in history, a value stands in no output and no file in clear."""
    secret = ("secret", "set", "-e", "development", "SLACK_SECRET")
    runs = [deployed.run(*secret, stdin=CANARY + "\n")]
    runs.append(deployed.run("reconcile", SHOP_SIGNING_KEY=OTHER))
    runs.append(deployed.run("secret", "check", "-e", "development", SHOP_SIGNING_KEY=OTHER))
    runs.append(deployed.run("history", "--details"))
    runs.append(deployed.run("-vv", "--log-format", "json", "plan", "--format", "json"))

    assert runs[0].out.startswith("Stored SLACK_SECRET for development.")
    assert "secrets given or changed: SIGNING_KEY, SLACK_SECRET" in runs[1].out
    assert [run for run in runs for value in (CANARY, OTHER) if value in run.all] == []
    assert in_files(deployed.root, CANARY) == []
    assert in_files(deployed.root, OTHER) == []


def test_a_changed_secret_is_given_out_once(deployed: Shop) -> None:
    """Another value is a change that reconcile applies, the same value is none."""
    environ = {"SHOP_SIGNING_KEY": CANARY}
    first = deployed.run("reconcile", "-e", "development", **environ)
    second = deployed.run("reconcile", "-e", "development", **environ)
    third = deployed.run("reconcile", "-e", "development", SHOP_SIGNING_KEY=OTHER)
    gone = deployed.run("reconcile", "-e", "development")

    changed = "secrets given or changed: SIGNING_KEY"
    assert [changed in run.out for run in (first, second, third, gone)] == [True, False, True, True]
    assert "converged, nothing to do" in second.out
    assert [run for run in (first, second, third, gone) if CANARY in run.all] == []


def test_check_says_what_is_missing(deployed: Shop) -> None:
    """Check exits with 3 while a needed secret has no value, and with 0 when all have one."""
    missing = deployed.run("secret", "check", "-e", "development", code=3)
    for name in ("SLACK_SECRET",):
        deployed.run("secret", "set", "-e", "development", name, stdin=CANARY)
    given = deployed.run("secret", "check", "-e", "development", SHOP_SIGNING_KEY=OTHER)
    deployed.run("secret", "delete", "-e", "development", "SLACK_SECRET")
    again = deployed.run("secret", "list", "-e", "development", "--format", "json").json

    assert told(missing) == [
        "SIGNING_KEY env has no value; needed by Workflow/verify",
        "SLACK_SECRET store has no value; needed by Integration/slack",
    ]
    assert "SLACK_SECRET store has a value; needed by Integration/slack" in told(given)
    assert again["secrets"][1] == {
        "name": "SLACK_SECRET",
        "source": "store",
        "present": False,
        "neededBy": ["Integration/slack"],
    }


@pytest.mark.embedded_store
def test_the_key_is_for_its_owner_alone(deployed: Shop) -> None:
    """Key, store and their folders are closed to others, whatever the umask."""
    before = os.umask(0)
    try:
        deployed.run("secret", "set", "-e", "development", "SLACK_SECRET", stdin=CANARY)
    finally:
        os.umask(before)

    (key,) = (deployed.state / "keys").iterdir()
    assert key.name == "development"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE((deployed.state / "keys").stat().st_mode) == 0o700
    assert stat.S_IMODE(deployed.store.stat().st_mode) == 0o600


def test_a_terminal_asks_without_echo(deployed: Shop) -> None:
    """On a terminal the value is asked for and what is typed does not appear."""
    arguments = ("secret", "set", "-e", "development", "SLACK_SECRET")
    code, screen = on_a_terminal(deployed, *arguments, expects="not shown", answer=OTHER)

    assert code == 0
    assert "Stored SLACK_SECRET for development." in screen
    assert OTHER not in screen
    assert in_files(deployed.root, OTHER) == []


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SLACK_SECRT", "x", 'did you mean "SLACK_SECRET"'),
        ("SIGNING_KEY", "x", "comes from env, not from the store"),
        ("SLACK_SECRET", "", "No value was given for SLACK_SECRET"),
        ("SLACK_SECRET", "\n", "No value was given for SLACK_SECRET"),
        ("SLACK_SECRET", "x" * 70_000, "longer than 64 KiB"),
    ],
)
def test_what_cannot_be_meant_stores_nothing(
    deployed_once: Shop, name: str, value: str, sentence: str
) -> None:
    """A misspelt name, one from elsewhere, no value or a giant one is wrong usage."""
    before = deployed_once.store.read_bytes()

    refused = deployed_once.run("secret", "set", "-e", "development", name, code=64, stdin=value)

    assert sentence in refused.err
    assert "nothing was stored" in refused.err
    assert deployed_once.store.read_bytes() == before


def test_a_value_on_the_command_line_is_refused(deployed_once: Shop) -> None:
    """There is no argument that takes a value, and the refusal does not repeat it."""
    arguments = ("secret", "set", "-e", "development", "SLACK_SECRET", OTHER)

    refused = deployed_once.run(*arguments, code=64)

    assert OTHER not in refused.all
