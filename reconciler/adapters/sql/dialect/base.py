"""What every database must do for the code above, and how a transaction begins."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, Protocol

from sqlalchemy import Connection, Engine, Pool, Text, create_engine, event

# Names compare byte by byte, whatever language a server was set up for.
TEXT = Text().with_variant(Text(collation="C"), "postgresql")

_BEGIN = "reconciler_begin"


class Use(StrEnum):
    """What a transaction is for."""

    READ = "read"
    WRITE = "write"
    MIGRATE = "migrate"


class Found(NamedTuple):
    """What stands in a database: any table at all, and the version of our schema."""

    tables: bool
    version: str | None


class Backend(Protocol):
    """One database. `name` is what people are shown of it; it holds no credential."""

    name: str
    # What a driver raises; everything else is no matter of the database.
    errors: tuple[type[Exception], ...]

    def exists(self) -> bool:
        """Say whether there is something to open.

        Raises:
            OSError: that cannot be found out.
        """

    def create(self) -> None:
        """Make what can be opened, still without a schema.

        Raises:
            OSError: it cannot be made.
        """

    def room(self) -> int | None:
        """Return the bytes that this user may still write where it lies; None when not known."""

    def engine(self, use: Use) -> Engine:
        """Return what opens transactions of this use."""

    def find_schema(self, connection: Connection) -> Found:
        """Look which schema the database holds."""

    def is_unset(self, error: BaseException) -> bool:
        """Say whether a write could not begin since no schema is there."""

    def is_lost(self, error: BaseException) -> bool:
        """Say whether an error means that the connection is gone."""

    def may_repeat(self, error: BaseException) -> bool:
        """Say whether a transaction that failed before its commit may succeed when run again."""

    def check_alive(self, connection: Connection) -> None:
        """Find out, before a commit is sent, that the connection is gone already."""

    def explain(self, error: BaseException) -> tuple[str, str]:
        """Return what an error means and what to do next."""


def beginning(engine: Engine, statement: str) -> Engine:
    """Return the engine for transactions that begin with a statement; they share connections."""
    return engine.execution_options(**{_BEGIN: statement})


def make_engine(url: str, connector: object, pool: type[Pool], **options: object) -> Engine:
    """Return an engine whose transactions begin only as `beginning` says.

    Connections are made by the connector alone: the URL names a driver and holds nothing else.
    """
    made = {"creator": connector, "poolclass": pool, **options}
    engine = create_engine(url, **made)

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options()[_BEGIN])

    return engine
