"""The built-in platform in memory, with handles for tests to change what runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.core import canonical
from reconciler.core.affected import AffectedQuery
from reconciler.core.canonical import Json
from reconciler.core.errors import PlatformError, ReconcilerError, StalePlan
from reconciler.core.model import Kind, Observation, ResourceKey
from reconciler.core.retention import is_earlier
from reconciler.core.users import is_on_by_default, normalised
from reconciler.ports import AffectedUser, Operation, SealedSecret, Unit
from reconciler.testing.affected import concerns
from reconciler.testing.unit import joined
from reconciler.testing.users import given_back, replaced, switched_on, visible

_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


@dataclass(frozen=True, slots=True)
class _Row:
    text: str
    digest: str
    relationships: tuple[tuple[str, ResourceKey], ...] = ()
    removed: bool = False
    removed_at: str | None = None
    on_by_default: bool = False


@dataclass
class _State:
    rows: dict[ResourceKey, _Row] = field(default_factory=dict)
    users: dict[str, Mapping[str, Json]] = field(default_factory=dict)
    secrets: dict[str, SealedSecret] = field(default_factory=dict)
    revision: int = 0

    def copy(self) -> _State:
        return _State(dict(self.rows), dict(self.users), dict(self.secrets), self.revision)


class MemoryPlatform:
    """A `ports.Platform` in memory for one environment.

    `incomplete` is the reason why a read is not complete, `users_known` whether users can be
    read, `failure` what the next `deploy` raises, `writes` every operation that was written,
    `now` the time (RFC 3339) at which things are removed.
    """

    transactional = True

    def __init__(self, contents: Iterable[Mapping[str, Json]] = ()) -> None:
        """Begin with these manifests running."""
        self.incomplete: str | None = None
        self.users_known = True
        self.failure: ReconcilerError | None = None
        self.now = "2026-01-06T09:00:00+00:00"
        self.writes: list[Operation] = []
        self._state = _State()
        for content in contents:
            self.edit(content)

    def observe(self) -> Observation:
        """Return the digest of every resource that runs."""
        return Observation(
            digests={key: row.digest for key, row in self._present().items()},
            complete=self.incomplete is None,
            reason=self.incomplete,
            revision=str(self._state.revision),
        )

    def contents(self, keys: Iterable[ResourceKey]) -> Mapping[ResourceKey, Json]:
        """Return the contents of those of the keys that run."""
        present = self._present()
        return {key: json.loads(present[key].text) for key in keys if key in present}

    def count_affected(self, query: AffectedQuery) -> int | None:
        """Return how many users a message concerns; None where users are not known."""
        return sum(1 for _ in self.affected(query)) if self.users_known else None

    def affected(self, query: AffectedQuery) -> Iterator[AffectedUser]:
        """Stream those users, ordered by user; none where users are not known."""
        removed = self._removed()
        integration = getattr(query, "integration", None)
        workflow = getattr(query, "workflow", None)
        users = sorted(self._state.users.items()) if self.users_known else ()
        for user, record in users:
            if concerns(record, removed, query):
                yield AffectedUser(user=user, integration=integration, workflow=workflow)

    def deploy(self, unit: Unit, operations: Sequence[Operation], revision: str) -> None:
        """Write the operations, or nothing when what they expect is gone."""
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        if not operations:
            return
        if revision != str(self._state.revision):
            self._refuse_moved(operations)
        self._keep_for(unit)
        newly_on = [each for each in operations if self._comes_on(each)]
        for operation in operations:
            self._write(operation)
        for operation in newly_on:
            self._switch_on(operation)
        self._state.revision += 1
        self.writes.extend(operations)

    def write(self, operation: Operation) -> None:
        """Write one resource at once; nothing when it is already there as it is written."""
        present = self._present().get(operation.key)
        found = present.digest if present else None
        if found == operation.digest:
            return
        if found != operation.expected:
            self._refuse_moved([operation])
        newly_on = self._comes_on(operation)
        self._write(operation)
        if newly_on:
            self._switch_on(operation)
        self._state.revision += 1
        self.writes.append(operation)

    def give_secrets(
        self, unit: Unit | None, sealed: Mapping[str, SealedSecret | None]
    ) -> tuple[str, ...]:
        """Set the secrets a runtime may use; return the names that changed."""
        self._keep_for(unit)
        changed = []
        for name, secret in sorted(sealed.items()):
            before = self._state.secrets.get(name)
            if (before and before.fingerprint) == (secret and secret.fingerprint):
                continue
            changed.append(name)
            if secret is None:
                del self._state.secrets[name]
            else:
                self._state.secrets[name] = secret
        return tuple(changed)

    def removed(self, before: str) -> tuple[ResourceKey, ...]:
        """Return what was removed before a time and is still kept hidden, sorted."""
        rows = sorted(self._state.rows.items())
        return tuple(
            key
            for key, row in rows
            if row.removed and row.removed_at and is_earlier(row.removed_at, before)
        )

    def purge(self, unit: Unit, before: str) -> tuple[ResourceKey, ...]:
        """Forget for good what was removed before a time; return it, sorted."""
        self._keep_for(unit)
        purged = self.removed(before)
        for key in purged:
            del self._state.rows[key]
        users = self._state.users
        for user, record in users.items() if purged else ():
            users[user] = visible(record, purged)
        self._state.revision += bool(purged)
        return purged

    def give_back(
        self, unit: Unit, records: Iterable[Mapping[str, Json]], keys: Sequence[ResourceKey]
    ) -> int:
        """Put back what a purge took of users; return how many users got something."""
        self._keep_for(unit)
        forgotten = set(keys) - self._state.rows.keys()
        given = 0
        for record in records if forgotten else ():
            before = self._state.users.get(record["id"])
            after = before and given_back(before, record, forgotten)
            if after and after != normalised(before or {}):
                self._state.users[record["id"]] = after
                given += 1
        return given

    def secret_fingerprints(self) -> Mapping[str, str]:
        """Return the fingerprint of each secret that the runtime may use, by name."""
        return {name: secret.fingerprint for name, secret in self._state.secrets.items()}

    def inactive(self) -> Mapping[ResourceKey, tuple[str, ...]]:
        """Return enabled workflows that do not run, with the secrets that they miss.

        None missing: the workflow's integration is off or absent.
        """
        found = {}
        for key, row in sorted(self._present().items()):
            if key.kind != Kind.WORKFLOW or not _enabled(row):
                continue
            missing = {to.name for how, to in row.relationships if how == "secret"}
            missing -= self._state.secrets.keys()
            if missing or not all(map(self._is_on, _targets(row, "integration"))):
                found[key] = tuple(sorted(missing))
        return found

    def put_users(self, unit: Unit, users: Iterable[Mapping[str, Json]]) -> None:
        """Replace what is known of each of these users, but for what is hidden."""
        self._keep_for(unit)
        for user in users:
            text = json.dumps(user)
            if _NUL.search(text):
                raise PlatformError("A user's value holds a NUL character.")
            before = self._state.users.get(user["id"])
            self._state.users[user["id"]] = replaced(before, json.loads(text), self._removed())

    def users(self, integration: str | None = None) -> Iterator[Mapping[str, Json]]:
        """Stream records of users, ordered by id; with an integration, those connected to it."""
        for _, record in sorted(self._state.users.items()) if self.users_known else ():
            shown = visible(record, self._removed())
            names = [each["integration"] for each in shown["connections"]]
            if integration is None or integration in names:
                yield shown

    def edit(self, content: Mapping[str, Json]) -> None:
        """Change or add a resource from outside, as somebody would by hand."""
        key = ResourceKey(content["kind"], content["metadata"]["name"])
        before = self._state.rows.get(key)
        self._write(Operation(key=key, content=content, digest=None, expected=None))
        # What was last deployed does not change by hand.
        default = before is not None and before.on_by_default
        self._state.rows[key] = replace(self._state.rows[key], on_by_default=default)
        self._state.revision += 1

    def delete(self, key: ResourceKey) -> None:
        """Take a resource away from outside, as somebody would by hand."""
        del self._state.rows[key]
        self._state.revision += 1

    def _removed(self) -> set[ResourceKey]:
        return {key for key, row in self._state.rows.items() if row.removed}

    def _comes_on(self, operation: Operation) -> bool:
        """Say whether a workflow was not on by default as it was last deployed, and will be."""
        before = self._state.rows.get(operation.key)
        was_on = before is not None and before.on_by_default and not before.removed
        return _is_default(operation) and not was_on

    def _switch_on(self, operation: Operation) -> None:
        integration = (operation.content or {})["spec"].get("integration")
        users, removed = self._state.users, self._removed()
        for user, record in users.items() if integration is not None else ():
            users[user] = switched_on(record, removed, operation.key.name, integration)

    def _present(self) -> dict[ResourceKey, _Row]:
        return {key: row for key, row in self._state.rows.items() if not row.removed}

    def _refuse_moved(self, operations: Sequence[Operation]) -> None:
        digests = self.observe().digests
        moved = [str(each.key) for each in operations if digests.get(each.key) != each.expected]
        if moved:
            raise StalePlan(f"Changed since the plan was made: {', '.join(moved[:3])}.")

    def _write(self, operation: Operation) -> None:
        rows = self._state.rows
        if operation.content is not None:
            digest = operation.digest or canonical.digest(operation.content)
            text, default = json.dumps(operation.content), _is_default(operation)
            rows[operation.key] = _Row(text, digest, operation.relationships, on_by_default=default)
        elif (row := rows.get(operation.key)) and not row.removed:
            rows[operation.key] = replace(row, removed=True, removed_at=self.now)

    def _is_on(self, key: ResourceKey) -> bool:
        row = self._present().get(key)
        return row is not None and _enabled(row)

    def _keep_for(self, unit: Unit) -> None:
        before = self._state.copy()
        joined(unit).on_roll_back(lambda: setattr(self, "_state", before))


def _is_default(operation: Operation) -> bool:
    content = operation.content
    return operation.key.kind == Kind.WORKFLOW and bool(content) and is_on_by_default(content or {})


def _enabled(row: _Row) -> bool:
    enabled = json.loads(row.text).get("spec", {}).get("enabled", True)
    return enabled is not False


def _targets(row: _Row, relation: str) -> list[ResourceKey]:
    return [to for how, to in row.relationships if how == relation]
