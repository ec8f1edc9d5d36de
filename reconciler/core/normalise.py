"""The one form of a manifest: defaults made explicit, sets sorted; pure.

Both sides of a comparison pass through it, so that leaving a default out, writing it down or
ordering scopes differently is no change. It takes manifests that fit their schema, with whole
numbers already written as integers, and is idempotent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from reconciler.core.canonical import Json
from reconciler.core.inference import inferred_schema
from reconciler.core.model import Kind

Spec = Mapping[str, Json]

OAUTH_CONFIGURATION = ("clientId", "clientSecret")
REQUIREMENTS = ("secrets", "scopes", "settings", "workflows", "credentials")


def normalise(manifest: Mapping[str, Json]) -> dict[str, Json]:
    """Return a manifest with its defaults made explicit; parts are shared with the argument."""
    change = _BY_KIND.get(manifest["kind"])
    if change is None:
        return dict(manifest)
    return {**manifest, "spec": change(manifest["metadata"]["name"], manifest["spec"])}


def _sorted_set(items: Iterable[str]) -> list[str]:
    return sorted(set(items))


def _integration(name: str, spec: Spec) -> dict[str, Json]:
    auth = _auth(spec.get("auth", {"type": "none"}))
    default = OAUTH_CONFIGURATION if auth["type"] == "oauth2" else ()
    return {
        "title": name,
        "provider": name,
        "enabled": True,
        "portal": {},
        **spec,
        "auth": auth,
        "requiredAppConfiguration": _sorted_set(spec.get("requiredAppConfiguration", default)),
        "userSettings": [_user_setting(item) for item in spec.get("userSettings", ())],
    }


def _auth(auth: Mapping[str, Json]) -> dict[str, Json]:
    if auth["type"] == "oauth2":
        return {"pkce": False, **auth, "scopes": _sorted_set(auth.get("scopes", ()))}
    if "scopes" in auth:
        return {**auth, "scopes": _sorted_set(auth["scopes"])}
    return dict(auth)


def _workflow(name: str, spec: Spec) -> dict[str, Json]:
    trigger = spec["trigger"]
    requires = spec.get("requires", {})
    return {
        "title": name,
        "enabled": True,
        "enabledByDefault": False,
        "hidden": False,
        **spec,
        "trigger": {"timezone": "UTC", **trigger} if trigger["type"] == "schedule" else trigger,
        "requires": {key: _sorted_set(requires.get(key, ())) for key in REQUIREMENTS},
        "userSettings": [_user_setting(item) for item in spec.get("userSettings", ())],
    }


def _user_setting(setting: Mapping[str, Json]) -> dict[str, Json]:
    normal = {"title": setting["name"], "required": True, **setting}
    if "options" in setting:
        normal["options"] = [_option(item) for item in setting["options"]]
    return normal


def _option(option: Json) -> dict[str, Json]:
    return (
        {"value": option, "title": option}
        if isinstance(option, str)
        else {"title": option["value"], **option}
    )


def _app_event(name: str, spec: Spec) -> dict[str, Json]:
    normal = {"title": name, "deprecated": False, **spec}
    if "schema" not in spec:
        normal["schema"] = inferred_schema(spec["example"])
    return normal


def _environment(_name: str, spec: Spec) -> dict[str, Json]:
    return {
        "mode": "editable",
        "platform": {"type": "builtin"},
        "values": {},
        "secrets": {},
        "appConfiguration": {},
        **spec,
    }


def _pipeline(_name: str, spec: Spec) -> dict[str, Json]:
    return {
        "protectedBranch": "main",
        "tagFormat": "{environment}/v{version}",
        "branchFormat": "release/{environment}/{version}",
        "signatures": "optional",
        **spec,
    }


_BY_KIND: Mapping[str, Callable[[str, Spec], dict[str, Json]]] = {
    Kind.INTEGRATION: _integration,
    Kind.WORKFLOW: _workflow,
    Kind.APP_EVENT: _app_event,
    Kind.ENVIRONMENT: _environment,
    Kind.PIPELINE: _pipeline,
}
