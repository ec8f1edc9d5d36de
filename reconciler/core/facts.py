"""What other resources and messages need to know of a manifest, taken out of it once; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.core import references
from reconciler.core.canonical import Json
from reconciler.core.model import Facts, Kind
from reconciler.core.references import Reference, Scan


def facts(content: Mapping[str, Json], scan: Scan | None = None) -> Facts:
    """Return the facts of a normalised manifest; `scan` saves looking for references again."""
    if content["kind"] == Kind.WORKFLOW:
        return _workflow(content["spec"], _references(content, scan))
    if content["kind"] == Kind.INTEGRATION:
        return _integration(content["spec"], _references(content, scan))
    return _NONE


_NONE = Facts()


def facts_of_running(content: Mapping[str, Json]) -> Facts:
    """Return the facts of what runs: none where a hand made it something else than a manifest."""
    try:
        return facts(content)
    except (KeyError, TypeError, AttributeError):
        return _NONE


def _references(content: Mapping[str, Json], scan: Scan | None) -> tuple[Reference, ...]:
    return (references.scan(content) if scan is None else scan).references


def _workflow(spec: Mapping[str, Json], found: tuple[Reference, ...]) -> Facts:
    trigger, requires = spec["trigger"], spec["requires"]
    definition = spec.get("definition")
    return Facts(
        integration=spec.get("integration"),
        event=trigger.get("event") if trigger["type"] == "appEvent" else None,
        workflows=tuple(requires["workflows"]),
        secrets=_names(found, "secrets", requires["secrets"]),
        declared_secrets=tuple(requires["secrets"]),
        settings=_setting_names(spec),
        needs_settings=_names(found, "settings", requires["settings"]),
        values=_paths(found, "values"),
        app=_paths(found, "app"),
        definition=f"{definition['format']}:{definition['file']}" if definition else None,
    )


def _integration(spec: Mapping[str, Json], found: tuple[Reference, ...]) -> Facts:
    return Facts(
        secrets=_names(found, "secrets"),
        settings=_setting_names(spec),
        needs_settings=_names(found, "settings"),
        values=_paths(found, "values"),
        app=_paths(found, "app"),
        app_configuration=tuple(spec["requiredAppConfiguration"]) if spec["enabled"] else (),
    )


def _setting_names(spec: Mapping[str, Json]) -> tuple[str, ...]:
    return tuple([setting["name"] for setting in spec["userSettings"]])


def _names(
    found: tuple[Reference, ...], namespace: str, listed: Iterable[str] = ()
) -> tuple[str, ...]:
    """Return listed names and the first part of each path in a namespace, sorted."""
    used = [r.path.partition(".")[0] for r in found if r.namespace == namespace and r.path]
    return tuple(sorted({*listed, *used})) if used else tuple(listed)


def _paths(found: tuple[Reference, ...], namespace: str) -> tuple[str, ...]:
    return tuple(sorted({r.path for r in found if r.namespace == namespace})) if found else ()
