"""Where secret values come from and how they are sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from reconciler.core.canonical import Json


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """An encrypted value and its keyed fingerprint; neither tells the value or its length class."""

    sealed: bytes
    fingerprint: str


class SecretSource(Protocol):
    """Where secret values come from. Values leave it at apply only."""

    def present(self, environment: str, name: str, source: Mapping[str, Json]) -> bool | None:
        """Say whether there is a value, without reading it; None when that cannot be known here."""

    def value(self, environment: str, name: str, source: Mapping[str, Json]) -> str | None:
        """Return the value, None when there is none.

        Raises:
            SecretError: the source cannot be reached; the text never holds a value.
        """


class Sealer(Protocol):
    """Encrypts with one key per environment."""

    def seal(self, environment: str, name: str, value: str) -> SealedSecret:
        """Encrypt a value for an environment and name."""

    def open(self, environment: str, name: str, sealed: SealedSecret) -> str:
        """Decrypt it again.

        Raises:
            SecretError: another key, environment or name sealed it.
        """

    def keyed_digest(
        self, environment: str, purpose: str, data: bytes, *, create: bool = False
    ) -> str | None:
        """Return a digest that only who has the key of an environment can make.

        None where the environment has no key; `create` makes one beside an embedded store.

        Raises:
            SecretError: the key cannot be used.
        """
