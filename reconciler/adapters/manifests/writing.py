"""Writes manifests: one content has one text, and the strict reader reads the same from it.

Block style, known keys first and the others by name; a text is written plain only where no reader
of YAML, strict or not, takes it for anything else. It must not know where the files go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from reconciler.adapters.manifests.scalars import NUMBER_START, SPECIAL
from reconciler.core import canonical
from reconciler.core.canonical import Json
from reconciler.core.lean import lean
from reconciler.core.model import Kind
from reconciler.core.releases.manifest import to_content
from reconciler.core.releases.model import Release

_FIRST = (
    *("apiVersion", "kind", "metadata", "spec", "name", "action", "code", "severity", "subject"),
    *("version", "environment", "environments", "title", "description", "labels", "mode"),
    *("promotesFrom", "type", "provider", "integration", "enabled", "trigger", "source", "base"),
    *("contentDigest", "planDigest", "catalogue", "changes", "messages", "acknowledgements"),
    *("value", "method", "url"),
)
_RANK = {key: rank for rank, key in enumerate(_FIRST)}
_INDENT = "  "
# Beyond it a key must be announced by `?`.
_LONGEST_KEY = 500

_PLAIN = re.compile(r"[A-Za-z/$À-ÖØ-öø-ÿ][\w /$.,:;()'+*=~^@&%!?{}<>|\-À-ÖØ-öø-ÿ]*", re.ASCII)
_ODD = re.compile(r" [!?&*]|  | $|:(?: |$)")
# What readers of older YAML take for something else.
_OTHER_READERS = frozenset({"y", "n", "yes", "no", "on", "off"})
_UNSEEN = re.compile(
    "[^\n -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
    "|[\xa0\xad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\U000e0000-\U000e0fff]"
)


class YamlWriter:
    """Implements `ports.ManifestWriter`."""

    def write(self, content: Mapping[str, Json]) -> bytes:
        """Return the manifest of a content; the content of a definition is not part of it."""
        from reconciler.adapters.manifests import schemas

        shown = _without_definition(canonical.canonical_numbers(content))
        kind = shown.get("kind")
        if kind in [*Kind] and schemas.quick(kind).is_valid(shown):
            shown = lean(shown)
        return _text(shown)

    def write_definition(self, content: Mapping[str, Json]) -> bytes | None:
        """Return the definition file of a workflow, None when it has none."""
        spec = content.get("spec")
        definition = spec.get("definition") if isinstance(spec, dict) else None
        if not isinstance(definition, dict) or "content" not in definition:
            return None
        held = definition["content"]
        text = held if isinstance(held, str) else json.dumps(held, indent=2, ensure_ascii=False)
        end = "" if isinstance(held, str) else "\n"
        return (text + end).encode("utf-8", "surrogatepass")

    def write_release(self, release: Release) -> bytes:
        """Return the manifest of a release; what is empty stays, for its readers."""
        return _text(to_content(release))


def written_lines(value: Json) -> list[str]:
    """Return the lines of a value without their ends."""
    return list(_lines(canonical.canonical_numbers(value)))


def _text(value: Json) -> bytes:
    return ("\n".join(written_lines(value)) + "\n").encode()


def _without_definition(content: Mapping[str, Json]) -> dict[str, Json]:
    """Return a content without what stands in a file of its own."""
    found, spec = dict(content), content.get("spec")
    if isinstance(spec, dict) and isinstance(spec.get("definition"), dict):
        definition = {key: item for key, item in spec["definition"].items() if key != "content"}
        found["spec"] = {**spec, "definition": definition}
    return found


def _lines(value: Json) -> Iterator[str]:
    """Yield the lines of a collection without indentation; a scalar or an empty one is one line."""
    if isinstance(value, dict) and value:
        for key in sorted(value, key=lambda key: (_RANK.get(key, len(_RANK)), key)):
            yield from _member(_one_line(key), value[key])
    elif isinstance(value, list) and value:
        for item in value:
            yield from _item(item)
    else:
        yield from _scalar(value)


def _member(key: str, value: Json) -> Iterator[str]:
    if len(key) > _LONGEST_KEY:
        yield f"? {key}"
        key = ""
    first, *rest = _lines(value)
    if _is_nested(value):
        yield f"{key}:"
        rest.insert(0, first)
    else:
        yield f"{key}: {first}"
    yield from map(_indented, rest)


def _item(value: Json) -> Iterator[str]:
    first, *rest = _lines(value)
    yield f"- {first}"
    yield from map(_indented, rest)


def _is_nested(value: Json) -> bool:
    return isinstance(value, dict | list) and bool(value)


def _indented(line: str) -> str:
    return _INDENT + line if line else line


def _scalar(value: Json) -> Iterator[str]:
    """Yield the lines of a scalar or empty collection, those after the first without indent."""
    if isinstance(value, float):
        yield format(Decimal(repr(value)), "f")
    elif not isinstance(value, str):
        yield json.dumps(value, ensure_ascii=False)
    elif "\n" in value and _may_be_literal(value):
        body = value.removesuffix("\n")
        yield "|-" if body == value else "|"
        yield from body.split("\n")
    else:
        yield _one_line(value)


def _may_be_literal(text: str) -> bool:
    """Say whether a text keeps its form as it is: whole lines that begin and end visibly."""
    lines = text.removesuffix("\n").split("\n")
    ends = lines[0] and lines[-1]
    straight = all(line == line.rstrip(" ") for line in lines)
    return bool(ends and straight and lines[0][0] != " " and not _UNSEEN.search(text))


def _one_line(text: str) -> str:
    """Return a text plain where it is safe, else in double quotes."""
    special = text in SPECIAL or text.casefold() in _OTHER_READERS or text.casefold() in SPECIAL
    if special or text[0] in NUMBER_START or _ODD.search(text) or not _PLAIN.fullmatch(text):
        return _quoted(text)
    return text


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return '"' + _UNSEEN.sub(_escape, escaped.replace("\t", "\\t")) + '"'


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
