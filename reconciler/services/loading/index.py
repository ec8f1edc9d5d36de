"""A whole environment as one remembered text, by its tree id.

Reading ten thousand entries back is most of what a warm plan does, so facts, which many manifests
have in common, stand in it once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from operator import attrgetter

from reconciler.core import canonical
from reconciler.core.canonical import Json
from reconciler.core.model import Entry, Facts, Kind, ResourceKey

_FORM = 2  # rises when a text of before can no longer be read
_FACTS = tuple(field.name for field in fields(Facts))
_values_of = attrgetter(*_FACTS)


def key(tree: str) -> str:
    """Return what an environment is remembered by."""
    return f"index:{_FORM}:{tree}"


def dump(entries: Mapping[ResourceKey, Entry], content_digest: str) -> str:
    """Return the text of an environment's entries."""
    known: dict[Facts, int] = {}
    rows = [
        (
            str(entry.key.kind),
            entry.key.name,
            entry.path,
            entry.blob,
            entry.bytes_digest,
            entry.digest,
            known.setdefault(entry.facts, len(known)),
        )
        for entry in entries.values()
    ]
    facts = [_values_of(each) for each in known]
    return canonical.dumps({"contentDigest": content_digest, "entries": rows, "facts": facts})


def load(text: str) -> tuple[dict[ResourceKey, Entry], str]:
    """Return the entries and the content digest of a text that `dump` made."""
    data = json.loads(text)
    kinds = {kind.value: kind for kind in Kind}
    known = [_facts(row) for row in data["facts"]]
    entries = {}
    for kind, name, path, blob, bytes_digest, digest, facts in data["entries"]:
        resource = ResourceKey(kinds[kind], name)
        entries[resource] = Entry(
            key=resource,
            path=path,
            blob=blob,
            bytes_digest=bytes_digest,
            digest=digest,
            facts=known[facts],
        )
    return entries, data["contentDigest"]


def _facts(row: Json) -> Facts:
    return Facts(**dict(zip(_FACTS, map(_frozen, row), strict=True)))


def _frozen(value: Json) -> Json:
    return tuple(value) if isinstance(value, list) else value
