"""What must be over, and what must be there, before a deployment affects anyone."""

from __future__ import annotations

from reconciler.core import lock_texts
from reconciler.core.errors import StoreError
from reconciler.core.locks import standing
from reconciler.ports import Clock, Processes, StoreReader
from reconciler.services.waiting import until_free

_MIB = 1024 * 1024
# A deployment of an unchanged size writes some hundred kilobytes of records, and SQLite keeps the
# old pages of what is changed beside it until the commit: some megabytes for thousands of
# resources. This is several times as much, and little enough that a small disk has it.
ROOM = 32 * _MIB
# A backup stores only what no earlier one has, so the largest was about a whole one. Its like is
# needed for the new backup and, where that must be put back, for the pages that restoring changes.
BACKUPS = 2


def refuse_busy(
    store: StoreReader,
    processes: Processes,
    clock: Clock,
    environment: str,
    patience: float = 0,
) -> None:
    """Refuse while something runs that must end first, or where the store has no room.

    Raises:
        Busy: an activity still runs after so many seconds; names who, what and since when.
        StoreError: there is too little room to write the records and the backup.
    """
    until_free(lambda: refuse_active(store, processes, environment), clock, patience)
    refuse_full(store, environment)


def refuse_active(store: StoreReader, processes: Processes, environment: str) -> None:
    """Refuse while an activity runs; one that ran out or whose process is gone does not count.

    Raises:
        Busy: names it.
    """
    found = store.activities(environment)
    if not found:
        return
    me, ticks = processes.owner(), processes.ticks()
    for activity in found:
        alive = processes.liveness(activity.owner)
        if not standing(activity, alive, me, ticks).may_be_taken:
            raise lock_texts.occupied(activity)


def refuse_full(store: StoreReader, environment: str) -> None:
    """Refuse where the store could not take the records and the backup of a deployment.

    Raises:
        StoreError: says how much is free and how much is wanted.
    """
    free = store.room()
    if free is None:
        return
    wanted = ROOM + BACKUPS * max((each.bytes for each in store.backups(environment)), default=0)
    if free < wanted:
        raise StoreError(
            f"The store has {free // _MIB:,} MiB free, and a deployment of {environment} with its "
            f"backup may need {-(-wanted // _MIB):,} MiB; nothing was done.",
            hint="Free some space where the store lies, then run this again.",
        )
