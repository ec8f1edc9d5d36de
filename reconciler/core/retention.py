"""How long removed resources and backups are kept; pure, times are RFC 3339 text."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.core import policy
from reconciler.core.backups import Backup, BackupState
from reconciler.core.model import Environment

KEEP = timedelta(days=30)
ABANDONED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BackupRule:
    """Which backups of an environment are kept: the newest ones, and young ones up to a number.

    They go `slack` at a time, since looking which contents are still needed reads all manifests.
    """

    newest: int = 10
    young: timedelta = timedelta(days=14)
    most: int = 50
    slack: int = 5


BACKUPS = BackupRule()


def kept_since(environment: Environment, now: str) -> str:
    """Return the time since which removals are kept; what was removed before it may be purged."""
    keep = policy.duration(environment.raw.get("removal", {}).get("keep", ""))
    return _before(now, KEEP if keep is None else keep)


def is_earlier(at: str, before: str) -> bool:
    """Say whether a time comes before another; a time that cannot be read never does."""
    try:
        return datetime.fromisoformat(at) < datetime.fromisoformat(before)
    except (ValueError, TypeError):
        return False


def expendable(
    backups: Iterable[Backup],
    now: str,
    referred: Collection[str | None] = (),
    rule: BackupRule = BACKUPS,
) -> tuple[Backup, ...]:
    """Return the backups of one environment that need not be kept, oldest first.

    Never the newest usable one, nor what is `referred` to. None is returned as long as they are
    few. What is incomplete counts as long as no newer one is usable: then its process is gone.
    """
    newest_first = sorted(backups, key=lambda each: each.sequence, reverse=True)
    usable = [each for each in newest_first if each.state is BackupState.USABLE]
    if not usable:
        return ()
    since = _before(now, rule.young)
    kept = {each.id for each in usable[: rule.newest]}
    kept |= {b.id for b in usable[: rule.most] if not is_earlier(b.created_at, since)}
    gone = [
        each
        for each in newest_first
        if each.sequence < usable[0].sequence
        and each.id not in kept
        and each.id not in referred
        and (each.state is not BackupState.DAMAGED or is_earlier(each.created_at, since))
    ]
    return tuple(reversed(gone)) if len(gone) >= rule.slack else ()


def is_abandoned(backup: Backup, now: str) -> bool:
    """Say whether a backup was begun so long ago that nobody is taking it any more."""
    return is_earlier(backup.created_at, _before(now, ABANDONED))


def _before(now: str, span: timedelta) -> str:
    return (datetime.fromisoformat(now) - span).isoformat()
