"""Whether a plain value looks as if it belonged to one environment: an address, or an id.

A guess by form alone. Words, versions, dates, file names and scopes must pass; what passes wrongly
costs a hint, what is told wrongly costs the reader's trust.
"""

from __future__ import annotations

import re

from reconciler.core.canonical import Json

_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+([a-z]{2,})(:[0-9]+)?", re.IGNORECASE)
_NUMBER = re.compile(r"(?!(?:19|20)[0-9]{6}\Z)[0-9]{6,}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,}")
_SWITCH = re.compile(r"[A-Za-z](?=[0-9])|[0-9](?=[A-Za-z])")
# What a name must end with to be a host: `index.js` and `contacts.read` are none.
_ENDINGS = frozenset(
    {
        *("ai", "app", "biz", "cloud", "co", "com", "dev", "example", "info", "internal"),
        *("io", "local", "net", "org", "test"),
    }
)
_LONGEST = 2048


def looks_bound(value: Json) -> bool:
    """Say whether a value looks like an address or an id, which belong to one environment."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        return False
    if any(pattern.fullmatch(value) for pattern in (_URL, _MAIL, _UUID, _NUMBER)):
        return True
    return _is_host(value) or _is_id(value)


def _is_host(value: str) -> bool:
    found = _HOST.fullmatch(value)
    if not found:
        return value.partition(":")[0].lower() == "localhost"
    return bool(found[2]) or found[1].lower() in _ENDINGS or _is_country(value, found[1])


def _is_country(value: str, ending: str) -> bool:
    return len(ending) == 2 and value.count(".") >= 2


def _is_id(value: str) -> bool:
    """Say whether letters and digits are mixed as no word, date or version mixes them."""
    parts = re.split(r"[_-]", value) if _TOKEN.fullmatch(value) else []
    return any(len(part) >= 6 and len(_SWITCH.findall(part)) >= 3 for part in parts)
