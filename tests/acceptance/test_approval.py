"""Who may say yes: nothing is applied without a person's word or an explicit option."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.manifests import workflow
from tests.acceptance.program import Shop
from tests.acceptance.terminal import on_a_terminal

pytestmark = pytest.mark.both_stores


@pytest.fixture
def changed(deployed: Shop) -> Shop:
    """Return a deployed shop with a workflow added."""
    deployed.commit({"workflows/thanks.yaml": workflow("thanks")})
    return deployed


def test_without_a_terminal_nothing_is_applied(changed: Shop) -> None:
    """Where nobody can be asked apply shows the plan, changes nothing and names the option."""
    before = changed.store.read_bytes()

    refused = changed.run("apply", "-e", "development", code=1, stdin="yes\n")

    assert refused.last == "Plan: 1 to add, 0 to modify, 0 to remove."
    assert "Nothing was applied: there is no terminal to ask for a confirmation." in refused.err
    assert "Pass --auto-approve to apply without asking." in refused.err
    assert changed.store.read_bytes() == before


@pytest.mark.parametrize("answer", ["", "y"])
def test_anything_but_yes_applies_nothing(changed: Shop, answer: str) -> None:
    """On a terminal an answer that is not the whole word leaves everything as it is."""
    before = changed.store.read_bytes()

    code, screen = on_a_terminal(
        changed, "apply", "-e", "development", expects="Answer", answer=answer
    )

    assert code == 1
    assert "Only the word yes applies." in screen
    assert "Nothing was applied." in screen
    assert changed.store.read_bytes() == before


def test_the_word_yes_applies(changed: Shop) -> None:
    """On a terminal the plan is coloured, and the word yes applies what was shown."""
    code, screen = on_a_terminal(
        changed, "apply", "-e", "development", expects="Answer", answer="yes"
    )

    assert code == 0
    assert "\x1b[" in screen
    assert "Applied: 1 added, 0 modified, 0 removed." in screen
    assert "thanks" in changed.running()


def test_a_plan_that_only_drifted_is_asked_for_too(deployed: Shop) -> None:
    """Overwriting what somebody changed on the platform needs a word as well."""
    deployed.retitle("slack", "Mine")

    assert "there is no terminal" in deployed.run("apply", "-e", "development", code=1).err
    healed = deployed.run("apply", "-e", "development", "--auto-approve", "--format", "json").json

    assert healed["applied"] == {"add": 0, "modify": 1, "remove": 0}
    assert json.dumps(healed["plans"][0]["changes"]) == "[]"
    assert deployed.running()["slack"] == "Slack"
