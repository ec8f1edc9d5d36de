"""Announces what is no deployment; each event has a key by which it is told only once."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.core import canonical
from reconciler.core.gates.model import Gate
from reconciler.core.model import Change, Environment, Reason
from reconciler.core.notices import News, Occasion
from reconciler.core.render import wording
from reconciler.ports import Store
from reconciler.services.notifying.notifier import Notifier
from reconciler.services.planning import Planned
from reconciler.services.releases.promoting.promotion import Promotion

_FIELDS = 3
_LOOK = "Run `reconciler drift --environment {}` to see each field."


def announce_waiting(
    notifier: Notifier, store: Store, environment: Environment, promotion: Promotion, tag: str
) -> int:
    """Announce that gates hold a release; told once for each tag object and set of gates."""
    news = News(
        environment=environment.name,
        version=promotion.version,
        lines=tuple(map(_gate, promotion.gates)),
        earliest=promotion.earliest,
        next_step=f"Run `reconciler gates {environment.name}/{promotion.version}` to see them all.",
    )
    names = sorted(gate.name.value for gate in promotion.gates)
    event = f"{environment.name}/waiting/{canonical.digest([tag, names])}"
    return notifier.announce(store, environment, Occasion.WAITING, event, news)


def announce_drift(
    notifier: Notifier, store: Store, environment: Environment, planned: Planned
) -> int:
    """Announce what was changed outside; told once, and again when it comes after a deployment.

    What an unfinished deployment left behind is no drift.
    """
    drift = [change for change in planned.plan.drift if change.reason is not Reason.UNFINISHED]
    if not drift:
        return 0
    news = News(
        environment=environment.name,
        lines=tuple(map(_drifted, drift)),
        heals=environment.self_heal,
        next_step=None if environment.self_heal else _LOOK.format(environment.name),
    )
    event = _drift_event(environment, drift, planned, store)
    return notifier.announce(store, environment, Occasion.DRIFT, event, news)


def _drift_event(
    environment: Environment, drift: Iterable[Change], planned: Planned, store: Store
) -> str:
    actual = planned.observation.digests
    found = sorted([*c.key, c.reason.value, actual.get(c.key, "")] for c in drift)
    live = store.live(environment.name)
    since = None if live is None else live.id
    return f"{environment.name}/drift/{canonical.digest([since, found])}"


def _gate(gate: Gate) -> str:
    who = f" (who: {', '.join(gate.who)})" if gate.who else ""
    return f"{gate.name}: {gate.reason}{who}"


def _drifted(change: Change) -> str:
    fields = [field.path for field in change.fields]
    more = f" {wording.and_more(len(fields) - _FIELDS)}" if len(fields) > _FIELDS else ""
    where = f" ({', '.join(fields[:_FIELDS])}{more})" if fields else ""
    return f"{change.key}: {wording.happened(change)}{where}"
