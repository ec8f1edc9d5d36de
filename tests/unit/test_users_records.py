"""What a record of a user may say, and how it is written down."""

from __future__ import annotations

import pytest

from reconciler.core.canonical import Json
from reconciler.core.users import (
    Known,
    Offer,
    is_on_by_default,
    known,
    normalised,
    offer,
    problems,
)
from reconciler.testing import integration, workflow

KNOWN = known(
    "staging",
    [
        Offer(kind="Integration", name="hubspot", settings=("region", "portal")),
        Offer(kind="Integration", name="slack"),
        Offer(kind="Workflow", name="sync", settings=("size",), integration="hubspot"),
        Offer(kind="Workflow", name="report"),
    ],
)


def about(**fields: Json) -> list[str]:
    """Return what is wrong with a user who has an id and these fields."""
    return list(problems({"id": "u-1", **fields}, KNOWN))


def connected(**fields: Json) -> list[str]:
    """Return what is wrong with a connection to hubspot."""
    return about(connections=[{"integration": "hubspot", **fields}])


def having(**fields: Json) -> list[str]:
    """Return what is wrong with a user's workflow sync."""
    return about(workflows=[{"name": "sync", **fields}])


def test_a_whole_record_is_right() -> None:
    """Every field that the design names may be there."""
    assert (
        about(
            metadata={"plan": "pro"},
            connections=[
                {
                    "integration": "hubspot",
                    "status": "connected",
                    "scopes": ["contacts.read", "https://a.example/auth"],
                    "settings": {"region": "eu"},
                },
                {"integration": "slack"},
            ],
            workflows=[
                {"name": "sync", "enabled": False, "disabledBy": "user", "settings": {"size": 5}},
                {"name": "report"},
            ],
        )
        == []
    )


def test_what_is_null_is_left_out() -> None:
    """What may be left out may be null too, and means the same."""
    record = {"id": "u-1", "metadata": None, "connections": None, "workflows": None}
    empty = dict.fromkeys(("status", "scopes", "settings"))
    assert about(**record) == []
    assert connected(**empty) == having(enabled=None, disabledBy=None, settings=None) == []

    assert normalised(record) == normalised({"id": "u-1"})
    assert (
        normalised({"id": "u-1", "connections": [{"integration": "slack", **empty}]})["connections"]
        == normalised({"id": "u-1", "connections": [{"integration": "slack"}]})["connections"]
    )


@pytest.mark.parametrize("value", [None, [], "u-1", 5, True])
def test_a_user_is_an_object(value: Json) -> None:
    """Nothing but an object is a user."""
    assert list(problems(value, KNOWN)) == ['a user is one JSON object, such as {"id": "u-1"}']


@pytest.mark.parametrize("user", ["u", " a b ", "ü-1", "=1+1", "x" * 255, "用户", "1"])
def test_ids_are_any_text_that_can_be_seen(user: str) -> None:
    """An id belongs to the application: up to 255 visible characters of any kind."""
    assert about(id=user) == []


@pytest.mark.parametrize(
    ("user", "text"),
    [
        (None, "a user needs an id, which is a text"),
        (17, "the id is not a text"),
        (["u"], "the id is not a text"),
        ("", "the id is empty"),
        ("  ", "the id is empty"),
        ("x" * 256, "the id is longer than 255 characters"),
        ("a\tb", 'the id "a\\tb" has characters that cannot be seen'),
        ("a\u202eb", 'the id "a\\u202eb" has characters that cannot be seen'),
        ("a\u200bb", 'the id "a\\u200bb" has characters that cannot be seen'),
        ("a\n", 'the id "a\\n" has characters that cannot be seen'),
    ],
)
def test_ids_that_are_refused(user: Json, text: str) -> None:
    """What cannot be seen, or is no text, is no id."""
    assert about(id=user) == [text]


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (about(conections=[]), 'a user has no "conections" (did you mean "connections"?); it has '),
        (about(metadata=[1]), "metadata is a JSON object"),
        (about(connections={}), "connections is a list"),
        (about(workflows="sync"), "workflows is a list"),
        (about(connections=["hubspot"]), 'each of connections is a JSON object with "integration"'),
        (about(workflows=[{"enabled": True}]), 'each of workflows is a JSON object with "name"'),
        (about(workflows=[{"name": 5}]), 'each of workflows is a JSON object with "name"'),
        (
            about(connections=[{"integration": "hubspt"}]),
            'staging has no integration "hubspt" (did you mean "hubspot"?)',
        ),
        (
            about(workflows=[{"name": "synk"}]),
            'staging has no workflow "synk" (did you mean "sync"?)',
        ),
        (
            about(connections=[{"integration": "slack"}] * 2),
            'connections names "slack" twice',
        ),
        (about(workflows=[{"name": "sync"}] * 2), 'workflows names "sync" twice'),
        (connected(scope=[]), 'a connection has no "scope" (did you mean "scopes"?); it has'),
        (connected(status="Connected"), '"hubspot": status is "Connected"; write connected'),
        (connected(status="not ok"), '"hubspot": status is one word, such as connected or expired'),
        (connected(status=5), '"hubspot": status is one word, such as connected or expired'),
        (connected(scopes="read"), '"hubspot": scopes is a list of texts'),
        (connected(scopes=["a b"]), '"hubspot": each scope is a text without spaces'),
        (connected(scopes=[""]), '"hubspot": each scope is a text without spaces'),
        (connected(scopes=[5]), '"hubspot": each scope is a text without spaces'),
        (connected(scopes=["x" * 1025]), '"hubspot": each scope is a text without spaces'),
        (connected(settings=[]), '"hubspot": settings is a JSON object'),
        (
            connected(settings={"regoin": "eu"}),
            '"hubspot" has no user setting "regoin" (did you mean "region"?)',
        ),
        (having(on=True), 'a workflow has no "on"'),
        (having(enabled="true"), '"sync": enabled is true or false'),
        (having(enabled=1), '"sync": enabled is true or false'),
        (having(enabled=False, disabledBy="the user"), '"sync": disabledBy is one word'),
        (having(disabledBy="user"), '"sync": disabledBy says who switched it off; enabled must'),
        (
            having(enabled=True, disabledBy="user"),
            '"sync": disabledBy says who switched it off; enabled must be false then',
        ),
        (having(settings={"region": 1}), '"sync" has no user setting "region"'),
    ],
)
def test_what_is_wrong_is_told(found: list[str], text: str) -> None:
    """Each thing that is wrong is one sentence, with what was meant where it can be guessed."""
    [only] = found
    assert only.startswith(text)


def test_everything_wrong_is_told_at_once() -> None:
    """Reading does not stop at the first thing that is wrong."""
    found = about(
        id="",
        connections=[{"integration": "slak"}, {"integration": "hubspot", "settings": {"x": 1}}],
        workflows=[{"name": "sync", "enabled": 5}],
    )

    assert len(found) == 4


def test_settings_of_what_is_unknown_are_not_looked_at() -> None:
    """An unknown integration is told once, not again for each of its settings."""
    found = about(connections=[{"integration": "jira", "settings": {"a": 1, "b": 2}}])

    assert found == ['staging has no integration "jira"']


def test_any_status_is_a_word() -> None:
    """Platforms have words of their own for connections that do not work."""
    for status in ("expired", "revoked", "needs_reauth", "ERROR", "disconnected"):
        assert connected(status=status) == []


def test_a_record_is_normalised() -> None:
    """Defaults are written out, scopes are a sorted set, lists go by name."""
    record = {
        "id": "u-1",
        "connections": [
            {"integration": "slack"},
            {"integration": "hubspot", "scopes": ["b", "a", "b"], "status": "expired"},
        ],
        "workflows": [
            {"name": "sync", "enabled": False, "disabledBy": "user"},
            {"name": "report", "settings": {"x": None}},
        ],
    }

    assert normalised(record) == {
        "id": "u-1",
        "metadata": {},
        "connections": [
            {"integration": "hubspot", "status": "expired", "scopes": ["a", "b"], "settings": {}},
            {"integration": "slack", "status": "connected", "scopes": [], "settings": {}},
        ],
        "workflows": [
            {"name": "report", "enabled": True, "settings": {"x": None}},
            {"name": "sync", "enabled": False, "disabledBy": "user", "settings": {}},
        ],
    }
    assert normalised(normalised(record)) == normalised(record)


# --- what is known --------------------------------------------------------------------------------


def test_all_that_any_offer_names_is_known() -> None:
    """Git and platform may differ: a setting that only one of them has is known too."""
    found = known(
        "dev",
        [
            Offer(kind="Workflow", name="sync", settings=("a",), integration="hubspot"),
            Offer(kind="Workflow", name="sync", settings=("b",), integration="slack"),
            Offer(kind="Integration", name="hubspot"),
        ],
    )

    assert found == Known(
        "dev",
        {"hubspot": frozenset()},
        {"sync": frozenset("ab")},
        {"sync": frozenset({"hubspot", "slack"})},
    )


def test_contents_offer_their_settings() -> None:
    """Settings and integration are read from the content of what runs."""
    content = workflow("sync", integration="hubspot", userSettings=[{"name": "size"}])

    assert offer(content) == Offer(
        kind="Workflow", name="sync", settings=("size",), integration="hubspot"
    )
    assert offer(integration("slack")) == Offer(kind="Integration", name="slack")


@pytest.mark.parametrize(
    "content",
    [
        {"unreadable": "it is not JSON"},
        {"kind": "Workflow", "metadata": [], "spec": {}},
        {"kind": "Workflow", "metadata": {"name": "a"}, "spec": None},
    ],
)
def test_contents_that_a_hand_wrote_offer_nothing(content: dict[str, Json]) -> None:
    """What cannot be understood offers nothing, and is no error."""
    assert offer(content) is None


def test_settings_that_a_hand_wrote() -> None:
    """Of strange settings what can be understood is taken."""
    content = workflow("sync", integration=5, userSettings=["x", {"name": "size"}, {}])
    found = offer(content)

    assert found == Offer(kind="Workflow", name="sync", settings=("size", "None"))


@pytest.mark.parametrize(
    ("spec", "on"),
    [
        ({"enabledByDefault": True}, True),
        ({"enabledByDefault": True, "enabled": True}, True),
        ({"enabledByDefault": True, "enabled": False}, False),
        ({"enabled": True}, False),
        ({}, False),
    ],
)
def test_what_is_on_by_default(spec: dict[str, Json], on: bool) -> None:
    """On by default is what is enabled and says so."""
    assert is_on_by_default({"spec": spec}) is on
