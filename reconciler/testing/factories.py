"""Small factories of manifests and records; what a test does not care about has a default.

Contents are normalised: defaults are explicit, sets are sorted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.core import canonical
from reconciler.core.canonical import Json
from reconciler.core.model import (
    API_VERSION,
    RESOURCE_FOLDERS,
    Deployment,
    Desired,
    Entry,
    Facts,
    Kind,
    Phase,
    ResourceKey,
)
from reconciler.ports import Operation

_FOLDERS = {kind.value: folder for folder, kind in RESOURCE_FOLDERS.items()}


def manifest(kind: str, name: str, spec: Mapping[str, Json]) -> dict[str, Json]:
    """Return the envelope around a spec."""
    metadata = {"name": name}
    return {
        "apiVersion": API_VERSION,
        "kind": str(kind),
        "metadata": metadata,
        "spec": dict(spec),
    }


def integration(
    name: str = "hubspot", *, scopes: tuple[str, ...] = (), **spec: Json
) -> dict[str, Json]:
    """Return an Integration; with scopes it uses oauth2."""
    auth: dict[str, Json] = {"type": "none"}
    if scopes:
        auth = {"type": "oauth2", "pkce": False, "scopes": sorted(scopes)}
    defaults = {
        "title": name,
        "provider": name,
        "enabled": True,
        "auth": auth,
        "requiredAppConfiguration": ["clientId", "clientSecret"] if scopes else [],
        "userSettings": [],
        "portal": {},
    }
    return manifest(Kind.INTEGRATION, name, defaults | spec)


def workflow(
    name: str = "sync-contacts", *, secrets: tuple[str, ...] = (), **spec: Json
) -> dict[str, Json]:
    """Return a Workflow of one step that is started by hand."""
    requires: dict[str, Json] = {"scopes": [], "settings": [], "workflows": [], "credentials": []}
    requires["secrets"] = sorted(secrets)
    defaults = {
        "title": name,
        "enabled": True,
        "enabledByDefault": False,
        "hidden": False,
        "trigger": {"type": "manual"},
        "userSettings": [],
        "requires": requires,
        "steps": [{"name": "answer", "type": "response", "with": {}}],
    }
    return manifest(Kind.WORKFLOW, name, defaults | spec)


def app_event(name: str = "contact-created", **spec: Json) -> dict[str, Json]:
    """Return an AppEvent with the schema of an object."""
    defaults = {"title": name, "schema": {"type": "object"}, "deprecated": False}
    return manifest(Kind.APP_EVENT, name, defaults | spec)


def key_of(content: Mapping[str, Json]) -> ResourceKey:
    """Return the identity of a manifest."""
    return ResourceKey(Kind(content["kind"]), content["metadata"]["name"])


def entry(content: Mapping[str, Json], facts: Facts | None = None) -> Entry:
    """Return the desired entry of a manifest."""
    key = key_of(content)
    digest = canonical.digest(content)
    return Entry(
        key=key,
        path=f"{_FOLDERS[key.kind]}/{key.name}.yaml",
        blob=digest[-40:],
        bytes_digest=digest,
        digest=digest,
        facts=facts or Facts(integration=content["spec"].get("integration")),
    )


def desired(environment: str, *contents: Mapping[str, Json]) -> Desired:
    """Return what git says of an environment that holds these manifests."""
    entries = {key_of(content): entry(content) for content in contents}
    return Desired(
        environment=environment,
        commit="c" * 40,
        ref="main",
        entries=entries,
        values={},
        content_digest=canonical.digest(sorted(each.digest for each in entries.values())),
    )


def operation(
    content: Mapping[str, Json],
    *,
    expected: Mapping[str, Json] | None = None,
    relationships: tuple[tuple[str, ResourceKey], ...] = (),
) -> Operation:
    """Return the write of a manifest where `expected` was observed (None: nothing)."""
    return Operation(
        key=key_of(content),
        content=content,
        digest=canonical.digest(content),
        expected=None if expected is None else canonical.digest(expected),
        relationships=relationships,
    )


def removal(content: Mapping[str, Json]) -> Operation:
    """Return the removal of a manifest that was observed as it is."""
    digest = canonical.digest(content)
    return Operation(key=key_of(content), content=None, digest=None, expected=digest)


def deployment(id: str = "d-1", environment: str = "development", **fields: Any) -> Deployment:
    """Return a running deployment."""
    defaults = {
        "phase": Phase.RUNNING,
        "type": "apply",
        "actor": "ana@example.com",
        "started_at": "2026-01-06T09:00:00+00:00",
        "owner": {"host": "ci-1", "pid": 4711},
    }
    return Deployment(id=id, environment=environment, **(defaults | fields))


def user(
    id: str,
    integration: str | None = None,
    *,
    scopes: tuple[str, ...] = (),
    status: str = "connected",
    settings: Mapping[str, Json] | None = None,
    workflows: tuple[Mapping[str, Json], ...] = (),
) -> dict[str, Json]:
    """Return a connected user in the shape of `users import`."""
    connection = {
        "integration": integration,
        "status": status,
        "scopes": list(scopes),
        "settings": dict(settings or {}),
    }
    connections = [connection] if integration is not None else []
    return {
        "id": id,
        "connections": connections,
        "workflows": [dict(each) for each in workflows],
    }
