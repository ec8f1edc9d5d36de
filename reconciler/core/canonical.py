"""One canonical JSON and the digests made of it, the same on every machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

Json = Any  # a JSON value: None, bool, int, float, str, list or dict with str keys


def dumps(value: Json) -> str:
    """Return canonical JSON: sorted keys, no spaces, UTF-8 text as it is."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def sha256(data: bytes) -> str:
    """Return `sha256:<hex>` of bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest(value: Json) -> str:
    """Return `sha256:<hex>` over the canonical JSON of a value."""
    return sha256(dumps(value).encode("utf-8", "surrogatepass"))


def ordered(value: Json) -> Json:
    """Return the value with the keys of every mapping sorted, so that it is shown one way."""
    if isinstance(value, Mapping):
        return {key: ordered(value[key]) for key in sorted(value)}
    return [ordered(item) for item in value] if isinstance(value, list | tuple) else value


def canonical_numbers(value: Json) -> Json:
    """Return the value with whole floats as integers, so that 1.0 and 1 are one number."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return int(value)
    if isinstance(value, Mapping):
        return {key: canonical_numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [canonical_numbers(item) for item in value]
    return value
