"""What the store in memory remembers of releases: tags seen, trust, audit, affected users.

It keeps the promises of `reconciler.ports.Store` for these, and must not know the rest of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from reconciler.core.errors import Conflict, NotFound
from reconciler.core.model import ResourceKey
from reconciler.core.releases.records import (
    AuditEntry,
    SeenTag,
    TagState,
    Trust,
    as_given,
    judged,
    trust_audit,
)
from reconciler.ports import AffectedUser, Concerned


class MemoryReleaseRecords:
    """The part of `MemoryStore` about releases."""

    def __init__(self) -> None:
        """Begin empty."""
        self._tags: dict[tuple[str, str], SeenTag] = {}
        self._trust: dict[str, Trust] = {}
        self._audit: list[AuditEntry] = []
        self._affected: dict[str, dict[Concerned, None]] = {}

    def tags_seen(self, environment: str) -> Sequence[SeenTag]:
        """Return the tag objects that were seen, ordered by when, then by name and object id."""
        found = [tag for tag in self._tags.values() if tag.environment == environment]
        return sorted(found, key=lambda tag: (tag.first_seen, tag.name, tag.object_id))

    def accepted(self, name: str) -> str | None:
        """Return the object id that is pinned to a tag name since it was accepted."""
        pinned = (tag for tag in self._tags.values() if tag.name == name and tag.pinned)
        return next((tag.object_id for tag in pinned), None)

    def trust(self, environment: str) -> Trust | None:
        """Return the trusted commit; None until it is first written down."""
        return self._trust.get(environment)

    def audit(
        self, environment: str | None = None, limit: int | None = None
    ) -> Sequence[AuditEntry]:
        """Return audit entries, newest first; of one environment or of all."""
        newest = reversed(self._audit)
        return [each for each in newest if environment in (None, each.environment)][:limit]

    def affected(
        self, deployment: str, code: str | None = None, subject: ResourceKey | None = None
    ) -> Iterator[Concerned]:
        """Stream the affected users stored for a deployment, ordered by user."""
        for each in sorted(self._affected.get(deployment, ()), key=_order):
            if code in (None, each.code) and subject in (None, each.subject):
                yield each

    def see_tags(self, tags: Iterable[SeenTag]) -> None:
        """Remember tag objects that were never seen; of the others nothing changes."""
        new = {(tag.name, tag.object_id): as_given(tag) for tag in reversed(list(tags))}
        for key in new.keys() - self._tags.keys():
            if new[key].pinned:
                self._refuse_another(*key)
            self._tags[key] = new[key]

    def judge_tag(
        self, name: str, object_id: str, state: TagState, reason: str | None, *, reported: bool
    ) -> None:
        """Write down what became of a tag object."""
        tag = self._tag(name, object_id)
        if state is TagState.ACCEPTED:
            self._refuse_another(name, object_id)
        self._tags[name, object_id] = judged(tag, state, reason, reported=reported)

    def report_deleted(self, name: str, object_id: str) -> None:
        """Remember that the deletion of a tag was told."""
        tag = self._tag(name, object_id)
        self._tags[name, object_id] = replace(tag, deletion_reported=True)

    def set_trust(self, trust: Trust) -> None:
        """Write the trusted commit of an environment, and an audit entry."""
        self._trust[trust.environment] = trust
        self.add_audit(trust_audit(trust))

    def add_audit(self, entry: AuditEntry) -> None:
        """Write an audit entry."""
        self._audit.append(entry)

    def _store_affected(
        self, deployment: str, code: str, subject: ResourceKey, rows: Iterable[AffectedUser]
    ) -> int:
        found = [Concerned(code, subject, row) for row in rows]
        self._affected.setdefault(deployment, {}).update(dict.fromkeys(found))
        return len(found)

    def _refuse_another(self, name: str, object_id: str) -> None:
        pinned = self.accepted(name)
        if pinned not in (None, object_id):
            raise Conflict(f"The tag {name} was accepted as object {pinned}, not {object_id}.")

    def _tag(self, name: str, object_id: str) -> SeenTag:
        try:
            return self._tags[name, object_id]
        except KeyError:
            raise NotFound(f"No object {object_id} was seen under the tag {name}.") from None


def _order(each: Concerned) -> tuple[str, ...]:
    user = each.user
    return (user.user, each.code, *each.subject, user.integration or "", user.workflow or "")
