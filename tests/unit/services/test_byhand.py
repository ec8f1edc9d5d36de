"""`backup restore`: a person puts a backup back, and no automation undoes it."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.core.errors import (
    BackupRefused,
    Busy,
    NotFound,
    NotRestored,
    PlatformError,
    ReconcilerError,
    StalePlan,
    StoreError,
)
from reconciler.core.errors import Restored as RestoredError
from reconciler.core.model import Action, Deployment, Kind, Phase, ResourceKey
from reconciler.services.deploying.byhand import Prepared, Restored
from reconciler.testing import MemoryPlatform, StepwisePlatform, user, workflow
from tests.unit.services.faults import Fate, Fated
from tests.unit.services.releases.delivery import STAGING, Delivery, outcomes
from tests.unit.services.releases.delivery import SYNC_KEY as SYNC_TOO
from tests.unit.services.shop import REPORT_KEY, SYNC_KEY, Shop

DEV = "development"
NEW, THEIRS = (ResourceKey(Kind.WORKFLOW, name) for name in ("new", "theirs"))
BEN = "ben@example.com"


class Restoring(Shop):
    """A shop whose second deployment a person wants to undo; its backup is `wanted`."""

    def __init__(self, platform: type[MemoryPlatform] = MemoryPlatform) -> None:
        super().__init__()
        self.platforms[DEV] = platform()
        self.apply()
        self.first = self.last.id
        self.then = self.ours
        self.workflow("new")
        self.replace("workflows/sync.yaml", "integration:", "title: Contacts\n  integration:")
        self.remove("workflows/report.yaml", "workflows/definitions/report.json")
        self.platform.edit(workflow("theirs"))
        self.apply()
        self.wanted = str(self.last.backup)

    @property
    def last(self) -> Deployment:
        """Return the newest deployment."""
        return self.store.deployments(DEV)[0]

    @property
    def ours(self) -> tuple[Any, ...]:
        """Return what of us runs, and what is recorded of it."""
        applied = self.store.applied(DEV)
        digests = dict(self.platform.observe().digests)
        digests.pop(THEIRS, None)
        return (
            digests,
            self.platform.contents(digests),
            applied.digests,
            applied.content_digest,
            self.store.applied_contents(DEV, applied.digests),
        )

    def prepare(self, backup: str | None = None) -> Prepared:
        """Compare a backup with what runs."""
        environment = self.choose().repository.environment(DEV)
        return self.deployments.restorer.prepare(environment, backup or self.wanted)

    def restore(self, prepared: Prepared | None = None, patience: float = 0) -> Restored:
        """Put it back."""
        return self.deployments.restorer.restore(
            prepared or self.prepare(),
            actor=BEN,
            progress=lambda *step: self.progress.append(step),
            patience=patience,
        )

    def assert_open(self) -> None:
        """Nobody holds the environment, and it is not in maintenance."""
        assert (self.store.locks(DEV), self.store.maintenance(DEV)) == ([], None)
        assert [e for d in self.store.deployments(DEV) for e in self.store.effects(d.id)] == []


@pytest.fixture(params=[MemoryPlatform, StepwisePlatform])
def shop(request: pytest.FixtureRequest) -> Restoring:
    """A shop whose last deployment a person wants to undo."""
    return Restoring(request.param)


# --- what is put back ----------------------------------------------------------------------------


def test_it_is_shown_before_it_is_done(shop: Restoring) -> None:
    """Preparing tells what would change, and writes nothing."""
    now, count = shop.ours, len(shop.store.deployments())
    prepared = shop.prepare()

    assert {(d.action, d.key) for d in prepared.way.changes} == {
        (Action.ADD, REPORT_KEY),
        (Action.MODIFY, SYNC_KEY),
        (Action.REMOVE, NEW),
    }
    assert (shop.ours, len(shop.store.deployments()), shop.store.hold(DEV)) == (now, count, None)


def test_all_that_is_ours_is_as_it_was(shop: Restoring) -> None:
    """Resources and what we remember of them; what is somebody else's stays."""
    done = shop.restore()

    assert shop.ours == shop.then
    assert THEIRS in shop.platform.observe().digests
    assert done.summary == {"add": 1, "modify": 1, "remove": 1}
    assert shop.progress[-1] == ("notify", "done")
    shop.assert_open()


def test_edits_by_hand_are_undone_too(shop: Restoring) -> None:
    """All that is ours runs as then, also what was changed or deleted outside since."""
    shop.edit(SYNC_KEY, title="By hand")
    shop.platform.delete(NEW)
    shop.restore()

    assert shop.ours == shop.then


def test_it_is_a_deployment_of_its_own(shop: Restoring) -> None:
    """History says who restored what; it is live, and what ran before it was backed up."""
    before = dict(shop.platform.observe().digests)
    done = shop.restore()
    found = shop.last

    assert (found.id, found.phase, found.type, found.live) == (
        done.deployment,
        Phase.SUCCEEDED,
        "restore",
        True,
    )
    assert (found.actor, found.description) == (BEN, f"Backup {shop.wanted} put back")
    assert [d.live for d in shop.store.deployments(DEV)] == [True, False, False]
    kept = shop.deployments.keeper.contents(str(found.backup), DEV)
    assert (kept.digests, kept.backup.deployment) == (before, found.id)
    assert [(e.action, e.actor) for e in shop.store.audit(DEV)] == [("restore", BEN)]


def test_a_restore_can_be_undone(shop: Restoring) -> None:
    """The backup that it took brings everything back."""
    now = shop.ours
    shop.restore()
    shop.restore(shop.prepare(str(shop.last.backup)))

    assert shop.ours == now


def test_what_runs_as_it_did_writes_nothing_to_the_platform(shop: Restoring) -> None:
    """A restore of what runs is recorded and holds; the platform is left alone."""
    shop.restore()
    count = len(shop.platform.writes)
    done = shop.restore()

    assert done.summary == {"add": 0, "modify": 0, "remove": 0}
    assert len(shop.platform.writes) == count
    assert shop.ours == shop.then


def test_users_get_back_what_a_purge_took() -> None:
    """Settings of a resource that was purged come back with it; what is newer stays as it is."""
    shop = Shop()
    shop.apply()
    mine = {"name": "sync", "enabled": True, "settings": {"region": "eu"}}
    with shop.store.transaction() as unit:
        users = [
            user("u-1", "hubspot", workflows=(mine,)),
            user("u-2", "hubspot", status="expired"),
        ]
        shop.platform.put_users(unit, users)
    shop.remove("workflows/sync.yaml")
    shop.apply()
    wanted = str(shop.store.deployments(DEV)[0].backup)
    shop.clock.advance(31 * 86400)
    shop.reconcile()
    with shop.store.transaction() as unit:
        shop.platform.put_users(unit, [user("u-2", "hubspot", status="connected")])
    restorer = shop.deployments.restorer
    environment = shop.choose().repository.environment(DEV)
    done = restorer.restore(
        restorer.prepare(environment, wanted), actor=BEN, progress=lambda *_: None
    )

    first, second = shop.platform.users()
    assert done.users == 1
    assert first["workflows"] == [mine]
    assert second["connections"][0]["status"] == "connected"


# --- the hold ------------------------------------------------------------------------------------


def test_the_environment_is_held(shop: Restoring) -> None:
    """Who, when, why and which backup; and nothing but the environment itself."""
    shop.restore()
    hold = shop.store.hold(DEV)

    assert hold is not None
    assert (hold.actor, hold.since, hold.backup) == (BEN, shop.clock.now(), shop.wanted)
    assert hold.reason == f"backup {shop.wanted} was restored"
    assert shop.store.hold("staging") is None


def test_a_job_reports_and_leaves_it_alone(shop: Restoring) -> None:
    """Neither what git says nor what drifted is applied, and the reason says what ends it."""
    shop.heal()
    shop.restore()
    shop.edit(SYNC_KEY, title="By hand")
    count = len(shop.store.deployments())
    found = shop.reconcile()

    assert (found.outcome, found.exit_code, found.applied) == ("refused", 3, None)
    assert f"backup {shop.wanted} was restored" in found.reason
    assert "3 resources differ and are left alone" in found.reason
    assert "`reconciler release resume development` ends it" in found.reason
    assert len(shop.store.deployments()) == count


def test_a_person_who_applies_ends_the_hold(shop: Restoring) -> None:
    """Who says what shall run needs no other word; jobs go on from there."""
    shop.restore()
    deployer = shop.deployer
    applied = deployer.apply(
        deployer.prepare(DEV), reviewed=None, allow_removals=False, progress=lambda *_: None
    )

    assert (applied.lifted, shop.store.hold(DEV)) == (True, None)
    assert shop.reconcile().outcome == "nothing"


# --- releases ------------------------------------------------------------------------------------


@pytest.fixture
def released() -> Delivery:
    """A shop with 1.1.0 live in staging, of which the backup before it was put back."""
    shop = Delivery()
    shop.released()
    shop.change("Next")
    shop.released(version="1.1.0")
    put_back(shop)
    return shop


def put_back(shop: Delivery) -> None:
    """Put the backup back that the newest deployment of staging took."""
    restorer = shop.deployments.restorer
    wanted = str(shop.store.deployments(STAGING)[0].backup)
    prepared = restorer.prepare(shop.environment(), wanted)
    restorer.restore(prepared, actor=BEN, progress=lambda *_: None)


def test_the_release_of_then_is_live(released: Delivery) -> None:
    """Version, tag and commit are those of what runs again."""
    live, *_, first = released.store.deployments(STAGING)

    assert (live.live, live.version, live.tag, live.commit) == (
        True,
        first.version,
        first.tag,
        first.commit,
    )
    assert released.running()[SYNC_TOO] == "Sync"


def test_what_was_undone_is_not_promoted_again(released: Delivery) -> None:
    """The tag is still there: the hold keeps it from coming back, run after run."""
    for _ in range(2):
        [found] = released.promote(scheduled=True)
        assert (found.version, found.outcome) == ("1.1.0", "refused")
        assert "was restored" in found.gates[0].reason
        assert released.reconcile(STAGING).exit_code == 3
    assert released.live() == "1.0.0"


def test_without_the_hold_it_is_promoted_again(released: Delivery) -> None:
    """`release resume` lets the job go on."""
    released.store.lift_hold(STAGING)
    assert outcomes(released.promote()) == [("1.1.0", "applied")]


def test_a_newer_release_ends_the_hold(released: Delivery) -> None:
    """A version that was not known then is what people decided since."""
    released.change("Third")
    released.tagged(version="1.2.0", supersede=True)
    released.promote()

    assert released.live() == "1.2.0"
    assert released.store.hold(STAGING) is None


def test_before_the_first_release_nothing_is_live() -> None:
    """A backup from before has no version; a job waits there too."""
    shop = Delivery()
    shop.released()
    put_back(shop)

    assert shop.running() == {}
    assert shop.live() is None
    assert shop.reconcile(STAGING).reason == "held by not-held"
    assert shop.running() == {}


# --- what is refused -----------------------------------------------------------------------------


def test_an_unknown_backup_is_not_found(shop: Restoring) -> None:
    """The next step shows those there are."""
    with pytest.raises(NotFound, match="no backup nope"):
        shop.prepare("nope")


def test_a_backup_of_another_environment_is_refused(shop: Restoring) -> None:
    """A backup belongs to one environment, and that is said."""
    staging = shop.choose().repository.environment("staging")
    with pytest.raises(BackupRefused, match="is one of development, not of staging"):
        shop.deployments.restorer.prepare(staging, shop.wanted)


def test_a_damaged_backup_is_refused(shop: Restoring) -> None:
    """Nothing is written, and no hold is placed."""
    shop.store.manifests[shop.wanted] = b"damaged"
    with pytest.raises(BackupRefused):
        shop.prepare()
    assert shop.store.hold(DEV) is None


def test_what_moved_since_it_was_shown_is_refused(shop: Restoring) -> None:
    """A person agreed to something else: nothing is changed, and nothing held."""
    prepared, now = shop.prepare(), shop.ours
    shop.edit(REPORT_KEY) if REPORT_KEY in now[0] else shop.platform.delete(NEW)
    now = shop.ours
    with pytest.raises(StalePlan, match=r"changed while the restore was being reviewed\. Nothing"):
        shop.restore(prepared)

    assert shop.ours == now
    assert shop.last.phase is Phase.ABORTED
    assert shop.store.hold(DEV) is None
    shop.assert_open()


def test_somebody_at_work_is_waited_for(shop: Restoring) -> None:
    """A restore waits as every deployment does; until it may begin nothing is held by it."""
    prepared = shop.prepare()
    with (
        shop.locker.holding(DEV, holder="ana", reason="apply"),
        pytest.raises(Busy, match="locked by ana"),
    ):
        shop.restore(prepared, patience=2)

    assert shop.store.hold(DEV) is None
    assert shop.clock.passed == 2


def test_an_earlier_hold_stays(shop: Restoring) -> None:
    """A restore that changed nothing leaves the hold of the one before."""
    shop.restore()
    hold = shop.store.hold(DEV)
    prepared = shop.prepare(str(shop.last.backup))
    shop.edit(SYNC_KEY, title="By hand")
    with pytest.raises(StalePlan):
        shop.restore(prepared)

    assert shop.store.hold(DEV) == hold


# --- what fails ----------------------------------------------------------------------------------


def failing(shop: Restoring, step: str, call: str, error: ReconcilerError) -> ReconcilerError:
    """Restore, let a call within a step fail, and return how it ended."""
    fate, prepared = Fate(), shop.prepare()
    store, platform = shop.store, shop.platform
    shop.store, shop.platforms[DEV] = Fated(store, fate), Fated(platform, fate)

    def show(name: str, state: str) -> None:
        if (name, state) == (step, "running"):
            fate.named[call] = error

    with pytest.raises(ReconcilerError) as caught:
        shop.deployments.restorer.restore(prepared, actor=BEN, progress=show)
    shop.store, shop.platforms[DEV] = store, platform
    return caught.value


def test_a_restore_that_fails_is_itself_undone(shop: Restoring) -> None:
    """What ran before it runs again, and nothing is held any more."""
    now = shop.ours
    told = failing(shop, "verify", "observe", PlatformError("It is down."))

    assert isinstance(told, RestoredError)
    assert shop.ours == now
    assert shop.last.phase is Phase.RESTORED
    assert shop.store.hold(DEV) is None
    shop.assert_open()


def test_a_kept_lock_is_what_a_restore_is_for(shop: Restoring) -> None:
    """After a failure that could not be undone it puts back what ran, and opens the environment."""
    shop.platform.incomplete = None
    platform = shop.platform
    shop.workflow("newer")
    shop.progress = _Break(platform)
    with pytest.raises(NotRestored):
        shop.apply()
    platform.incomplete = None
    wanted = str(shop.last.backup)
    shop.progress = []
    shop.restore(shop.prepare(wanted))

    assert ResourceKey(Kind.WORKFLOW, "newer") not in platform.observe().digests
    assert shop.last.phase is Phase.SUCCEEDED
    shop.assert_open()


class _Break(list[tuple[str, str]]):
    """Progress that lets a platform fall silent once something was written."""

    def __init__(self, platform: MemoryPlatform) -> None:
        super().__init__()
        self.platform = platform

    def append(self, shown: tuple[str, str]) -> None:
        """Break it."""
        if shown == ("verify", "running"):
            self.platform.incomplete = "it is down"


def test_a_kept_lock_with_an_unfinished_record_is_no_dead_end(shop: Restoring) -> None:
    """Where only the lock could be kept, and the end not recorded, a person gets out too."""
    shop.workflow("newer")
    shop.progress = _Break(shop.platform)
    fate, store = Fate(), shop.store
    shop.store = Fated(store, fate)
    fate.named["finish"] = StoreError("The disk is full.")
    with pytest.raises(NotRestored):
        shop.apply()
    shop.store, shop.progress = store, []
    shop.platform.incomplete = None
    wanted = str(shop.last.backup)
    shop.processes.alive.clear()
    shop.restore(shop.prepare(wanted))

    assert ResourceKey(Kind.WORKFLOW, "newer") not in shop.platform.observe().digests
    shop.assert_open()
