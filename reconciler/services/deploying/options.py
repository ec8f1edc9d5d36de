"""What a deployment is allowed to do, and what it did, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.core.canonical import Json
from reconciler.core.model import Action
from reconciler.services.deploying.journal import Progress, silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """The release that a deployment brings; `attempt` tells one try of it from another."""

    version: str | None
    tag: str | None
    description: str | None = None
    attempt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyOptions:
    """What a person or job allows.

    `heal` overwrites what was changed outside, `settle` what both sides changed; `release` is
    recorded even where nothing has to be written; `reviewed` is the plan JSON that was agreed to;
    `patience` is how many seconds another deployment is waited for.
    """

    type: str = "apply"
    heal: bool = True
    settle: bool = False
    release: Released | None = None
    allow_removals: bool = False
    patience: float = 0
    reviewed: Mapping[str, Json] | None = None
    actor: str = "unknown"
    progress: Progress = silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What an apply wrote; `deployment` is None when there was nothing to write.

    `lifted`: a hold that restoring a backup had placed is over.
    """

    summary: Mapping[str, int]
    healed: int = 0
    secrets: tuple[str, ...] = ()
    deployment: str | None = None
    lifted: bool = False


NOTHING = Applied(summary={action.value: 0 for action in Action})
