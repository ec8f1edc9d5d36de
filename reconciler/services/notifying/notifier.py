"""Tells people outside what happened: at least once, and never twice for one event.

What is to be told is written to the store first. Sending it comes afterwards, is tried again by
later runs, and never changes how a deployment ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from reconciler import telemetry
from reconciler.core import notices
from reconciler.core.errors import NoticeError, ReconcilerError
from reconciler.core.model import Environment
from reconciler.core.names import quoted
from reconciler.core.notices import News, Notice, NoticeState, Occasion
from reconciler.core.render import notices as texts
from reconciler.ports import Clock, Messenger, Notices, SecretSource
from reconciler.services.notifying import links

# All that a run sends ends in this time and one sending: nobody waits longer for a mail server.
LONGEST = timedelta(seconds=20)
ABANDONED = timedelta(minutes=10)  # no sending takes so long: whoever claimed it is gone
GIVEN_UP = timedelta(days=3)

# How long is waited after the first attempt, the second and so on; the last counts for all others.
PAUSES = tuple(timedelta(minutes=m) for m in (0, 1, 5, 15, 60, 240))


@dataclass(slots=True)
class _Run:
    """What this run said already, whom it could not reach, and how long it has been sending."""

    told: set[str] = field(default_factory=set)
    silent: set[tuple[str, str]] = field(default_factory=set)
    spent: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifier:
    """Announces what happened and delivers what was announced; `remote` is for links alone."""

    messenger: Messenger
    secrets: SecretSource
    clock: Clock
    remote: Callable[[], str | None] = lambda: None
    _run: _Run = field(default_factory=_Run)

    def announce(
        self, store: Notices, environment: Environment, occasion: Occasion, event: str, news: News
    ) -> int:
        """Record what is to be told to everyone who wants to know; return how many are new.

        Nothing is sent. An event that was announced before is not announced again, and nothing is
        written then.
        """
        wanted = notices.receivers(environment, occasion)
        new = [to for to in wanted if not store.is_announced(event, to)]
        if not new:
            return 0
        found = links.found(environment, occasion, news, self.remote())
        news = replace(news, links=(*news.links, *found))
        redacted, now = telemetry.redactor(), self.clock.now()
        subject = redacted.text(texts.subject(occasion, news))
        body = redacted.text(texts.body(occasion, news, event))
        return store.announce(
            Notice(
                event=event,
                receiver=to,
                environment=environment.name,
                occasion=occasion,
                subject=subject,
                body=body,
                created_at=now,
            )
            for to in new
        )

    def deliver(self, store: Notices, environment: Environment) -> tuple[str, ...]:
        """Send what was not sent yet; return sentences about what could not be sent.

        In one run each sentence is returned once, and who could not be reached is not tried again.
        """
        found = dict.fromkeys(self._delivered(store, environment))
        new = tuple(sentence for sentence in found if sentence not in self._run.told)
        self._run.told.update(new)
        return new

    def problems(self, environment: Environment) -> tuple[str, ...]:
        """Return why receivers could not be told, as far as that is known without the network."""
        return tuple(dict.fromkeys(self._problems(environment)))

    def _problems(self, environment: Environment) -> Iterator[str]:
        for receiver in sorted(notices.all_receivers(environment)):
            try:
                self.messenger.check(self._address(environment, receiver))
            except ReconcilerError as error:
                yield f"{quoted(receiver)} cannot be told: {error}"

    def _delivered(self, store: Notices, environment: Environment) -> Iterator[str]:
        if not (known := notices.all_receivers(environment)):
            return  # nothing is read where nobody is told
        try:
            for notice in store.unsent_notices(environment.name):
                key = (environment.name, notice.receiver)
                if notice.receiver not in known:
                    self._give_up(store, notice, "its receiver is no longer in environment.yaml")
                elif key not in self._run.silent and self._is_due(notice):
                    if self._run.spent >= LONGEST:
                        yield "Some notices were not sent in time; the next `reconcile` goes on."
                        return
                    begun = self._now()
                    failure = self._sent(store, environment, notice)
                    self._run.spent += max(self._now() - begun, timedelta(0))
                    if failure is not None:
                        self._run.silent.add(key)
                        yield failure
        except ReconcilerError as error:
            yield f"Notices of {environment.name} could not be sent: {error}"

    def _sent(self, store: Notices, environment: Environment, notice: Notice) -> str | None:
        """Send one notice; return a sentence when it could not be sent."""
        try:
            address = self._address(environment, notice.receiver)
            self.messenger.check(address)
        except ReconcilerError as error:
            # Nothing was tried, so nothing is written: what is missing may be there next time.
            return self._expired(store, notice, error) or f"Notices wait to be sent: {error}"
        if not store.claim_notice(notice, self.clock.now()):
            return None
        try:
            self.messenger.send(address, notice.subject, notice.body, event=notice.event)
        except NoticeError as error:
            text = f"{quoted(notice.receiver)} was not told about {notice.environment}: {error}"
            if (expired := self._expired(store, notice, error)) is not None:
                return expired
            store.settle_notice(notice, self.clock.now(), NoticeState.PENDING, error.text)
            return f"{text} It is tried again by the next `reconcile`."
        store.settle_notice(notice, self.clock.now(), NoticeState.SENT)
        return None

    def _expired(self, store: Notices, notice: Notice, error: ReconcilerError) -> str | None:
        """Give a notice up that is too old to be news; return a sentence about it."""
        if self._passed(notice.created_at) < GIVEN_UP:
            return None
        self._give_up(store, notice, error.text)
        return (
            f"{quoted(notice.receiver)} was not told in {GIVEN_UP.days} days, which is given up "
            f"({notice.subject}): {error}"
        )

    def _give_up(self, store: Notices, notice: Notice, reason: str) -> None:
        store.settle_notice(notice, self.clock.now(), NoticeState.GIVEN_UP, reason)

    def _address(self, environment: Environment, receiver: str) -> str:
        """Return where a receiver is reached; the redaction knows a secret's value before that.

        Raises:
            NoticeError: it is neither an address nor a secret with a value.
            SecretError: the secret's source cannot be read.
        """
        if notices.is_address(receiver):
            return receiver
        name = environment.name
        source = environment.secrets.get(receiver)
        if source is None:
            raise NoticeError(
                f"{quoted(receiver)} in `notifications` of {name} is neither a mail address nor a "
                "secret that is declared there.",
                hint="Write an address, or declare it under `secrets`.",
            )
        value = (self.secrets.value(name, receiver, source) or "").strip()
        if not value:
            raise NoticeError(
                f"The secret {receiver} of {name} has no value, so nobody is told there.",
                hint=f"Give it one; it comes from {source.get('from')}.",
            )
        telemetry.redact(links.credentials(value))
        return value

    def _is_due(self, notice: Notice) -> bool:
        """Say whether a notice is to be sent now; one that is being sent is somebody else's."""
        if notice.claimed_at is None:
            return True
        passed = self._passed(notice.claimed_at)
        if notice.state is NoticeState.CLAIMED:
            return passed >= ABANDONED
        return passed >= PAUSES[min(notice.attempts, len(PAUSES)) - 1]

    def _passed(self, since: str) -> timedelta:
        """Return the time since a moment, or until it, where the clock was set back since."""
        return abs(self._now() - datetime.fromisoformat(since))

    def _now(self) -> datetime:
        return datetime.fromisoformat(self.clock.now())
