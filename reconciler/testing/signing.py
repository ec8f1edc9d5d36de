"""Signatures without keys: who signed, and what, stands in the signature itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from reconciler.ports import SignatureAnswer

_BEGIN = "-----BEGIN SSH SIGNATURE-----"
_END = "-----END SSH SIGNATURE-----"


def signed(payload: bytes, principal: str) -> str:
    """Return the signature of a principal below a payload, as `MemoryVerifier` takes it."""
    digest = hashlib.sha256(payload).hexdigest()
    return f"{_BEGIN}\n{principal} {digest}\n{_END}\n"


class MemoryVerifier:
    """A `ports.SignatureVerifier` for `signed`; a key is known where its principal has a line."""

    def verify(
        self,
        payload: bytes,
        signature: str,
        *,
        allowed_signers: str,
        principals: Iterable[str],
        at: str,
    ) -> SignatureAnswer:
        """Say who signed, or why that does not count; every key is valid at any time."""
        principal, _, _ = signature.removeprefix(f"{_BEGIN}\n").partition(" ")
        lines = allowed_signers.splitlines()
        known = {name for line in lines for name in line.partition(" ")[0].split(",")}
        if signature != signed(payload, principal):
            return SignatureAnswer(None, "the signature does not fit the text")
        if principal not in known:
            return SignatureAnswer(None, "the key is not in allowed_signers")
        if principal not in {*principals}:
            return SignatureAnswer(None, f"the key belongs to {principal}, who may not sign this")
        return SignatureAnswer(principal, None)
