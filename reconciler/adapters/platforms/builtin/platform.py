"""`ports.Platform` on the tables next to the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from sqlalchemy import bindparam, func, select

from reconciler.adapters.platforms.builtin import (
    activity,
    affected,
    deploying,
    giving_back,
    listing,
    purging,
    secrets,
    users,
)
from reconciler.adapters.platforms.builtin.resources import (
    read_contents,
    read_digests,
    read_digests_of,
    read_revision,
)
from reconciler.adapters.sql import dialect
from reconciler.adapters.sql.database import Database, SqlUnit, joined
from reconciler.core.affected import AffectedQuery
from reconciler.core.canonical import Json
from reconciler.core.model import Observation, ResourceKey
from reconciler.ports import AffectedUser, Operation, SealedSecret, Unit

_PAGE = 1000


class BuiltinReader:
    """A `ports.PlatformReader` of one environment; it cannot write."""

    def __init__(self, database: Database, environment: str) -> None:
        """Read this environment's rows of the database."""
        self._database = database
        self._environment = environment

    def observe(self) -> Observation:
        """Return the digest of every resource that runs; one transaction, hence complete."""
        with self._database.reading() as connection:
            return Observation(
                digests=read_digests(connection, self._environment),
                revision=read_revision(connection, self._environment),
            )

    def contents(self, keys: Iterable[ResourceKey]) -> Mapping[ResourceKey, Json]:
        """Return the contents of those of the keys that run.

        What cannot be read as a manifest is `{"unreadable": "<reason>"}`.
        """
        with self._database.reading() as connection:
            return read_contents(connection, self._environment, keys)

    def count_affected(self, query: AffectedQuery) -> int:
        """Return how many users a message concerns."""
        counted = select(func.count()).select_from(affected.users_of(query).subquery())
        with self._database.reading() as connection:
            return connection.execute(counted, {"environment": self._environment}).scalar_one()

    def affected(self, query: AffectedQuery) -> Iterator[AffectedUser]:
        """Stream those users, ordered by user.

        Each page is a transaction of its own, so a slow reader holds up no writer.
        """
        integration = getattr(query, "integration", None)
        workflow = getattr(query, "workflow", None)
        for user in self._pages(query):
            yield AffectedUser(user=user, integration=integration, workflow=workflow)

    def users(self, integration: str | None = None) -> Iterator[Mapping[str, Json]]:
        """Stream records of users, ordered by id; with an integration, those connected to it.

        Each page is a transaction of its own, so a slow reader holds up no writer.
        """
        after = None
        while True:
            with self._database.reading() as connection:
                page = listing.read_page(connection, self._environment, after, integration)
            yield from page
            if len(page) < listing.PAGE:
                return
            after = page[-1]["id"]

    def secret_fingerprints(self) -> Mapping[str, str]:
        """Return the keyed fingerprint of each secret that the runtime may use, by name."""
        with self._database.reading() as connection:
            return secrets.fingerprints(connection, self._environment)

    def inactive(self) -> Mapping[ResourceKey, tuple[str, ...]]:
        """Return enabled workflows that do not run, with the secrets that they miss.

        None missing: the workflow's integration is off or absent.
        """
        with self._database.reading() as connection:
            return activity.inactive_workflows(connection, self._environment)

    def _pages(self, query: AffectedQuery) -> Iterator[str]:
        ids = affected.users_of(query).subquery().c.id
        page = select(ids).order_by(ids).limit(_PAGE)
        parameters = {"environment": self._environment}
        while True:
            with self._database.reading() as connection:
                found = connection.execute(page, parameters).scalars().all()
            yield from found
            if len(found) < _PAGE:
                return
            parameters["after"] = found[-1]
            page = select(ids).order_by(ids).limit(_PAGE).where(ids > bindparam("after"))


class BuiltinPlatform(BuiltinReader):
    """A `ports.Platform` that joins the store's transactions."""

    transactional = True

    def __init__(
        self, database: Database, environment: str, *, now: Callable[[], str] | None = None
    ) -> None:
        """Write this environment's rows of the database.

        `now` dates them, as RFC 3339; without it the database's own clock does.
        """
        super().__init__(database, environment)
        self._now = now

    def deploy(self, unit: Unit, operations: Sequence[Operation], revision: str) -> None:
        """Write the operations; nothing is written when there are none.

        When the environment moved since it was observed, what each operation expects must still
        be there.

        Raises:
            StalePlan: a resource is no longer what was observed.
            PlatformError: a content cannot be stored.
        """
        if not operations:
            return
        open_unit = joined(unit)
        if revision != read_revision(open_unit.connection, self._environment):
            deploying.refuse_moved(open_unit, self._environment, operations)
        self._write(open_unit, operations)

    def write(self, operation: Operation) -> None:
        """Write one resource in a transaction of its own; nothing when it is there as written.

        Raises:
            StalePlan: the resource is neither what is expected nor what is written.
            PlatformError: the content cannot be stored.
        """
        key = operation.key
        with self._database.writing() as unit:
            found = read_digests_of(unit.connection, self._environment, [key]).get(key)
            if found == operation.digest:
                return
            if found != operation.expected:
                deploying.refuse_moved(unit, self._environment, [operation])
            self._write(unit, [operation])

    def _write(self, unit: SqlUnit, operations: Sequence[Operation]) -> None:
        now = self._now() if self._now else dialect.current_time(unit.connection)
        deploying.write(unit, self._environment, operations, now)

    def give_secrets(
        self, unit: Unit | None, sealed: Mapping[str, SealedSecret | None]
    ) -> tuple[str, ...]:
        """Set the secrets a runtime may use (None takes one away); return those that changed."""
        return secrets.give(joined(unit).connection, self._environment, sealed)

    def removed(self, before: str) -> tuple[ResourceKey, ...]:
        """Return what was removed before a time and is still kept hidden, sorted."""
        with self._database.reading() as connection:
            return purging.find_removed(connection, self._environment, before)

    def purge(self, unit: Unit, before: str) -> tuple[ResourceKey, ...]:
        """Forget for good what was removed before a time; return it, sorted."""
        connection = joined(unit).connection
        purged = purging.find_removed(connection, self._environment, before)
        purging.forget(connection, self._environment, purged)
        return purged

    def give_back(
        self, unit: Unit, records: Iterable[Mapping[str, Json]], keys: Sequence[ResourceKey]
    ) -> int:
        """Put back what a purge took of users; return how many users got something."""
        connection = joined(unit).connection
        return giving_back.give_back(connection, self._environment, records, keys)

    def put_users(self, unit: Unit, records: Iterable[Mapping[str, Json]]) -> None:
        """Replace what is known of each of these users, but for what is hidden."""
        users.replace_users(joined(unit).connection, self._environment, records)
