"""Which workflows do not run although they are enabled; derived each time, never stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import Connection, and_, select

from reconciler.adapters.platforms.builtin.resources import read_contents
from reconciler.adapters.sql.schema import (
    platform_relationships,
    platform_secrets,
)
from reconciler.core.canonical import Json
from reconciler.core.model import Kind, ResourceKey

_TO = platform_relationships.c


def inactive_workflows(
    connection: Connection, environment: str
) -> dict[ResourceKey, tuple[str, ...]]:
    """Return enabled workflows that do not run, with the secrets that they miss.

    None missing: the workflow's integration is off or absent.
    """
    missing = _missing_secrets(connection, environment)
    candidates = missing.keys() | _without_integration(connection, environment)
    contents = read_contents(connection, environment, candidates)
    return {
        key: tuple(sorted(missing.get(key, ())))
        for key, content in sorted(contents.items())
        if _is_enabled(content)
    }


def _is_enabled(content: Json) -> bool:
    spec = content.get("spec")
    return not isinstance(spec, Mapping) or spec.get("enabled") is not False


def _missing_secrets(connection: Connection, environment: str) -> Mapping[ResourceKey, set[str]]:
    given = and_(
        platform_secrets.c.environment == _TO.environment, platform_secrets.c.name == _TO.to_name
    )
    query = (
        select(_TO.name, _TO.to_name)
        .outerjoin_from(platform_relationships, platform_secrets, given)
        .where(
            _TO.environment == environment,
            _TO.kind == Kind.WORKFLOW.value,
            _TO.relation == "secret",
            platform_secrets.c.name.is_(None),
        )
    )
    found: defaultdict[ResourceKey, set[str]] = defaultdict(set)
    for workflow, secret in connection.execute(query):
        found[ResourceKey(Kind.WORKFLOW, workflow)].add(secret)
    return found


def _without_integration(connection: Connection, environment: str) -> set[ResourceKey]:
    """Return the workflows that are related to an integration which is not on."""
    query = select(_TO.name, _TO.to_name).where(
        _TO.environment == environment,
        _TO.kind == Kind.WORKFLOW.value,
        _TO.relation == "integration",
    )
    related = connection.execute(query).all()
    names = {ResourceKey(Kind.INTEGRATION, integration) for _, integration in related}
    contents = read_contents(connection, environment, names)
    on = {key.name for key, content in contents.items() if _is_enabled(content)}
    return {
        ResourceKey(Kind.WORKFLOW, name) for name, integration in related if integration not in on
    }
