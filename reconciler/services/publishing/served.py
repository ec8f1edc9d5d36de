"""What one job knows of secrets: those of the environments that it serves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from reconciler.core.canonical import Json
from reconciler.ports import SecretSource


@dataclass(frozen=True, slots=True)
class Served:
    """Secret sources of some environments; of all others nothing is known.

    A job that serves one environment is given only its secrets: others would seem to be missing.
    """

    source: SecretSource
    environments: Collection[str]

    def present(self, environment: str, name: str, source: Mapping[str, Json]) -> bool | None:
        """Say whether there is a value; None for an environment that is not served."""
        if environment not in self.environments:
            return None
        return self.source.present(environment, name, source)

    def value(self, environment: str, name: str, source: Mapping[str, Json]) -> str | None:
        """Return the value.

        Raises:
            SecretError: the source cannot be reached.
        """
        return self.source.value(environment, name, source)
