"""What the store in memory remembers of the forge; it must not know the rest of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.core.forge.records import ForgeEvidence, Told, settled


class MemoryForgeRecords:
    """The part of `MemoryStore` about the forge."""

    def __init__(self) -> None:
        """Begin empty."""
        self._evidence: dict[tuple[str, str], dict[tuple[str, str, str, str], ForgeEvidence]] = {}
        self._told: dict[str, Told] = {}

    def forge_evidence(self, environment: str, version: str) -> Sequence[ForgeEvidence]:
        """Return what counted of a release, ordered by role, evidence, name and who."""
        found = self._evidence.get((environment, version), {})
        return [found[key] for key in sorted(found)]

    def told_to_forge(self, deployments: Iterable[str]) -> Mapping[str, Told]:
        """Return which of these deployments the forge was told of, by id."""
        return {each: self._told[each] for each in deployments if each in self._told}

    def keep_forge_evidence(
        self, environment: str, version: str, found: Iterable[ForgeEvidence]
    ) -> None:
        """Let this be all that counts of a release."""
        known = self.forge_evidence(environment, version)
        self._evidence[environment, version] = settled(known, found)

    def note_told(self, told: Told) -> bool:
        """Remember that the forge was told of a deployment; False when that was known."""
        own = replace(told)  # one of our own, so that the same value twice is told once
        return self._told.setdefault(told.deployment, own) is own
