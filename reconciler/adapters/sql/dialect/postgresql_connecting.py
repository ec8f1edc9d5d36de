"""Connecting to PostgreSQL: what a URL says, patience, and what a server must be."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from reconciler.adapters.sql.dialect import postgresql_errors
from reconciler.core.errors import StoreError, UsageError

if TYPE_CHECKING:
    import psycopg

OLDEST = 16

_DEFAULTS: Mapping[str, object] = {
    "application_name": "reconciler",
    "client_encoding": "utf8",
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


def parse(url: str) -> tuple[Mapping[str, object], str]:
    """Return what to connect with, and a name without user, password and options.

    Raises:
        UsageError: the URL cannot be understood.
    """
    try:
        parsed = make_url(url)
        # An option that stands there twice counts as it stands there last.
        options = {
            name: each if isinstance(each, str) else each[-1] for name, each in parsed.query.items()
        }
    except (ArgumentError, ValueError) as error:
        raise UsageError(
            "The URL of the store cannot be understood.",
            hint="Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, and signs like @ : / # in"
            " the user or password as %40 %3A %2F %23.",
        ) from error
    named = parsed.translate_connect_args(database="dbname", username="user")
    host, port = parsed.host or options.get("host", ""), parsed.port or options.get("port", "")
    place = f"[{host}]" if ":" in str(host) else str(host)
    database = parsed.database or options.get("dbname", "")
    return {**named, **options}, f"postgresql://{place}{f':{port}' if port else ''}/{database}"


class Connector:
    """Makes connections, again and again while a server starts up or is away for a moment."""

    def __init__(self, arguments: Mapping[str, object], name: str, patience: float) -> None:
        """Take what to connect with, what people are shown, and for how long to try."""
        limit = {"connect_timeout": max(2, round(patience))}
        self._arguments: dict[str, Any] = {**_DEFAULTS, **limit, **arguments}
        self._name = name
        self._patience = patience

    def __call__(self) -> psycopg.Connection[tuple[object, ...]]:
        """Return a connection that begins no transaction by itself.

        Raises:
            StoreError: the server does not answer, refuses, or is too old.
        """
        import psycopg

        deadline, pause = time.monotonic() + self._patience, 0.05
        while True:
            try:
                # Nothing is prepared, so that connections may be shared by a pooler between.
                connection = psycopg.connect(
                    **self._arguments, autocommit=True, prepare_threshold=None
                )
            except psycopg.Error as error:
                final = postgresql_errors.is_final(error)
                if final or time.monotonic() + pause > deadline:
                    meaning, step = postgresql_errors.explain_connecting(error)
                    # Without the cause, which may quote the URL.
                    raise StoreError(f"The store {self._name} {meaning}.", hint=step) from None
                time.sleep(pause)
                pause = min(2 * pause, 1.0)
            else:
                self._check_server(connection)
                return connection

    def _check_server(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        version = connection.info.server_version // 10_000
        encoding = connection.info.parameter_status("server_encoding")
        if version >= OLDEST and encoding == "UTF8":
            return
        connection.close()
        if version < OLDEST:
            raise StoreError(
                f"The store {self._name} runs on PostgreSQL {version}, this program needs {OLDEST}"
                " or newer.",
                hint="Upgrade the server, or name another store.",
            )
        raise StoreError(
            f"The store {self._name} keeps text as {encoding}, this program needs UTF8.",
            hint="Create the database with ENCODING 'UTF8'.",
        )
