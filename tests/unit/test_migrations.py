"""The migrations make the schema that the program works with, and survive interruption."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine

from reconciler.adapters.sql import dialect, migrate, schema
from reconciler.adapters.sql.database import Database, SchemaState, make_engine
from reconciler.core.errors import StoreError

STATEMENTS = (
    "SELECT type, name, tbl_name, sql FROM sqlite_master"
    " WHERE tbl_name <> 'alembic_version' ORDER BY type, name"
)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """Return a database that is not there yet."""
    return Database(tmp_path / "state.db")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the migrations to which a test adds others."""
    return Path(shutil.copytree(migrate.MIGRATIONS, tmp_path / "100%" / "migrations"))


def schema_of(connection: Connection) -> list[tuple[str, ...]]:
    """Return every statement that made the schema."""
    return [tuple(row) for row in connection.exec_driver_sql(STATEMENTS)]


def numbers(folder: Path) -> list[int]:
    """Return the numbers of the migrations, sorted."""
    return sorted(int(each.name[:4]) for each in (folder / "versions").glob("*.py"))


def add_second(folder: Path, body: str) -> None:
    """Write migration 0002."""
    (folder / "versions" / "0002_second.py").write_text(
        "from alembic import op\n"
        "import sqlalchemy as sa\n"
        "revision = '0002'\n"
        "down_revision = '0001'\n"
        f"def upgrade():\n    {body}\n",
        encoding="utf-8",
    )


def run(database: Database, folder: Path) -> None:
    """Run the migrations of a folder as the program runs its own."""
    connect = lambda: dialect.connect(database.path, 1, write=True)  # noqa: E731 - read once here
    with make_engine(connect, dialect.WRITE).begin() as connection:
        migrate.upgrade(connection, folder)


def found(database: Database) -> tuple[str, set[str]]:
    """Return the version and the tables of a database."""
    connection = sqlite3.connect(database.path)
    (version,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    connection.close()
    return version, {name for (name,) in tables}


def test_migrations_make_the_schema_of_the_metadata(database: Database) -> None:
    """Tables, indexes, constraints and triggers are the same, statement by statement."""
    database.migrate()
    with create_engine("sqlite://").begin() as connection:
        schema.metadata.create_all(connection)
        expected = schema_of(connection)
    with database.reading() as connection:
        assert schema_of(connection) == expected
    assert {kind for kind, *_ in expected} == {"table", "index", "trigger"}


def test_migrations_are_numbered_without_gaps() -> None:
    """The newest migration is the version that the program needs."""
    found_numbers = numbers(migrate.MIGRATIONS)

    assert found_numbers == list(range(1, int(schema.VERSION) + 1))


def test_migrating_again_changes_nothing(database: Database) -> None:
    """A schema that is up to date is left as it is, byte for byte."""
    database.migrate()
    before = database.path.read_bytes()
    database.migrate()

    assert database.path.read_bytes() == before
    assert database.schema_state() is SchemaState.OK


def test_an_interrupted_migration_leaves_the_version_before(
    database: Database, folder: Path
) -> None:
    """A migration that fails half-way leaves no table and no version, and can be run again."""
    database.migrate()
    before = found(database)
    add_second(folder, "op.create_table('half', sa.Column('a', sa.Text)); op.execute('nonsense')")
    with pytest.raises(dialect.ERRORS):
        run(database, folder)
    assert found(database) == before
    add_second(folder, "op.create_table('whole', sa.Column('a', sa.Text))")
    run(database, folder)

    assert found(database) == ("0002", before[1] | {"whole"})


def test_an_interrupted_set_up_is_no_store(database: Database, folder: Path) -> None:
    """When the first set-up fails nothing is there, and the next writer sets everything up."""
    database.path.touch()
    add_second(folder, "raise RuntimeError('killed')")
    with pytest.raises(RuntimeError, match="killed"):
        run(database, folder)
    assert database.schema_state() is SchemaState.MISSING
    with database.writing():
        pass

    assert database.schema_state() is SchemaState.OK


def test_an_unknown_version_is_not_migrated(database: Database) -> None:
    """A version older than all we know is a store error that keeps the file as it is."""
    database.migrate()
    connection = sqlite3.connect(database.path)
    connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.commit()
    connection.close()
    before = database.path.read_bytes()
    with pytest.raises(StoreError, match="0000"):
        database.migrate()

    assert database.path.read_bytes() == before
