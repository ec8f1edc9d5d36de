"""What all tables share: the metadata, and short words for columns."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, LargeBinary, MetaData, false

from reconciler.adapters.sql.dialect import TEXT

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def key(name: str) -> Column[str]:
    """Return a text that is part of the primary key."""
    return Column(name, TEXT, primary_key=True)


def text(name: str) -> Column[str]:
    """Return a text that is always there."""
    return Column(name, TEXT, nullable=False)


def optional(name: str) -> Column[str]:
    """Return a text that may be absent."""
    return Column(name, TEXT)


def flag(name: str) -> Column[bool]:
    """Return a truth, false unless said."""
    return Column(name, Boolean, nullable=False, server_default=false())


def data(name: str) -> Column[bytes]:
    """Return bytes that are always there."""
    return Column(name, LargeBinary, nullable=False)


def seconds(name: str) -> Column[float]:
    """Return a number of seconds that may be absent."""
    return Column(name, Float)
