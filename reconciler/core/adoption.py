"""What a person adopted counts as last applied by us, once git desires it; pure.

A mark alone gives no right: what is marked and not desired stays somebody else's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from reconciler.core.model import Applied, ResourceKey


def with_marks(
    applied: Applied, marks: Mapping[ResourceKey, str], desired: Collection[ResourceKey]
) -> Applied:
    """Return what was last applied, together with what is adopted and desired."""
    taken = {
        key: digest
        for key, digest in marks.items()
        if key in desired and key not in applied.digests
    }
    if not taken:
        return applied
    return replace(applied, digests={**applied.digests, **taken}, adopted=frozenset(taken))
