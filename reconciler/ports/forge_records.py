"""What the store remembers of the forge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from reconciler.core.forge.records import ForgeEvidence, Told


class ForgeRecordsReader(Protocol):
    """Reviews and checks that counted, and deployments that were told. It cannot write."""

    def forge_evidence(self, environment: str, version: str) -> Sequence[ForgeEvidence]:
        """Return what counted of a release, ordered by role, evidence, name and who."""

    def told_to_forge(self, deployments: Iterable[str]) -> Mapping[str, Told]:
        """Return which of these deployments the forge was told of, by id."""


class ForgeRecords(ForgeRecordsReader, Protocol):
    """The same for those who write. It is a part of `Store`."""

    def keep_forge_evidence(
        self, environment: str, version: str, found: Iterable[ForgeEvidence]
    ) -> None:
        """Let this be all that counts of a release; what is not among it is removed.

        What is known already stays as it was first seen; when nothing changes nothing is written.
        """

    def note_told(self, told: Told) -> bool:
        """Remember that the forge was told of a deployment.

        False when that was known: then nothing is written, and what was told first stays.
        """
