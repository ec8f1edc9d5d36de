"""Reading what runs: digests without contents, and contents that somebody may have edited by hand.

A row without digest was written by somebody else and is hashed when it is looked at.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from reconciler.adapters.sql import dialect
from reconciler.adapters.sql.chunks import by_kind
from reconciler.adapters.sql.schema import platform_environments, platform_resources
from reconciler.core import canonical
from reconciler.core.canonical import Json
from reconciler.core.model import ResourceKey

_TABLE = platform_resources.c
_ENABLED = (_TABLE.environment == bindparam("environment"), _TABLE.state == "enabled")
_DIGESTS = select(_TABLE.kind, _TABLE.name, _TABLE.digest).where(*_ENABLED)
_REVISION = select(platform_environments.c.revision).where(
    platform_environments.c.environment == bindparam("environment")
)


def read_revision(connection: Connection, environment: str) -> str:
    """Return the number of writes that the environment has seen, by whomever, as text."""
    return str(connection.execute(_REVISION, {"environment": environment}).scalar() or 0)


def read_digests(connection: Connection, environment: str) -> dict[ResourceKey, str]:
    """Return the digest of everything that runs."""
    rows = dialect.fetch_plain(connection, _DIGESTS, {"environment": environment})
    found: dict[ResourceKey, str | None] = {
        ResourceKey(kind, name): digest for kind, name, digest in rows
    }
    return _with_edited(connection, environment, found)


def read_digests_of(
    connection: Connection, environment: str, keys: Iterable[ResourceKey]
) -> dict[ResourceKey, str]:
    """Return the digests of those of the keys that run."""
    found: dict[ResourceKey, str | None] = {}
    for kind, names in by_kind(keys):
        query = _DIGESTS.where(_TABLE.kind == kind, _TABLE.name.in_(names))
        rows = connection.execute(query, {"environment": environment})
        found |= {ResourceKey(kind, name): digest for _, name, digest in rows}
    return _with_edited(connection, environment, found)


def read_contents(
    connection: Connection, environment: str, keys: Iterable[ResourceKey]
) -> dict[ResourceKey, Json]:
    """Return the contents of those of the keys that run.

    What cannot be read as a manifest is `{"unreadable": "<reason>"}`.
    """
    found: dict[ResourceKey, Json] = {}
    for kind, names in by_kind(keys):
        query = _raw(kind, names).add_columns(_TABLE.digest)
        for name, raw, digest in connection.execute(query, {"environment": environment}):
            found[ResourceKey(kind, name)] = parse(raw) if digest is None else _read(raw)
    return found


def _read(raw: bytes) -> Json:
    # A digest may have been written by a hand too.
    try:
        value = json.loads(raw.decode())
    except (ValueError, RecursionError):
        return parse(raw)
    return value if isinstance(value, dict) else parse(raw)


def parse(raw: bytes) -> Json:
    """Return an edited content normalised, or `{"unreadable": "<reason>"}`."""
    try:
        value = canonical.canonical_numbers(json.loads(raw.decode()))
        canonical.dumps(value).encode()
    except RecursionError:
        return {"unreadable": "it is nested too deeply"}
    except UnicodeError:
        return {"unreadable": "it is not valid Unicode"}
    except ValueError as error:
        return {"unreadable": f"it is not JSON: {error}"}
    if not isinstance(value, dict):
        return {"unreadable": "it is not a JSON object"}
    return value


def digest_of(raw: bytes) -> str:
    """Return the digest of an edited content; one that cannot be read fits nothing."""
    content = parse(raw)
    if content.keys() == {"unreadable"}:
        return canonical.sha256(b"unreadable " + raw)
    return canonical.digest(content)


def _with_edited(
    connection: Connection, environment: str, found: dict[ResourceKey, str | None]
) -> dict[ResourceKey, str]:
    edited = [key for key, digest in found.items() if digest is None]
    known = {key: digest for key, digest in found.items() if digest is not None}
    for kind, names in by_kind(edited):
        rows = connection.execute(_raw(kind, names), {"environment": environment})
        known |= {ResourceKey(kind, name): digest_of(raw) for name, raw in rows}
    return known


def _raw(kind: str, names: Iterable[str]) -> Select[Any]:
    # As bytes, since a hand may write text that is none.
    query = select(_TABLE.name, dialect.raw_bytes(_TABLE.content))
    return query.where(*_ENABLED, _TABLE.kind == kind, _TABLE.name.in_(names))
