"""A deployment that failed: nothing changed, what ran before runs again, or an operator looks."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.core.errors import (
    Busy,
    LockLost,
    NotRestored,
    OutcomeUnknown,
    PlatformError,
    ReconcilerError,
    Restored,
    RestoredWithDifferences,
    StalePlan,
    StoreError,
    TechnicalFailure,
)
from reconciler.core.model import Phase
from reconciler.testing import workflow
from tests.unit.services.failing import DEV, Failing, Shown
from tests.unit.services.shop import HUBSPOT_KEY, REPORT_KEY, SYNC_KEY


@pytest.fixture
def shop() -> Failing:
    """A deployed shop of which another deployment has to be made."""
    return Failing()


# --- before anything was written ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "call", "error", "kind"),
    [
        ("lock", "announce", StoreError("The disk is full."), StoreError),
        ("replan", "observe", PlatformError("It is down."), PlatformError),
        ("replan", "observe", StalePlan("It moved."), StalePlan),
        ("replan", "observe", MemoryError(), TechnicalFailure),
        ("backup", "store_contents", StoreError("The disk is full."), StoreError),
        ("backup", "complete_backup", OSError(5, "Input/output error"), TechnicalFailure),
        ("backup", "note_backup", StoreError("The disk is full."), StoreError),
    ],
)
def test_what_fails_before_the_write_is_aborted(
    shop: Failing, step: str, call: str, error: Exception, kind: type[ReconcilerError]
) -> None:
    """Its own error and exit code come out, nothing was changed, and that is what is said."""
    if call == "announce":
        text = str(shop.git.files["environments/development/environment.yaml"])
        shop.write("environment.yaml", text + "  notifications: [{to: a@b.c, on: [started]}]\n")
    shop.at(step, error, call)
    told = shop.fails(kind)

    assert told.text.endswith("Nothing in development was changed.")
    assert told.exit_code == kind.exit_code
    assert shop.state == shop.before
    assert (shop.last.phase, shop.last.live) == (Phase.ABORTED, False)
    assert [s.name for s in shop.last.steps if s.state == "failed"] == [step]
    shop.assert_open()


def test_a_store_that_records_nothing_leaves_nothing(shop: Failing) -> None:
    """Where the deployment could not be recorded there is none, and no lock stays."""
    shop.fate.named["begin"] = StoreError("The disk is full.")
    shop.fails(StoreError)

    assert len(shop.store.deployments(DEV)) == 1
    assert (shop.state, shop.store.locks()) == (shop.before, [])


def test_an_end_that_cannot_be_recorded_is_told(shop: Failing) -> None:
    """The lock stays until its lease ends; the next run closes the record."""
    shop.fate.named |= {"begin_backup": StoreError("Full."), "finish": StoreError("Full.")}
    told = shop.fails(StoreError)

    assert told.text.endswith("`reconciler reconcile` closes its record.")
    assert len(shop.store.locks(DEV)) == 1
    assert shop.last.phase is Phase.RUNNING


def test_how_it_ended_is_a_message_of_the_record(shop: Failing) -> None:
    """History tells why, and what to do."""
    shop.fate.named["begin_backup"] = StoreError("The disk is full.", hint="Free some space.")
    told = shop.fails(StoreError)
    message = shop.last.messages[-1]

    assert (message["code"], message["text"]) == ("DeploymentFailed", told.text)
    assert message["action"] == "Free some space."


# --- while it was written -------------------------------------------------------------------------


def test_a_platform_that_moved_wrote_nothing(shop: Failing) -> None:
    """A conflict in the transaction took nothing along: it is aborted with its exit code."""
    shop.at("apply", StalePlan("It moved."), "deploy")
    told = shop.fails(StalePlan)

    assert told.text == "It moved. Nothing in development was changed."
    assert (told.exit_code, shop.last.phase) == (4, Phase.ABORTED)
    assert shop.state == shop.before
    shop.assert_open()


@pytest.mark.parametrize(
    ("step", "call", "error"),
    [
        ("apply", "deploy", PlatformError("It is down.")),
        ("apply", "record_applied", StoreError("The disk is full.")),
        ("apply", "commit", StoreError("The disk is full.")),
        ("apply", "commit", MemoryError()),
        ("verify", "observe", PlatformError("It is down.")),
        ("verify", "journal", StoreError("The disk is full.")),
    ],
)
def test_what_fails_from_the_write_on_is_restored(
    shop: Failing, step: str, call: str, error: Exception
) -> None:
    """What ran before runs again, read and compared; exit 6 tells it from everything else."""
    shop.at(step, error, call)
    told = shop.fails(Restored)

    assert f"restored from backup {shop.last.backup}; read again, it runs as before" in told.text
    assert told.exit_code == 6
    assert str(told.hint).startswith("Mend the cause, then run `reconciler reconcile")
    assert shop.state == shop.before
    assert (shop.last.phase, shop.last.live) == (Phase.RESTORED, False)
    assert [(s.name, s.state) for s in shop.last.steps][-1] == ("restore", "done")
    assert shop.last.messages[-1]["code"] == "DeploymentFailed"
    shop.assert_open()


def test_what_failed_can_be_applied_again(shop: Failing) -> None:
    """A failed deployment holds nothing up, and comes from the same state as the first."""
    shop.at("verify", PlatformError("It is down."), "observe")
    shop.fails(Restored)

    shop.progress.look = lambda *_: None
    assert shop.apply().summary == {"add": 1, "modify": 1, "remove": 1}
    assert [d.live for d in shop.store.deployments(DEV)] == [True, False, False]


def test_a_commit_whose_end_nobody_saw_is_looked_at(shop: Failing) -> None:
    """The journal in the same transaction says whether it took place; never a guess."""
    before = shop.store.deployments(DEV)[0].id
    commit = shop.store.inner.transaction
    lost = _Lost(commit)
    shop.store.inner.transaction = lost
    shop.apply()

    assert lost.times == 1
    assert (shop.last.phase, shop.last.live) == (Phase.SUCCEEDED, True)
    assert shop.last.id != before


class _Lost:
    """Transactions of which the first takes place although its reply is lost."""

    def __init__(self, transaction: Any) -> None:
        self.transaction = transaction
        self.times = 0

    def __call__(self) -> _Lost:
        """Open one."""
        self.open = self.transaction()
        return self

    def __enter__(self) -> Any:
        return self.open.__enter__()

    def __exit__(self, *raised: object) -> None:
        self.open.__exit__(*raised)
        self.times += 1
        raise OutcomeUnknown


def test_drift_that_was_healed_is_drift_again(shop: Failing) -> None:
    """What a restore puts back is what ran, not what git says of it."""
    shop.edit(SYNC_KEY, title="By hand")
    shop.edit(HUBSPOT_KEY, title="By hand, and not changed in git")
    shop.memory.edit(workflow("theirs"))
    before = shop.state
    shop.at("verify", PlatformError("It is down."), "observe")
    shop.fails(Restored)

    assert shop.state == before


def test_what_was_adopted_is_adopted_again(shop: Failing) -> None:
    """A mark that the deployment took away comes back with the resource."""
    content = shop.platform.contents([SYNC_KEY])[SYNC_KEY]
    digest = shop.platform.observe().digests[SYNC_KEY]
    shop.store.adopt(DEV, {SYNC_KEY: (digest, content)}, "2026-01-06T09:00:00+00:00")
    before = shop.state
    shop.at("verify", PlatformError("It is down."), "observe")
    shop.fails(Restored)

    assert shop.state == before
    assert shop.store.adopted(DEV) == {SYNC_KEY: digest}


def test_what_others_changed_meanwhile_is_told(shop: Failing) -> None:
    """Somebody else's edit is not ours to undo: it stays, and is listed."""
    theirs = workflow("theirs")

    def show(name: str, state: str) -> None:
        if (name, state) == ("verify", "running"):
            shop.memory.edit(theirs)
            shop.fate.named["observe"] = PlatformError("It is down.")

    shop.progress = Shown(show)
    told = shop.fails(RestoredWithDifferences)

    assert f"from backup {shop.last.backup}, with differences: Workflow/theirs." in told.text
    assert told.hint == "Run `reconciler drift --environment development` to see them."
    assert (told.exit_code, shop.last.phase) == (6, Phase.RESTORED)
    assert shop.last.steps[-1].log[-1] == "differs: Workflow/theirs"
    shop.assert_open()


# --- that cannot be undone ------------------------------------------------------------------------


@pytest.fixture
def not_restored(shop: Failing) -> Failing:
    """A shop whose platform fell silent while it was written."""

    def show(name: str, state: str) -> None:
        if (name, state) == ("verify", "running"):
            shop.memory.incomplete = "page 2 timed out"

    shop.progress = Shown(show)
    told = shop.fails(NotRestored)
    backup = shop.last.backup

    assert f"could not be restored from backup {backup}: What runs could not be" in told.text
    assert told.text.endswith("page 2 timed out. Lock and maintenance stay.")
    assert told.hint == f"When that is mended: `reconciler backup restore {backup}`."
    assert told.exit_code == 7
    return shop


def test_what_is_not_restored_stays_closed(not_restored: Failing) -> None:
    """Lock and maintenance stay for ever, and the record says that it failed."""
    shop = not_restored
    (lock,) = shop.store.locks(DEV)

    assert lock.expires_at is None
    assert shop.store.maintenance(DEV) is not None
    assert (shop.last.phase, shop.last.live) == (Phase.FAILED, False)
    assert shop.last.messages[-1]["code"] == "RestoreFailed"
    assert [(s.name, s.state) for s in shop.last.steps][-1] == ("restore", "failed")


def test_who_comes_next_is_told_the_next_command(not_restored: Failing) -> None:
    """Nobody deploys there; who tries learns why, and which command mends it."""
    shop = not_restored
    shop.memory.incomplete = None
    command = f"reconciler backup restore {shop.last.backup}"
    with pytest.raises(Busy, match=f"next: `{command}`"):
        shop.deployer.prepare(DEV)
    found = shop.reconcile()

    assert (found.outcome, found.exit_code) == ("refused", 4)
    assert command in found.reason


def test_a_backup_that_was_damaged_is_not_put_back(shop: Failing) -> None:
    """What was altered since is refused: better an operator looks than something wrong runs."""

    def show(name: str, state: str) -> None:
        if (name, state) == ("verify", "running"):
            shop.store.manifests[str(shop.last.backup)] = b"damaged"
            shop.fate.named["observe"] = PlatformError("It is down.")

    shop.progress = Shown(show)
    told = shop.fails(NotRestored)

    assert "its manifest cannot be unpacked" in told.text


def test_what_cannot_even_be_recorded_is_restored_by_the_next_run(shop: Failing) -> None:
    """Without a kept lock the record says Running: `reconcile` tries again."""

    def show(name: str, state: str) -> None:
        if (name, state) == ("verify", "running"):
            shop.memory.incomplete = "it is down"
            shop.fate.named["keep_lock"] = StoreError("The disk is full.")

    shop.progress = Shown(show)
    told = shop.fails(NotRestored)
    assert told.text.endswith("development stays in maintenance.")
    assert "`reconciler reconcile` finishes or undoes it" in str(told.hint)

    shop.memory.incomplete = None
    shop.processes.alive.clear()
    shop.recoverer.recover(shop.choose().repository.environment(DEV))
    assert shop.state == shop.before
    assert shop.last.phase is Phase.RESTORED
    shop.assert_open()


# --- when everything is written -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "call"), [("record", "mark_live"), ("unlock", "end_maintenance"), ("notify", "finish")]
)
def test_what_is_verified_is_never_undone(shop: Failing, step: str, call: str) -> None:
    """A record that cannot be written is left to the next run, which finishes it."""
    shop.at(step, StoreError("The disk is full."), call)
    told = shop.fails(StoreError)
    assert told.text == (
        "The disk is full. Everything was written to development; how it ended could not be "
        "recorded. `reconciler reconcile` finishes it."
    )
    assert dict(shop.platform.observe().digests) == shop.load().desired.digests

    shop.processes.alive.clear()
    result = shop.reconcile()
    assert "it is finished now" in result.recovered[0]
    assert result.outcome == "nothing"
    assert (shop.last.phase, shop.last.live) == (Phase.SUCCEEDED, True)
    shop.assert_open()


def test_old_backups_that_cannot_be_forgotten_fail_nothing(shop: Failing) -> None:
    """Pruning comes when all is done: the next deployment does it."""
    shop.at("notify", StoreError("The disk is full."), "hold")
    shop.apply()

    assert "hold" not in shop.fate.named
    assert shop.last.phase is Phase.SUCCEEDED
    shop.assert_open()


# --- a lock that is lost --------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["replan", "backup", "apply", "verify", "record"])
def test_who_lost_the_lock_writes_nothing_more(shop: Failing, step: str) -> None:
    """From then on it is somebody else's: neither record nor platform are touched, nor undone."""
    store = shop.store.inner
    seen: list[Any] = []

    def show(name: str, state: str) -> None:
        if (name, state) == (step, "running"):
            (lock,) = store.locks(DEV)
            store.break_lock(lock.id)
            seen.extend((shop.last, shop.state))

    shop.progress = Shown(show)
    told = shop.fails(LockLost)

    assert told.exit_code == 4
    assert [shop.last, shop.state] == seen
    assert shop.store.maintenance(DEV) is not None
    shop.recoverer.recover(shop.choose().repository.environment(DEV))
    shop.assert_open()
    assert (REPORT_KEY in shop.state[0]) is (step in ("replan", "backup", "apply"))
