"""Connected users: imported, listed, and which of them a message of the plan concerns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from reconciler.core import users
from reconciler.core.canonical import Json
from reconciler.core.errors import Invalid, NotFound, ReconcilerError, UsageError
from reconciler.core.messages.review import Message
from reconciler.core.model import Environment, Kind
from reconciler.core.names import nearest, quoted
from reconciler.core.printable import one_line
from reconciler.core.releases import names
from reconciler.core.releases.model import ReleaseName
from reconciler.core.users import Known, Offer
from reconciler.ports import AffectedUser, Store, UserPlatform, UserReader, UserStaging
from reconciler.services import affected_users
from reconciler.services.activities import Activities
from reconciler.services.planning import Planned
from reconciler.services.user_files import STEP, Imported, Progress, UserFile, stage
from reconciler.services.viewing import Viewer
from reconciler.services.workspace import Chosen, Workspace

IMPORT = "import"
_KINDS = (Kind.INTEGRATION, Kind.WORKFLOW)
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class UserKeeper:
    """Writes and reads the connected users of environments.

    `preview` plans a release that was not deployed yet; it raises NotFound for an unknown one.
    """

    workspace: Workspace
    viewer: Viewer
    store: Store
    platform: Callable[[Environment], UserPlatform]
    reader: Callable[[Environment], UserReader]
    staging: Callable[[], AbstractContextManager[UserStaging]]
    activities: Activities
    actor: str
    preview: Callable[[ReleaseName], Planned] | None = None

    def import_file(
        self, environment: str, file: UserFile, progress: Progress, patience: float = 0
    ) -> Imported:
        """Write the users of a file, all of them or, where anything is wrong, none.

        Raises:
            Busy: the environment is in maintenance, still after so many seconds.
        """
        chosen, found = self._found(environment)
        source = "standard input" if file.name == "-" else one_line(file.name, _LONGEST_NAME)
        told = f"An import of users by {self.actor} ({source})"
        with self.activities.running(environment, IMPORT, told, patience):
            return self._imported(chosen, found, file, progress)

    def _imported(
        self, chosen: Chosen, found: Environment, file: UserFile, progress: Progress
    ) -> Imported:
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
        affected_users.refuse_unknown(code)
        found = chosen.repository.environment(environment)
        messages = self._messages(chosen, environment)
        what = f"The current plan of {environment}"
        return affected_users.of_plan(self.reader(found), messages, what, code, subject)

    def affected_by_release(
        self, release: ReleaseName, code: str, subject: str | None = None
    ) -> Iterator[AffectedUser]:
        """Stream whom a release concerns.

        Once it was deployed what was stored then answers, before that the platform.

        Raises:
            UsageError: there is no such code.
            NotFound: there is no such release, or it has no such message.
        """
        affected_users.refuse_unknown(code)
        deployment = affected_users.deployment_of(self.store, release)
        if deployment is not None:
            return affected_users.of_deployment(self.store, deployment, code, subject)
        planned = self._previewed(release)
        reader = self.reader(planned.loaded.environment)
        what = f"The plan of {release}"
        return affected_users.of_plan(reader, planned.plan.messages, what, code, subject)

    def affected_by_deployment(
        self, environment: str | None, deployment: str, code: str, subject: str | None = None
    ) -> Iterator[AffectedUser]:
        """Stream whom a deployment concerned, as it was stored then.

        Raises:
            UsageError: there is no such code.
            NotFound: there is no such deployment, or it had no such message.
        """
        affected_users.refuse_unknown(code)
        found = affected_users.deployment_by_id(self.store, environment, deployment)
        return affected_users.of_deployment(self.store, found, code, subject)

    def release(self, text: str) -> ReleaseName:
        """Return the release that a person names, by version or by tag.

        Raises:
            UsageError: the text names no release of an environment that there is.
        """
        repository = self.workspace.choose().repository
        environments = [each.name for each in repository.environments]
        return names.parse_release(text, repository.pipeline.tag_format, environments)

    def _previewed(self, release: ReleaseName) -> Planned:
        if self.preview is None:
            raise NotFound(
                f"{release} was not deployed, so nobody was stored for it.",
                hint="`reconciler history` lists what was deployed.",
            )
        return self.preview(release)

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
