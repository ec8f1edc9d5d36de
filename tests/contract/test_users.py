"""Connected users: kept, hidden with what they belong to, and switched on by default."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.adapters.platforms.builtin.staging import open_staging
from reconciler.core.affected import ConnectedTo, SwitchedOnBy
from reconciler.core.canonical import Json
from reconciler.core.errors import Busy, PlatformError
from reconciler.core.users import normalised
from reconciler.ports import UserStaging
from reconciler.testing import (
    MemoryStaging,
    integration,
    operation,
    removal,
    user,
    workflow,
)
from tests.contract.worlds import World, affected_ids, deploy, put_users

DEV = "development"
HUB, SYNC = "hubspot", "sync-contacts"
HUBSPOT = integration()
OFF = workflow(integration=HUB)
DEFAULT = workflow(integration=HUB, enabledByDefault=True)
BY_DEFAULT = SwitchedOnBy(workflow=SYNC, integration=HUB)
_numbers = itertools.count()


def choice(name: str = SYNC, **fields: Json) -> dict[str, Json]:
    """Return a workflow that a user has, on unless it is said otherwise."""
    return {"name": name, "enabled": True, "settings": {}} | fields


def everyone() -> list[dict[str, Json]]:
    """Return users who differ in what a default means for them."""
    return [
        user("u-chose", HUB, workflows=(choice(enabled=False, disabledBy="user"),)),
        user("u-expired", HUB, status="expired"),
        user("u-new", HUB),
        user("u-off", HUB, workflows=(choice(enabled=False, settings={"size": 5}),)),
        user("u-on", HUB, workflows=(choice(settings={"size": 7}),)),
        user("u-operator", HUB, workflows=(choice(enabled=False, disabledBy="operator"),)),
        user("u-slack", "slack"),
    ]


ON_BY_DEFAULT = ["u-new", "u-off", "u-on", "u-operator"]


def listed(world: World, integration: str | None = None) -> list[dict[str, Json]]:
    """Return every user of development."""
    return [dict(each) for each in world.platform(DEV).users(integration)]


def having_on(world: World, environment: str = DEV, name: str = SYNC) -> list[str]:
    """Return the ids of those who have a workflow on, visible or not."""
    return [
        record["id"]
        for record in world.platform(environment).users()
        if any(each["name"] == name and each["enabled"] for each in record["workflows"])
    ]


# --- kept -----------------------------------------------------------------------------------------


def test_users_are_read_as_they_were_written(world: World) -> None:
    """Every field of a user comes back, with defaults written out, ordered by id."""
    whole = {
        "id": "u-2",
        "metadata": {"plan": "pro", "tags": ["a", None]},
        "connections": [
            {"integration": "slack"},
            {"integration": HUB, "status": "expired", "scopes": ["b", "a"], "settings": {"r": 1}},
        ],
        "workflows": [
            choice("z", enabled=False, disabledBy="user"),
            choice("a", settings={"x": [1]}),
        ],
    }
    put_users(world, DEV, whole, {"id": "u-1"})

    assert listed(world) == [normalised({"id": "u-1"}), normalised(whole)]
    assert list(world.platform("staging").users()) == []


def test_users_of_one_integration(world: World) -> None:
    """Those who have a connection to an integration are listed, whatever its status."""
    put_users(world, DEV, *everyone(), user("u-both", HUB) | {"metadata": {"a": 1}})
    ids = [record["id"] for record in listed(world, HUB)]

    assert ids == ["u-both", "u-chose", "u-expired", "u-new", "u-off", "u-on", "u-operator"]
    assert listed(world, "jira") == []


def test_many_users_are_listed_in_order(world: World) -> None:
    """A list longer than a page misses and repeats nobody, and keeps each with their own."""
    ids = [f"u-{number:04}" for number in range(1300)]
    put_users(world, DEV, *(user(each, HUB, scopes=(each,)) for each in reversed(ids)))
    found = [(each["id"], each["connections"][0]["scopes"]) for each in listed(world)]

    assert found == [(each, [each]) for each in ids]


def test_writing_a_user_again_leaves_others(world: World) -> None:
    """A user is replaced whole; nobody else is touched."""
    put_users(world, DEV, *everyone())
    put_users(world, DEV, {"id": "u-on"})
    found = {record["id"]: record for record in listed(world)}

    assert found["u-on"] == normalised({"id": "u-on"})
    assert len(found) == len(everyone())


def test_users_are_no_part_of_what_runs(world: World) -> None:
    """Neither writing users nor switching something on for them changes what is observed."""
    deploy(world, DEV, operation(HUBSPOT))
    before = world.platform(DEV).observe()
    put_users(world, DEV, *everyone())
    assert world.platform(DEV).observe() == before
    deploy(world, DEV, operation(DEFAULT))

    assert len(world.platform(DEV).observe().digests) == 2


def test_users_are_written_or_not_at_all(world: World) -> None:
    """When the transaction fails, users and what a deployment did to them are as before."""
    put_users(world, DEV, *everyone())
    before = listed(world)
    platform = world.platform(DEV)

    def fail() -> None:
        with world.store.transaction() as unit:
            platform.put_users(unit, [user("u-0", HUB)])
            platform.deploy(unit, [operation(HUBSPOT), operation(DEFAULT)], "0")
            raise Busy

    with pytest.raises(Busy):
        fail()
    assert listed(world) == before


# --- hidden ---------------------------------------------------------------------------------------


def test_a_removed_integration_takes_its_connections_along(world: World) -> None:
    """Connections and choices are hidden at once, and back as they were with the same name."""
    put_users(world, DEV, *everyone())
    deploy(world, DEV, operation(HUBSPOT), operation(OFF))
    before = listed(world)
    deploy(world, DEV, removal(OFF), removal(HUBSPOT))
    hidden = listed(world)
    assert [each["connections"] for each in hidden if each["id"] != "u-slack"] == [[]] * 6
    assert [each["workflows"] for each in hidden] == [[]] * 7
    assert listed(world, HUB) == []
    deploy(world, DEV, operation(HUBSPOT), operation(OFF))

    assert listed(world) == before


def test_what_is_hidden_is_not_replaced(world: World) -> None:
    """Importing users while an integration is removed does not lose their connections to it."""
    put_users(world, DEV, *everyone())
    deploy(world, DEV, operation(HUBSPOT), operation(OFF))
    deploy(world, DEV, removal(OFF), removal(HUBSPOT))
    put_users(world, DEV, user("u-on", "slack") | {"metadata": {"again": True}})
    deploy(world, DEV, operation(HUBSPOT), operation(OFF))
    found = {record["id"]: record for record in listed(world)}["u-on"]

    assert [each["integration"] for each in found["connections"]] == [HUB, "slack"]
    assert found["workflows"] == [choice(settings={"size": 7})]
    assert found["metadata"] == {"again": True}


def test_what_is_hidden_is_replaced_when_it_is_named(world: World) -> None:
    """A record that names a hidden integration or workflow replaces it, and nothing stays of it."""
    old = user("u-1", HUB, scopes=("a",), settings={"x": 1}, workflows=(choice(settings={"y": 1}),))
    put_users(world, DEV, old)
    deploy(world, DEV, operation(HUBSPOT), operation(OFF))
    deploy(world, DEV, removal(OFF), removal(HUBSPOT))
    new = user("u-1", HUB, scopes=("b",), workflows=(choice(enabled=False),))
    put_users(world, DEV, new)
    deploy(world, DEV, operation(HUBSPOT), operation(OFF))

    assert listed(world) == [normalised(new)]


# --- on by default --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "before",
    [None, OFF, workflow(integration=HUB, enabledByDefault=True, enabled=False)],
    ids=["added", "changed", "enabled"],
)
def test_a_default_switches_on_for_the_connected(
    world: World, before: Mapping[str, Json] | None
) -> None:
    """A workflow that comes to be on by default is on for who is connected and did not say no."""
    put_users(world, DEV, *everyone())
    put_users(world, "staging", *everyone())
    deploy(world, DEV, operation(HUBSPOT), *([operation(before)] if before else []))
    counted = affected_ids(world, DEV, BY_DEFAULT)
    deploy(world, DEV, operation(DEFAULT, expected=before))

    assert having_on(world) == ON_BY_DEFAULT
    assert counted == ["u-new", "u-off", "u-operator"]
    assert affected_ids(world, DEV, BY_DEFAULT) == []
    assert having_on(world, "staging") == ["u-on"]


def test_what_a_default_switches_on_keeps_its_settings(world: World) -> None:
    """Who had settings for a workflow keeps them, and nobody is said to have switched it off."""
    put_users(world, DEV, *everyone())
    deploy(world, DEV, operation(DEFAULT))
    found = {each["id"]: each["workflows"] for each in listed(world)}

    assert found["u-off"] == [choice(settings={"size": 5})]
    assert found["u-operator"] == [choice()]
    assert found["u-chose"] == [choice(enabled=False, disabledBy="user")]


def test_a_default_that_stays_switches_nothing_on(world: World) -> None:
    """Deploying a workflow again that was on by default leaves those alone who came since."""
    deploy(world, DEV, operation(DEFAULT))
    put_users(world, DEV, *everyone())
    deploy(world, DEV, operation(DEFAULT | {"metadata": {"name": SYNC, "labels": {}}}))

    assert having_on(world) == ["u-on"]


def test_healing_a_default_switches_nothing_on(world: World) -> None:
    """A default that was taken away by hand and is put back is not a new one."""
    deploy(world, DEV, operation(DEFAULT))
    put_users(world, DEV, *everyone())
    world.edit(DEV, OFF)
    deploy(world, DEV, operation(DEFAULT, expected=OFF))

    assert having_on(world) == ["u-on"]


def test_a_default_that_ends_switches_nothing_off(world: World) -> None:
    """Who has a workflow on keeps it when it is no longer on by default; then it may come again."""
    put_users(world, DEV, user("u-1", HUB))
    deploy(world, DEV, operation(DEFAULT))
    deploy(world, DEV, operation(OFF, expected=DEFAULT))
    put_users(world, DEV, user("u-2", HUB))
    assert having_on(world) == ["u-1"]
    deploy(world, DEV, operation(DEFAULT, expected=OFF))

    assert having_on(world) == ["u-1", "u-2"]


def test_a_default_that_comes_back_respects_earlier_choices(world: World) -> None:
    """Integration and workflow deployed again together: who said no before has said no."""
    put_users(world, DEV, *everyone())
    deploy(world, DEV, operation(HUBSPOT), operation(DEFAULT))
    deploy(world, DEV, removal(DEFAULT), removal(HUBSPOT))
    assert having_on(world) == []
    deploy(world, DEV, operation(HUBSPOT), operation(DEFAULT))

    assert having_on(world) == ON_BY_DEFAULT


@pytest.mark.parametrize(
    "content",
    [
        workflow(enabledByDefault=True),
        workflow(integration="slack", enabledByDefault=True),
        workflow(integration=HUB, enabledByDefault=True, enabled=False),
        OFF,
    ],
    ids=["of no integration", "of another", "disabled", "not by default"],
)
def test_who_is_not_reached_by_a_default(world: World, content: Mapping[str, Json]) -> None:
    """Nothing is switched on for users of hubspot by what is not theirs, or not on."""
    put_users(world, DEV, *(each for each in everyone() if each["id"] != "u-slack"))
    deploy(world, DEV, operation(content))

    assert having_on(world) == ["u-on"]


def test_many_defaults_at_once(world: World) -> None:
    """Each workflow of a deployment reaches the users of its own integration."""
    put_users(world, DEV, user("u-hub", HUB), user("u-slack", "slack"))
    names = [f"w-{number:03}" for number in range(120)]
    contents = [
        workflow(name, integration=HUB if number % 2 else "slack", enabledByDefault=True)
        for number, name in enumerate(names)
    ]
    deploy(world, DEV, *map(operation, contents))
    found = {each["id"]: [w["name"] for w in each["workflows"]] for each in listed(world)}

    assert found == {"u-hub": names[1::2], "u-slack": names[::2]}


# --- both agree -----------------------------------------------------------------------------------

names = st.sampled_from(["a", "b"])
records = st.fixed_dictionaries(
    {"id": st.sampled_from(["u", "U", "ü"])},
    optional={
        "metadata": st.dictionaries(names, st.none() | st.integers(), max_size=1),
        "connections": st.lists(
            st.fixed_dictionaries(
                {"integration": names},
                optional={
                    "status": st.sampled_from(["connected", "expired"]),
                    "scopes": st.lists(names, max_size=2),
                    "settings": st.dictionaries(names, st.booleans(), max_size=1),
                },
            ),
            max_size=2,
        ),
        "workflows": st.lists(
            st.fixed_dictionaries(
                {"name": names, "enabled": st.booleans()},
                optional={
                    "disabledBy": st.sampled_from(["user", "operator"]),
                    "settings": st.dictionaries(names, st.booleans(), max_size=1),
                },
            ),
            max_size=2,
        ),
    },
)
flows = st.builds(
    lambda name, owner, default, enabled: workflow(
        name, integration=owner, enabledByDefault=default, enabled=enabled
    ),
    names,
    names,
    st.booleans(),
    st.booleans(),
)
contents = flows | st.builds(integration, names)
steps = st.lists(
    st.tuples(st.just("put"), records)
    | st.tuples(st.sampled_from(["write", "remove", "edit"]), contents),
    max_size=8,
)


def take(world: World, environment: str, step: tuple[str, Mapping[str, Json]]) -> None:
    """Do one thing to an environment."""
    what, content = step
    if what == "put":
        put_users(world, environment, content)
    elif what == "edit":
        world.edit(environment, content)
    else:
        deploy(world, environment, operation(content) if what == "write" else removal(content))


@settings(max_examples=60)
@given(steps)
def test_platforms_keep_the_same_users(
    all_worlds: tuple[World, ...], taken: list[tuple[str, Mapping[str, Json]]]
) -> None:
    """Whatever is written, removed, edited and imported, both know the same of their users."""
    environment = f"world-{next(_numbers)}"
    answers = []
    for world in all_worlds:
        for step in taken:
            take(world, environment, step)
        platform = world.platform(environment)
        answers.append(
            (
                [dict(each) for each in platform.users()],
                [dict(each) for each in platform.users("a")],
                affected_ids(world, environment, ConnectedTo(integration="a")),
            )
        )

    assert all(each == answers[0] for each in answers)


# --- waiting --------------------------------------------------------------------------------------


@contextmanager
def in_memory() -> Iterator[UserStaging]:
    """Open a staging in memory."""
    yield MemoryStaging()


@pytest.fixture(params=[in_memory, open_staging], ids=["memory", "file"])
def staging(
    request: pytest.FixtureRequest,
) -> Iterator[UserStaging]:
    """Return an empty staging, one of each kind."""
    opened: Callable[[], AbstractContextManager[UserStaging]] = request.param
    with opened() as found:
        yield found


def test_users_wait_in_order(staging: UserStaging) -> None:
    """Records come out as they went in, ordered by id."""
    there = [{"id": "ü-2", "metadata": {"n": 1.5}}, {"id": "u-1"}]

    assert [staging.add(line, each["id"], each) for line, each in enumerate(there)] == [None, None]
    assert list(staging.records()) == [*reversed(there)]


def test_a_user_waits_once(staging: UserStaging) -> None:
    """An id that came before is answered with its line, also when it came without a record."""
    assert staging.add(3, "u-1", None) is None
    assert staging.add(4, "u-2", {"id": "u-2"}) is None
    assert [staging.add(5, each, {"id": each}) for each in ("u-1", "u-2", "U-1")] == [3, 4, None]

    assert [each["id"] for each in staging.records()] == ["U-1", "u-2"]


def test_a_nul_in_a_users_value_is_refused(world: World) -> None:
    """Databases cannot compare NUL inside JSON, so such a value never gets in."""
    user = {"id": "u-1", "metadata": {"name": "a\x00b"}}
    harmless = {"id": "u-2", "metadata": {"name": "a\\u0000b"}}
    with world.store.transaction() as unit:
        world.platform(DEV).put_users(unit, [harmless])

    with pytest.raises(PlatformError), world.store.transaction() as unit:
        world.platform(DEV).put_users(unit, [user])
