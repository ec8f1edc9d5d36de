"""The migrations make the schema that the program works with, and survive interruption.

All of it on both databases, each from an empty one and from each earlier version.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from reconciler.adapters.platforms.builtin import BuiltinPlatform
from reconciler.adapters.sql import migrate, schema
from reconciler.adapters.sql.database import Database, SchemaState
from reconciler.adapters.sql.dialect import Use
from reconciler.adapters.store import SqlStore
from reconciler.core.errors import StoreError, StoreTooOld
from reconciler.testing import deployment
from tests import postgres
from tests.contract.worlds import execute_by_hand

NEXT = f"{int(schema.VERSION) + 1:04}"
VERSIONS = [f"{number:04}" for number in range(1, int(schema.VERSION) + 1)]

STATEMENTS = {
    "sqlite": (
        "SELECT type, name, tbl_name, sql FROM sqlite_master"
        " WHERE tbl_name <> 'alembic_version' ORDER BY type, name"
    ),
    "postgresql": """
        SELECT 'column', table_name, column_name,
          concat_ws(' ', data_type, collation_name, is_nullable, column_default)
        FROM information_schema.columns
        WHERE table_schema = current_schema() AND table_name <> 'alembic_version'
        UNION ALL
        SELECT 'index', tablename, indexname, indexdef FROM pg_indexes
        WHERE schemaname = current_schema() AND tablename <> 'alembic_version'
        UNION ALL
        SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
        AND conrelid <> coalesce(to_regclass('alembic_version')::oid, 0)
        UNION ALL
        SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid)
        FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL
        SELECT 'function', '', proname, prosrc FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace
        ORDER BY 1, 2, 3, 4""",
}

# Rows of the first version: what a program of that time wrote.
DEPLOYMENT = (
    "INSERT INTO deployments (id, environment, phase, type, actor, started_at, live, summary,"
    " messages, owner) VALUES ('d-1', 'development', 'Succeeded', 'Apply', 'ann',"
    " '2026-01-06T09:00:00+00:00', true, '{}', '[]', '{}')"
)
RESOURCE = (
    "INSERT INTO platform_resources (environment, kind, name, content)"
    " VALUES ('development', 'Workflow', 'sync', '{\"kind\": \"Workflow\"}')"
)
APPLIED = "INSERT INTO last_applied VALUES ('development', 'Workflow', 'sync', 'sha', '{}', 'd-1')"
ROWS = (DEPLOYMENT, RESOURCE, APPLIED)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Return a database without any table, one of each kind."""
    if request.param == "sqlite":
        yield Database(tmp_path / "state.db")
        return
    with postgres.fresh_database(empty=True) as url:
        database = Database.from_url(url)
        yield database
        database.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the migrations to which a test adds others."""
    return Path(shutil.copytree(migrate.MIGRATIONS, tmp_path / "100%" / "migrations"))


def schema_of(connection: Connection) -> list[tuple[str, ...]]:
    """Return every statement that made the schema."""
    statement = STATEMENTS[connection.dialect.name]
    return [tuple(row) for row in connection.exec_driver_sql(statement)]


def numbers(folder: Path) -> list[int]:
    """Return the numbers of the migrations, sorted."""
    return sorted(int(each.name[:4]) for each in (folder / "versions").glob("*.py"))


def add_next(folder: Path, body: str) -> None:
    """Write the migration after the newest."""
    (folder / "versions" / f"{NEXT}_next.py").write_text(
        "from alembic import op\n"
        "import sqlalchemy as sa\n"
        f"revision = '{NEXT}'\n"
        f"down_revision = '{schema.VERSION}'\n"
        f"def upgrade():\n    {body}\n",
        encoding="utf-8",
    )


def run(database: Database, folder: Path) -> None:
    """Run the migrations of a folder as the program runs its own."""
    database.backend.create()
    with database.backend.engine(Use.MIGRATE).begin() as connection:
        migrate.upgrade(connection, folder)


def found(database: Database) -> tuple[str | None, list[tuple[str, ...]]]:
    """Return the version and the schema of a database."""
    with database.backend.engine(Use.READ).begin() as connection:
        return database.backend.find_schema(connection).version, schema_of(connection)


def test_migrations_make_the_schema_of_the_metadata(database: Database) -> None:
    """Tables, indexes, constraints and triggers are the same, statement by statement."""
    database.migrate()
    _, made = found(database)
    with database.backend.engine(Use.MIGRATE).begin() as connection:
        for statement in drop_all(connection):
            connection.execute(text(statement))
        schema.metadata.create_all(connection)

    _, expected = found(database)
    assert made == expected
    assert {"index", "trigger"} < {kind for kind, *_ in expected}


def drop_all(connection: Connection) -> list[str]:
    """Return what drops every table of ours."""
    if connection.dialect.name == "postgresql":
        return ["DROP SCHEMA public CASCADE", "CREATE SCHEMA public"]
    return [f"DROP TABLE {each}" for each in ("alembic_version", *reversed(schema.metadata.tables))]


def test_migrations_are_numbered_without_gaps() -> None:
    """The newest migration is the version that the program needs."""
    found_numbers = numbers(migrate.MIGRATIONS)

    assert found_numbers == list(range(1, int(schema.VERSION) + 1))


def test_migrating_again_changes_nothing(database: Database) -> None:
    """A schema that is up to date is left as it is."""
    database.migrate()
    before, identity = found(database), SqlStore(database).identity()
    database.migrate()

    assert found(database) == before
    assert SqlStore(database).identity() == identity
    assert database.schema_state() is SchemaState.OK


def at_version(database: Database, folder: Path, version: str) -> None:
    """Make the schema of an earlier version, with rows in it."""
    for each in (folder / "versions").glob("*.py"):
        if each.name[:4] > version:
            each.unlink()
    run(database, folder)
    for statement in ROWS:
        execute_by_hand(database, statement)


@pytest.mark.parametrize("version", VERSIONS)
def test_each_earlier_version_is_migrated_with_its_rows(
    database: Database, folder: Path, version: str
) -> None:
    """What an older program wrote is there after `store migrate`, and the schema is today's."""
    at_version(database, folder, version)
    identity = execute_by_hand(database, "SELECT id FROM store_identity")
    database.migrate()
    store, platform = SqlStore(database), BuiltinPlatform(database, "development")

    assert [each.id for each in store.deployments()] == ["d-1"]
    assert [key.name for key in platform.observe().digests] == ["sync"]
    assert [key.name for key in store.applied("development").digests] == ["sync"]
    assert [(store.identity(),)] == identity
    store.begin(deployment("d-2", "development"))
    assert [each.id for each in store.deployments()] == ["d-2", "d-1"]
    execute_by_hand(database, "DELETE FROM platform_resources")
    assert platform.observe().revision == "2"


@pytest.mark.parametrize("version", VERSIONS[:-1])
def test_an_older_schema_waits_for_store_migrate(
    database: Database, folder: Path, version: str
) -> None:
    """Reading and writing refuse an older schema and change nothing in it."""
    at_version(database, folder, version)
    before, store = found(database), SqlStore(database)
    for use in (store.deployments, lambda: store.begin(deployment())):
        with pytest.raises(StoreTooOld, match="store migrate"):
            use()

    assert database.schema_state() is SchemaState.OLDER
    assert found(database) == before


def test_an_interrupted_migration_leaves_the_version_before(
    database: Database, folder: Path
) -> None:
    """A migration that fails half-way leaves no table and no version, and can be run again."""
    database.migrate()
    before = found(database)
    add_next(folder, "op.create_table('half', sa.Column('a', sa.Text)); op.execute('nonsense')")
    with pytest.raises(database.backend.errors):
        run(database, folder)
    assert found(database) == before
    add_next(folder, "op.create_table('whole', sa.Column('a', sa.Text))")
    run(database, folder)
    version, tables = found(database)

    assert version == NEXT
    assert {name for kind, name, *_ in set(tables) - set(before[1])} == {"whole"}


def test_an_interrupted_set_up_is_no_store(database: Database, folder: Path) -> None:
    """When the first set-up fails nothing is there, and the next writer sets everything up."""
    add_next(folder, "raise RuntimeError('killed')")
    with pytest.raises(RuntimeError, match="killed"):
        run(database, folder)
    assert database.schema_state() is SchemaState.MISSING
    with database.writing():
        pass

    assert database.schema_state() is SchemaState.OK


def test_an_unknown_version_is_not_migrated(database: Database) -> None:
    """A version older than all we know is a store error that keeps the store as it is."""
    database.migrate()
    execute_by_hand(database, "UPDATE alembic_version SET version_num = '0000'")
    before = found(database)
    with pytest.raises(StoreError, match="0000"):
        database.migrate()

    assert found(database) == before
