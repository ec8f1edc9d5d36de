"""A normalised manifest without what the reader adds by itself; pure, the way back of normalise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.core import canonical
from reconciler.core.canonical import Json
from reconciler.core.model import Kind
from reconciler.core.normalise import normalise

# What is tried to be left out, outermost first; `*` stands for each member of a list.
_DEFAULTS: Mapping[str, tuple[str, ...]] = {
    Kind.INTEGRATION: (
        *("auth", "auth/pkce", "auth/scopes", "title", "provider", "enabled", "portal"),
        *("requiredAppConfiguration", "userSettings"),
        *("userSettings/*/title", "userSettings/*/required", "userSettings/*/options/*/title"),
    ),
    Kind.WORKFLOW: (
        *("title", "enabled", "enabledByDefault", "hidden", "trigger/timezone", "requires"),
        *("requires/secrets", "requires/scopes", "requires/settings", "requires/workflows"),
        *("requires/credentials", "userSettings"),
        *("userSettings/*/title", "userSettings/*/required", "userSettings/*/options/*/title"),
    ),
    Kind.APP_EVENT: ("title", "deprecated", "schema"),
    Kind.ENVIRONMENT: ("mode", "platform", "values", "secrets", "appConfiguration"),
    Kind.PIPELINE: ("protectedBranch", "tagFormat", "branchFormat", "signatures"),
}


def lean(content: Mapping[str, Json]) -> dict[str, Json]:
    """Return a manifest that fits its schema without its defaults; normalising it gives it again.

    A content that is not in its normal form keeps every field as it is.
    """
    wanted = canonical.dumps(content)
    found = dict(content)
    if canonical.dumps(normalise(found)) != wanted:
        return found
    for path in _DEFAULTS.get(content["kind"], ()):
        for place in list(_places(found["spec"], path.split("/"))):
            tried = {**found, "spec": _without(found["spec"], place)}
            if _fits(tried) and canonical.dumps(normalise(tried)) == wanted:
                found = tried
    return _with_short_options(found)


def _fits(tried: Mapping[str, Json]) -> bool:
    # An event without a schema needs an example to infer it from.
    spec = tried["spec"]
    return tried["kind"] != Kind.APP_EVENT or "schema" in spec or "example" in spec


def _places(value: Json, path: list[str]) -> Iterable[list[str | int]]:
    """Yield the places that a path with `*` leads to."""
    if not path:
        yield []
        return
    first, *rest = path
    keys: Iterable[str | int] = range(len(value)) if first == "*" else [first]
    for key in keys:
        if first == "*" or (isinstance(value, Mapping) and key in value):
            yield from ([key, *place] for place in _places(value[key], rest))


def _without(value: Json, place: list[str | int]) -> Json:
    """Return a value without what stands at a place."""
    key, *rest = place
    if isinstance(value, list):
        return [_without(item, rest) if index == key else item for index, item in enumerate(value)]
    if rest:
        return {**value, key: _without(value[key], rest)}
    return {name: item for name, item in value.items() if name != key}


def _with_short_options(content: dict[str, Json]) -> dict[str, Json]:
    """Write an option that is only a value as that value."""
    settings = content["spec"].get("userSettings")
    if not settings:
        return content
    short = [
        {**each, "options": [o["value"] if [*o] == ["value"] else o for o in each["options"]]}
        if "options" in each
        else each
        for each in settings
    ]
    return {**content, "spec": {**content["spec"], "userSettings": short}}
