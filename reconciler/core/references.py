"""References `${{ a.b.c }}` in manifests: found, checked and filled in; pure.

A reference counts only where a manifest says what runs: an integration's `auth`, a workflow's
`trigger`, `permissions` and each step's `with`. Anywhere else the same text is literal.
There is no logic in them, and what was filled in is never looked at again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from reconciler.core import canonical
from reconciler.core.canonical import Json
from reconciler.core.errors import Invalid
from reconciler.core.model import Finding, Kind
from reconciler.core.names import nearest, quoted
from reconciler.core.pointers import escaped

OPEN, CLOSE = "${{", "}}"
DEPLOY_NAMESPACES = ("values", "secrets", "app")
RUN_NAMESPACES = ("user", "settings", "connection", "subscription", "event", "trigger", "steps")
NAMESPACES = (*DEPLOY_NAMESPACES, *RUN_NAMESPACES)

_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*")
# The parts of a spec where references count; of steps only what stands under `with`.
_REGIONS: Mapping[str, tuple[str, ...]] = {
    Kind.INTEGRATION: ("auth",),
    Kind.WORKFLOW: ("trigger", "steps", "permissions"),
}
# Normalisation sorts this list, so the place of a member in the file is not known from it.
_SORTED_LIST = "/spec/auth/scopes"
_MISSING = object()

# Enough of them to see what is wrong; a nearest name is looked for in each.
MAX_PROBLEMS = 100


class Reference(NamedTuple):
    """One reference: `values`, `api.url`, and the JSON Pointer of the text that holds it."""

    namespace: str
    path: str
    pointer: str

    def __str__(self) -> str:
        """Return the dotted path with its namespace."""
        return f"{self.namespace}.{self.path}" if self.path else self.namespace


class Problem(NamedTuple):
    """What is wrong with the text at a JSON Pointer."""

    pointer: str
    text: str


class Scan(NamedTuple):
    """Every reference of a manifest, and every text that looks like one and is none."""

    references: tuple[Reference, ...] = ()
    problems: tuple[Problem, ...] = ()


NOTHING = Scan()


class _Found(NamedTuple):
    """Texts and keys with `${{` in them, each with its pointer."""

    texts: list[tuple[str, str]]
    keys: list[tuple[str, str]]


def scan(content: Mapping[str, Json]) -> Scan:
    """Find and check the references of a manifest; texts without `${{` are not looked at."""
    found = _collected(content)
    texts = [(pointer, split(text)) for pointer, text in found.texts]
    references = [
        Reference(*_parts(inner), pointer) for pointer, pieces in texts for inner in pieces[1::2]
    ]
    wrong = [reference for reference in references if _is_wrong(*reference)]
    problems = [Problem(r.pointer, _explained(r)) for r in wrong[:MAX_PROBLEMS]]
    for pointer, pieces in texts:
        if OPEN in pieces[-1]:
            problems.append(Problem(pointer, "a reference begins with ${{ and never ends with }}"))
    for pointer, key in found.keys:
        problems.append(Problem(pointer, f"a reference cannot stand in a key: {quoted(key)}"))
    return Scan(tuple(references), tuple(problems))


def _parts(inner: str) -> tuple[str, str]:
    namespace, dot, path = inner.strip(" \t").partition(".")
    # `event.` is not the same as `event`.
    return (namespace, path) if path else (namespace + dot, path)


def split(text: str) -> list[str]:
    """Return literal text and what stands inside `${{ }}` in turn: literal first and last."""
    pieces: list[str] = []
    at = 0
    while (start := text.find(OPEN, at)) >= 0:
        end = text.find(CLOSE, start + len(OPEN))
        if end < 0:
            break
        pieces += [text[at:start], text[start + len(OPEN) : end]]
        at = end + len(CLOSE)
    pieces.append(text[at:])
    return pieces


def _is_wrong(namespace: str, path: str, _pointer: str) -> bool:
    if namespace in RUN_NAMESPACES:
        return path != "" and not _PATH.fullmatch(path)
    if namespace not in DEPLOY_NAMESPACES or not _PATH.fullmatch(path):
        return True
    return "." in path and namespace != "values"


def _explained(reference: Reference) -> str:
    namespace, shown = reference.namespace, quoted(str(reference))
    if not _PATH.fullmatch(str(reference)):
        return (
            f"{shown} inside ${{{{ }}}} is not a reference; "
            "wanted a dotted path of names such as values.apiUrl"
        )
    if namespace not in NAMESPACES:
        return (
            f"unknown reference {shown}{nearest(namespace, NAMESPACES)}; "
            f"a reference begins with one of {', '.join(NAMESPACES)}"
        )
    return f"{shown} is not the name of one; write {namespace}.NAME"


# --- filling in ---------------------------------------------------------------------------------


def lookup(values: Mapping[str, Json], path: str) -> Json:
    """Return the value at a dotted path, None when there is none."""
    found = _find(values, path)
    return None if found is _MISSING else found


def fill(content: Mapping[str, Json], values: Mapping[str, Json]) -> dict[str, Json]:
    """Fill `${{ values.x }}` in; every other reference stays as written."""
    return resolve(content, {"values": values})


def resolve(
    content: Mapping[str, Json], tables: Mapping[str, Mapping[str, Json]]
) -> dict[str, Json]:
    """Fill in, in one pass, the references whose namespace and name the tables hold.

    A text that is one reference takes the value with its type; inside longer text a value is
    inserted as text, other types as JSON.

    Raises:
        Invalid: what was filled in is a reference, or makes one with the text around it.
    """
    try:
        return _changed(content, lambda region: _filled(region, tables))
    except _FormedError as error:
        raise Invalid((_formed(content),)) from error


class _FormedError(Exception):
    """What was filled in is a reference, or makes one with the text around it."""


def _filled(value: Json, tables: Mapping[str, Mapping[str, Json]]) -> Json:
    if isinstance(value, str):
        return _filled_text(value, tables) if OPEN in value else value
    if isinstance(value, dict):
        return {key: _filled(item, tables) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, tables) for item in value]
    return value


def _filled_text(text: str, tables: Mapping[str, Mapping[str, Json]]) -> Json:
    pieces = split(text)
    found = [_value(inner, tables) for inner in pieces[1::2]]
    known = len(found) - found.count(_MISSING)
    if not known:
        return text
    filled = (
        found[0] if len(found) == 1 and pieces[0] == pieces[2] == "" else _joined(pieces, found)
    )
    opened = filled if isinstance(filled, str) else canonical.dumps(filled)
    if opened.count(OPEN) != text.count(OPEN) - known:
        raise _FormedError
    return filled


def _joined(pieces: list[str], found: list[Json]) -> str:
    """Return the text with each reference that has a value replaced."""
    pieces[1::2] = [
        OPEN + inner + CLOSE if value is _MISSING else _as_text(value)
        for inner, value in zip(pieces[1::2], found, strict=True)
    ]
    return "".join(pieces)


def _value(inner: str, tables: Mapping[str, Mapping[str, Json]]) -> Json:
    namespace, path = _parts(inner)
    return _find(tables[namespace], path) if namespace in tables else _MISSING


def _find(values: Mapping[str, Json], path: str) -> Json:
    found: Json = values
    for part in path.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return _MISSING
        found = found[part]
    return found


def _as_text(value: Json) -> str:
    return value if isinstance(value, str) else canonical.dumps(value)


def _formed(content: Mapping[str, Json]) -> Finding:
    """Refuse what the next filling would read as a reference and look at again."""
    name = f"{content['kind']}/{content['metadata']['name']}"
    text = "a value that is filled in makes a new reference; take ${{ out of the value"
    return Finding(name, 1, 1, text, "reference")


# --- where references stand ---------------------------------------------------------------------


def pointer_to(content: Mapping[str, Json], reference: str) -> str:
    """Return the JSON Pointer of the first text that holds a reference such as `secrets.KEY`.

    A name that is only listed under `requires` is found there; empty when it stands nowhere.
    """
    if OPEN in canonical.dumps(content):
        for found in scan(content).references:
            if f"{found}.".startswith(f"{reference}."):
                in_list = found.pointer.startswith(_SORTED_LIST)
                return _SORTED_LIST if in_list else found.pointer
    namespace, _, name = reference.partition(".")
    requires = content.get("spec", {}).get("requires", {})
    return f"/spec/requires/{namespace}" if name in requires.get(namespace, ()) else ""


def _changed(content: Mapping[str, Json], change: Callable[[Json], Json]) -> dict[str, Json]:
    """Return a copy with each region changed; everything else is shared."""
    spec = dict(content["spec"])
    for name in _REGIONS.get(content["kind"], ()):
        if name == "steps" and name in spec:
            spec[name] = [
                {**step, "with": change(step["with"])} if "with" in step else step
                for step in spec[name]
            ]
        elif name in spec:
            spec[name] = change(spec[name])
    return {**content, "spec": spec}


def _regions(content: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    spec = content["spec"]
    for name in _REGIONS.get(content["kind"], ()):
        if name == "steps":
            for index, step in enumerate(spec.get(name, ())):
                yield f"/spec/steps/{index}/with", step.get("with")
        elif name in spec:
            yield f"/spec/{name}", spec[name]


def _collected(content: Mapping[str, Json]) -> _Found:
    found = _Found([], [])
    for pointer, region in _regions(content):
        _collect(region, [pointer], found)
    return found


def _collect(value: Json, path: list[str], found: _Found) -> None:
    """Collect below a value; its place is written out only for what is found."""
    if isinstance(value, str):
        if OPEN in value:
            found.texts.append((_pointer(path), value))
    elif isinstance(value, dict):
        for key, item in value.items():
            path.append(key)
            if OPEN in key:
                found.keys.append((_pointer(path), key))
            _collect(item, path, found)
            path.pop()
    elif isinstance(value, list):
        for index, item in enumerate(value):
            path.append(str(index))
            _collect(item, path, found)
            path.pop()


def _pointer(path: list[str]) -> str:
    region, *keys = path
    return "/".join([region, *map(escaped, keys)])
