"""People outside are told how a deployment goes; that never decides how it ends."""

from __future__ import annotations

import pytest

from reconciler.core.errors import NotRestored, PlatformError, ReconcilerError, StoreError
from reconciler.core.model import Phase
from reconciler.testing import FakeMessenger
from tests.unit.services.failing import DEV, Failing, Shown

OPS, QA = "ops@example.com", "qa@example.com"
EVERYTHING = "[started, done, unlocked, failed, restored, not-restored]"


class Telling(Failing):
    """A deployed shop that tells its operators everything and QA when it may test."""

    def __init__(self) -> None:
        super().__init__()
        text = str(self.git.files["environments/development/environment.yaml"])
        self.write(
            "environment.yaml",
            f"{text}  notifications:\n"
            f"    - {{to: {OPS}, on: {EVERYTHING}}}\n"
            f"    - {{to: {QA}, on: [unlocked]}}\n",
        )

    def told(self, to: str = OPS) -> list[str]:
        """Return what was told to somebody about the last deployment, sorted."""
        events = [each.event for each in self.messenger.sent if each.address == to]
        return sorted(event.removeprefix(f"{self.last.id}/") for event in events)


def unwrapped(body: str) -> str:
    """Return the text of a mail without its line breaks."""
    return " ".join(body.split())


@pytest.fixture
def shop() -> Telling:
    """A shop whose next deployment is told."""
    return Telling()


def test_who_wants_to_know_is_told(shop: Telling) -> None:
    """That it began, and that it is done; QA hears that the environment is open again."""
    shop.apply()

    assert shop.told() == ["done", "started"]
    assert shop.told(QA) == ["done"]
    assert all(shop.last.id in each.body for each in shop.messenger.sent)
    ended = {each.event for each in shop.messenger.sent if " to 2026" in each.body}
    assert ended == {f"{shop.last.id}/done"}


def test_it_is_told_when_it_is_open_again(shop: Telling) -> None:
    """Nobody is called to an environment that is still closed."""
    open_at: list[bool] = []
    send = shop.messenger.send

    def watched(address: str, subject: str, body: str, *, event: str) -> None:
        if event.endswith("/done"):
            open_at.append(shop.store.maintenance(DEV) is None)
        send(address, subject, body, event=event)

    shop.messenger.send = watched
    shop.apply()

    assert open_at == [True, True]


def test_it_is_told_at_once_that_it_began(shop: Telling) -> None:
    """While it runs: a mail that comes when all is over is none about a beginning."""
    told: list[str] = []

    def look(name: str, state: str) -> None:
        if (name, state) == ("replan", "running"):
            told.extend(shop.told())

    shop.progress = Shown(look)
    shop.apply()

    assert told == ["started"]


def test_nothing_to_do_tells_nobody(shop: Telling) -> None:
    """A run without a deployment is no news."""
    shop.apply()
    count = len(shop.messenger.sent)
    shop.apply()

    assert len(shop.messenger.sent) == count


@pytest.mark.parametrize(
    ("step", "call", "ended"),
    [("backup", "store_contents", "failed"), ("apply", "commit", "restored")],
)
def test_a_failure_is_told_as_what_it_is(shop: Telling, step: str, call: str, ended: str) -> None:
    """Nothing changed, or restored: each with its sentence and the next step."""
    shop.at(step, StoreError("The disk is full."), call)
    with pytest.raises(ReconcilerError) as caught:
        shop.apply()

    assert shop.told() == sorted(["started", ended])
    assert any(caught.value.text in unwrapped(each.body) for each in shop.messenger.sent)
    assert (QA in {each.address for each in shop.messenger.sent}) is (ended == "restored")
    assert any(f"\nStep        {step}\n" in each.body for each in shop.messenger.sent)


def test_what_needs_an_operator_is_told(shop: Telling) -> None:
    """Not restored: the mail names the command that comes next."""

    def show(name: str, state: str) -> None:
        if (name, state) == ("verify", "running"):
            shop.memory.incomplete = "it is down"

    shop.progress = Shown(show)
    told = shop.fails(NotRestored)

    assert shop.told() == ["not-restored", "started"]
    assert any(str(told.hint) in unwrapped(each.body) for each in shop.messenger.sent)


def test_what_is_refused_is_not_told(shop: Telling) -> None:
    """What never began was announced to nobody."""
    shop.fate.named["room"] = PlatformError("It is down.")
    shop.fails(PlatformError)

    assert shop.messenger.sent == []


@pytest.mark.parametrize("reach", [{"failing": [OPS]}, {"unknown": [OPS]}])
def test_who_cannot_be_reached_fails_nothing(shop: Telling, reach: dict[str, list[str]]) -> None:
    """The deployment is done; its journal says who was not told, and it waits to be sent."""
    shop.messenger = FakeMessenger(**reach)
    shop.apply()

    assert shop.last.phase is Phase.SUCCEEDED
    assert shop.told(QA) == ["done"]
    (log,) = (step.log for step in shop.last.steps if step.name == "lock")
    assert len(log) == 1
    assert [n.receiver for n in shop.store.unsent_notices(DEV)] == [OPS, OPS]


def test_a_recovered_deployment_is_told_once(shop: Telling) -> None:
    """Whoever ends it tells it; what the dead process had told is not told again."""
    shop.at("notify", StoreError("The disk is full."), "finish")
    shop.fails(StoreError)
    assert shop.told() == ["done", "started"]
    shop.processes.alive.clear()
    shop.reconcile()

    assert shop.last.phase is Phase.SUCCEEDED
    assert shop.told() == ["done", "started"]
