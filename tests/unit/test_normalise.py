"""The one form of a manifest: defaults written out, sets sorted, the rest as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.normalise import normalise


def manifest(kind: str, spec: dict[str, Any], name: str = "thing") -> dict[str, Any]:
    """Return a manifest."""
    return {"apiVersion": "reconciler/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def normal(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    """Return the normalised spec."""
    return normalise(manifest(kind, spec))["spec"]


def test_defaults_of_an_integration() -> None:
    """An integration without anything is called by its name, enabled and without sign-in."""
    assert normal("Integration", {}) == {
        "title": "thing",
        "provider": "thing",
        "enabled": True,
        "auth": {"type": "none"},
        "requiredAppConfiguration": [],
        "userSettings": [],
        "portal": {},
    }


def test_defaults_of_oauth() -> None:
    """OAuth needs a client id and secret; scopes are a set."""
    spec = normal("Integration", {"auth": {"type": "oauth2", "scopes": ["b", "a", "b"]}})
    assert spec["auth"] == {"type": "oauth2", "pkce": False, "scopes": ["a", "b"]}
    assert spec["requiredAppConfiguration"] == ["clientId", "clientSecret"]
    assert normal("Integration", {"auth": {"type": "oauth2"}})["auth"]["scopes"] == []


def test_required_configuration_that_is_given_is_kept() -> None:
    """An empty list says that nothing is needed, also with OAuth."""
    spec = {"auth": {"type": "oauth2"}, "requiredAppConfiguration": []}
    assert normal("Integration", spec)["requiredAppConfiguration"] == []
    spec = {"auth": {"type": "apiKey"}, "requiredAppConfiguration": ["b", "a"]}
    assert normal("Integration", spec)["requiredAppConfiguration"] == ["a", "b"]


def test_other_sign_in_gets_no_oauth_fields() -> None:
    """Defaults of OAuth are not given to other kinds of sign-in."""
    assert normal("Integration", {"auth": {"type": "apiKey"}})["auth"] == {"type": "apiKey"}
    scoped = {"type": "apiKey", "scopes": ["b", "a"]}
    assert normal("Integration", {"auth": scoped})["auth"]["scopes"] == ["a", "b"]


def test_defaults_of_a_workflow() -> None:
    """A workflow is enabled, not by default, visible, and requires nothing."""
    assert normal("Workflow", {"trigger": {"type": "manual"}, "steps": []}) == {
        "title": "thing",
        "enabled": True,
        "enabledByDefault": False,
        "hidden": False,
        "trigger": {"type": "manual"},
        "userSettings": [],
        "requires": {
            "secrets": [],
            "scopes": [],
            "settings": [],
            "workflows": [],
            "credentials": [],
        },
        "steps": [],
    }


def test_schedules_are_in_utc() -> None:
    """A schedule without a time zone is in UTC; other triggers have none."""
    trigger = {"type": "schedule", "cron": "* * * * *"}
    assert normal("Workflow", {"trigger": trigger})["trigger"]["timezone"] == "UTC"
    zoned = {**trigger, "timezone": "Europe/Berlin"}
    assert normal("Workflow", {"trigger": zoned})["trigger"] == zoned


def test_requirements_are_sets() -> None:
    """The order of requirements, and writing one twice, mean nothing."""
    spec = {"trigger": {"type": "manual"}, "requires": {"secrets": ["B", "A", "B"]}}
    assert normal("Workflow", spec)["requires"]["secrets"] == ["A", "B"]


def test_the_order_of_steps_and_settings_is_kept() -> None:
    """Steps and user settings are lists, not sets."""
    names = [{"name": "b", "type": "text"}, {"name": "a", "type": "text"}]
    spec = normal(
        "Workflow", {"trigger": {"type": "manual"}, "steps": names, "userSettings": names}
    )
    assert [step["name"] for step in spec["steps"]] == ["b", "a"]
    assert [setting["name"] for setting in spec["userSettings"]] == ["b", "a"]


def test_defaults_of_user_settings() -> None:
    """A user setting is required and called by its name; options have value and title."""
    options = ["eu", {"value": "us"}, {"value": "x", "title": "X"}]
    [setting] = normal(
        "Integration", {"userSettings": [{"name": "r", "type": "enum", "options": options}]}
    )["userSettings"]
    assert setting == {
        "name": "r",
        "type": "enum",
        "title": "r",
        "required": True,
        "options": [
            {"value": "eu", "title": "eu"},
            {"value": "us", "title": "us"},
            {"value": "x", "title": "X"},
        ],
    }


def test_defaults_of_an_app_event() -> None:
    """An event has a schema: its own, or the one inferred from its example."""
    assert normal("AppEvent", {"schema": {}}) == {
        "title": "thing",
        "deprecated": False,
        "schema": {},
    }
    assert normal("AppEvent", {"example": "x"})["schema"] == {"type": "string"}
    assert normal("AppEvent", {"schema": {}, "example": "x"})["schema"] == {}


def test_defaults_of_environment_and_pipeline() -> None:
    """What the program works with is there; what belongs to later rules is left as it is."""
    assert normal("Environment", {})["mode"] == "editable"
    assert normal("Environment", {"platform": {"type": "n8n"}})["platform"] == {"type": "n8n"}
    assert normal("Pipeline", {"environments": ["a"]})["tagFormat"] == "{environment}/v{version}"


def test_a_definition_is_kept() -> None:
    """The content of a definition file is not looked into."""
    definition = {
        "format": "n8n",
        "file": "a.json",
        "content": {"requires": {"scopes": ["b", "a"]}},
    }
    spec = {"trigger": {"type": "manual"}, "definition": definition}
    assert normal("Workflow", spec)["definition"] == definition


def test_the_argument_is_left_alone() -> None:
    """Normalising returns another manifest."""
    given_ = manifest("Integration", {"auth": {"type": "oauth2", "scopes": ["b", "a"]}})
    normalise(given_)
    assert given_ == manifest("Integration", {"auth": {"type": "oauth2", "scopes": ["b", "a"]}})


@pytest.mark.parametrize("kind", ["Release", "Unknown"])
def test_other_kinds_stay_as_they_are(kind: str) -> None:
    """What has no defaults is returned as it is."""
    assert normalise(manifest(kind, {"a": 1})) == manifest(kind, {"a": 1})


SETS = st.lists(st.sampled_from(["a", "b", "c"]), max_size=4)
SETTINGS = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["x", "y"]), "type": st.just("enum")},
        optional={"options": SETS, "required": st.booleans(), "title": st.text(max_size=3)},
    ),
    max_size=3,
)
SPECS = st.one_of(
    st.tuples(
        st.just("Integration"),
        st.fixed_dictionaries(
            {},
            optional={
                "auth": st.fixed_dictionaries(
                    {"type": st.sampled_from(["oauth2", "none"])}, optional={"scopes": SETS}
                ),
                "userSettings": SETTINGS,
                "requiredAppConfiguration": SETS,
            },
        ),
    ),
    st.tuples(
        st.just("Workflow"),
        st.fixed_dictionaries(
            {"trigger": st.sampled_from([{"type": "manual"}, {"type": "schedule", "cron": "x"}])},
            optional={
                "requires": st.dictionaries(st.sampled_from(["secrets", "scopes"]), SETS),
                "userSettings": SETTINGS,
            },
        ),
    ),
    st.tuples(st.just("AppEvent"), st.fixed_dictionaries({"example": st.lists(st.integers())})),
)


@given(SPECS)
@settings(max_examples=40)
def test_normalising_twice_is_normalising_once(case: tuple[str, dict[str, Any]]) -> None:
    """A normal form is its own normal form."""
    once = normalise(manifest(*case))
    assert normalise(once) == once
