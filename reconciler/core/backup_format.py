"""How a backup is written: a manifest, pages of resources and chunks of users, as canonical JSON.

Pages and chunks are cut where the names in them say so, not by number: what is added or changed
changes one of them, and the others are stored already. What is read was perhaps altered, so
nothing of it is believed.
"""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from reconciler.core import canonical
from reconciler.core.backups import FORMAT, Content, Live, Manifest, Piece, Row
from reconciler.core.canonical import Json
from reconciler.core.errors import BackupDamaged, BackupRefused
from reconciler.core.model import ResourceKey

_ROWS = 256  # resources in a page, about
_USERS = 1_000  # users in a chunk, about
_MOST_USERS = 4 * _USERS
_LARGEST_CHUNK = 1024 * 1024

_TEXTS = ("id", "environment", "created_at")
_OPTIONAL_TEXTS = ("store", "deployment", "content_digest")
_NUMBERS = ("sequence", "resources", "users")


def damaged(backup: str, what: str) -> BackupDamaged:
    """Return the error for a backup that is not as it was stored."""
    return BackupDamaged(
        f"Backup {backup} is damaged: {what}.",
        hint="Restore another one; `reconciler backup list` shows them.",
    )


def content_bytes(content: Json) -> bytes:
    """Return the bytes as which a content is stored; their SHA-256 is its digest."""
    return canonical.dumps(content).encode("utf-8", "surrogatepass")


def value(backup: str, data: bytes) -> Json:
    """Return the value that stored bytes hold.

    Raises:
        BackupDamaged: they hold none.
    """
    try:
        return json.loads(data.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        raise damaged(backup, "a part of it cannot be read") from None


# --- the manifest --------------------------------------------------------------------------------


def write_manifest(manifest: Manifest) -> bytes:
    """Return the bytes of a manifest."""
    return content_bytes({"format": FORMAT, **asdict(manifest)})


def read_manifest(backup: str, data: bytes) -> Manifest:
    """Return the manifest that bytes hold.

    Raises:
        BackupRefused: a newer program wrote it.
        BackupDamaged: it is not one.
    """
    found = value(backup, data)
    if not isinstance(found, dict):
        raise damaged(backup, "its manifest cannot be read")
    _refuse_newer(backup, found.pop("format", None))
    try:
        manifest = _manifest(found)
    except (KeyError, TypeError, ValueError):
        raise damaged(backup, "its manifest cannot be read") from None
    if write_manifest(manifest) != data:
        raise damaged(backup, "its manifest cannot be read")
    return manifest


def _refuse_newer(backup: str, found: Json) -> None:
    if isinstance(found, int) and found > FORMAT:
        raise BackupRefused(
            f"Backup {backup} has format {found}, this program knows only {FORMAT}.",
            hint="Upgrade this program.",
        )
    if found != FORMAT or isinstance(found, bool):
        raise damaged(backup, "its manifest names no format")


def _manifest(found: Mapping[str, Json]) -> Manifest:
    live = found["live"]
    texts = {name: _typed(found[name], str) for name in _TEXTS}
    optional = {name: _optional(found[name]) for name in _OPTIONAL_TEXTS}
    numbers = {name: _number(found[name]) for name in _NUMBERS}
    fields: dict[str, Any] = {**texts, **optional, **numbers}
    return Manifest(
        **fields,
        live=None if live is None else _live(_typed(live, dict)),
        pages=tuple(map(_piece, _typed(found["pages"], list))),
        chunks=tuple(map(_piece, _typed(found["chunks"], list))),
    )


def _live(found: Mapping[str, Json]) -> Live:
    version, tag = _optional(found["version"]), _optional(found["tag"])
    return Live(deployment=_typed(found["deployment"], str), version=version, tag=tag)


def _piece(found: Json) -> Piece:
    address, count = found
    return Piece(_typed(address, str), _number(count))


def _typed(found: Json, wanted: type[Any]) -> Any:
    if not isinstance(found, wanted):
        raise TypeError
    return found


def _optional(found: Json) -> str | None:
    return None if found is None else str(_typed(found, str))


def _number(found: Json) -> int:
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise TypeError
    return found


# --- resources -----------------------------------------------------------------------------------


def write_pages(rows: Mapping[ResourceKey, Row]) -> Iterator[tuple[bytes, int]]:
    """Yield the pages of these rows, with how many each holds."""
    buckets = 1 << (len(rows) // _ROWS).bit_length()
    pages: defaultdict[int, list[Row]] = defaultdict(list)
    for key in sorted(rows):
        pages[_mark(str(key)) & (buckets - 1)].append(rows[key])
    for number in sorted(pages):
        page = [_written(row) for row in pages[number]]
        yield content_bytes(page), len(page)


def read_page(backup: str, data: bytes, count: int) -> list[Row]:
    """Return the rows of a page.

    Raises:
        BackupDamaged: it is not one, or holds another number of them.
    """
    try:
        rows = [_row(each) for each in _typed(value(backup, data), list)]
    except (TypeError, ValueError):
        raise damaged(backup, "its list of resources cannot be read") from None
    if len(rows) != count:
        raise damaged(backup, "its list of resources is not whole")
    return rows


def _written(row: Row) -> Json:
    return [*row.key, *map(_shortened, (row.running, row.applied, row.adopted))]


def _shortened(content: Content | None) -> Json:
    if content is None or content.address != content.digest:
        return content
    return content.digest


def _row(found: Json) -> Row:
    kind, name, *contents = found
    running, applied, adopted = map(_content, contents)
    key = ResourceKey(_typed(kind, str), _typed(name, str))
    return Row(key=key, running=running, applied=applied, adopted=adopted)


def _content(found: Json) -> Content | None:
    if found is None:
        return None
    digest, address = (found, found) if isinstance(found, str) else _typed(found, list)
    return Content(_typed(digest, str), _optional(address))


# --- users ---------------------------------------------------------------------------------------


def write_users(records: Iterable[Mapping[str, Json]]) -> Iterator[tuple[bytes, int]]:
    """Yield chunks of records as JSON lines, with how many each holds; memory stays flat."""
    lines: list[bytes] = []
    size = 0
    for record in records:
        lines.append(content_bytes(record) + b"\n")
        size += len(lines[-1])
        full = len(lines) == _MOST_USERS or size > _LARGEST_CHUNK
        if full or _mark(record["id"]) % _USERS == 0:
            yield b"".join(lines), len(lines)
            lines, size = [], 0
    if lines:
        yield b"".join(lines), len(lines)


def read_users(backup: str, data: bytes, count: int) -> Iterator[Mapping[str, Json]]:
    """Yield the records of a chunk.

    Raises:
        BackupDamaged: it is not one, or holds another number of them.
    """
    lines = data.split(b"\n")[:-1]
    if len(lines) != count:
        raise damaged(backup, "its list of users is not whole")
    for line in lines:
        record = value(backup, line)
        if not isinstance(record, dict) or not isinstance(record.get("id"), str):
            raise damaged(backup, "a user in it cannot be read")
        yield record


def _mark(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))
