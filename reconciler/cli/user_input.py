"""Opens a file of users, or standard input, line by line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO

from reconciler.core import printable
from reconciler.core.errors import NotFound, ReconcilerError, UsageError
from reconciler.services.user_files import Format, UserFile

STDIN = "-"
_EXTENSIONS = {
    ".json": Format.JSON_LINES,
    ".jsonl": Format.JSON_LINES,
    ".ndjson": Format.JSON_LINES,
    ".csv": Format.CSV,
}


@contextmanager
def opened(file: str, format: Format | None) -> Iterator[UserFile]:
    """Open a file whose format is given, or told by its name.

    Raises:
        UsageError: the name does not tell.
        NotFound: there is no such file.
        ReconcilerError: it cannot be read.
    """
    known = format or _EXTENSIONS.get(Path(file).suffix.lower())
    if known is None:
        raise UsageError(
            f"The name {_shown(file)} does not tell what the file holds.",
            hint="Say it with --format json or --format csv.",
        )
    with ExitStack() as stack:
        stream = sys.stdin.buffer if file == STDIN else _open(file, stack)
        read = _reading(file, stream)
        yield UserFile(name=file, format=known, readline=read, size=_size(stream))


def _open(file: str, stack: ExitStack) -> BinaryIO:
    try:
        return stack.enter_context(Path(file).open("rb"))
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {_shown(file)}.") from error
    except (OSError, ValueError) as error:
        raise _unreadable(file, error) from error


def _reading(file: str, stream: BinaryIO) -> Callable[[int], bytes]:
    def readline(limit: int) -> bytes:
        try:
            return stream.readline(limit)
        except OSError as error:
            raise _unreadable(file, error) from error

    return readline


def _size(stream: BinaryIO) -> int | None:
    """Return the bytes of a regular file; a pipe does not tell."""
    found = os.fstat(stream.fileno())
    return found.st_size if S_ISREG(found.st_mode) else None


def _unreadable(file: str, error: Exception) -> ReconcilerError:
    reason = getattr(error, "strerror", None) or error
    return ReconcilerError(f"The file {_shown(file)} cannot be read: {reason}.")


def _shown(file: str) -> str:
    return printable.one_line(file, 200)
