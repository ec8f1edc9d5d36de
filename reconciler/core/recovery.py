"""What is to be done about a deployment whose process is gone, by its journal alone."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from reconciler.core.coordination import Effect, EffectState
from reconciler.core.model import Step
from reconciler.core.steps import RESTORE


class Way(StrEnum):
    """How an interrupted deployment is ended."""

    CLOSE = "close"  # nothing was written
    VERIFY = "verify"  # everything was written, and is finished if it is still there
    RESTORE = "restore"  # some of it was written


def way(steps: Iterable[Step], effects: Iterable[Effect] = ()) -> Way:
    """Return how to end a deployment.

    `apply` is journaled as done in the transaction that writes, so where it is not done a
    platform with transactions has nothing of it. One without has what its effects say.
    """
    states = {step.name: step.state for step in steps}
    if RESTORE.name in states:
        return Way.RESTORE
    if states.get("apply") == "done":
        return Way.VERIFY
    if any(effect.state is not EffectState.UNDONE for effect in effects):
        return Way.RESTORE
    return Way.CLOSE
