"""How long what was removed is kept; pure, times are RFC 3339 text."""

from __future__ import annotations

from datetime import datetime, timedelta

from reconciler.core import policy
from reconciler.core.model import Environment

KEEP = timedelta(days=30)


def kept_since(environment: Environment, now: str) -> str:
    """Return the time since which removals are kept; what was removed before it may be purged."""
    keep = policy.duration(environment.raw.get("removal", {}).get("keep", ""))
    return (datetime.fromisoformat(now) - (KEEP if keep is None else keep)).isoformat()


def is_earlier(at: str, before: str) -> bool:
    """Say whether a time comes before another; a time that cannot be read never does."""
    try:
        return datetime.fromisoformat(at) < datetime.fromisoformat(before)
    except (ValueError, TypeError):
        return False
