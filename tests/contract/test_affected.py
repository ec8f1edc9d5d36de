"""Which connected users a message concerns: the same answers from every platform with users."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.affected import (
    AffectedQuery,
    ConnectedTo,
    HavingOn,
    HoldingSetting,
    LackingScopes,
    SwitchedOnBy,
    WithoutSetting,
)
from reconciler.core.canonical import Json
from reconciler.ports import AffectedUser
from reconciler.testing import integration, operation, removal, user, workflow
from tests.contract.worlds import World, affected_ids, deploy, put_users

DEV = "development"
HUB, SYNC = "hubspot", "sync-contacts"
_numbers = itertools.count()


def on(name: str = SYNC, **fields: Json) -> dict[str, Json]:
    """Return a workflow that a user has on."""
    return {"name": name, "enabled": True} | fields


USERS = (
    user("u-all", HUB, scopes=("read", "write"), settings={"region": "eu"}, workflows=(on(),)),
    user("u-read", HUB, scopes=("read",), workflows=(on(settings={"size": 5}),)),
    user("u-none", HUB, settings={"region": None}),
    user("u-expired", HUB, status="expired", settings={"region": "us"}, workflows=(on(),)),
    user("u-slack", "slack", settings={"region": "us"}, workflows=(on(settings={"size": "5"}),)),
    user("u-off", HUB, workflows=({"name": SYNC, "enabled": False},)),
    user("u-chose", HUB, workflows=(on(enabled=False, disabledBy="user", settings={"size": 7}),)),
    user("u-alone", workflows=(on(),)),
)
CONNECTED = ["u-all", "u-chose", "u-none", "u-off", "u-read"]

CASES: Mapping[str, tuple[AffectedQuery, list[str]]] = {
    "connected": (ConnectedTo(integration=HUB), CONNECTED),
    "connected to another": (ConnectedTo(integration="slack"), ["u-slack"]),
    "connected to what is unknown": (ConnectedTo(integration="jira"), []),
    "no scope asked": (LackingScopes(integration=HUB, scopes=()), []),
    "one scope lacking": (
        LackingScopes(integration=HUB, scopes=("read", "write", "read")),
        ["u-chose", "u-none", "u-off", "u-read"],
    ),
    "new scope": (LackingScopes(integration=HUB, scopes=("delete",)), CONNECTED),
    "without an integration's setting": (
        WithoutSetting(integration=HUB, workflow=None, setting="region"),
        ["u-chose", "u-none", "u-off", "u-read"],
    ),
    "without a workflow's setting": (
        WithoutSetting(integration=HUB, workflow=SYNC, setting="size"),
        ["u-all"],
    ),
    "without a setting of a workflow alone": (
        WithoutSetting(integration=None, workflow=SYNC, setting="size"),
        ["u-all", "u-alone", "u-expired"],
    ),
    "without a setting of nothing": (
        WithoutSetting(integration=None, workflow=None, setting="size"),
        [],
    ),
    "holding any value": (
        HoldingSetting(integration=HUB, workflow=None, setting="region"),
        ["u-all"],
    ),
    "holding any value of a workflow": (
        HoldingSetting(integration=HUB, workflow=SYNC, setting="size"),
        ["u-chose", "u-read"],
    ),
    "holding any value of a workflow alone": (
        HoldingSetting(integration=None, workflow=SYNC, setting="size"),
        ["u-read", "u-slack"],
    ),
    "holding a value of nothing": (
        HoldingSetting(integration=None, workflow=None, setting="size"),
        [],
    ),
    "holding a removed option": (
        HoldingSetting(integration=HUB, workflow=SYNC, setting="size", options=("5", "6")),
        ["u-read"],
    ),
    "holding a value of another type": (
        HoldingSetting(integration=None, workflow=SYNC, setting="size", type="number"),
        ["u-slack"],
    ),
    "holding a value that does not fit either way": (
        HoldingSetting(
            integration=HUB, workflow=SYNC, setting="size", type="boolean", options=("9",)
        ),
        ["u-chose", "u-read"],
    ),
    "having on": (HavingOn(workflow=SYNC, integration=HUB), ["u-all", "u-read"]),
    "having on without integration": (
        HavingOn(workflow=SYNC),
        ["u-all", "u-alone", "u-expired", "u-read", "u-slack"],
    ),
    "switched on": (SwitchedOnBy(workflow=SYNC, integration=HUB), ["u-none", "u-off"]),
    "switched on for the first time": (
        SwitchedOnBy(workflow="new", integration=HUB),
        CONNECTED,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_query_finds_its_users(world: World, case: str) -> None:
    """Only connected users count; each query finds those its docstring names, in order."""
    put_users(world, DEV, *USERS)
    put_users(world, "staging", user("u-other", HUB, workflows=(on(),)))
    query, expected = CASES[case]

    assert affected_ids(world, DEV, query) == expected


@pytest.mark.parametrize("case", CASES)
def test_nobody_is_affected_where_nobody_is(world: World, case: str) -> None:
    """An environment without users answers with none."""
    assert affected_ids(world, DEV, CASES[case][0]) == []


def test_rows_say_what_the_query_was_about(world: World) -> None:
    """Each row names user, integration and workflow, None where the query has none."""
    put_users(world, DEV, *USERS)
    platform = world.platform(DEV)
    by_workflow = list(platform.affected(HavingOn(workflow=SYNC, integration=HUB)))
    by_integration = list(platform.affected(ConnectedTo(integration="slack")))

    assert by_workflow[0] == AffectedUser(user="u-all", integration=HUB, workflow=SYNC)
    assert by_integration == [AffectedUser(user="u-slack", integration="slack", workflow=None)]


def test_a_removed_integration_hides_its_users(world: World) -> None:
    """Connections of a removed integration do not count, and count again when it is back."""
    put_users(world, DEV, *USERS)
    deploy(world, DEV, operation(integration()))
    assert affected_ids(world, DEV, ConnectedTo(integration=HUB)) == CONNECTED
    deploy(world, DEV, removal(integration()))
    for query in (
        ConnectedTo(integration=HUB),
        HavingOn(workflow=SYNC, integration=HUB),
        SwitchedOnBy(workflow=SYNC, integration=HUB),
        HoldingSetting(integration=HUB, workflow=None, setting="region"),
    ):
        assert affected_ids(world, DEV, query) == []
    deploy(world, DEV, operation(integration()))

    assert affected_ids(world, DEV, ConnectedTo(integration=HUB)) == CONNECTED


def test_a_removed_workflow_is_on_for_nobody(world: World) -> None:
    """A removed workflow hides who has it on and their settings; their choices stay."""
    put_users(world, DEV, *USERS)
    deploy(world, DEV, operation(workflow()))
    deploy(world, DEV, removal(workflow()))
    holding = HoldingSetting(integration=HUB, workflow=SYNC, setting="size")

    assert affected_ids(world, DEV, HavingOn(workflow=SYNC)) == []
    assert affected_ids(world, DEV, holding) == []
    switched = SwitchedOnBy(workflow=SYNC, integration=HUB)
    assert affected_ids(world, DEV, switched) == ["u-none", "u-off"]


def test_users_are_replaced_whole(world: World) -> None:
    """Writing a user again leaves nothing of what was known before."""
    put_users(world, DEV, *USERS)
    put_users(world, DEV, user("u-all", "slack"))

    assert "u-all" not in affected_ids(world, DEV, ConnectedTo(integration=HUB))
    assert affected_ids(world, DEV, HavingOn(workflow=SYNC, integration=HUB)) == ["u-read"]


def test_many_users_come_in_order(world: World) -> None:
    """A stream longer than a page misses and repeats nobody."""
    ids = [f"u-{number:05}" for number in range(2500)]
    put_users(world, DEV, *(user(each, HUB) for each in reversed(ids)))

    assert affected_ids(world, DEV, ConnectedTo(integration=HUB)) == ids


def test_somebody_may_write_while_users_are_read(world: World) -> None:
    """A reader of affected users who pauses does not hold up a deploy."""
    put_users(world, DEV, *(user(f"u-{number}", HUB) for number in range(10)))
    stream = world.platform(DEV).affected(ConnectedTo(integration=HUB))
    next(stream)
    deploy(world, DEV, operation(workflow()))

    assert len(list(stream)) == 9


FITTING = [
    ("text", ["", "a", "5"], [5, True, ["a"], {}]),
    ("textarea", ["a\nb"], [5]),
    ("password", ["secret"], [False]),
    ("number", [5, 0, -1.5, 1e300], ["5", "", True, [5]]),
    ("boolean", [True, False], ["true", 1, 0]),
    ("enum", ["a", 5, 1.5, True], [["a"], {"a": 1}]),
    ("fieldMapping", [{}, {"a": "b"}], ["{}", [], 5]),
    (
        "email",
        ["a@b.c", "ä+1@sub.example.com"],
        ["", "a", "@b.c", "a@b", "a@.c", "a@b.", "a@b@c.d"],
    ),
    ("email", ["a@b..c"], ["a b@c.d", "a@b.c\n", "\ta@b.c", 5, ["a@b.c"]]),
    ("url", ["http://a", "HTTPS://a.b/c?d=é#f"], ["", "a.b", "ftp://a", "https://", "http:/a"]),
    ("url", ["https://a_b%"], ["https://a b", "https://a\n", " https://a", "http\u017f://a", 5]),
    ("unheard-of", [], ["a", 5, True, {}, []]),
]


@pytest.mark.parametrize(("type_", "fitting", "unfit"), FITTING)
def test_what_fits_a_type(world: World, type_: str, fitting: list[Json], unfit: list[Json]) -> None:
    """A type takes what is written strictly as one of its values, and nothing near it."""
    values = {f"fits-{n}": value for n, value in enumerate(fitting)}
    values |= {f"unfit-{n}": value for n, value in enumerate(unfit)}
    put_users(world, DEV, *(user(name, HUB, settings={"s": v}) for name, v in values.items()))
    query = HoldingSetting(integration=HUB, workflow=None, setting="s", type=type_)

    assert affected_ids(world, DEV, query) == sorted(f"unfit-{n}" for n in range(len(unfit)))


OPTIONS = ("eu", "5", "1.5", "true", "")


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        ("eu", True),
        ("us", False),
        ("", True),
        (5, True),
        (5.5, False),
        (1.5, True),
        ("1.50", False),
        (True, True),
        (False, False),
        (1, False),
        (["us", "eu"], True),
        (["us", 5], True),
        ([["eu"]], False),
        ([], False),
        ({"eu": "eu"}, False),
    ],
)
def test_what_equals_an_option(world: World, value: Json, holds: bool) -> None:
    """A value holds an option when it, or a member of a list, is written like it."""
    put_users(world, DEV, user("u-1", HUB, settings={"s": value}))
    query = HoldingSetting(integration=HUB, workflow=None, setting="s", options=OPTIONS)

    assert affected_ids(world, DEV, query) == (["u-1"] if holds else [])


names = st.sampled_from(["a", "b"])
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([0, 1, 1.5, 10.0, -0.5, 2**70]),
    st.sampled_from(["a", "1", "1.5", "true", "a@b.c", "http://a", "{}", "ⓐ", "\\u0000", "null"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
    st.lists(st.sampled_from(["a", 1, True, None, ["a"]]), max_size=3),
    st.dictionaries(names, names, max_size=2),
)
connections = st.fixed_dictionaries(
    {"integration": names},
    optional={
        "status": st.sampled_from(["connected", "expired"]),
        "scopes": st.lists(names, max_size=2),
        "settings": st.dictionaries(names, values, max_size=2),
    },
)
choices = st.fixed_dictionaries(
    {"name": names},
    optional={
        "enabled": st.booleans(),
        "disabledBy": st.sampled_from(["user", "operator"]),
        "settings": st.dictionaries(names, values, max_size=2),
    },
)
records = st.fixed_dictionaries(
    {"id": st.sampled_from(["", "u", "U", "ü", "u-1", "u-10"])},
    optional={
        "connections": st.lists(connections, max_size=3),
        "workflows": st.lists(choices, max_size=3),
    },
)
maybe = st.none() | names
options = st.none() | st.lists(values.filter(lambda v: isinstance(v, str)), max_size=3).map(tuple)
types = st.none() | st.sampled_from([*{each[0] for each in FITTING}])
queries = st.one_of(
    st.builds(ConnectedTo, integration=names),
    st.builds(LackingScopes, integration=names, scopes=st.lists(names, max_size=2).map(tuple)),
    st.builds(WithoutSetting, integration=maybe, workflow=maybe, setting=names),
    st.builds(
        HoldingSetting,
        integration=maybe,
        workflow=maybe,
        setting=names,
        options=options,
        type=types,
    ),
    st.builds(HavingOn, workflow=names, integration=maybe),
    st.builds(SwitchedOnBy, workflow=names, integration=names),
)
removed = st.lists(
    st.builds(workflow, names) | st.builds(integration, names), max_size=2, unique_by=str
)


@settings(max_examples=60)
@given(
    st.lists(records, max_size=5),
    removed,
    st.lists(queries, min_size=4, max_size=12),
)
def test_platforms_agree(
    all_worlds: tuple[World, ...],
    users: list[Mapping[str, Json]],
    gone: list[Mapping[str, Json]],
    asked: list[AffectedQuery],
) -> None:
    """SQL and plain Python find the same users in any small world."""
    environment = f"world-{next(_numbers)}"
    answers = []
    for world in all_worlds:
        put_users(world, environment, *users)
        deploy(world, environment, *map(operation, gone))
        deploy(world, environment, *map(removal, gone))
        answers.append([affected_ids(world, environment, query) for query in asked])

    assert all(each == answers[0] for each in answers)
