"""A database on a server: who waits for whom, what is tried again, and what errors say."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from reconciler.adapters.platforms.builtin import BuiltinPlatform
from reconciler.adapters.sql import database as database_module
from reconciler.adapters.sql.database import Database, SchemaState, SqlUnit
from reconciler.adapters.sql.dialect import postgresql_connecting
from reconciler.adapters.store import SqlStore
from reconciler.core.errors import (
    OutcomeUnknown,
    ReconcilerError,
    StoreError,
    StoreTooNew,
    StoreTooOld,
    UsageError,
)
from reconciler.core.model import Applied
from reconciler.testing import deployment, operation, workflow
from tests import postgres
from tests.contract.worlds import PostgresqlWorld, execute_by_hand
from tests.proxies import Drop, Proxy, proxy_to

PATIENCE = 0.5
INSERT = "INSERT INTO applied_state VALUES ('{}', 'sha', 'd')"
COUNT = "SELECT count(*) FROM applied_state"


@pytest.fixture
def database(postgresql_world: PostgresqlWorld) -> Database:
    """Return a database that is set up."""
    return postgresql_world.database


@pytest.fixture
def empty() -> Iterator[Database]:
    """Return a database without any table."""
    with postgres.fresh_database(empty=True) as url:
        database = Database.from_url(url, busy_timeout=10)
        yield database
        database.close()


@pytest.fixture
def proxy(postgresql_world: PostgresqlWorld) -> Iterator[Proxy]:
    """Return a proxy in front of the server."""
    with proxy_to(postgres.shared_server().port) as proxy:
        yield proxy


@pytest.fixture
def behind(postgresql_world: PostgresqlWorld, proxy: Proxy) -> Iterator[Database]:
    """Return the database as it is reached through the proxy."""
    port = postgres.shared_server().port
    url = postgresql_world.url.replace(f":{port}/", f":{proxy.port}/")
    database = Database.from_url(url, busy_timeout=PATIENCE)
    yield database
    database.close()


def insert(unit: SqlUnit, name: str = "one") -> None:
    """Write a row."""
    unit.connection.exec_driver_sql(INSERT.format(name))


def count(database: Database) -> int:
    """Return how many rows were committed, as somebody else sees it."""
    ((found,),) = execute_by_hand(database, COUNT)
    return int(found)


def end_connections(database: Database) -> None:
    """End the connections of the program, as an administrator would."""
    execute_by_hand(
        database,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'reconciler'",
    )


# --- what is created ----------------------------------------------------------------------------


def test_reading_creates_nothing(empty: Database) -> None:
    """Readers of a database without tables see an empty store, and make none."""
    store = SqlStore(empty)

    assert store.applied("development") == Applied()
    assert store.deployments() == []
    assert BuiltinPlatform(empty, "development").observe().digests == {}
    assert empty.schema_state() is SchemaState.MISSING
    assert execute_by_hand(empty, "SELECT * FROM pg_tables WHERE schemaname = 'public'") == []


def test_two_first_writers_set_up_one_store(empty: Database) -> None:
    """Those who begin together on an empty database all succeed."""
    names = ("one", "two", "three", "four")
    with ThreadPoolExecutor(len(names)) as together:
        list(together.map(lambda name: SqlStore(empty).begin(deployment(name, name)), names))

    assert {each.id for each in SqlStore(empty).deployments()} == set(names)


def test_names_compare_byte_by_byte(database: Database) -> None:
    """Whatever the server's language, every text sorts as it does in a file."""
    others = execute_by_hand(
        database,
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND data_type IN ('text', 'character varying')"
        " AND collation_name IS DISTINCT FROM 'C' AND table_name <> 'alembic_version'",
    )

    assert others == []


# --- transactions -------------------------------------------------------------------------------


def test_a_reader_cannot_write(database: Database) -> None:
    """A transaction for reading refuses every statement that writes."""
    with pytest.raises(StoreError, match="cannot be written"), database.reading() as connection:
        connection.exec_driver_sql("DELETE FROM deployments")


def test_a_reader_sees_one_moment(database: Database) -> None:
    """What is committed while somebody reads is not seen by him."""
    with database.reading() as connection:
        before = connection.exec_driver_sql(COUNT).scalar()
        with database.writing() as unit:
            insert(unit)
        after = connection.exec_driver_sql(COUNT).scalar()

    assert (before, after, count(database)) == (0, 0, 1)


def test_writers_take_turns(database: Database) -> None:
    """Each of many writers sees what the one before it wrote, and none fails."""

    def count_and_insert(number: int) -> int:
        with database.writing() as unit:
            seen = unit.connection.exec_driver_sql(COUNT).scalar_one()
            insert(unit, f"w-{number}")
        return int(seen)

    patient = Database(database.backend)
    with ThreadPoolExecutor(8) as together:
        seen = list(together.map(count_and_insert, range(24)))

    assert sorted(seen) == list(range(24))
    assert count(patient) == 24


def test_a_writer_that_waited_too_long_says_so(database: Database) -> None:
    """When the patience is over the answer is one sentence with the next step."""

    def write() -> None:
        SqlStore(database).begin(deployment())

    with database.writing() as unit, ThreadPoolExecutor(1) as other:
        insert(unit)
        with pytest.raises(StoreError, match="is locked by another process") as refused:
            other.submit(write).result()

    assert refused.value.hint
    assert SqlStore(database).deployments() == []
    assert count(database) == 1


def test_a_fork_has_connections_of_its_own(database: Database) -> None:
    """A child process neither uses nor closes the connection of its parent."""
    with database.writing() as unit:
        insert(unit)
        child = os.fork()
        if child == 0:
            with database.reading() as connection:
                seen = connection.exec_driver_sql(COUNT).scalar_one()
            os._exit(10 + seen)
        _, status = os.waitpid(child, 0)
        insert(unit, "two")

    assert os.waitstatus_to_exitcode(status) == 10
    assert count(database) == 2


def test_a_guard_is_asked_before_anything_is_written(database: Database) -> None:
    """What a guard raises reaches the caller unchanged, and nothing is written."""

    def refuse(_: object) -> None:
        raise UsageError("No.")

    with pytest.raises(UsageError, match="No"), database.guarded(refuse).writing() as unit:
        insert(unit)

    assert count(database) == 0


def test_a_long_transaction_asks_its_guard_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who lost the lock while a transaction was open does not commit it."""
    monkeypatch.setattr(database_module, "GUARDED_AGAIN", 0.0)
    asked: list[int] = []

    def guard(_: object) -> None:
        asked.append(1)
        if len(asked) == 2:
            raise UsageError("Lost.")

    with pytest.raises(UsageError, match="Lost"), database.guarded(guard).writing() as unit:
        insert(unit)

    assert count(database) == 0


# --- tried again --------------------------------------------------------------------------------


def test_a_write_that_gave_way_is_done_again(database: Database) -> None:
    """A row that a hand changed in between is read again, and not overwritten unseen."""
    execute_by_hand(database, INSERT.format("one"))
    tries: list[str] = []

    def append(unit: SqlUnit) -> None:
        query = "SELECT content_digest FROM applied_state"
        tries.append(unit.connection.exec_driver_sql(query).scalar_one())
        if len(tries) == 1:
            execute_by_hand(database, "UPDATE applied_state SET content_digest = 'by hand'")
        unit.connection.exec_driver_sql("UPDATE applied_state SET deployment = 'ours'")

    database.write(append)

    assert tries == ["sha", "by hand"]
    assert execute_by_hand(database, "SELECT * FROM applied_state") == [("one", "by hand", "ours")]


def test_a_transaction_that_gave_way_says_so(database: Database) -> None:
    """What cannot be done again by itself is one sentence with the next step."""
    execute_by_hand(database, INSERT.format("one"))
    with pytest.raises(StoreError, match="changed by somebody else") as refused:
        change_twice(database)

    assert refused.value.hint == "Run the command again."
    assert execute_by_hand(database, "SELECT content_digest FROM applied_state") == [("by hand",)]


def change_twice(database: Database) -> None:
    """Change a row that a hand changes in between."""
    with database.writing() as unit:
        unit.connection.exec_driver_sql(COUNT)
        execute_by_hand(database, "UPDATE applied_state SET content_digest = 'by hand'")
        unit.connection.exec_driver_sql("UPDATE applied_state SET content_digest = 'ours'")


def test_a_write_that_always_gives_way_ends(database: Database) -> None:
    """Work is done again a few times, then the reason is told."""
    execute_by_hand(database, INSERT.format("one"))
    tries: list[int] = []

    def give_way(unit: SqlUnit) -> None:
        tries.append(1)
        unit.connection.exec_driver_sql(COUNT)
        execute_by_hand(database, "UPDATE applied_state SET content_digest = 'by hand'")
        unit.connection.exec_driver_sql("UPDATE applied_state SET content_digest = 'ours'")

    with pytest.raises(StoreError, match="changed by somebody else"):
        database.write(give_way)

    assert len(tries) == 5


@pytest.mark.parametrize("spoken", [True, False])
def test_a_write_whose_connection_ended_is_done_again(database: Database, spoken: bool) -> None:
    """Before the commit nothing is written, so the work is done once more on a new connection."""
    tries: list[int] = []

    def work(unit: SqlUnit) -> None:
        tries.append(1)
        insert(unit)
        if len(tries) == 1:
            end_connections(database)
            if spoken:
                unit.connection.exec_driver_sql(COUNT)

    database.write(work)

    assert len(tries) == 2
    assert count(database) == 1


def test_a_transaction_whose_connection_ended_leaves_nothing(database: Database) -> None:
    """What cannot be done again by itself says that the connection is gone, and is taken back."""

    def lose() -> None:
        with database.writing() as unit:
            insert(unit)
            end_connections(database)

    with pytest.raises(StoreError, match="closed the connection") as refused:
        lose()

    assert not isinstance(refused.value, OutcomeUnknown)
    assert count(database) == 0


def test_a_kept_connection_that_ended_is_replaced(database: Database) -> None:
    """Nobody notices that a connection ended while it was not used."""
    store = SqlStore(database)
    store.begin(deployment())
    end_connections(database)
    assert len(store.deployments()) == 1
    end_connections(database)
    store.delete_secret("development", "TOKEN")
    end_connections(database)
    with database.writing() as unit:
        insert(unit)

    assert count(database) == 1


def test_a_mistake_is_not_done_again(database: Database) -> None:
    """What fails for a reason of its own fails once."""
    tries: list[int] = []

    def mistake(unit: SqlUnit) -> None:
        tries.append(1)
        unit.connection.exec_driver_sql("SELECT nonsense")

    with pytest.raises(StoreError, match="nonsense"):
        database.write(mistake)

    assert tries == [1]


# --- a connection lost around the commit --------------------------------------------------------


@pytest.mark.parametrize(("when", "written"), [(Drop.BEFORE, 0), (Drop.DURING, 1)])
def test_a_lost_commit_is_not_guessed(
    database: Database, behind: Database, proxy: Proxy, when: Drop, written: int
) -> None:
    """Whether the server got the commit or not: without its answer the outcome is unknown."""
    proxy.drop(b"COMMIT", when)
    with pytest.raises(OutcomeUnknown, match="during a commit") as unknown:
        behind.write(insert)

    assert "reconcile" in str(unknown.value.hint)
    assert proxy.dropped == 1
    assert count(database) == written


def test_a_commit_that_was_answered_counts(
    database: Database, behind: Database, proxy: Proxy
) -> None:
    """A connection that is lost after the answer harms nobody."""
    proxy.drop(b"COMMIT", Drop.AFTER)
    behind.write(insert)
    SqlStore(behind).deployments()
    behind.write(lambda unit: insert(unit, "two"))

    assert proxy.dropped == 1
    assert count(database) == 2


@pytest.mark.parametrize("when", [Drop.BEFORE, Drop.DURING])
def test_work_that_may_be_done_twice_is(
    database: Database, behind: Database, proxy: Proxy, when: Drop
) -> None:
    """What ends the same however often it is done needs no certainty."""
    proxy.drop(b"COMMIT", when, times=2)
    upsert = INSERT.format("one") + " ON CONFLICT DO NOTHING"
    behind.write(lambda unit: unit.connection.exec_driver_sql(upsert), repeatable=True)

    assert proxy.dropped == 2
    assert count(database) == 1


# --- a server that is not there, or not as expected ---------------------------------------------


def refused(database: Database) -> str:
    """Return what reading and writing say, which is the same."""
    with pytest.raises(StoreError) as reading:
        SqlStore(database).deployments()
    with pytest.raises(StoreError) as writing:
        SqlStore(database).begin(deployment())

    assert str(reading.value) == str(writing.value)
    assert reading.value.hint
    assert "\n" not in reading.value.text
    return str(reading.value)


def other_password(url: str) -> str:
    """Return the URL of the role that must show a password, with a wrong one."""
    return url.replace("//reconciler:", f"//{postgres.LOCKED}:wrong-")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (other_password, "refuses the user or the password"),
        (lambda url: url.replace("//reconciler:", "//nobody:"), "refuses the user"),
        (lambda url: url.replace("127.0.0.1", "database.invalid"), "host that is not known"),
        (lambda url: url.replace("127.0.0.1", "127.0.0.2"), "does not answer"),
        (lambda url: url + "_gone", "is not there"),
        (lambda url: url + "?sslmode=require", "encryption asked for"),
        (lambda url: url + "?sslmode=nonsense", "URL"),
        (lambda url: url + f"?nonsense={postgres.PASSWORD}", "URL"),
        (lambda url: url.replace("127.0.0.1:", "127.0.0.1:99"), "URL"),
    ],
)
def test_a_server_that_refuses_is_one_sentence_without_the_password(
    postgresql_world: PostgresqlWorld, change: object, words: str
) -> None:
    """Whatever is wrong with the URL is told in words of ours, with the next step."""
    assert callable(change)
    database = Database.from_url(change(postgresql_world.url), busy_timeout=0.3)
    with pytest.raises(StoreError, match=words):
        SqlStore(database).deployments()
    said = refused(database)

    assert postgres.PASSWORD not in said
    assert postgres.PASSWORD not in repr(database.__dict__)
    assert "sslmode=" not in said


def test_the_right_password_is_accepted(postgresql_world: PostgresqlWorld) -> None:
    """A password with signs that mean something in a URL is decoded."""
    server = postgres.shared_server()
    server.execute(f"ALTER ROLE {postgres.LOCKED} PASSWORD 'p@ss:w/rd#%'")
    name = postgresql_world.url.rpartition("/")[2]
    url = f"postgresql://{postgres.LOCKED}:p%40ss%3Aw%2Frd%23%25@127.0.0.1:{server.port}/{name}"
    try:
        with pytest.raises(StoreError, match="cannot be read or written by this user"):
            SqlStore(Database.from_url(url)).deployments()
    finally:
        server.execute(f"ALTER ROLE {postgres.LOCKED} PASSWORD '{postgres.PASSWORD}'")


def test_options_of_the_url_reach_the_server(postgresql_world: PostgresqlWorld) -> None:
    """What stands behind the question mark is passed on, and wins over what is usual."""
    url = postgresql_world.url + "?application_name=mine&options=-csearch_path%3Dpublic"
    database = Database.from_url(url)
    with database.reading() as connection:
        found = connection.exec_driver_sql("SHOW application_name").scalar()
    database.close()

    assert found == "mine"
    assert "application_name" not in database.backend.name


@pytest.mark.parametrize(
    ("statements", "error", "words"),
    [
        (
            ("UPDATE alembic_version SET version_num = '0001'",),
            StoreTooOld,
            "schema 0001, this program needs",
        ),
        (
            ("UPDATE alembic_version SET version_num = '0999'",),
            StoreTooNew,
            "schema 0999, this program knows only",
        ),
        (
            (
                "DROP SCHEMA public CASCADE",
                "CREATE SCHEMA public",
                "CREATE TABLE songs (title text)",
            ),
            StoreError,
            "something else",
        ),
        (("DROP SCHEMA public CASCADE",), StoreError, "no schema"),
    ],
)
def test_an_unusable_store_is_one_sentence(
    database: Database, statements: tuple[str, ...], error: type[ReconcilerError], words: str
) -> None:
    """Readers and writers refuse what they cannot use, and name the store without its user."""
    database.close()
    for statement in statements:
        execute_by_hand(database, statement)
    store = SqlStore(database)
    with pytest.raises(error, match=words) as writing:
        store.begin(deployment())

    assert database.backend.name in writing.value.text
    assert database.backend.name.startswith("postgresql://127.0.0.1:")
    assert "reconciler@" not in writing.value.text


def test_text_that_cannot_be_kept_is_told(database: Database) -> None:
    """A lone surrogate and a NUL character are told as such."""
    with pytest.raises(StoreError, match="Unicode"):
        SqlStore(database).secret("development", "\ud800")
    with pytest.raises(StoreError, match="NUL"):
        SqlStore(database).secret("development", "a\0b")


def test_a_name_of_any_length_is_told_or_kept(database: Database) -> None:
    """A key that is too long for an index is one sentence."""
    name = os.urandom(20_000).hex()
    with pytest.raises(StoreError, match="so long"), database.writing() as unit:
        BuiltinPlatform(database, "development").deploy(unit, [operation(workflow(name))], "0")


# --- a server that comes and goes ---------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    """Return a server that tests may stop."""
    with postgres.private_server() as server:
        server.execute("CREATE DATABASE store OWNER reconciler")
        yield server


def test_a_stopped_server_is_one_sentence(server: postgres.Server) -> None:
    """Nobody hangs on a server that is not there, and it is served again when it is back."""
    database = Database.from_url(server.url("store"), busy_timeout=PATIENCE)
    SqlStore(database).delete_secret("development", "TOKEN")
    server.stop()
    said = refused(database)
    server.start()
    SqlStore(database).delete_secret("development", "TOKEN")
    database.close()

    assert "does not answer" in said


@pytest.mark.parametrize("stop", [postgres.Server.stop, postgres.Server.crash])
def test_a_server_that_restarts_is_waited_for(server: postgres.Server, stop: object) -> None:
    """Work that lost its server is done again as soon as the server is back."""
    assert callable(stop)
    database = Database.from_url(server.url("store"))
    database.migrate()
    execute_by_hand(database, "DELETE FROM applied_state")
    tries: list[int] = []

    def work(unit: SqlUnit) -> None:
        tries.append(1)
        insert(unit)
        if len(tries) == 1:
            stop(server)
            threading.Timer(0.5, server.start).start()
            unit.connection.exec_driver_sql(COUNT)

    database.write(work)
    assert len(tries) == 2
    assert count(database) == 1
    database.close()


def test_the_oldest_server_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL 16 is enough; an older one is told in a sentence."""
    with postgres.private_server(version=16) as server:
        server.execute("CREATE DATABASE store OWNER reconciler")
        database = Database.from_url(server.url("store"))
        SqlStore(database).begin(deployment())
        assert len(SqlStore(database).deployments()) == 1
        database.close()
        monkeypatch.setattr(postgresql_connecting, "OLDEST", 17)
        said = refused(database)

    assert "runs on PostgreSQL 16, this program needs 17 or newer" in said


def test_a_database_of_another_encoding_is_refused(server: postgres.Server) -> None:
    """A database that cannot keep every text is told before anything is written."""
    server.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")

    assert "keeps text as LATIN1" in refused(Database.from_url(server.url("latin")))
