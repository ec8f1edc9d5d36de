"""Why a manifest does not fit its schema: one finding per error, in words for its author.

Slow and thorough, and only asked when the quick answer was no.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler.adapters.manifests import schemas
from reconciler.adapters.manifests.findings import MAX_FINDINGS, pointer_of
from reconciler.core.canonical import Json
from reconciler.core.model import API_VERSION, Kind
from reconciler.core.names import closest, quoted
from reconciler.core.pointers import escaped
from reconciler.core.references import Problem

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
# What the schema of a kind says in a way that only a schema author understands.
_SPECIAL = {
    ("required", "/spec", "steps"): "a workflow has steps or a definition; /spec has neither",
    ("false", "/spec", ""): "a workflow has steps or a definition; /spec has both",
    ("anyOf", "/spec", ""): "an app event has a schema, an example or both; /spec has neither",
}


def problems(value: Json, kind: str) -> list[Problem]:
    """Return why a value is no manifest of a kind; not empty for what the quick answer refused."""
    if not isinstance(value, dict):
        return [
            Problem("", f"is {_name_of(value)}; a manifest is a mapping with apiVersion, kind, …")
        ]
    head = list(_head(value, kind))
    if head and value.get("kind") in set(Kind):
        return head
    heads = {problem.pointer for problem in head}
    rest = [problem for problem in _schema_problems(value, kind) if problem.pointer not in heads]
    return [*head, *rest] or [_quick_problem(value, kind)]


def _head(value: Mapping[str, Json], kind: str) -> Iterator[Problem]:
    found = value.get("kind")
    if "kind" in value and found != kind:
        text = f"is {_shown(found)}, but {_article(kind)} is wanted here"
        yield Problem("/kind", f"kind {text}{_hint(found, [kind])}")
    version = value.get("apiVersion")
    if "apiVersion" in value and version != API_VERSION:
        yield Problem("/apiVersion", f"apiVersion is {_shown(version)}; wanted {API_VERSION}")


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'AEI' else 'a'} {kind}"


class _Error(NamedTuple):
    """What a validator found: the keyword that does not hold, its value, and where."""

    keyword: str
    wanted: Any
    found: Any
    schema: Mapping[str, Json]
    pointer: str
    about_key: bool


def _schema_problems(value: Json, kind: str) -> list[Problem]:
    from jsonschema import Draft202012Validator
    from referencing import Registry

    # An empty registry: nothing that a schema refers to is ever fetched.
    validator = Draft202012Validator(schemas.schema(kind), registry=Registry())
    errors = islice(map(_error, validator.iter_errors(value)), MAX_FINDINGS + 1)
    return list(dict.fromkeys(problem for error in errors for problem in _explained(error)))


def _error(error: ValidationError) -> _Error:
    return _Error(
        keyword=str(error.validator or "false"),
        wanted=error.validator_value,
        found=error.instance,
        schema=error.schema if isinstance(error.schema, dict) else {},
        pointer=pointer_of(error.absolute_path),
        about_key="propertyNames" in list(error.absolute_schema_path)[-2:],
    )


def _quick_problem(value: Json, kind: str) -> Problem:
    error = next(iter(schemas.quick(kind).iter_errors(value)))
    return Problem(pointer_of(error.instance_path), "does not fit the schema of its kind")


def _explained(error: _Error) -> Iterator[Problem]:
    """Yield what one error means; `additionalProperties` is about several fields at once."""
    pointer = error.pointer
    explain = _EXPLAIN.get(error.keyword)
    special = _SPECIAL.get((error.keyword, pointer, ""))
    if special is not None:
        yield Problem(pointer, special)
    elif error.about_key:
        text = f"key {_shown(error.found)} in {_where(pointer)} {_unfit_key(error)}"
        yield Problem(f"{pointer}/{escaped(str(error.found))}", text)
    elif explain is not None:
        yield from explain(error)
    else:
        yield Problem(pointer, f"{_where(pointer)} {_unfit(error)}")


def _where(pointer: str) -> str:
    return pointer if len(pointer) <= 200 else f"{pointer[:199]}…"


def _unfit_key(error: _Error) -> str:
    if error.keyword in _LIMITS:
        return _LIMITS[error.keyword].format(error.wanted)
    return f"does not fit; wanted are {_KEYS.get(error.wanted, 'other characters')}"


def _unfit(error: _Error) -> str:
    """Say what is there and what is wanted; the schema's description says it best."""
    if error.keyword in _LIMITS:
        return _LIMITS[error.keyword].format(error.wanted)
    wanted = error.schema.get("description")
    if wanted is None:
        return "is not allowed here"
    return f"is {_shown(error.found)}, which does not fit; wanted: {str(wanted).removesuffix('.')}"


# Keys have no descriptions of their own in the schemas, only these patterns.
_KEYS = {
    r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$(?!\n)": "lower case letters, digits and dashes",
    r"^[A-Za-z_][A-Za-z0-9_]*$(?!\n)": "letters, digits and underscores",
    r"^[A-Za-z_][A-Za-z0-9_-]*$(?!\n)": "letters, digits, dashes and underscores",
}
_LIMITS = {
    "minLength": "is too short; at least {} characters are wanted",
    "maxLength": "is too long; at most {} characters are wanted",
    "minItems": "is too short; at least {} items are wanted",
    "minimum": "is too small; at least {} is wanted",
    "maximum": "is too large; at most {} is wanted",
}


def _unknown_fields(error: _Error) -> Iterator[Problem]:
    known = error.schema.get("properties", {})
    place = _where(error.pointer) or "the manifest"
    unknown = (key for key in error.found if key not in known)
    for key in islice(unknown, MAX_FINDINGS + 1):
        hint = _hint(key, known) or f"; known are {', '.join(known)}"
        text = f"unknown field {quoted(key)} in {place}{hint}"
        yield Problem(f"{error.pointer}/{escaped(key)}", text)


def _missing_fields(error: _Error) -> Iterator[Problem]:
    for key in error.wanted:
        if key not in error.found:
            text = f'missing field "{key}" in {_where(error.pointer) or "the manifest"}'
            special = _SPECIAL.get(("required", error.pointer, key), text)
            yield Problem(error.pointer, special)


def _wrong_type(error: _Error) -> Iterator[Problem]:
    types = [error.wanted] if isinstance(error.wanted, str) else error.wanted
    wanted = " or ".join(_TYPES[name] for name in types)
    text = f"{_where(error.pointer)} is {_name_of(error.found)}; wanted {wanted}"
    quotes = "string" in types and isinstance(error.found, bool | int | float)
    yield Problem(error.pointer, f"{text}; put it in quotes" if quotes else text)


def _not_listed(error: _Error) -> Iterator[Problem]:
    allowed = [str(item) for item in error.wanted]
    text = f"{_where(error.pointer)} is {_shown(error.found)}; wanted one of {', '.join(allowed)}"
    yield Problem(error.pointer, text + _hint(error.found, allowed))


def _not_constant(error: _Error) -> Iterator[Problem]:
    text = f"{_where(error.pointer)} is {_shown(error.found)}; wanted {_shown(error.wanted)}"
    yield Problem(error.pointer, text)


_EXPLAIN: Mapping[str, Callable[[_Error], Iterator[Problem]]] = {
    "additionalProperties": _unknown_fields,
    "required": _missing_fields,
    "type": _wrong_type,
    "enum": _not_listed,
    "const": _not_constant,
}


def _hint(name: Json, known: Iterable[str]) -> str:
    found = closest(name, known) if isinstance(name, str) else None
    return "" if found is None else f"; did you mean {quoted(found)}?"


def _name_of(value: Json) -> str:
    """Name the type of a value, and a short scalar itself."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text {quoted(value)}"
    return "a mapping" if isinstance(value, dict) else "a list"


def _shown(value: Json) -> str:
    return quoted(value) if isinstance(value, str) else _name_of(value)
