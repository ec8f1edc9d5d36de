"""One database file: what is created when, who waits for whom, and what errors say."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.adapters.platforms.builtin import BuiltinPlatform
from reconciler.adapters.sql.database import Database, SchemaState, joined
from reconciler.adapters.sql.dialect import SqliteBackend
from reconciler.adapters.store import SqlStore
from reconciler.core.errors import (
    ReconcilerError,
    StoreError,
    StoreTooNew,
    StoreTooOld,
    UsageError,
)
from reconciler.core.model import Applied
from reconciler.testing import MemoryUnit, deployment, operation, workflow
from tests.contract.worlds import set_up

LIMIT = 30  # seconds that a helper process may take


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """Return a database that is set up."""
    return Database(set_up(tmp_path / "state.db"), busy_timeout=0.2)


def path_of(database: Database) -> Path:
    """Return the file of a database."""
    assert isinstance(database.backend, SqliteBackend)
    return database.backend.path


def execute(path: Path, *statements: str) -> None:
    """Execute SQL on a file by hand."""
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def process(code: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """Start a Python process that prints a line when it has got somewhere."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )


HOLD = """
    import sys
    from pathlib import Path
    from reconciler.adapters.sql.database import Database
    with Database(Path(sys.argv[1])).writing() as unit:
        unit.connection.exec_driver_sql("INSERT INTO applied_state VALUES ('held', 'sha', 'd')")
        print("holding", flush=True)
        sys.stdin.readline()
"""


COUNT = """
    import sys
    from pathlib import Path
    from reconciler.adapters.sql.database import Database
    print("waiting", flush=True)
    with Database(Path(sys.argv[1])).writing() as unit:
        print(unit.connection.exec_driver_sql("SELECT count(*) FROM applied_state").scalar())
"""


# --- what is created ----------------------------------------------------------------------------


def test_reading_creates_nothing(tmp_path: Path) -> None:
    """Readers over a missing file see an empty store, and leave no trace."""
    database = Database(tmp_path / ".reconciler" / "state.db")
    store = SqlStore(database)

    assert store.applied("development") == Applied()
    assert store.deployments() == []
    assert not store.delete_secret("development", "TOKEN")
    assert BuiltinPlatform(database, "development").observe().digests == {}
    assert database.schema_state() is SchemaState.MISSING
    assert list(tmp_path.iterdir()) == []


def test_the_first_writer_makes_a_private_folder_that_git_ignores(tmp_path: Path) -> None:
    """The state folder ignores itself, and only its owner may look inside."""
    path = tmp_path / ".reconciler" / "state.db"
    SqlStore(Database(path)).begin(deployment())

    assert "*" in (path.parent / ".gitignore").read_text().splitlines()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_another_folder_gets_no_gitignore(tmp_path: Path) -> None:
    """A store somewhere else does not hide what is beside it."""
    SqlStore(Database(tmp_path / "data" / "state.db")).begin(deployment())

    assert [each.name for each in (tmp_path / "data").iterdir()] == ["state.db"]


def test_a_path_is_only_a_path(tmp_path: Path) -> None:
    """Signs that mean something in a URI mean nothing in the name of a file."""
    path = tmp_path / "a?mode=memory&b#c%20d é.db"
    SqlStore(Database.from_url(f"sqlite:///{path}")).begin(deployment())

    assert path.stat().st_size > 0


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///",
        "sqlite://",
        "state.db",
        "mysql://u:secret@db/x",
        "postgresql+psycopg://u:secret@db/x",
        "postgresql://u:secret@db:port/x",
    ],
)
def test_another_url_is_wrong_usage(url: str) -> None:
    """What is neither a file nor a PostgreSQL is refused without repeating its credentials."""
    with pytest.raises(UsageError) as refused:
        Database.from_url(url)

    assert "postgresql://USER:PASSWORD@HOST" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_the_usual_path_imports_no_alembic(database: Database) -> None:
    """Checking the version costs no import of the migrations' library."""
    code = """
        import sys
        from pathlib import Path
        from reconciler.adapters.sql.database import Database
        database = Database(Path(sys.argv[1]))
        for transaction in (database.reading, database.writing):
            with transaction():
                print("alembic" in sys.modules)
    """
    answer, _ = process(code, path_of(database)).communicate(timeout=LIMIT)

    assert answer.split() == ["False", "False"]


# --- transactions -------------------------------------------------------------------------------


def test_writers_use_the_rollback_journal(database: Database) -> None:
    """No write-ahead log, full synchronisation, foreign keys enforced."""
    with database.writing() as unit:
        values = [
            unit.connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]

    assert values == ["delete", 2, 1]


def test_a_file_in_another_mode_is_brought_back(database: Database) -> None:
    """A file that somebody switched to a write-ahead log does not stay in it."""
    execute(path_of(database), "PRAGMA journal_mode = WAL")
    with database.writing() as unit:
        assert unit.connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "delete"


def test_a_reader_cannot_write(database: Database) -> None:
    """A connection for reading refuses every statement that writes."""
    with pytest.raises(StoreError, match="cannot be written"), database.reading() as connection:
        connection.exec_driver_sql("DELETE FROM deployments")


def test_a_transaction_without_a_write_leaves_the_file_alone(database: Database) -> None:
    """Unchanged state writes nothing at all."""
    before = path_of(database).read_bytes(), path_of(database).stat().st_mtime_ns
    with database.writing() as unit:
        BuiltinPlatform(database, "development").deploy(unit, [], "0")

    assert (path_of(database).read_bytes(), path_of(database).stat().st_mtime_ns) == before


def test_a_write_inside_a_write_is_a_mistake(database: Database) -> None:
    """A second write transaction of one thread could only wait for itself."""
    with pytest.raises(RuntimeError), database.writing():
        SqlStore(database).begin(deployment())
    SqlStore(database).begin(deployment())

    assert len(SqlStore(database).deployments()) == 1


def test_a_unit_of_another_store_is_a_mistake() -> None:
    """What is written together must stand in one database."""
    with pytest.raises(TypeError):
        joined(MemoryUnit())


def test_a_reader_sees_one_moment(database: Database) -> None:
    """While one transaction writes another reads what was before."""
    store = SqlStore(database)
    with database.writing() as unit:
        BuiltinPlatform(database, "development").deploy(unit, [operation(workflow())], "0")
        seen = BuiltinPlatform(database, "development").observe()
        assert store.applied("development") == Applied()

    assert seen.digests == {}


def test_a_second_writer_waits_for_the_first(database: Database) -> None:
    """Two processes that write take turns within the time-out."""
    with process(HOLD, path_of(database)) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with process(COUNT, path_of(database)) as waiter:
            assert waiter.stdout is not None
            waiter.stdout.readline()
            holder.communicate("\n", timeout=LIMIT)
            answer, _ = waiter.communicate(timeout=LIMIT)

    assert answer.strip() == "1"


def test_a_writer_that_waited_too_long_says_so(database: Database) -> None:
    """When the time-out has passed the answer is one sentence with the next step."""
    with process(HOLD, path_of(database)) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(StoreError, match="locked by another process") as refused:
            SqlStore(database).begin(deployment())
        holder.communicate("\n", timeout=LIMIT)

    assert refused.value.hint is not None
    assert SqlStore(database).deployments() == []


def test_a_killed_writer_leaves_what_was_before(database: Database) -> None:
    """After a kill in the middle of a large write the next reader sees none of it."""
    SqlStore(database).begin(deployment())
    code = """
        import sys
        from pathlib import Path
        from reconciler.adapters.sql.database import Database
        with Database(Path(sys.argv[1])).writing() as unit:
            unit.connection.exec_driver_sql("PRAGMA cache_size = 10")
            unit.connection.exec_driver_sql("UPDATE deployments SET actor = 'half'")
            insert = "INSERT INTO secrets VALUES ('e', ?, zeroblob(4000), 'f', 't')"
            unit.connection.exec_driver_sql(insert, [(str(n),) for n in range(2000)])
            print("half", flush=True)
            sys.stdin.readline()
    """
    size = path_of(database).stat().st_size
    with process(code, path_of(database)) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        os.kill(writer.pid, signal.SIGKILL)
    assert path_of(database).stat().st_size > size

    (found,) = SqlStore(database).deployments()
    assert found == deployment()
    assert SqlStore(database).secret_names("e") == []


def test_two_first_writers_set_up_one_store(tmp_path: Path) -> None:
    """Processes that begin together on a missing file both succeed."""
    path = tmp_path / ".reconciler" / "state.db"
    code = """
        import sys
        from pathlib import Path
        from reconciler.adapters.sql.database import Database
        from reconciler.adapters.store import SqlStore
        from reconciler.testing import deployment
        SqlStore(Database(Path(sys.argv[1]))).begin(deployment(sys.argv[2], sys.argv[2]))
    """
    writers = [process(code, path, name) for name in ("one", "two")]
    for writer in writers:
        writer.communicate(timeout=LIMIT)

    assert [writer.returncode for writer in writers] == [0, 0]
    assert {each.id for each in SqlStore(Database(path)).deployments()} == {"one", "two"}


# --- errors -------------------------------------------------------------------------------------


def not_a_database(path: Path) -> None:
    """Write text into the file."""
    path.write_text("This is no database. " * 100)


def folder(path: Path) -> None:
    """Put a folder where the file should be."""
    path.unlink(missing_ok=True)
    path.mkdir()


def foreign(path: Path) -> None:
    """Make a database of something else."""
    path.unlink(missing_ok=True)
    execute(path, "CREATE TABLE songs (title)")


def damaged(path: Path) -> None:
    """Overwrite every page but the first."""
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)


def truncated(path: Path) -> None:
    """Cut the file in its middle."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2 + 100])


def older(path: Path) -> None:
    """Write the version of an older schema."""
    execute(path, "UPDATE alembic_version SET version_num = '0000'")


def newer(path: Path) -> None:
    """Write the version of a newer schema."""
    execute(path, "UPDATE alembic_version SET version_num = '0999'")


@pytest.mark.parametrize(
    ("break_it", "error", "words"),
    [
        (not_a_database, StoreError, "is not an SQLite database"),
        (folder, StoreError, "cannot be opened"),
        (foreign, StoreError, "something else"),
        (damaged, StoreError, "is damaged"),
        (truncated, StoreError, "is damaged"),
        (older, StoreTooOld, "schema 0000, this program needs 0003"),
        (newer, StoreTooNew, "schema 0999, this program knows only 0003"),
    ],
)
@pytest.mark.parametrize("write", [False, True])
def test_an_unusable_file_is_one_sentence_with_the_next_step(
    database: Database,
    break_it: Callable[[Path], None],
    error: type[ReconcilerError],
    words: str,
    write: bool,
) -> None:
    """Readers and writers refuse what they cannot use, name the file, and change nothing."""
    break_it(path_of(database))
    before = path_of(database).read_bytes() if path_of(database).is_file() else b""
    store = SqlStore(database)
    with pytest.raises(error, match=words) as refused:
        store.begin(deployment()) if write else store.deployments()

    assert str(path_of(database)) in refused.value.text
    assert refused.value.hint
    assert (path_of(database).read_bytes() if path_of(database).is_file() else b"") == before


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file where a folder should be is told, not shown as a traceback."""
    (tmp_path / "state").write_text("")
    database = Database(tmp_path / "state" / "state.db")
    assert SqlStore(database).deployments() == []
    with pytest.raises(StoreError, match="state"):
        SqlStore(database).begin(deployment())


def test_a_full_disk_takes_everything_back(database: Database) -> None:
    """A transaction that finds no space says so and leaves nothing."""
    many = [operation(workflow(f"w-{number}", title="x" * 2000)) for number in range(200)]

    def fill() -> None:
        with database.writing() as unit:
            pages = unit.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            unit.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 10}")
            BuiltinPlatform(database, "development").deploy(unit, many, "0")

    with pytest.raises(StoreError, match="the disk is full"):
        fill()

    assert BuiltinPlatform(database, "development").observe().digests == {}


def test_an_unreadable_name_is_a_store_error(database: Database) -> None:
    """A name that no database can keep is told as such."""
    with pytest.raises(StoreError, match="Unicode"):
        SqlStore(database).secret("development", "\ud800")
