"""What the remote platform remembers: resources with ids and versions, secrets, and its log."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from reconciler.core.canonical import Json

_Resource = dict[str, Json]
_Key = tuple[str, str, str]


class Refused(Exception):
    """A request that cannot be done, with its HTTP status."""

    def __init__(self, status: int, text: str) -> None:
        """Take status and reason."""
        self.status = status
        self.text = text
        super().__init__(text)


def utc_now() -> str:
    """Return the time as RFC 3339 in UTC."""
    return datetime.now(UTC).isoformat()


class RemoteState:
    """The memory of the server, kept in a file where one is named.

    `effects` is every change in its order: who made it (`client`, or `hand` for somebody else),
    what, where. Each call is one step of its own: callers hold `lock`.
    """

    def __init__(self, path: Path | None = None, now: Callable[[], str] = utc_now) -> None:
        """Begin with what the file has, empty without one."""
        self.lock = threading.RLock()
        self.effects: list[dict[str, Json]] = []
        self._path = path
        self._now = now
        self._ids = 0
        self._revisions: dict[str, int] = {}
        self._resources: dict[str, _Resource] = {}
        self._secrets: dict[str, dict[str, str]] = {}
        if path is not None and path.exists():
            self._load(json.loads(path.read_text(encoding="utf-8")))
        self._named: dict[_Key, str] = {_key(one): one["id"] for one in self._resources.values()}

    def page(
        self, environment: str, after: int, limit: int, *, archived: bool = False
    ) -> dict[str, Json]:
        """Return resources in the order of their ids, those behind an id, and what comes next."""
        listed = [
            each
            for each in self._resources.values()
            if each["environment"] == environment and each["archived"] == archived
        ]
        rest = [each for each in listed if _number(each["id"]) > after]
        items = rest[:limit]
        return {
            "items": items,
            "next": str(_number(items[-1]["id"])) if len(rest) > limit else None,
            "total": len(listed),
            "revision": self._revisions.get(environment, 0),
        }

    def find(self, environment: str, kind: str, name: str) -> _Resource | None:
        """Return a resource by its name, also an archived one."""
        found = self._named.get((environment, kind, name))
        return None if found is None else self._resources[found]

    def get(self, environment: str, id: str) -> _Resource:
        """Return a resource by its id.

        Raises:
            Refused: there is none in this environment.
        """
        found = self._resources.get(id)
        if found is None or found["environment"] != environment:
            raise Refused(404, f"there is no resource {id}")
        return found

    def create(self, environment: str, given: Mapping[str, Json], by: str = "client") -> _Resource:
        """Add a resource.

        Raises:
            Refused: there is one of that name, perhaps archived.
        """
        kind, name = _text(given, "kind"), _text(given, "name")
        if (environment, kind, name) in self._named:
            raise Refused(409, f"there is a {kind} of this name already")
        self._ids += 1
        new, now = f"r-{self._ids}", self._now()
        made = {
            "id": new,
            "environment": environment,
            "kind": kind,
            "name": name,
            "version": 1,
            "createdAt": now,
            **self._written(new, given, now),
        }
        self._resources[new] = made
        self._named[environment, kind, name] = new
        self._changed(environment, by, "create", made)
        return made

    def replace(
        self,
        environment: str,
        id: str,
        given: Mapping[str, Json],
        version: int | None,
        by: str = "client",
    ) -> _Resource:
        """Write over a resource, which also brings an archived one back.

        Raises:
            Refused: it is gone, or has another version.
        """
        found = self._matching(environment, id, version)
        self._put(found, self._written(id, given, self._now()))
        self._changed(environment, by, "replace", self._resources[id])
        return self._resources[id]

    def archive(self, environment: str, id: str, version: int | None) -> _Resource:
        """Disable and hide a resource.

        Raises:
            Refused: it is gone, or has another version.
        """
        found = self._matching(environment, id, version)
        now = self._now()
        self._put(found, {"enabled": False, "archived": True, "archivedAt": now, "updatedAt": now})
        self._changed(environment, "client", "archive", self._resources[id])
        return self._resources[id]

    def purge(self, environment: str, id: str, version: int | None, by: str = "client") -> None:
        """Forget a resource for good.

        Raises:
            Refused: it is gone, or has another version.
        """
        found = self._matching(environment, id, version)
        del self._resources[id]
        del self._named[_key(found)]
        self._changed(environment, by, "purge", found)

    def secrets(self, environment: str) -> dict[str, str]:
        """Return the fingerprint of each secret."""
        return dict(self._secrets.get(environment, {}))

    def set_secret(self, environment: str, name: str, fingerprint: str | None) -> None:
        """Keep a fingerprint, or forget it."""
        known = self._secrets.setdefault(environment, {})
        if fingerprint is None:
            known.pop(name, None)
        else:
            known[name] = fingerprint
        one = {"kind": "Secret", "name": name, "id": None, "version": None}
        self._changed(environment, "client", "unset" if fingerprint is None else "set", one)

    def _matching(self, environment: str, id: str, version: int | None) -> _Resource:
        found = self.get(environment, id)
        if version is not None and found["version"] != version:
            raise Refused(412, f"{id} has version {found['version']}, not {version}")
        return found

    def _put(self, before: _Resource, fields: Mapping[str, Json]) -> None:
        # A new value: a reply that is being sent keeps the one it has.
        version = before["version"] + 1
        self._resources[before["id"]] = {**before, **fields, "version": version}

    def _written(self, id: str, given: Mapping[str, Json], now: str) -> dict[str, Json]:
        """Return what a write sets; like any server it adds fields of its own to a document."""
        document = given.get("document")
        if isinstance(document, dict) and isinstance(document.get("metadata"), dict):
            own = {"uid": id, "savedAt": now}
            document = {**document, "metadata": {**document["metadata"], **own}}
        return {
            "document": document,
            "relationships": given.get("relationships", []),
            "enabled": True,
            "archived": False,
            "archivedAt": None,
            "updatedAt": now,
        }

    def _changed(self, environment: str, by: str, action: str, one: Mapping[str, Json]) -> None:
        self._revisions[environment] = self._revisions.get(environment, 0) + 1
        effect = {"number": len(self.effects) + 1, "environment": environment, "by": by}
        told = {key: one[key] for key in ("kind", "name", "id", "version")}
        self.effects.append({**effect, "action": action, **told})
        if self._path is not None:
            self._save(self._path)

    def _save(self, path: Path) -> None:
        kept = {
            "ids": self._ids,
            "revisions": self._revisions,
            "resources": list(self._resources.values()),
            "secrets": self._secrets,
            "effects": self.effects,
        }
        beside = path.with_name(f"{path.name}.new")
        beside.write_text(json.dumps(kept), encoding="utf-8")
        beside.replace(path)

    def _load(self, kept: Mapping[str, Json]) -> None:
        self._ids = kept["ids"]
        self._revisions = kept["revisions"]
        self._resources = {each["id"]: each for each in kept["resources"]}
        self._secrets = kept["secrets"]
        self.effects = kept["effects"]


def _key(resource: Mapping[str, Json]) -> _Key:
    return resource["environment"], resource["kind"], resource["name"]


def _number(id: str) -> int:
    return int(id.removeprefix("r-"))


def _text(given: Mapping[str, Json], field: str) -> str:
    value = given.get(field)
    if not isinstance(value, str) or not value:
        raise Refused(400, f"{field} is missing")
    return value
