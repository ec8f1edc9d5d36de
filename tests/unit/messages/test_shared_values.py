"""EnvironmentValueShared: what two environments should each have for themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.core.messages.bound import looks_bound
from reconciler.core.messages.review import Message, Severity
from reconciler.core.model import Environment, Mode, ResourceKey

Find = Callable[..., list[Message]]

CODE = "EnvironmentValueShared"


def environment(name: str, mode: Mode = Mode.RELEASE_ONLY, **parts: Any) -> Environment:
    """Return a release-only environment, or another when told so."""
    return Environment(name=name, mode=mode, **parts)


def shared(find: Find, here: Environment, *others: Environment) -> list[Message]:
    """Return what is told of an environment beside others."""
    return find(CODE, {}, {}, environment=here, others=(here, *others))


def app(client_id: str, **more: str) -> dict[str, Any]:
    """Return the configuration of one app."""
    return {"hubspot": {"clientId": client_id, "clientSecret": "HUBSPOT_SECRET", **more}}


def test_an_equal_client_id_is_a_warning(find: Find) -> None:
    """One app for two environments is told once, naming every environment that shares it."""
    parts = {"app_configuration": app("4d0f")}
    here, *others = (environment(name, **parts) for name in ("staging", "production", "demo"))

    (message,) = shared(find, here, *others)

    assert message.severity is Severity.WARNING
    assert message.subject == ResourceKey("Integration", "hubspot")
    assert "staging, demo and production share the client id of hubspot" in message.text
    assert "4d0f" not in message.text + message.action
    assert message.from_git


@pytest.mark.parametrize(
    ("source", "is_shared"),
    [
        ({"from": "env", "name": "KEY"}, True),
        ({"from": "file", "path": "/run/key"}, True),
        ({"from": "vault", "path": "kv/key"}, True),
        ({"from": "store"}, False),
    ],
)
def test_an_equal_secret_source_is_a_warning(
    source: dict[str, Any], is_shared: bool, find: Find
) -> None:
    """Two secrets from one place are one secret; the store has values for each environment."""
    here = environment("staging", secrets={"API_KEY": source})
    other = environment("production", secrets={"OTHER_KEY": dict(source)})

    messages = shared(find, here, other)

    assert len(messages) == is_shared
    for message in messages:
        assert message.severity is Severity.WARNING
        assert message.subject == ResourceKey("Secret", "API_KEY")
        assert "staging and production share the source of secret API_KEY" in message.text


def test_an_equal_address_is_an_info(find: Find) -> None:
    """A value that looks bound to one environment is told by its name, never by its text."""
    values = {"crm": {"url": "https://staging.example.com"}, "limit": 5, "region": "eu"}
    here = environment("staging", values=values)

    (message,) = shared(find, here, environment("production", values=values))

    assert message.severity is Severity.INFO
    assert message.subject == ResourceKey("Environment", "staging")
    assert message.pointer == "/spec/values/crm/url"
    assert "share the value crm.url" in message.text
    assert "https://staging" not in message.text + message.action


def test_other_app_configuration_counts_like_a_value(find: Find) -> None:
    """Beside the client id only what looks bound is told; a secret's name is no value."""
    more = {"redirectUrl": "https://example.com/back", "edition": "pro"}
    here = environment("staging", app_configuration=app("1", **more))
    other = environment("production", app_configuration=app("2", **more))

    (message,) = shared(find, here, other)

    assert message.severity is Severity.INFO
    assert "the app configuration redirectUrl of hubspot" in message.text


@pytest.mark.parametrize(
    ("mode", "other_mode", "is_shared"),
    [
        (Mode.EDITABLE, Mode.EDITABLE, False),
        (Mode.EDITABLE, Mode.RELEASE_ONLY, True),
        (Mode.RELEASE_ONLY, Mode.EDITABLE, True),
        (Mode.RELEASE_ONLY, Mode.RELEASE_ONLY, True),
    ],
)
def test_editable_environments_share_on_purpose(
    mode: Mode, other_mode: Mode, is_shared: bool, find: Find
) -> None:
    """Something is told only where at least one of two environments is release-only."""
    here = environment("here", mode, app_configuration=app("1"))
    other = environment("other", other_mode, app_configuration=app("1"), listed=False)

    assert len(shared(find, here, other)) == is_shared


def test_different_values_and_names_are_no_message(find: Find) -> None:
    """What differs, is empty, or has another name is not shared."""
    here = environment(
        "staging",
        values={"url": "https://a.test", "list": ["https://x.test"]},
        app_configuration=app("1") | {"slack": {"clientId": ""}},
        secrets={"KEY": {"from": "env", "name": "STAGING_KEY"}},
    )
    other = environment(
        "production",
        values={"url": "https://b.test", "other": "https://a.test", "list": []},
        app_configuration=app("2") | {"slack": {"clientId": ""}},
        secrets={"KEY": {"from": "env", "name": "PRODUCTION_KEY"}},
    )

    assert shared(find, here, other) == []


def test_the_fingerprint_holds_the_thing_and_who_shares_it(find: Find) -> None:
    """An acknowledgement covers this client id and these environments only."""

    def told(client_id: str, *names: str, **more: Any) -> str:
        parts = {"app_configuration": app(client_id)}
        others = [environment(name, **parts, **more) for name in names]
        return shared(find, environment("staging", **parts), *others)[0].fingerprint

    assert told("1", "production") == told("1", "production", values={"a": 1})
    assert len({told("1", "production"), told("2", "production"), told("1", "b", "c")}) == 3


@pytest.mark.parametrize(
    "value",
    [
        "https://api.example.com/v1",
        "postgresql://db/app",
        "crm.example.com",
        "shop.example.co.uk",
        "db.local:5432",
        "localhost:8080",
        "ops@example.com",
        "3b241101-e2bb-4255-8caf-4136c566a962",
        "912839123",
        "C024BE91LX",
        "acct_1032D82eZvKYlo2C",
    ],
)
def test_addresses_and_ids_look_bound(value: str) -> None:
    """URLs, hosts, e-mail addresses, UUIDs and ids belong to one environment."""
    assert looks_bound(value)


@pytest.mark.parametrize(
    "value",
    [
        *("", "eu", "eu-central-1", "v1", "v59.0", "1.4.0", "2026-01-06", "20260106", "12345"),
        *("index.js", "crm.objects.contacts.read", "Europe/Berlin", "*/15 * * * *", "1.5"),
        *("hello world", "oauth2", "sha256", "some-long-name-with-dashes", "beta2", "a@b"),
        *(None, True, 123456789, 1.5, "https://" + "x" * 3000),
    ],
)
def test_words_versions_and_dates_do_not(value: Any) -> None:
    """Ordinary words, versions, dates, regions, scopes and numbers are nobody's own."""
    assert not looks_bound(value)
