"""What the gates of a release are judged by: plan, warnings, removals, store and platform."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from reconciler.core.coordination import Activity, Hold
from reconciler.core.gates.model import Gate, GateName, GateState
from reconciler.core.locks import Lock, LockRequest
from reconciler.core.releases.model import ReleaseName
from reconciler.testing import deployment
from tests.unit.services.releases.delivery import (
    PIPELINE,
    PIPELINE_FILE,
    QUINN,
    SYNC_KEY,
    Delivery,
    acknowledgement,
    files,
    outcomes,
    strict,
)

MANY = tuple(f"w-{number}" for number in range(5))
NEEDS = "  requires: {secrets: [API_KEY]}\n"


@pytest.fixture
def shop() -> Delivery:
    """A shop with 1.0.0 live in staging."""
    shop = Delivery()
    shop.released()
    return shop


def shut(shop: Delivery, version: str = "1.1.0", name: str = "staging") -> list[str]:
    """Return the names of the gates that are not open."""
    return [gate.name.value for gate in shop.gates(name, version).values() if not gate.is_open]


def acknowledged(shop: Delivery, version: str, code: str, subject: str) -> str:
    """Acknowledge a warning of staging as `release acknowledge` does, and return the ref."""
    name, grounds, services = ReleaseName("staging", version), shop.grounds, shop.releases
    message = services.finder.warning(grounds, name, code, subject)
    return services.stater.acknowledge(grounds, name, acknowledgement(message)).ref


def test_every_gate_answers_in_order(shop: Delivery) -> None:
    """All gates are told together, in one order, each with a reason."""
    shop.change("Next")
    shop.tagged(version="1.1.0")
    gates = shop.gates("staging", "1.1.0")
    assert list(gates) == list(GateName)
    assert all(gate.reason for gate in gates.values())
    assert shut(shop) == []


def test_a_release_without_tag_waits_for_it(shop: Delivery) -> None:
    """Before the tag only the tag is missing, and the command that makes it is named."""
    shop.change("Next")
    shop.reconcile()
    shop.merged(version="1.1.0")
    gate = shop.gates("staging", "1.1.0")[GateName.TAG_ACCEPTED]
    assert gate.state is GateState.WAITING
    assert "release tag staging/1.1.0 --push" in gate.reason
    assert shut(shop) == ["tag-accepted"]


def test_what_is_live_passes(shop: Delivery) -> None:
    """A live release is not blocked by being live."""
    assert shut(shop, "1.0.0") == []


# --- warnings -----------------------------------------------------------------------------------


@pytest.fixture
def warned(shop: Delivery) -> Delivery:
    """The same with 1.1.0 tagged, which needs a secret that nobody declared."""
    shop.workflow("new", more=NEEDS)
    shop.tagged(version="1.1.0")
    return shop


def test_a_warning_holds(warned: Delivery) -> None:
    """It must be resolved or acknowledged first; the command is named."""
    gate = warned.gates("staging", "1.1.0")[GateName.WARNINGS_RESOLVED]
    assert gate.state is GateState.BLOCKED
    assert "EnvironmentSecretMissing Secret/API_KEY --reason REASON" in gate.reason
    assert outcomes(warned.promote()) == [("1.1.0", "refused")]
    assert warned.live() == "1.0.0"


def test_an_acknowledgement_tag_opens(warned: Delivery) -> None:
    """After the merge it is a tag, numbered; the workflow that lacks its secret is disabled."""
    ref = acknowledged(warned, "1.1.0", "EnvironmentSecretMissing", "Secret/API_KEY")
    assert ref == "refs/tags/acknowledgements/staging/v1.1.0/1"
    assert outcomes(warned.promote()) == [("1.1.0", "applied")]


def test_a_second_acknowledgement_gets_the_next_number(warned: Delivery) -> None:
    """Nothing that was said before is overwritten."""
    for number in (1, 2):
        ref = acknowledged(warned, "1.1.0", "EnvironmentSecretMissing", "Secret/API_KEY")
        assert ref == f"refs/tags/acknowledgements/staging/v1.1.0/{number}"


def test_an_acknowledgement_counts_until_its_day(warned: Delivery) -> None:
    """The last day is included, and the day after it holds again."""
    services, grounds = warned.releases, warned.grounds
    name = ReleaseName("staging", "1.1.0")
    found = services.finder.warning(grounds, name, "EnvironmentSecretMissing", "Secret/API_KEY")
    said = acknowledgement(found)
    services.stater.acknowledge(grounds, name, replace(said, until="2026-01-06"))
    assert shut(warned) == []
    warned.clock.advance(86_400)
    assert shut(warned) == ["warnings-resolved"]


def test_an_acknowledgement_before_the_merge_is_a_commit(shop: Delivery) -> None:
    """On the branch it is written into the manifest, and merges with it."""
    shop.workflow("new", more=NEEDS)
    shop.reconcile()
    branch = shop.make(version="1.1.0").branch
    ref = acknowledged(shop, "1.1.0", "EnvironmentSecretMissing", "Secret/API_KEY")
    assert ref == f"refs/heads/{branch}"
    shop.tag("staging", "1.1.0", shop.merge(branch))
    assert shut(shop) == []


def test_a_secret_with_a_value_resolves_a_warning(warned: Delivery) -> None:
    """Declared at the tip and given a value it warns no more, and the reviewed plan still fits."""
    warned.policy("staging", "  secrets:\n    API_KEY: {from: store}\n")
    assert shut(warned) == ["warnings-resolved"]
    warned.secrets.values["staging", "API_KEY"] = "k-2"
    assert shut(warned) == []


def test_a_binding_that_went_away_warns_anew_and_is_not_stale(shop: Delivery) -> None:
    """A secret that is no longer declared at the tip holds as a warning, not as another plan."""
    declared = "  secrets:\n    API_KEY: {from: store}\n"
    shop.secrets.values["staging", "API_KEY"] = "k-2"
    shop.policy("staging", declared)
    shop.workflow("new", more=NEEDS)
    shop.tagged(version="1.1.0")
    assert shut(shop) == []
    shop.policy("staging", "")
    assert shut(shop) == ["warnings-resolved"]


# --- removals -----------------------------------------------------------------------------------


@pytest.fixture
def emptied(shop: Delivery) -> Delivery:
    """The same with 1.2.0 tagged, which removes more than the budget allows."""
    for name in MANY:
        shop.workflow(name)
    shop.released(version="1.1.0")
    shop.remove(*(f"workflows/{name}.yaml" for name in MANY))
    shop.tagged(version="1.2.0")
    return shop


def test_removing_much_is_held_by_a_gate_of_its_own(emptied: Delivery) -> None:
    """The removal budget is no warning among others."""
    assert shut(emptied, "1.2.0") == ["removal-budget"]
    assert outcomes(emptied.promote()) == [("1.2.0", "refused")]
    assert len(emptied.running()) == len(MANY) + 2


def test_an_acknowledged_removal_is_carried_out(emptied: Delivery) -> None:
    """A release manager who takes it over lets exactly this removal pass."""
    acknowledged(emptied, "1.2.0", "RemovalBudgetExceeded", "Environment/staging")
    assert shut(emptied, "1.2.0") == []
    assert outcomes(emptied.promote()) == [("1.2.0", "applied")]
    assert len(emptied.running()) == 2


# --- store, platform, plan ----------------------------------------------------------------------


def locked(shop: Delivery, pid: int = 4711) -> Lock:
    """Take the lock of staging as another process does to deploy."""
    request = LockRequest(
        id="l-9",
        environment="staging",
        holder="ben@example.com",
        reason="promote 1.0.9",
        at=shop.clock.now(),
        ticks=shop.processes.ticks(),
        owner={**shop.processes.owner(), "pid": pid},
    )
    return shop.store.take_lock(request)


@pytest.fixture
def ready(shop: Delivery) -> Delivery:
    """A shop with 1.1.0 tagged, and a process 4711 beside it."""
    shop.change("Next")
    shop.tagged(version="1.1.0")
    shop.processes.alive.add(4711)
    return shop


def idle(shop: Delivery) -> Gate:
    """Return the gate that somebody at work closes."""
    return shop.gates("staging", "1.1.0")[GateName.PLATFORM_IDLE]


def test_another_deployment_at_work_waits(ready: Delivery) -> None:
    """What is being deployed is not disturbed, and who does what since when is named."""
    since = locked(ready).since
    gate = idle(ready)
    assert gate.state is GateState.WAITING
    wanted = ("promote 1.0.9", "ben@example.com on host here, process 4711", since, "l-9")
    assert [word for word in wanted if word not in gate.reason] == []


def test_the_lock_of_a_dead_process_waits_for_nobody(ready: Delivery) -> None:
    """Whatever an interrupted deployment left is recovered before the promotion."""
    locked(ready, pid=99)
    ready.store.begin(deployment("d-9", "staging"))
    assert idle(ready).state is GateState.PASSED


def test_our_own_lock_is_not_somebody_else(ready: Delivery) -> None:
    """Gates that are judged again while the environment is locked by this process stay open."""
    locked(ready, pid=1)
    assert idle(ready).state is GateState.PASSED


def test_a_lock_that_is_kept_blocks(ready: Delivery) -> None:
    """Time alone does not open it: what to do first stands in the reason."""
    ready.store.keep_lock(locked(ready), "run `reconciler backup restore b-1`")
    gate = idle(ready)
    assert gate.state is GateState.BLOCKED
    assert "run `reconciler backup restore b-1`" in gate.reason


@pytest.mark.parametrize(("pid", "state"), [(4711, "waiting"), (99, "passed")])
def test_a_running_import_waits(ready: Delivery, pid: int, state: str) -> None:
    """Users are not imported and deployed to at once; who died imports nothing."""
    now = ready.clock.now()
    ready.store.begin_activity(
        Activity(
            id="a-1",
            environment="staging",
            kind="import",
            description="An import of users by ben (users.csv)",
            since=now,
            expires_at=now,
            owner={**ready.processes.owner(), "pid": pid},
            ticks=ready.processes.ticks(),
        )
    )
    gate = idle(ready)
    assert gate.state == state
    assert ("An import of users by ben (users.csv)" in gate.reason) is (pid == 4711)


def test_a_platform_that_cannot_be_read_is_unknown(shop: Delivery) -> None:
    """Unknown counts as blocked: nothing is promoted."""
    shop.change("Next")
    shop.tagged(version="1.1.0")
    shop.platforms["staging"].incomplete = "it is down"
    assert shop.gates("staging", "1.1.0")[GateName.PLATFORM_IDLE].state is GateState.UNKNOWN
    assert shop.promote()[0].outcome == "refused"


def test_a_store_that_is_not_the_one_is_blocked(shop: Delivery) -> None:
    """The pipeline may say which store owns the release-only environments."""
    shop.change("Next")
    shop.tagged(version="1.1.0")
    shop.put(PIPELINE_FILE, PIPELINE + "  store: another-store\n")
    gate = shop.gates("staging", "1.1.0")[GateName.STORE_HEALTHY]
    assert gate.state is GateState.BLOCKED
    assert "another-store" in gate.reason


def test_what_others_changed_in_the_folder_is_not_the_release(shop: Delivery) -> None:
    """A commit after the manifest that touches the folder changes nothing of the release."""
    shop.change("Next")
    shop.tagged(version="1.1.0")
    shop.put("environments/staging/workflows/sync.yaml", "kind: nonsense")
    assert shut(shop) == []
    shop.promote()
    assert shop.running()[SYNC_KEY] == "Next"


def test_a_hold_stops_until_it_is_resumed(shop: Delivery) -> None:
    """A hold of the environment holds all; its end lets the tag go."""
    shop.change("Next")
    shop.tagged(version="1.1.0")
    shop.hold()
    assert shut(shop) == ["not-held"]

    grounds = shop.grounds
    shop.releases.stater.resume(grounds, grounds.environment("staging"), None, "over")
    assert shut(shop) == []
    assert outcomes(shop.promote()) == [("1.1.0", "applied")]


@pytest.mark.parametrize(
    ("known", "open_"), [("1.0.0", True), ("1.1.0", False), ("2.0.0", False), (None, False)]
)
def test_a_hold_after_a_restore_stops_all_but_newer_releases(
    ready: Delivery, known: str | None, open_: bool
) -> None:
    """What was known then stays out until it is resumed; a version above it may replace it."""
    ready.store.place_hold(
        Hold(
            environment="staging",
            since=ready.clock.now(),
            actor="ben@example.com",
            reason="backup b-1 was restored",
            version=known,
        )
    )
    assert shut(ready) == ([] if open_ else ["not-held"])
    gate = ready.gates("staging", "1.1.0")[GateName.NOT_HELD]
    told = "backup b-1 was restored" in gate.reason and "release resume staging" in gate.reason
    assert told is not open_


def test_a_hold_of_another_version_does_not_hold(shop: Delivery) -> None:
    """Its scope is one release."""
    shop.change("Next")
    shop.tagged(version="1.1.0")
    shop.hold("1.0.5")
    assert shut(shop) == []


def test_approvals_count_by_content_not_by_commit() -> None:
    """An approval on the head of the branch counts after a squash; the first valid one is named."""
    shop = Delivery(strict(staging="  promotion: {approvals: [qa]}\n"))
    shop.reconcile()
    shop.promote()
    prepared = shop.make(version="1.0.0")
    shop.git.tag("approvals/staging/v1.0.0/qa", prepared.commit, "Fine", QUINN)
    shop.tag("staging", "1.0.0", shop.merge(prepared.branch, squash=True))
    assert QUINN in shop.gates("staging", "1.0.0")[GateName.QA_APPROVED].reason
    assert outcomes(shop.promote()) == [("1.0.0", "applied")]


def test_an_approval_of_other_content_does_not_count() -> None:
    """A tag on a commit that holds the manifest with another digest approves nothing."""
    shop = Delivery(strict(staging="  promotion: {approvals: [qa]}\n"))
    shop.reconcile()
    shop.promote()
    prepared = shop.make(version="1.0.0")
    shop.git.tag("approvals/staging/v1.0.0/qa", prepared.commit, "Fine", QUINN)
    shop.change("Other")
    shop.reconcile()
    shop.tag("staging", "1.0.0", shop.merge(shop.make(version="1.0.0").branch))
    assert shut(shop, "1.0.0") == ["qa-approved"]


def test_another_moment_moves_only_what_depends_on_time() -> None:
    """`--at` answers for a soak in the future without changing the rest."""
    shop = Delivery(files(production="  promotion: {soak: 2h}\n"))
    shop.promote("production")
    shop.released()
    shop.tagged("production", "1.0.0")
    at = datetime.fromisoformat(shop.clock.now()) + timedelta(hours=2)
    judged, _ = shop.releases.finder.gates(shop.grounds, ReleaseName("production", "1.0.0"), at)

    assert judged.verdict.open
    assert shut(shop, "1.0.0", "production") == ["soaked"]
    assert _gate(shop).until == at


def _gate(shop: Delivery) -> Gate:
    return shop.gates("production", "1.0.0")[GateName.SOAKED]
