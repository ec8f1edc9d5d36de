"""What a whole resource is, in a few lines: for those that come and those that go.

Contents may come from a platform that somebody edited, so that nothing about their shape is sure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.core import canonical
from reconciler.core.canonical import Json
from reconciler.core.model import Change, Kind
from reconciler.core.render.foreign import shown
from reconciler.core.render.lines import Line, wrapped
from reconciler.core.render.style import SYMBOLS
from reconciler.core.render.values import cut, inline, listed
from reconciler.core.render.wording import counted

_NAME = 80
Row = tuple[str, str]


def title(change: Change) -> str | None:
    """Return the title of a resource where it says more than its name."""
    for content in (change.after, change.before):
        text = mapping(mapping(content).get("spec")).get("title")
        if isinstance(text, str) and text not in ("", change.key.name):
            return shown(cut(text, _NAME))
    return None


def outline(change: Change, width: int) -> list[Line]:
    """Return what comes with an added resource, or goes with a removed one."""
    content = change.before if change.after is None else change.after
    # What was just read and what was remembered have their keys in another order.
    spec = mapping(canonical.ordered(mapping(content).get("spec")))
    rows = _OUTLINES.get(change.key.kind, _anything)(spec)
    sign = SYMBOLS[change.action]
    lines = [Line(sign, 1, f"{label}: {text}") for label, text in rows if text]
    return [line for one in lines for line in wrapped(one, width)]


def mapping(value: Json) -> Mapping[str, Any]:
    """Return the value when it is an object, an empty one otherwise."""
    return value if isinstance(value, Mapping) else {}


def _integration(spec: Mapping[str, Any]) -> Iterator[Row]:
    auth = mapping(spec.get("auth"))
    scopes = auth.get("scopes")
    yield "provider", _text(spec.get("provider"))
    yield "enabled", _text(spec.get("enabled"))
    yield "auth", _text(auth.get("type"))
    yield "scopes", _names(scopes)
    yield "app configuration", _names(spec.get("requiredAppConfiguration"))
    yield "user settings", _typed(spec.get("userSettings"))


def _workflow(spec: Mapping[str, Any]) -> Iterator[Row]:
    yield "integration", _text(spec.get("integration"))
    yield "trigger", _trigger(mapping(spec.get("trigger")))
    yield "enabled", _enabled(spec)
    yield "steps", _typed(spec.get("steps"))
    yield "definition", _definition(mapping(spec.get("definition")))
    yield "user settings", _typed(spec.get("userSettings"))
    yield "requires", _requires(mapping(spec.get("requires")))
    yield "permissions", _text(spec.get("permissions"))


def _app_event(spec: Mapping[str, Any]) -> Iterator[Row]:
    schema = mapping(spec.get("schema"))
    properties = mapping(schema.get("properties"))
    required = schema.get("required")
    names = required if isinstance(required, list) else []
    fields = [
        f"{shown(cut(name, _NAME))}{' (required)' if name in names else ''}" for name in properties
    ]
    yield "fields", listed(fields)
    yield "deprecated", "true" if spec.get("deprecated") is True else ""


def _anything(spec: Mapping[str, Any]) -> Iterator[Row]:
    for label, value in spec.items():
        yield shown(cut(str(label), _NAME)), _text(value)


_OUTLINES: Mapping[str, Callable[[Mapping[str, Any]], Iterator[Row]]] = {
    Kind.INTEGRATION: _integration,
    Kind.WORKFLOW: _workflow,
    Kind.APP_EVENT: _app_event,
}


def _text(value: Json) -> str:
    """Return a value without the quotes of a plain string; nothing for what is not there."""
    if value in (None, {}, []):
        return ""
    if isinstance(value, str):
        return shown(cut(value, _NAME))
    return inline(value, _NAME)


def _names(value: Json) -> str:
    if not isinstance(value, list):
        return _text(value)
    return listed([_text(item) for item in value])


def _typed(value: Json) -> str:
    """Return `fetch (request), map (function)` for a list of named, typed things."""
    if not isinstance(value, list):
        return _text(value)
    return listed([_one_typed(mapping(item)) or _text(item) for item in value])


def _one_typed(item: Mapping[str, Any]) -> str:
    name, kind = _text(item.get("name")), _text(item.get("type"))
    notes = [kind] if kind else []
    if item.get("required") is True:
        notes.append("required")
    return f"{name} ({', '.join(notes)})" if name and notes else name


def _trigger(trigger: Mapping[str, Any]) -> str:
    kind = _text(trigger.get("type"))
    if kind == "schedule":
        parts = [_text(trigger.get("cron")), _text(trigger.get("timezone"))]
        return ", ".join([kind, *filter(None, parts)])
    event = _text(trigger.get("event"))
    return f"{kind} {event}" if event else kind


def _enabled(spec: Mapping[str, Any]) -> str:
    enabled = _text(spec.get("enabled"))
    notes = []
    if spec.get("enabledByDefault") is True:
        notes.append("by default for every connected user")
    if spec.get("hidden") is True:
        notes.append("hidden")
    return ", ".join(filter(None, [enabled, *notes]))


def _definition(definition: Mapping[str, Any]) -> str:
    if not definition:
        return ""
    nodes = mapping(definition.get("content")).get("nodes")
    parts = [_text(definition.get("file")), _text(definition.get("format"))]
    if isinstance(nodes, list):
        parts.append(counted(len(nodes), "node"))
    return ", ".join(filter(None, parts))


def _requires(requires: Mapping[str, Any]) -> str:
    parts = [f"{_text(label)} {_names(names)}" for label, names in requires.items() if names]
    return "; ".join(parts)
