"""Seals stored secrets: AES-256-GCM with a key derived from the environment's own.

A sealed value is one version byte, a random nonce and the ciphertext. It opens only under the
environment and name that it was sealed for. It knows nothing of where it is stored.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import TYPE_CHECKING

from reconciler.core import canonical
from reconciler.core.errors import SecretError
from reconciler.core.printable import one_line
from reconciler.ports import SealedSecret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from reconciler.adapters.secrets.keys import EnvironmentKeys

LARGEST = 64 * 1024

_VERSION = b"\x01"
_NONCE = 12
_LENGTH = 4

# Values are padded to one of these sizes, so that what is stored does not tell how long they are.
_SIZES = (4096, LARGEST + _LENGTH)


class AesSealer:
    """Encrypts with one key per environment; a `ports.Sealer`."""

    def __init__(self, keys: EnvironmentKeys) -> None:
        """Take what finds the keys."""
        self._keys = keys

    def seal(self, environment: str, name: str, value: str) -> SealedSecret:
        """Encrypt a value; the same value gives other bytes each time, and one fingerprint.

        Raises:
            SecretError: the value is larger than 64 KiB or no text, or there is no key.
        """
        key = self._keys.key(environment, create=True)
        bound, data = _bound(environment, name), _encoded(name, value)
        nonce = os.urandom(_NONCE)
        sealed = _cipher(key).encrypt(nonce, _padded(data), bound)
        return SealedSecret(_VERSION + nonce + sealed, _fingerprint(key, bound, data))

    def open(self, environment: str, name: str, sealed: SealedSecret) -> str:
        """Decrypt a value.

        Raises:
            SecretError: another key, environment or name sealed it, or it was changed since.
        """
        from cryptography.exceptions import InvalidTag

        key, bound = self._keys.key(environment), _bound(environment, name)
        version, nonce, rest = _split(sealed.sealed)
        try:
            padded = _cipher(key).decrypt(nonce, rest, bound)
        except (InvalidTag, ValueError) as error:
            raise _damaged(environment, name) from error
        data = padded[_LENGTH : _LENGTH + int.from_bytes(padded[:_LENGTH])]
        expected = _fingerprint(key, bound, data)
        if version != _VERSION or not hmac.compare_digest(expected, sealed.fingerprint):
            raise _damaged(environment, name)
        return data.decode("utf-8")

    def keyed_digest(
        self, environment: str, purpose: str, data: bytes, *, create: bool = False
    ) -> str | None:
        """Return a digest with a key derived for a purpose; None where the environment has none.

        Raises:
            SecretError: the key that should be there is gone, malformed or readable by others.
        """
        if not self._keys.expected(environment):
            return None
        key = self._keys.key(environment, create=create)
        bound = canonical.dumps([f"reconciler {purpose}", environment]).encode()
        derived = _derived(key, purpose.encode())
        return hmac.new(derived, bound + data, hashlib.sha256).hexdigest()


def _bound(environment: str, name: str) -> bytes:
    """Return what a sealed value is bound to."""
    return canonical.dumps(["reconciler secret", environment, name]).encode()


def _encoded(name: str, value: str) -> bytes:
    """Return a value's bytes."""
    try:
        data = value.encode("utf-8")
    except UnicodeEncodeError:
        raise SecretError(f"The secret {one_line(name, 100)} is not UTF-8 text.") from None
    if len(data) > LARGEST:
        raise SecretError(
            f"The secret {one_line(name, 100)} has {len(data):,} bytes.",
            hint="At most 64 KiB can be stored.",
        )
    return data


def _padded(data: bytes) -> bytes:
    """Return the length, the bytes, and zeros up to one of few sizes."""
    framed = len(data).to_bytes(_LENGTH) + data
    return framed.ljust(next(size for size in _SIZES if size >= len(framed)), b"\0")


def _split(sealed: bytes) -> tuple[bytes, bytes, bytes]:
    """Return version, nonce and ciphertext."""
    return sealed[:1], sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]


def _derived(key: bytes, purpose: bytes) -> bytes:
    """Return a key for one purpose, by HKDF."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), length=len(key), salt=None, info=b"reconciler " + purpose).derive(key)


def _cipher(key: bytes) -> AESGCM:
    """Return the cipher of an environment's key."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(_derived(key, b"seal"))


def _fingerprint(key: bytes, bound: bytes, data: bytes) -> str:
    """Return what tells two values of one secret apart, to holders of the key only."""
    return hmac.new(_derived(key, b"fingerprint"), bound + data, hashlib.sha256).hexdigest()


def _damaged(environment: str, name: str) -> SecretError:
    """Return the error for a value that does not open."""
    shown = one_line(name, 100)
    return SecretError(
        f"The stored secret {shown} of {environment} does not open: another key, environment or "
        "name sealed it, or it was changed.",
        hint=f"Restore the key, or run: reconciler secret set --environment {environment} {shown}",
    )
