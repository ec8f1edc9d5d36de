"""What turns contents into the files that people read in git."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from reconciler.core.canonical import Json
from reconciler.core.releases.model import Release


class ManifestWriter(Protocol):
    """Writes manifests; reading what was written gives the same normalised content."""

    def write(self, content: Mapping[str, Json]) -> bytes:
        """Return the one text of a content, defaults left out, its definition's content too.

        What fits no schema is written as it is: its reader says what is wrong with it.
        """

    def write_definition(self, content: Mapping[str, Json]) -> bytes | None:
        """Return the definition file of a workflow, None when it has none."""

    def write_release(self, release: Release) -> bytes:
        """Return the manifest of a release."""
