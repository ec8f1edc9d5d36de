"""Announcing and delivering: once for each event and receiver, and never in anybody's way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler import telemetry
from reconciler.core.errors import ReconcilerError, StoreError
from reconciler.core.model import Environment
from reconciler.core.notices import WANTED_BY, News, Notice, Occasion
from reconciler.services.notifying.notifier import Notifier
from reconciler.testing import FakeClock, FakeMessenger, MemorySecrets, MemoryStore

OPS, QA = "ops@example.com", "qa@example.com"
HOOK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
NEWS = News(environment="production", version="1.4.0", commit="c" * 40)
MINUTE, DAY = 60, 24 * 3_600


class Desk:
    """A notifier with everything around it."""

    def __init__(self, *notifications: dict[str, object], **raw: object) -> None:
        """Tell these receivers."""
        self.store = MemoryStore()
        self.clock = FakeClock()
        self.messenger = FakeMessenger()
        self.secrets = MemorySecrets({("production", "HOOK"): HOOK}, broken=["BROKEN"])
        self.remote: str | None = None
        self.notifier = self.another()
        self.environment = Environment(
            name="production",
            secrets={name: {"from": "env"} for name in ("HOOK", "EMPTY", "BROKEN")},
            raw={"notifications": list(notifications), **raw},
        )

    def another(self) -> Notifier:
        """Return the notifier of another run."""
        return Notifier(
            messenger=self.messenger,
            secrets=self.secrets,
            clock=self.clock,
            remote=lambda: self.remote,
        )

    def announce(self, event: str = "d-1/done", occasion: Occasion = Occasion.DONE) -> int:
        """Announce an event."""
        return self.notifier.announce(self.store, self.environment, occasion, event, NEWS)

    def deliver(self) -> tuple[str, ...]:
        """Deliver as a new run would."""
        return self.another().deliver(self.store, self.environment)

    @property
    def told(self) -> list[tuple[str, str]]:
        """Receiver and event of everything that was sent."""
        return [(each.address, each.event) for each in self.messenger.sent]

    @property
    def waiting(self) -> list[Notice]:
        """What is not sent."""
        return list(self.store.unsent_notices("production"))


def to(receiver: str, *on: str) -> dict[str, object]:
    """Return one entry of `notifications`."""
    return {"to": receiver, "on": list(on)}


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    telemetry.forget()


def test_only_who_wants_to_know_is_told() -> None:
    """A receiver gets the occasions of its `on`, and one notice however often it is named."""
    desk = Desk(to(OPS, "failed"), to(QA, "done", "drift"), to(QA, "done"))

    assert desk.announce() == 1
    assert desk.deliver() == ()
    assert desk.told == [(QA, "d-1/done")]


def test_nobody_to_tell_writes_nothing() -> None:
    """Without a receiver there is no notice, and no network."""
    desk = Desk()
    assert desk.announce() == 0
    assert desk.deliver() == ()
    assert desk.messenger.tries == 0


@pytest.mark.parametrize(
    ("name", "occasions"),
    [
        ("started", {Occasion.STARTED}),
        ("waiting", {Occasion.WAITING}),
        ("done", {Occasion.DONE}),
        ("unlocked", {Occasion.DONE, Occasion.RESTORED}),
        ("failed", {Occasion.FAILED, Occasion.RESTORED, Occasion.NOT_RESTORED}),
        ("restored", {Occasion.RESTORED}),
        ("not-restored", {Occasion.NOT_RESTORED}),
        ("drift", {Occasion.DRIFT}),
    ],
)
def test_each_name_stands_for_its_occasions(name: str, occasions: set[Occasion]) -> None:
    """A restored deployment failed too, and what is over is unlocked."""
    assert {occasion for occasion in Occasion if name in WANTED_BY[occasion]} == occasions


def test_an_event_is_told_once_over_many_runs() -> None:
    """Announcing and delivering again and again sends one text."""
    desk = Desk(to(OPS, "done"))
    for _ in range(5):
        desk.announce()
        assert desk.deliver() == ()
        desk.clock.advance(DAY)

    assert desk.told == [(OPS, "d-1/done")]


def test_a_failure_is_told_and_tried_again_by_the_next_run() -> None:
    """What a server did not take waits in the store, and goes out when the server is back."""
    desk = Desk(to(OPS, "done"), to(QA, "done"))
    desk.messenger.failing.add(OPS)
    desk.announce()

    (told,) = desk.deliver()
    assert told.startswith(f'"{OPS}" was not told about production: The server does not answer.')
    assert desk.told == [(QA, "d-1/done")]

    desk.messenger.failing.clear()
    assert desk.deliver() == ()
    assert desk.told == [(QA, "d-1/done"), (OPS, "d-1/done")]


def test_pauses_between_attempts_grow() -> None:
    """A server that stays away is asked less and less often."""
    desk = Desk(to(OPS, "done"))
    desk.messenger.failing.add(OPS)
    desk.announce()
    for _ in range(24 * 60):
        desk.deliver()
        desk.clock.advance(MINUTE)

    assert 8 <= desk.messenger.tries <= 16


def test_what_is_no_news_any_more_is_given_up_with_a_sentence() -> None:
    """After three days a notice is given up, and that is told once."""
    desk = Desk(to(OPS, "done"))
    desk.messenger.failing.add(OPS)
    desk.announce()
    desk.clock.advance(3 * DAY)

    (told,) = desk.deliver()
    assert "given up" in told
    assert "production: release 1.4.0 is live" in told
    assert desk.deliver() == ()
    assert desk.waiting == []


def test_one_silent_server_is_asked_once_in_a_run() -> None:
    """A receiver that could not be told is not tried again by the same run."""
    desk = Desk(to(OPS, "done"))
    desk.messenger.failing.add(OPS)
    for number in range(10):
        desk.announce(f"d-{number}/done")

    run = desk.another()
    assert len(run.deliver(desk.store, desk.environment)) == 1
    assert run.deliver(desk.store, desk.environment) == ()
    assert desk.messenger.tries == 1


def test_a_delivery_ends_in_bounded_time() -> None:
    """However many receivers wait for a slow server, a run goes on without them."""
    desk = Desk(*(to(f"u{number}@example.com", "done") for number in range(100)))
    send = desk.messenger.send

    def slow(address: str, subject: str, body: str, *, event: str) -> None:
        desk.clock.advance(9)
        send(address, subject, body, event=event)

    desk.messenger.send = slow  # type: ignore[method-assign]  # takes its time
    desk.announce()

    (told,) = desk.deliver()
    assert "not sent in time" in told
    assert len(desk.told) == 3
    desk.deliver()
    assert len(set(desk.told)) == len(desk.told) == 6


def test_a_claim_of_a_process_that_is_gone_is_sent_again() -> None:
    """What was being sent for ten minutes was not; the receiver sees the same event."""
    desk = Desk(to(OPS, "done"))
    desk.announce()
    desk.store.claim_notice(desk.waiting[0], desk.clock.now())

    desk.clock.advance(9 * MINUTE)
    desk.deliver()
    assert desk.told == []
    desk.clock.advance(MINUTE)
    desk.deliver()
    assert desk.told == [(OPS, "d-1/done")]


def test_a_clock_that_was_set_back_holds_nothing_up_for_ever() -> None:
    """A claim from the future is as old as it is far away."""
    desk = Desk(to(OPS, "done"))
    desk.announce()
    desk.store.claim_notice(desk.waiting[0], desk.clock.now())
    desk.clock.advance(-3_600)

    desk.deliver()
    assert desk.told == [(OPS, "d-1/done")]


def test_a_secret_is_resolved_when_it_is_needed_and_masked_before() -> None:
    """A receiver by name is reached at the secret's value, no part of which may be shown."""
    desk = Desk(to("HOOK", "done"))
    desk.announce()
    desk.deliver()

    assert desk.told == [(HOOK, "d-1/done")]
    shown = telemetry.redactor().text(f"POST {HOOK} as TIiajkdnlazkcOXrIdevi7FQ")
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in shown
    assert "A1BRTD4JD" not in shown
    assert HOOK not in "".join(notice.body for notice in desk.waiting)


@pytest.mark.parametrize(
    ("receiver", "found"),
    [
        ("EMPTY", "has no value"),
        ("UNDECLARED", "neither a mail address nor a secret"),
        ("BROKEN", "did not answer"),
    ],
)
def test_a_receiver_that_cannot_be_resolved_is_told_about(receiver: str, found: str) -> None:
    """Nothing is tried or written, and it is sent as soon as it can be."""
    desk = Desk(to(receiver, "done"))
    desk.announce()
    before = desk.waiting

    (told,) = desk.deliver()
    assert found in told
    assert desk.waiting == before
    assert desk.messenger.tries == 0


def test_what_cannot_be_sent_here_is_said_once_in_a_run() -> None:
    """Without a mail server one sentence says what to set, for all receivers and environments."""
    desk = Desk(to(OPS, "done"), to(QA, "done"))
    desk.messenger.unknown |= {OPS, QA}
    desk.announce()
    before, run = desk.waiting, desk.another()

    (told,) = run.deliver(desk.store, desk.environment)
    assert told.endswith("Set RECONCILER_SMTP_URL.")
    assert run.deliver(desk.store, desk.environment) == ()
    assert desk.waiting == before


def test_who_left_environment_yaml_is_not_told() -> None:
    """A notice to a receiver that somebody took out, or had mistyped, is dropped in silence."""
    desk = Desk(to(OPS, "done"))
    desk.announce()
    desk.environment = Desk(to(QA, "done")).environment

    assert desk.deliver() == ()
    assert desk.told == desk.waiting == []


def test_a_store_that_fails_ends_in_a_sentence() -> None:
    """Delivering never raises: how a deployment ended does not depend on it."""

    class Broken(MemoryStore):
        def claim_notice(self, notice: Notice, at: str) -> bool:
            raise StoreError("The disk is full.")

    desk = Desk(to(OPS, "done"))
    desk.store = Broken()
    desk.announce()

    (told,) = desk.deliver()
    assert "The disk is full." in told


def test_a_secret_that_the_run_knows_is_not_sent_out() -> None:
    """What passes into a text is masked as on the screen."""
    telemetry.redact(["hunter2-long"])
    desk = Desk(to(OPS, "failed"))
    error = ReconcilerError("The platform said: bad token hunter2-long.")
    news = News(environment="production", reason=error.text)
    desk.notifier.announce(desk.store, desk.environment, Occasion.FAILED, "d-1/failed", news)
    desk.deliver()

    (sent,) = desk.messenger.sent
    assert "bad token ***" in sent.body


def test_a_done_mail_links_to_commit_release_and_monitors() -> None:
    """A reader gets to what was released and to what shows how it runs, without credentials."""
    monitors = [{"title": "Errors", "url": "https://example.com/errors"}]
    desk = Desk(to(OPS, "done", "started"), promotion={"monitors": monitors})
    desk.remote = "https://ci:hunter2@github.com/shop/flows.git"
    desk.announce("d-1/started", Occasion.STARTED)
    desk.announce("d-1/done", Occasion.DONE)
    desk.deliver()

    done, started = sorted(desk.messenger.sent, key=lambda sent: sent.event)
    page = "https://github.com/shop/flows"
    path = "environments/production/releases/1.4.0.yaml"
    assert f"  Release: {page}/blob/{'c' * 40}/{path}\n" in done.body
    assert f"  Commit: {page}/commit/{'c' * 40}\n  Errors: https://example.com/errors" in done.body
    assert "Errors:" not in started.body
    assert "hunter2" not in done.body + started.body
