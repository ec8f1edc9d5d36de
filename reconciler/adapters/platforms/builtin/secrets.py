"""The sealed secrets that a runtime may use."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, delete, select

from reconciler.adapters.sql import dialect
from reconciler.adapters.sql.schema import platform_secrets
from reconciler.ports import SealedSecret

_TABLE = platform_secrets.c
_TAKE = delete(platform_secrets).where(
    _TABLE.environment == bindparam("at"), _TABLE.name == bindparam("named")
)


def fingerprints(connection: Connection, environment: str) -> dict[str, str]:
    """Return the fingerprint of each secret that is there, by name."""
    query = select(_TABLE.name, _TABLE.fingerprint).where(_TABLE.environment == environment)
    return {row.name: row.fingerprint for row in connection.execute(query)}


def give(
    connection: Connection, environment: str, sealed: Mapping[str, SealedSecret | None]
) -> tuple[str, ...]:
    """Set and take away secrets; writes those whose fingerprint differs and returns their names."""
    present = fingerprints(connection, environment)
    changed = {
        name: secret
        for name, secret in sealed.items()
        if present.get(name) != (secret and secret.fingerprint)
    }
    given = [_row(environment, name, secret) for name, secret in changed.items() if secret]
    if given:
        connection.execute(dialect.upsert(platform_secrets), given)
    taken = [name for name, secret in changed.items() if secret is None]
    if taken:
        connection.execute(_TAKE, [{"at": environment, "named": name} for name in taken])
    return tuple(sorted(changed))


def _row(environment: str, name: str, secret: SealedSecret) -> dict[str, str | bytes]:
    return {
        "environment": environment,
        "name": name,
        "sealed": secret.sealed,
        "fingerprint": secret.fingerprint,
    }
