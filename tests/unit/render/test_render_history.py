"""Deployments as a table and in detail."""

from __future__ import annotations

from reconciler.core.render import text
from tests.unit.render import build


def test_no_deployments() -> None:
    """An empty history is said in words."""
    assert text.history([]) == "No deployments yet."


def test_the_live_deployment_is_marked() -> None:
    """Exactly the live deployment carries the marker."""
    table = text.history([build.deployment(live=False), build.deployment(version="1.4.0")])
    head, first, second = table.split("\n")
    assert "PHASE" in head
    assert not first.startswith("Live")
    assert second.startswith("Live  ")


def test_history_columns_are_aligned() -> None:
    """Wide characters take two columns, so that what follows stays aligned."""
    rows = text.history([build.deployment(actor="山田"), build.deployment(actor="abcd")])
    lines = rows.split("\n")
    assert [line.index("+1") for line in lines[1:]] == [lines[0].index("CHANGES")] * 2


def test_details_show_steps_and_log() -> None:
    """The details of a deployment hold its steps, their reasons and their log."""
    details = text.deployment(build.deployment())
    assert "  verify  failed\n      Workflow/sync-deals is not there." in details
    assert "      │ created Workflow/sync-deals" in details


def test_details_show_messages() -> None:
    """The messages kept with a deployment are shown."""
    message = {
        "severity": "error",
        "code": "DeploymentFailed",
        "subject": {"kind": "Workflow", "name": "a"},
        "text": "It could not be written.",
    }
    details = text.deployment(build.deployment(messages=(message,)))
    assert "  error DeploymentFailed: Workflow/a\n      It could not be written." in details


def test_history_with_details() -> None:
    """With details every deployment is told in full, in the order given."""
    both = text.history([build.deployment(id="b"), build.deployment(id="a")], details=True)
    assert both.index("Deployment b of") < both.index("Deployment a of")
    assert both.count("Steps") == 2
