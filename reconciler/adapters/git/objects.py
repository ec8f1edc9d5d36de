"""Reads git objects by id, in one process, and checks that the bytes hash to the id.

It must not know refs or paths; whoever asks names the object in errors.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from reconciler.adapters.git.command import GitCommand
from reconciler.core.commits import CommitInfo
from reconciler.core.errors import RepositoryError
from reconciler.core.printable import one_line

MAX_BYTES = 16 * 1024 * 1024
MAX_TAG_BYTES = 1024 * 1024

_FSCK = "Fetch the repository anew, or check it with `git fsck`."
_IDENTITY = re.compile(r"(.*?) ?<([^<>]*)> (-?[0-9]{1,18}) ([+-])([0-9]{2})([0-9]{2})\Z")


@dataclass(frozen=True, slots=True)
class Wanted:
    """An object to read: its id, and the words by which errors call it."""

    oid: str
    title: str


def object_id(kind: str, data: bytes, width: int = 40) -> str:
    """Return the id git gives to bytes; width is 40 for SHA-1 and 64 for SHA-256."""
    digest = hashlib.sha1(usedforsecurity=False) if width == 40 else hashlib.sha256()
    digest.update(b"%s %d\0" % (kind.encode("ascii"), len(data)))
    digest.update(data)
    return digest.hexdigest()


def read_objects(
    command: GitCommand, wanted: Sequence[Wanted], kind: str = "blob"
) -> Iterator[bytes]:
    """Yield the bytes of the objects, in their order, from one git process.

    Raises:
        RepositoryError: one is missing, corrupt, of another kind or larger than `MAX_BYTES`.
    """
    if not wanted:
        return
    asked = "".join(f"{item.oid}\n" for item in wanted).encode("ascii")
    with closing(command.stream("cat-file", "--batch", "--buffer", stdin=asked)) as chunks:
        source = _Source(chunks)
        for item in wanted:
            try:
                yield _read_one(source, item, kind)
            except _Ended as ended:
                reason = f": {ended.reason}" if ended.reason else ""
                raise RepositoryError(
                    f"{item.title} cannot be read{reason}.", hint=_FSCK
                ) from ended


def read_tags(
    command: GitCommand, oids: Sequence[str], limit: int = MAX_TAG_BYTES
) -> Iterator[tuple[str, bytes]]:
    """Yield annotated tags by id, from one git process; those that are larger are left out.

    Raises:
        RepositoryError: one is missing, corrupt or of another kind.
    """
    asked = "".join(f"{oid}\n" for oid in oids).encode("ascii")
    with closing(command.stream("cat-file", "--batch-check", "--buffer", stdin=asked)) as chunks:
        told = b"".join(chunks).decode("ascii", "replace").splitlines()
    small = [
        oid
        for oid, line in zip(oids, told, strict=False)
        if not line.rpartition(" ")[2].isdecimal() or int(line.rpartition(" ")[2]) <= limit
    ]
    wanted = [Wanted(oid, f"tag {oid[:12]}") for oid in small]
    yield from zip(small, read_objects(command, wanted, "tag"), strict=True)


def _read_one(source: _Source, item: Wanted, kind: str) -> bytes:
    header = source.line().split(b" ")
    if header[-1] == b"missing" or len(header) != 3:
        raise RepositoryError(f"{item.title} is missing: no object {item.oid}.", hint=_FSCK)
    size = int(header[2])
    if header[1].decode("ascii") != kind:
        raise RepositoryError(f"{item.title} is not a {kind}: object {item.oid}.", hint=_FSCK)
    if size > MAX_BYTES:
        raise RepositoryError(
            f"{item.title} has {size:,} bytes; the limit is {MAX_BYTES:,}.",
            hint="Keep large files out of the folder.",
        )
    data = source.exactly(size + 1)[:-1]
    if object_id(kind, data, len(item.oid)) != item.oid:
        raise RepositoryError(
            f"{item.title} is corrupt: its bytes are not those of object {item.oid}.", hint=_FSCK
        )
    return data


class _Ended(Exception):
    """Git ended before it had answered."""

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        super().__init__(reason)


class _Source:
    """Lines and counted bytes from a stream of chunks."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._buffer = b""
        self._at = 0

    def line(self) -> bytes:
        """Return the next line without its end."""
        while (end := self._buffer.find(b"\n", self._at)) < 0:
            self._buffer = self._buffer[self._at :] + self._next()
            self._at = 0
        line = self._buffer[self._at : end]
        self._at = end + 1
        return line

    def exactly(self, size: int) -> bytes:
        """Return so many bytes."""
        end = self._at + size
        if end > len(self._buffer):
            parts = [self._buffer[self._at :]]
            have = len(parts[0])
            while have < size:
                parts.append(self._next())
                have += len(parts[-1])
            self._buffer, self._at, end = b"".join(parts), 0, size
        data = self._buffer[self._at : end]
        self._at = end
        return data

    def _next(self) -> bytes:
        try:
            return next(self._chunks)
        except StopIteration:
            raise _Ended from None
        except RepositoryError as error:
            raise _Ended(error.text.rstrip(".")) from error


def commit_infos(command: GitCommand, commits: Iterable[str]) -> Iterator[CommitInfo]:
    """Yield what people see of commits, in their order."""
    wanted = [Wanted(commit, f"commit {commit[:12]}") for commit in commits]
    for item, data in zip(wanted, read_objects(command, wanted, "commit"), strict=True):
        yield _commit_info(item.oid, data)


def _commit_info(commit: str, data: bytes) -> CommitInfo:
    head, _, body = data.partition(b"\n\n")
    fields = dict(line.partition(b" ")[::2] for line in reversed(head.split(b"\n")))
    latin = fields.get(b"encoding", b"").lower() in {b"iso-8859-1", b"latin1", b"latin-1"}
    encoding = "latin-1" if latin else "utf-8"
    written = fields.get(b"author", b"").decode(encoding, "replace")
    match = _IDENTITY.match(written)
    subject = body.decode(encoding, "replace").strip().partition("\n")[0]
    return CommitInfo(
        commit=commit,
        author=one_line(match[1] if match else written),
        email=one_line(match[2] if match else ""),
        date=_moment(*match.groups()[2:]) if match else None,
        subject=one_line(subject.strip()),
    )


def _moment(seconds: str, sign: str, hours: str, minutes: str) -> str | None:
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    try:
        zone = timezone(-offset if sign == "-" else offset)
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(seconds))
        return moment.astimezone(zone).isoformat()
    except (ValueError, OverflowError):
        return None
