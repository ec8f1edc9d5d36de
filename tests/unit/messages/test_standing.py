"""Messages about what is missing in an environment, whether anything changed or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from reconciler.core.messages.review import Message, Severity
from reconciler.core.model import Environment, Mode, RemovalBudget, ResourceKey

Specs = Mapping[str, Mapping[str, Any]]
Find = Callable[..., list[Message]]

OAUTH = {"auth": {"type": "oauth2", "scopes": []}}
HUBSPOT = {"Integration/hubspot": OAUTH}


def needing(*names: str, secret: str = "API_KEY") -> Specs:
    """Return workflows that require a secret."""
    spec = {"trigger": {"type": "manual"}, "steps": [], "requires": {"secrets": [secret]}}
    return {f"Workflow/{name}": spec for name in names}


def staging(**parts: Any) -> Environment:
    """Return the environment under review."""
    return Environment(name="staging", **parts)


# --- app configuration --------------------------------------------------------------------------

APP = "IntegrationNeedsAppConfiguration"


def test_an_integration_without_its_app_is_told_though_nothing_changed(find: Find) -> None:
    """What is missing is named, with the YAML to add, as long as it is missing."""
    (message,) = find(APP, HUBSPOT, HUBSPOT, environment=staging())

    assert (message.severity, message.subject) == (
        Severity.WARNING,
        ResourceKey("Integration", "hubspot"),
    )
    assert "connect hubspot in staging" in message.text
    assert "lacks clientId and clientSecret" in message.text
    assert "environments/staging/environment.yaml" in message.action
    assert "`hubspot: {clientId: …, clientSecret: HUBSPOT_CLIENT_SECRET}`" in message.action
    assert message.from_git
    assert message.pointer == "/spec/requiredAppConfiguration"


@pytest.mark.parametrize(
    ("after", "given"),
    [
        (HUBSPOT, {"hubspot": {"clientId": "1", "clientSecret": "S"}}),
        ({"Integration/hubspot": {**OAUTH, "enabled": False}}, {}),
        ({"Integration/hubspot": {"auth": {"type": "apiKey"}}}, {}),
        ({"Integration/hubspot": {**OAUTH, "requiredAppConfiguration": []}}, {}),
    ],
)
def test_a_configured_or_unneeded_app_is_no_message(
    after: Specs, given: dict[str, Any], find: Find
) -> None:
    """An integration that is disabled, configured or needs no keys raises nothing."""
    assert find(APP, {}, after, environment=staging(app_configuration=given)) == []


def test_only_missing_keys_are_named_and_fingerprinted(find: Find) -> None:
    """Giving one of two keys is another state of affairs; an empty text is still missing."""
    partly = staging(app_configuration={"hubspot": {"clientId": "", "clientSecret": "S"}})

    (both,) = find(APP, {}, HUBSPOT, environment=staging())
    (one,) = find(APP, {}, HUBSPOT, environment=partly)
    (same,) = find(APP, HUBSPOT, HUBSPOT | needing("a"), environment=staging(values={"x": 1}))

    assert "lacks clientId." in one.text
    assert "secret" not in one.action
    assert one.fingerprint != both.fingerprint
    assert same.fingerprint == both.fingerprint


# --- secrets ------------------------------------------------------------------------------------

SECRET = "EnvironmentSecretMissing"


def test_an_undeclared_secret_names_who_needs_it_and_what_to_do(find: Find) -> None:
    """A name that environment.yaml lacks is known from git, with a hint and two steps."""
    environment = staging(secrets={"API_KEYS": {"from": "store"}})

    (message,) = find(SECRET, {}, needing("a", "b"), environment=environment)

    assert message.subject == ResourceKey("Secret", "API_KEY")
    assert message.text == (
        "The secret API_KEY is not declared in environments/staging/environment.yaml "
        '(did you mean "API_KEYS"?). Workflow a and workflow b need it: '
        "until it is there they do not work for any user."
    )
    assert "`API_KEY: {from: store}`" in message.action
    assert "`reconciler secret set API_KEY --environment staging`" in message.action
    assert message.from_git


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"from": "store"}, "`reconciler secret set API_KEY --environment staging`"),
        ({"from": "env", "name": "THE_KEY"}, "environment variable THE_KEY"),
        ({"from": "file", "path": "/run/key"}, "file /run/key"),
        ({"from": "vault", "path": "kv/key"}, "kv/key a value in vault"),
    ],
)
def test_a_declared_secret_without_value_is_told_with_its_source(
    source: dict[str, Any], words: str, find: Find
) -> None:
    """What to do follows from the source, and the message stays out of the plan digest."""
    environment = staging(secrets={"API_KEY": source})
    present = {"API_KEY": False}

    (message,) = find(SECRET, {}, needing("a"), environment=environment, secrets_present=present)

    assert "API_KEY has no value in staging" in message.text
    assert "Workflow a needs it: until it is there it does not work" in message.text
    assert words in message.action
    assert not message.from_git
    assert message.pointer == "/spec/secrets/API_KEY"


@pytest.mark.parametrize("present", [None, {}, {"API_KEY": True}, {"OTHER": False}])
def test_what_is_there_or_not_known_is_no_message(
    present: dict[str, bool] | None, find: Find
) -> None:
    """A declared secret is missing only where it was looked for and not found."""
    environment = staging(secrets={"API_KEY": {"from": "store"}})

    after = needing("a")
    assert find(SECRET, {}, after, environment=environment, secrets_present=present) == []


def test_a_secret_that_nothing_needs_is_no_message(find: Find) -> None:
    """A declared secret without a value matters only to those who need it."""
    environment = staging(secrets={"API_KEY": {"from": "store"}})
    present = {"API_KEY": False}

    assert find(SECRET, {}, {}, environment=environment, secrets_present=present) == []


def test_each_missing_secret_is_one_message_with_the_first_five_that_need_it(find: Find) -> None:
    """Many workflows make one message, cut after five."""
    after = needing(*"abcdefgh") | needing("z", secret="OTHER")

    other, message = sorted(find(SECRET, {}, after), key=lambda found: "API_KEY" in found.text)

    assert "Workflow a, workflow b, workflow c, workflow d, workflow e and 3 more need" in (
        message.text
    )
    assert "OTHER" in other.text


@pytest.mark.parametrize("secrets", [{}, {"HUBSPOT": {"from": "store"}}])
def test_the_client_secret_of_an_app_is_needed_by_its_integration(
    secrets: dict[str, Any], find: Find
) -> None:
    """The secret that appConfiguration names is missing like any other."""
    configured = {"hubspot": {"clientId": "1", "clientSecret": "HUBSPOT"}}
    environment = staging(app_configuration=configured, secrets=secrets)
    present = {"HUBSPOT": False}

    (message,) = find(SECRET, {}, HUBSPOT, environment=environment, secrets_present=present)

    assert message.subject.name == "HUBSPOT"
    assert "Integration hubspot needs it" in message.text
    assert find(SECRET, {}, {}, environment=environment, secrets_present=present) == []


def test_a_client_secret_used_by_a_workflow_is_needed_by_it_too(find: Find) -> None:
    """`${{ app.clientSecret }}` in a workflow needs the secret behind it."""
    key = {"key": "${{ app.clientSecret }}"}
    trigger = {"type": "webhook", "subscription": {"subscribe": key, "unsubscribe": {}}}
    user = {"Workflow/a": {"integration": "hubspot", "trigger": trigger, "steps": []}}
    configured = {"hubspot": {"clientId": "1", "clientSecret": "HUBSPOT"}}

    (message,) = find(SECRET, {}, user, environment=staging(app_configuration=configured))

    assert "Workflow a needs it" in message.text


def test_an_acknowledged_secret_covers_only_who_needs_it_now(find: Find) -> None:
    """The fingerprint changes with who needs it and how it is missing, and with nothing else."""
    declared = staging(secrets={"API_KEY": {"from": "store"}})
    empty = {"environment": declared, "secrets_present": {"API_KEY": False}}

    (first,) = find(SECRET, {}, needing("a"))
    (again,) = find(SECRET, needing("a"), needing("a") | HUBSPOT)
    (wider,) = find(SECRET, {}, needing("a", "b"))
    (valueless,) = find(SECRET, {}, needing("a"), **empty)

    assert again.fingerprint == first.fingerprint
    assert len({first.fingerprint, wider.fingerprint, valueless.fingerprint}) == 3


# --- the removal budget -------------------------------------------------------------------------

BUDGET = "RemovalBudgetExceeded"


def flows(count: int) -> Specs:
    """Return so many workflows."""
    return needing(*(f"w{number:02}" for number in range(count)))


def test_too_many_removals_need_a_persons_word(find: Find) -> None:
    """Numbers, names and the command are told when both parts of the budget are exceeded."""
    (message,) = find(BUDGET, flows(12), flows(6))

    assert message.severity is Severity.WARNING
    assert message.subject == ResourceKey("Environment", "staging")
    assert "6 of 12 resources would be removed from staging" in message.text
    assert "at most 3 may be (the larger of 3 and 20 %)" in message.text
    assert "workflow w06" in message.text
    assert "and 1 more" in message.text
    assert "`reconciler apply --environment staging --allow-removals`" in message.action
    assert message.affected is None


def test_a_release_is_acknowledged_instead(find: Find) -> None:
    """A release-only environment has no `apply`, so the way is an acknowledgement."""
    environment = staging(mode=Mode.RELEASE_ONLY)

    (message,) = find(BUDGET, flows(12), flows(6), environment=environment)

    expected = "release acknowledge RELEASE RemovalBudgetExceeded Environment/staging --reason"
    assert expected in message.action
    assert "--allow-removals" not in message.action


@pytest.mark.parametrize(
    ("existing", "staying", "budget"),
    [
        (12, 9, RemovalBudget()),
        (30, 24, RemovalBudget()),
        (4, 0, RemovalBudget(count=4)),
        (0, 5, RemovalBudget(count=0, percent=0)),
    ],
)
def test_within_either_part_of_the_budget_is_no_message(
    existing: int, staying: int, budget: RemovalBudget, find: Find
) -> None:
    """The budget is exceeded only above both the count and the share."""
    environment = staging(removal_budget=budget)

    assert find(BUDGET, flows(existing), flows(staying), environment=environment) == []


def test_a_word_for_some_removals_is_none_for_others(find: Find) -> None:
    """The fingerprint holds the removed resources, not what stays."""
    every = flows(12)
    first = {key: every[key] for key in sorted(every)[:6]}
    last = {key: every[key] for key in sorted(every)[6:]}

    (one,) = find(BUDGET, every, first)
    (other,) = find(BUDGET, every, last)
    (same,) = find(BUDGET, every, first | HUBSPOT)

    assert one.fingerprint == same.fingerprint
    assert one.fingerprint != other.fingerprint
