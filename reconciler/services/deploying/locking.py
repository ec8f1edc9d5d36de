"""Takes and keeps the lock of an environment; whoever holds it writes through a fenced store."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from reconciler import telemetry
from reconciler.core import lock_texts
from reconciler.core.errors import ReconcilerError
from reconciler.core.locks import RENEWAL, Lock, LockRequest, Standing, standing
from reconciler.ports import Clock, Processes, Store
from reconciler.services.deploying.failing import as_failures
from reconciler.services.heartbeat import beating
from reconciler.services.waiting import until_free


@dataclass(slots=True, kw_only=True)
class Held:
    """A lock that this process holds; `store` refuses to write when it is lost.

    `keep` says that the lock stays after the work: its end could not be written down, or an
    operator has to look first.
    """

    lock: Lock
    store: Store
    keep: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Locker:
    """Takes locks, over from those who are gone too."""

    store: Store
    clock: Clock
    processes: Processes

    def refuse_held(
        self, environment: str, patience: float = 0, *, over_kept: bool = False
    ) -> None:
        """Wait until nobody holds the lock of an environment, for so many seconds.

        Raises:
            Busy: somebody still holds it.
        """
        until_free(lambda: self._in_the_way(environment, over_kept=over_kept), self.clock, patience)

    @contextmanager
    def holding(
        self,
        environment: str,
        *,
        holder: str,
        reason: str,
        patience: float = 0,
        over_kept: bool = False,
    ) -> Iterator[Held]:
        """Hold the lock of an environment, renewed in the background.

        `over_kept` takes one over too that a failed restore left: for whoever comes to mend it.

        Raises:
            Busy: somebody else still holds it after so many seconds.
            StoreError: the store does not answer; then nobody may write.
        """
        request = self._request(environment, holder, reason)
        lock = until_free(lambda: self._try(request, over_kept=over_kept), self.clock, patience)
        held = Held(lock=lock, store=self.store.fenced(lock))
        with beating(lambda: self._renew(lock), RENEWAL):
            try:
                yield held
            finally:
                if not held.keep:
                    self._release(lock)

    def _request(self, environment: str, holder: str, reason: str) -> LockRequest:
        return LockRequest(
            id=self.clock.new_id(),
            environment=environment,
            holder=holder,
            reason=reason,
            at=self.clock.now(),
            ticks=self.processes.ticks(),
            owner=self.processes.owner(),
        )

    def _try(self, request: LockRequest, *, over_kept: bool) -> Lock:
        over = self._in_the_way(request.environment, over_kept=over_kept)
        # Who waited asks as of now: a lease that began when the waiting did would be over.
        now = replace(request, at=self.clock.now(), ticks=self.processes.ticks())
        lock = self.store.take_lock(now, over)
        if over is not None:
            telemetry.log().warning(
                "lock_reassigned",
                environment=over.environment,
                lock=over.id,
                holder=over.holder,
                because=_why(over, self._judged(over)),
                token=lock.token,
            )
        return lock

    def _in_the_way(self, environment: str, *, over_kept: bool = False) -> Lock | None:
        """Return a lock that may be taken over, None where there is none.

        Raises:
            Busy: it may not.
        """
        for lock in self.store.locks(environment):
            judged = self._judged(lock)
            if not (judged.may_be_taken or (over_kept and judged is Standing.KEPT)):
                raise lock_texts.busy(lock)
            return lock
        return None

    def _judged(self, lock: Lock) -> Standing:
        me = self.processes.owner()
        return standing(lock, self.processes.liveness(lock.owner), me, self.processes.ticks())

    def _renew(self, lock: Lock) -> None:
        self.store.renew_lock(lock, self.clock.now(), self.processes.ticks())

    def _release(self, lock: Lock) -> None:
        # A lock that cannot be given back runs out by itself.
        with contextlib.suppress(ReconcilerError), as_failures():
            self.store.release_lock(lock)


def _why(lock: Lock, judged: Standing) -> str:
    if judged is Standing.DEAD:
        return "its process is gone"
    if judged is Standing.KEPT:
        return "a backup is put back"
    return f"it ran out at {lock.expires_at}"
