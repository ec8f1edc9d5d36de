"""What acts when it is merged, without a release: the pipeline, and environments' own manifests.

Who may release, when, on which platform, with which secrets: reviewers must not overlook it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.core.canonical import Json
from reconciler.core.diff import field_changes
from reconciler.core.model import FieldChange

# Content, which a release carries.
_CONTENT = frozenset({"values"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """What differs in one file that acts at once: fields, and sentences on keys of signers."""

    file: str
    fields: tuple[FieldChange, ...] = ()
    texts: tuple[str, ...] = ()


def changed(
    file: str, before: Mapping[str, Json] | None, after: Mapping[str, Json] | None
) -> RuleChange | None:
    """Return what differs between two specs, None where only content does."""
    old, new = _rules(before), _rules(after)
    if old == new:
        return None
    return RuleChange(file=file, fields=field_changes({"spec": old}, {"spec": new}))


def _rules(spec: Mapping[str, Json] | None) -> dict[str, Json]:
    return {key: value for key, value in (spec or {}).items() if key not in _CONTENT}
