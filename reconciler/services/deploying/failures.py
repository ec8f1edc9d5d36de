"""What failed before, and whether this would be the same again."""

from __future__ import annotations

from datetime import datetime
from itertools import takewhile

from reconciler.core import backoff, canonical
from reconciler.core.model import Deployment, Phase
from reconciler.ports import Clock, StoreReader
from reconciler.services.planning import Planned

_ENDED_BADLY = (Phase.FAILED, Phase.ERRORED, Phase.RESTORED)
_SAID_SO = ("DeploymentFailed", "VerificationFailed", "RestoreFailed")
_LOOKED_AT = 50  # deployments; nothing fails so often before the longest pause is reached


def attempt_of(what: str, planned: Planned) -> str:
    """Return what tells one attempt at something from another: it, the bindings, and what runs."""
    raw = planned.loaded.environment.raw
    bindings = {key: value for key, value in raw.items() if key not in ("values", "promotion")}
    running = sorted(map(list, planned.observation.digests.items()))
    return canonical.digest([what, bindings, running])


def attempt_at(planned: Planned) -> str | None:
    """Return the same for a job that converges; None where nothing differs, which costs nothing."""
    if not planned.plan.has_differences:
        return None
    return attempt_of(planned.plan.digest or "", planned)


def has_failed(deployment: Deployment) -> bool:
    """Say whether a deployment failed by itself; one that was interrupted and undone did not."""
    told = {message.get("code") for message in deployment.messages}
    return deployment.phase in _ENDED_BADLY and not told.isdisjoint(_SAID_SO)


def failures(store: StoreReader, environment: str, attempt: str) -> list[Deployment]:
    """Return the newest deployments as far as they all failed at this attempt, newest first."""
    known = store.deployments(environment, _LOOKED_AT)
    return list(takewhile(lambda d: has_failed(d) and d.attempt == attempt, known))


def later(store: StoreReader, clock: Clock, environment: str, attempt: str | None) -> str | None:
    """Say when a job tries again what failed again and again; None: now."""
    if attempt is None:
        return None
    failed = failures(store, environment, attempt)
    again = backoff.retry_at([each.finished_at or each.started_at for each in failed])
    if again is None or again <= datetime.fromisoformat(clock.now()):
        return None
    return (
        f"deployment {failed[0].id} failed, as {len(failed) - 1} before it; tried again after "
        f"{again.isoformat(timespec='minutes')}, or when something changed"
    )
