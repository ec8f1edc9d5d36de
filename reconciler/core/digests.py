"""The digests that people and tags rely on; the same on every machine, with and without a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.core import canonical
from reconciler.core.canonical import Json
from reconciler.core.messages.review import Message
from reconciler.core.model import Change


def content_digest(files: Mapping[str, str], values: Mapping[str, Json]) -> str:
    """Digest an environment's content.

    Args:
        files: path relative to the environment's folder -> SHA-256 of the blob's bytes.
        values: the environment's values.
    """
    return canonical.digest({"files": sorted(files.items()), "values": values})


def plan_digest(
    environment: str,
    base: str | None,
    desired: str | None,
    changes: Iterable[Change],
    messages: Iterable[Message],
) -> str:
    """Digest what a reviewer agrees to: changes and messages that are known from git alone.

    Never counts, texts, locations, times, secret state, drift or the program's version.
    """
    return canonical.digest(
        {
            "environment": environment,
            "base": base,
            "desired": desired,
            "changes": [_change(change) for change in changes],
            "messages": sorted(
                [m.code, m.severity.value, m.subject.kind, m.subject.name, m.fingerprint]
                for m in messages
                if m.from_git
            ),
        }
    )


def _change(change: Change) -> Json:
    return {
        "action": change.action.value,
        "kind": str(change.key.kind),
        "name": change.key.name,
        "before": _of(change.before),
        "after": change.digest or _of(change.after),
        "fields": [[f.path, f.before, f.after] for f in change.fields],
    }


def _of(content: Json) -> str | None:
    return None if content is None else canonical.digest(content)
