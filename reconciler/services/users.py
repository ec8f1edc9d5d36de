"""Connected users: imported, listed, and which of them a message of the plan concerns."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import groupby

from reconciler.core import users
from reconciler.core.affected import AffectedQuery
from reconciler.core.canonical import Json
from reconciler.core.errors import Invalid, NotFound, ReconcilerError, UsageError
from reconciler.core.messages import registry
from reconciler.core.messages.review import Message
from reconciler.core.model import Environment, Kind
from reconciler.core.names import nearest, quoted
from reconciler.core.users import Known, Offer
from reconciler.ports import AffectedUser, Store, UserPlatform, UserReader, UserStaging
from reconciler.services.user_files import STEP, Imported, Progress, UserFile, stage
from reconciler.services.viewing import Viewer
from reconciler.services.workspace import Chosen, Workspace

_KINDS = (Kind.INTEGRATION, Kind.WORKFLOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserKeeper:
    """Writes and reads the connected users of environments."""

    workspace: Workspace
    viewer: Viewer
    store: Store
    platform: Callable[[Environment], UserPlatform]
    reader: Callable[[Environment], UserReader]
    staging: Callable[[], AbstractContextManager[UserStaging]]

    def import_file(self, environment: str, file: UserFile, progress: Progress) -> Imported:
        """Write the users of a file, all of them or, where anything is wrong, none."""
        chosen, found = self._found(environment)
        known = self._known(chosen, found)
        with self.staging() as staging:
            outcome = stage(file, known, staging, progress)
            if outcome.users:
                records = _counted(staging.records(), outcome.users, progress)
                with self.store.transaction() as unit:
                    self.platform(found).put_users(unit, records)
        return outcome

    def known(self, environment: str) -> Known:
        """Return what users of an environment may have: its integrations and workflows."""
        return self._known(*self._found(environment))

    def records(
        self, environment: str, integration: str | None = None
    ) -> Iterator[Mapping[str, Json]]:
        """Stream the users of an environment, with an integration those connected to it.

        Raises:
            UsageError: there is no such integration.
        """
        chosen, found = self._found(environment)
        if integration is not None:
            there = self._known(chosen, found).integrations
            if integration not in there:
                text = f"{environment} has no integration {quoted(integration)}"
                raise UsageError(f"{text}{nearest(integration, there)}.")
        return self.reader(found).users(integration)

    def affected(
        self, chosen: Chosen, environment: str, code: str, subject: str | None = None
    ) -> Iterator[AffectedUser]:
        """Stream whom the messages of a code in the current plan concern, each row once.

        Raises:
            UsageError: there is no such environment or code.
            NotFound: the plan has no such message.
        """
        refuse_unknown(code)
        found = chosen.repository.environment(environment)
        messages = self._messages(chosen, environment)
        return _rows(self.reader(found), _queries(messages, environment, code, subject))

    def _messages(self, chosen: Chosen, environment: str) -> tuple[Message, ...]:
        [plan] = self.viewer.plans(chosen, [environment])
        if plan.findings:
            raise Invalid(plan.findings)
        if plan.waiting is not None:
            raise ReconcilerError(
                f"{environment} waits for {plan.waiting}: nobody is affected by anything yet.",
                hint="Compare a folder instead, with --ref or --worktree.",
            )
        return plan.messages

    def _found(self, name: str) -> tuple[Chosen, Environment]:
        chosen = self.workspace.choose(isolated=[name])
        found = chosen.repository.environment(name)
        chosen.repository.refuse_broken(name)
        return chosen, found

    def _known(self, chosen: Chosen, environment: Environment) -> Known:
        """Return what git or the platform has; where both are empty, what would be promoted."""
        offers: list[Offer] = []
        source: Environment | None = environment
        seen = set()
        while not offers and source is not None and source.name not in seen:
            seen.add(source.name)
            offers = self._offers(chosen, source)
            before = source.promotes_from
            source = None if before is None else chosen.repository.environment(before)
        return users.known(environment.name, offers)

    def _offers(self, chosen: Chosen, environment: Environment) -> list[Offer]:
        entries = self.workspace.load(chosen, environment).desired.entries
        offers = [
            Offer(
                kind=key.kind,
                name=key.name,
                settings=entry.facts.settings,
                integration=entry.facts.integration,
            )
            for key, entry in entries.items()
            if key.kind in _KINDS
        ]
        reader = self.reader(environment)
        other = [
            key
            for key, digest in reader.observe().digests.items()
            if key.kind in _KINDS and (key not in entries or entries[key].digest != digest)
        ]
        found = map(users.offer, reader.contents(other).values())
        return [*offers, *(each for each in found if each is not None)]


def _counted(
    records: Iterator[Mapping[str, Json]], users: int, progress: Progress
) -> Iterator[Mapping[str, Json]]:
    for number, record in enumerate(records, 1):
        yield record
        if number % STEP == 0:
            progress("Writing users", number, users)


# --- whom a message concerns ----------------------------------------------------------------------


def refuse_unknown(code: str) -> None:
    """Refuse a code that the catalogue does not have.

    Raises:
        UsageError: with the nearest one.
    """
    try:
        registry.definition(code)
    except NotFound as error:
        raise UsageError(error.text) from error


def _queries(
    messages: tuple[Message, ...], environment: str, code: str, subject: str | None
) -> list[AffectedQuery]:
    """Return whom the messages of a code concern, of one subject where it is named."""
    found = [message for message in messages if message.code == code]
    if not found:
        codes = ", ".join(sorted({message.code for message in messages}))
        there = f"it has {codes}" if codes else "it has no messages"
        raise NotFound(f"The current plan of {environment} has no message {code}; {there}.")
    if subject is not None:
        found = _about(found, subject, environment)
    queries = [message.affected for message in found if message.affected is not None]
    if not queries:
        raise NotFound(f"{code} concerns no connected users in particular.")
    return queries


def _about(messages: list[Message], subject: str, environment: str) -> list[Message]:
    """Return the messages about one resource, written `kind/name` in any case."""
    found = [each for each in messages if str(each.subject).casefold() == subject.casefold()]
    if not found:
        names = sorted({str(message.subject) for message in messages})
        raise NotFound(
            f"The current plan of {environment} has {messages[0].code} for {', '.join(names)}, "
            f"not for {quoted(subject)}{nearest(subject, names)}."
        )
    return found


def _rows(reader: UserReader, queries: Iterable[AffectedQuery]) -> Iterator[AffectedUser]:
    """Yield the users of each integration and workflow, each once, with flat memory."""
    groups: defaultdict[tuple[str, str], list[AffectedQuery]] = defaultdict(list)
    for query in queries:
        groups[query.integration or "", getattr(query, "workflow", None) or ""].append(query)
    for _, group in sorted(groups.items()):
        streams = [reader.affected(query) for query in group]
        merged = heapq.merge(*streams, key=lambda row: row.user)
        yield from (row for row, _ in groupby(merged))
