"""Reading connected users: rows put together to records, a page at a time.

What belongs to a removed resource is hidden.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, exists, select

from reconciler.adapters.platforms.builtin.affected import not_removed
from reconciler.adapters.sql.schema import (
    platform_connections,
    platform_scopes,
    platform_settings,
    platform_user_workflows,
    platform_users,
)
from reconciler.core.canonical import Json
from reconciler.core.model import Kind

PAGE = 500

_USER = platform_users.c
_CONNECTION = platform_connections.c
_HIDDEN_WITH = {"integration": Kind.INTEGRATION, "workflow": Kind.WORKFLOW}


def read_page(
    connection: Connection, environment: str, after: str | None, integration: str | None
) -> list[dict[str, Json]]:
    """Return the next records behind an id, at most a page of them, in order."""
    query = select(_USER.id, _USER.metadata).where(_USER.environment == environment)
    if after is not None:
        query = query.where(_USER.id > after)
    if integration is not None:
        query = query.where(
            _has_connection(environment, integration),
            not_removed(Kind.INTEGRATION, integration, environment),
        )
    found = connection.execute(query.order_by(_USER.id).limit(PAGE))
    page = _Page(connection, environment, {each.id: _value(each.metadata) for each in found})
    return page.records()


def _has_connection(environment: str, integration: str) -> ColumnElement[bool]:
    return exists().where(
        _CONNECTION.environment == environment,
        _CONNECTION.user_id == _USER.id,
        _CONNECTION.integration == integration,
    )


class _Page:
    """The rows of some users, by (user, integration or workflow)."""

    def __init__(
        self, connection: Connection, environment: str, metadata: Mapping[str, Json]
    ) -> None:
        self._connection = connection
        self._environment = environment
        self._metadata = metadata

    def records(self) -> list[dict[str, Json]]:
        connections: defaultdict[str, list[Json]] = defaultdict(list)
        workflows: defaultdict[str, list[Json]] = defaultdict(list)
        scopes, settings = self._scopes(), self._settings()
        for user, name, status in self._rows(platform_connections):
            granted = {"scopes": scopes[user, name], "settings": settings[user, name, ""]}
            connections[user].append({"integration": name, "status": status} | granted)
        for user, name, enabled, by in self._rows(platform_user_workflows):
            chosen = {"enabled": enabled} | ({} if by is None else {"disabledBy": by})
            chosen["settings"] = settings[user, "", name]
            workflows[user].append({"name": name} | chosen)
        return [
            {
                "id": user,
                "metadata": metadata,
                "connections": connections[user],
                "workflows": workflows[user],
            }
            for user, metadata in self._metadata.items()
        ]

    def _scopes(self) -> Mapping[tuple[str, str], list[str]]:
        found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for user, integration, scope in self._rows(platform_scopes):
            found[user, integration].append(scope)
        return found

    def _settings(self) -> Mapping[tuple[str, str, str], dict[str, Json]]:
        found: defaultdict[tuple[str, str, str], dict[str, Json]] = defaultdict(dict)
        for user, integration, workflow, name, value in self._rows(platform_settings):
            found[user, integration, workflow][name] = _value(value)
        return found

    def _rows(self, table: Table) -> Iterable[Any]:
        """Return the columns behind the environment of what is not hidden, in order."""
        environment, *columns = table.columns
        shown = [
            not_removed(kind, column, self._environment)
            for column in columns
            if (kind := _HIDDEN_WITH.get(column.name)) is not None
        ]
        users = table.c.user_id.in_(list(self._metadata))
        # In the order of the key, lest the database finds another index better.
        key = [column for column in table.primary_key if column is not environment]
        query = select(*columns).where(environment == self._environment, users, *shown)
        return self._connection.execute(query.order_by(*key)).all()


def _value(text: str) -> Json:
    """Return the value of JSON text; what a hand wrote may be none, and stands for itself."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
