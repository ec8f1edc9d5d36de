"""Implements `ports.Manifests`: few manifests are read here, many in several processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.core.canonical import Json
    from reconciler.core.model import Finding
    from reconciler.ports import Parsed, ParseRequest

# Below it a process costs more than it saves.
PARALLEL_FROM = 300


class ManifestReader:
    """Reads manifests and definition files strictly. The parser is loaded with the first one."""

    def __init__(self, *, workers: int | None = None) -> None:
        """Take how many processes may work at once; as many as there are processors if None."""
        self._workers = workers

    @property
    def rules_version(self) -> str:
        """A digest that changes with the schemas, the reading rules or the program's version."""
        from reconciler.adapters.manifests import schemas

        return schemas.rules_version()

    def parse(self, requests: Sequence[ParseRequest]) -> Iterator[Parsed | tuple[Finding, ...]]:
        """Yield, in order, each manifest or every finding in it."""
        from reconciler.adapters.manifests import parsing, pool

        workers = pool.workers(self._workers)
        if len(requests) < PARALLEL_FROM or workers < 2:
            yield from map(parsing.parse, requests)
        else:
            yield from pool.parse_many(requests, workers)

    def parse_definition(self, path: str, data: bytes, format: str) -> Json | tuple[Finding, ...]:
        """Return an engine's definition: a JSON object (n8n), or its text (opaque)."""
        from reconciler.adapters.manifests import json_files
        from reconciler.adapters.manifests.findings import placed
        from reconciler.core.errors import Invalid

        try:
            if format == "opaque":
                return json_files.read_text(data)
            return json_files.read_object(data)
        except Invalid as error:
            return placed(path, error.findings)

    def position(self, data: bytes, pointer: str) -> tuple[int, int]:
        """Return line and column (from 1) of a JSON Pointer, or of its nearest parent there."""
        from reconciler.adapters.manifests import places

        return places.in_bytes(data, pointer)

    def with_member(self, data: bytes, donor: bytes, pointer: str) -> bytes | None:
        """Return `data` with the block at a JSON Pointer as in `donor`, None if text cannot."""
        from reconciler.adapters.manifests import splicing

        return splicing.with_member(data, donor, pointer)
