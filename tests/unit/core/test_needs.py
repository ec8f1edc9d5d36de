"""Which secrets an environment's resources need."""

from __future__ import annotations

from reconciler.core import needs
from reconciler.core.model import Entry, Environment, Facts, ResourceKey
from reconciler.testing import app_event, entry, integration, workflow

ENVIRONMENT = Environment(
    name="development",
    app_configuration={
        "hubspot": {"clientId": "1", "clientSecret": "HUBSPOT_SECRET"},
        "slack": {"clientId": "2"},
    },
)
BY_APP = Facts(app_configuration=("clientId", "clientSecret"))


def needed(*entries: Entry) -> dict[str, list[str]]:
    """Return the names of those that need each secret."""
    found = needs.secrets({e.key: e for e in entries}, ENVIRONMENT)
    return {name: [str(key) for key in keys] for name, keys in found.items()}


def test_nothing_needs_nothing() -> None:
    """Resources without secrets need none."""
    assert needed(entry(workflow("a")), entry(app_event("b"))) == {}


def test_each_secret_has_those_that_need_it() -> None:
    """Names and their needers are sorted, whatever order the resources come in."""
    one = entry(workflow("b"), Facts(secrets=("Z_KEY", "A_KEY")))
    two = entry(workflow("a"), Facts(secrets=("Z_KEY",)))

    found = needed(one, two)
    assert found == {"A_KEY": ["Workflow/b"], "Z_KEY": ["Workflow/a", "Workflow/b"]}
    assert list(found) == ["A_KEY", "Z_KEY"]


def test_an_integration_needs_the_secret_of_its_app() -> None:
    """The client secret is a secret under the name that environment.yaml gives it."""
    assert needed(entry(integration("hubspot"), BY_APP)) == {
        "HUBSPOT_SECRET": ["Integration/hubspot"]
    }


def test_an_app_without_a_client_secret_needs_none() -> None:
    """Where environment.yaml names no secret there is none to read."""
    assert needed(entry(integration("slack"), BY_APP)) == {}
    assert needed(entry(integration("unknown"), BY_APP)) == {}


def test_an_integration_that_requires_no_client_secret_needs_none() -> None:
    """A disabled integration, or one of another kind, leaves the secret alone."""
    assert needed(entry(integration("hubspot"), Facts())) == {}


def test_a_workflow_that_reads_the_client_secret_needs_it() -> None:
    """A reference to `app.clientSecret` is one to the secret of the workflow's integration."""
    reading = entry(workflow("a"), Facts(integration="hubspot", app=("clientSecret",)))

    assert needed(reading) == {"HUBSPOT_SECRET": ["Workflow/a"]}


def test_a_workflow_of_an_integration_does_not_need_its_secret() -> None:
    """Belonging to an integration is not reading its secret."""
    assert needed(entry(workflow("a"), Facts(integration="hubspot", app=("clientId",)))) == {}


def test_a_secret_counts_once_for_each_resource() -> None:
    """A resource that needs a secret in two ways stands there once."""
    facts = Facts(app_configuration=("clientSecret",), secrets=("HUBSPOT_SECRET",))
    key = ResourceKey("Integration", "hubspot")
    found = needs.secrets({key: entry(integration("hubspot"), facts)}, ENVIRONMENT)

    assert found == {"HUBSPOT_SECRET": [key]}
