"""Runs the numbered migrations; the only module that imports Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection

from reconciler.core.errors import StoreError

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(connection: Connection, folder: Path = MIGRATIONS) -> None:
    """Run every migration that is pending, inside the transaction of the connection.

    Raises:
        StoreError: the version found is none of ours.
    """
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(
            f"The schema of the store cannot be migrated: {error}.",
            hint="Use the program that wrote it last.",
        ) from error
