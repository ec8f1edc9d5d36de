"""What a manifest says of others, without reading it again."""

from __future__ import annotations

from typing import Any

from reconciler.core.facts import facts
from reconciler.core.model import Facts
from reconciler.core.normalise import normalise


def of(kind: str, spec: dict[str, Any]) -> Facts:
    """Return the facts of a manifest."""
    return facts(normalise({"kind": kind, "metadata": {"name": "thing"}, "spec": spec}))


def workflow(**spec: Any) -> Facts:
    """Return the facts of a workflow."""
    return of("Workflow", {"trigger": {"type": "manual"}, **spec})


def step(text: str) -> list[dict[str, Any]]:
    """Return steps that hold a text."""
    return [{"name": "a", "type": "request", "with": {"x": text}}]


def test_a_plain_workflow_says_nothing() -> None:
    """A workflow that names nothing has no facts."""
    assert workflow(steps=[]) == Facts()


def test_integration_and_workflows() -> None:
    """A workflow tells its integration and the workflows that it requires."""
    found = workflow(integration="hubspot", requires={"workflows": ["b", "a"]})
    assert found == Facts(integration="hubspot", workflows=("a", "b"))


def test_the_event_of_a_trigger() -> None:
    """The event counts for a workflow that starts from one."""
    assert workflow(trigger={"type": "appEvent", "event": "e"}).event == "e"
    assert workflow(trigger={"type": "manual", "event": "e"}).event is None


def test_secrets_are_required_or_referenced() -> None:
    """Required and referenced secrets are one sorted list; the required are told apart."""
    found = workflow(
        requires={"secrets": ["Z", "B"]}, steps=step("${{ secrets.A }}${{ secrets.B }}")
    )
    assert found.secrets == ("A", "B", "Z")
    assert found.declared_secrets == ("B", "Z")


def test_settings_are_offered_or_needed() -> None:
    """Settings of its own are offered; required and referenced ones are needed."""
    found = workflow(
        userSettings=[{"name": "own", "type": "text"}],
        requires={"settings": ["region"]},
        steps=step("${{ settings.folder.id }}"),
    )
    assert found.settings == ("own",)
    assert found.needs_settings == ("folder", "region")


def test_values_and_app_configuration() -> None:
    """Paths behind values and app are told once, sorted."""
    found = workflow(
        steps=step("${{ values.b.c }}${{ values.a }}${{ values.a }}${{ app.clientId }}")
    )
    assert found.values == ("a", "b.c")
    assert found.app == ("clientId",)


def test_the_definition_file() -> None:
    """A definition is told by its format and file."""
    assert workflow(definition={"format": "n8n", "file": "d/a.json"}).definition == "n8n:d/a.json"


def test_an_integration() -> None:
    """An integration tells its settings, what it refers to and what it needs of the environment."""
    auth = {"type": "oauth2", "tokenUrl": "${{ values.login }}/${{ app.tenant }}"}
    found = of("Integration", {"auth": auth, "userSettings": [{"name": "r", "type": "text"}]})
    assert found == Facts(
        settings=("r",),
        values=("login",),
        app=("tenant",),
        app_configuration=("clientId", "clientSecret"),
    )


def test_a_disabled_integration_needs_no_configuration() -> None:
    """What is disabled works without app configuration."""
    assert of("Integration", {"enabled": False, "auth": {"type": "oauth2"}}).app_configuration == ()


def test_other_kinds_say_nothing() -> None:
    """An app event refers to nothing."""
    assert of("AppEvent", {"schema": {"x": "${{ secrets.A }}"}}) == Facts()
