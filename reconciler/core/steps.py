"""The steps of a deployment as data: what is shown is what runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StepPlan:
    """One step: its name in the journal, what it does, and what undoes it, in words for people.

    `writes` is true from the step on after which the platform may have been changed.
    """

    name: str
    does: str
    undo: str
    writes: bool = False


STEPS: tuple[StepPlan, ...] = (
    StepPlan("check", "gates and prechecks, before anyone is affected", "nothing was done"),
    StepPlan(
        "lock",
        "the environment is locked and goes into maintenance",
        "maintenance ends, the lock is released",
    ),
    StepPlan(
        "replan",
        "the plan is made again and compared with the reviewed one",
        "nothing was done",
    ),
    StepPlan("backup", "a backup is taken, read back and compared", "the backup is kept"),
    StepPlan(
        "apply",
        "what differs is written, what is gone is hidden",
        "the backup is restored, and the restore verified",
        writes=True,
    ),
    StepPlan(
        "verify",
        "read again; the difference must be empty",
        "the backup is restored, and the restore verified",
        writes=True,
    ),
    StepPlan("record", "the deployment becomes the live one", "it is finished", writes=True),
    StepPlan("unlock", "maintenance ends", "it is finished", writes=True),
    StepPlan("notify", "whoever wants to know is told", "it is finished", writes=True),
)

RESTORE = StepPlan("restore", "the backup is put back, read again and compared", "it is repeated")


def in_order() -> str:
    """Return the names of the steps as one line: `check → lock → …`."""
    return " → ".join(step.name for step in STEPS)
