"""JSON Pointers (RFC 6901): keys as they stand in one, and back."""

from __future__ import annotations


def escaped(key: str) -> str:
    """Return a key as it stands in a JSON Pointer."""
    return key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key


def unescaped(token: str) -> str:
    """Return the key that a token of a JSON Pointer stands for."""
    return token.replace("~1", "/").replace("~0", "~")
