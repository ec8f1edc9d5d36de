"""What is told of waiting releases, drift and deployments, and by which key only once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.compare import Comparison
from reconciler.core.errors import NotRestored
from reconciler.core.gates.model import Gate, GateName, GateState
from reconciler.core.model import (
    Action,
    Applied,
    Change,
    Environment,
    FieldChange,
    Observation,
    Phase,
    Reason,
    ResourceKey,
    Step,
)
from reconciler.core.notices import Notice
from reconciler.core.plan import Plan
from reconciler.services.loading.environment import Loaded
from reconciler.services.notifying.announcing import announce_drift, announce_waiting
from reconciler.services.notifying.news import of_deployment
from reconciler.services.notifying.notifier import Notifier
from reconciler.services.planning import Planned
from reconciler.services.releases.promoting.promotion import Promotion
from reconciler.testing import FakeClock, FakeMessenger, MemorySecrets, MemoryStore, deployment

OPS = "ops@example.com"
SYNC = ResourceKey("Workflow", "sync")
PRODUCTION = Environment(
    name="production", raw={"notifications": [{"on": ["waiting", "drift"], "to": OPS}]}
)
SOAKED = Gate(name=GateName.SOAKED, state=GateState.WAITING, reason="3 of 7 days have passed")
QA = Gate(
    name=GateName.QA_APPROVED,
    state=GateState.BLOCKED,
    reason="nobody approved it",
    who=("quinn@example.com",),
)


@pytest.fixture
def store() -> MemoryStore:
    """Return a store."""
    return MemoryStore()


@pytest.fixture
def notifier() -> Notifier:
    """Return what announces."""
    return Notifier(messenger=FakeMessenger(), secrets=MemorySecrets(), clock=FakeClock())


def announced(store: MemoryStore) -> list[Notice]:
    """Return everything that was announced."""
    return list(store.unsent_notices("production"))


def held(*gates: Gate) -> Promotion:
    """Return a release that gates hold."""
    return Promotion(
        environment="production",
        outcome="waiting",
        reason="held",
        version="1.4.0",
        gates=gates,
        earliest="2026-11-28T09:00+01:00",
    )


def planned(*drift: Change, actual: str = "sha256:mine") -> Planned:
    """Return a plan with drift."""
    return Planned(
        plan=Plan(environment="production", drift=drift),
        loaded=object.__new__(Loaded),  # nothing looks at it
        observation=Observation(digests={SYNC: actual}),
        applied=Applied(),
        comparison=object.__new__(Comparison),  # nothing looks at it
    )


def drifted(**fields: object) -> Change:
    """Return a resource that was changed outside."""
    change = Change(action=Action.MODIFY, key=SYNC, reason=Reason.CHANGED_OUTSIDE)
    return replace(change, **fields)


def test_a_release_that_waits_is_told_with_its_gates(
    store: MemoryStore, notifier: Notifier
) -> None:
    """Each closed gate is named with its reason and who must act."""
    announce_waiting(notifier, store, PRODUCTION, held(QA, SOAKED), "a" * 40)

    (notice,) = announced(store)
    assert "release 1.4.0 waits (2 closed gates)" in notice.subject
    assert "- qa-approved: nobody approved it (who: quinn@example.com)" in notice.body
    assert "- soaked: 3 of 7 days have passed" in notice.body
    assert "2026-11-28 09:00+01:00" in notice.body


def test_waiting_is_news_for_each_tag_and_set_of_gates(
    store: MemoryStore, notifier: Notifier
) -> None:
    """Reasons that count days are no news; another gate or another tag object is."""
    later = replace(SOAKED, reason="4 of 7 days have passed")
    assert announce_waiting(notifier, store, PRODUCTION, held(QA, SOAKED), "a" * 40) == 1
    assert announce_waiting(notifier, store, PRODUCTION, held(later, QA), "a" * 40) == 0
    assert announce_waiting(notifier, store, PRODUCTION, held(SOAKED), "a" * 40) == 1
    assert announce_waiting(notifier, store, PRODUCTION, held(SOAKED), "b" * 40) == 1


def test_drift_names_each_resource_and_its_first_fields(
    store: MemoryStore, notifier: Notifier
) -> None:
    """Paths are told, values are not: they may be anything."""
    paths = ("/spec/title", "/spec/steps", "/spec/enabled", "/spec/hidden")
    fields = tuple(FieldChange(path=path, before="old", after="s3cret") for path in paths)
    announce_drift(notifier, store, PRODUCTION, planned(drifted(fields=fields)))

    (notice,) = announced(store)
    assert "(/spec/title, /spec/steps, /spec/enabled … and 1 more)" in notice.body
    assert "s3cret" not in notice.body
    assert "reconciler drift --environment production" in notice.body


def test_what_heals_itself_is_said_to(store: MemoryStore, notifier: Notifier) -> None:
    """With selfHeal nobody is asked to look at what is gone by then."""
    announce_drift(notifier, store, replace(PRODUCTION, self_heal=True), planned(drifted()))
    (notice,) = announced(store)
    assert "put back" in notice.body
    assert "reconciler drift" not in notice.body


def test_drift_is_news_when_it_changes_or_comes_after_a_deployment(
    store: MemoryStore, notifier: Notifier
) -> None:
    """The same difference is told once; another one, or the same after healing, again."""
    assert announce_drift(notifier, store, PRODUCTION, planned(drifted())) == 1
    assert announce_drift(notifier, store, PRODUCTION, planned(drifted())) == 0
    assert announce_drift(notifier, store, PRODUCTION, planned(drifted(), actual="sha256:x")) == 1

    store.begin(deployment("d-2", "production"))
    assert announce_drift(notifier, store, PRODUCTION, planned(drifted())) == 0
    store.mark_live("d-2")
    assert announce_drift(notifier, store, PRODUCTION, planned(drifted())) == 1


def test_what_a_deployment_left_unfinished_is_no_drift(
    store: MemoryStore, notifier: Notifier
) -> None:
    """Nobody changed it outside, and the next job finishes it."""
    assert announce_drift(notifier, store, PRODUCTION, planned()) == 0
    unfinished = planned(drifted(reason=Reason.UNFINISHED))
    assert announce_drift(notifier, store, PRODUCTION, unfinished) == 0


def test_a_deployment_is_told_with_how_it_failed() -> None:
    """Step, reason and next step come from the record and the error."""
    steps = (Step(name="check", state="done"), Step(name="apply", state="failed"))
    message = {"severity": "warning", "text": "Scopes were added.", "affectedUsers": 5}
    record = deployment(
        "d-1", phase=Phase.FAILED, version="1.4.0", steps=steps, messages=(message,)
    )
    error = NotRestored("It is broken.", hint="Run `reconciler backup restore b-1`.")
    news = of_deployment(record, error, at="2026-01-06T10:00:00+00:00")

    assert (news.step, news.reason, news.next_step) == ("apply", error.text, error.hint)
    assert (news.version, news.deployment, news.actor) == ("1.4.0", "d-1", "ana@example.com")
    assert news.finished_at == "2026-01-06T10:00:00+00:00"
    assert [(said.severity, said.text, said.users) for said in news.messages] == [
        ("warning", "Scopes were added.", 5)
    ]
