"""Which file names are accepted below `environments/`.

Pure rules over texts and modes; it must not know git, a file system or YAML.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Protocol

MAX_SEGMENT_BYTES = 255
MAX_DEPTH = 16

SYMLINK = "120000"
SUBMODULE = "160000"
OTHER = "other"

_MODE_PROBLEMS = {
    SYMLINK: "is a symlink, which is never followed; put the file itself there",
    SUBMODULE: "is a submodule or an embedded repository; put its files there",
    OTHER: "is not a regular file; remove it",
}
_REGULAR = frozenset({"100644", "100755", "100664"})
_RESERVED = r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.[^/]*)?(?:/|\Z)"
_SEGMENT = rf"(?!{_RESERVED}|\.git(?:/|\Z))[A-Za-z0-9._+-]{{1,{MAX_SEGMENT_BYTES}}}(?<!\.)"
# Nearly every name is accepted by this one look; what is not is asked for its reason.
_ACCEPTED = re.compile(
    rf"{_SEGMENT}(?:/{_SEGMENT}){{0,{MAX_DEPTH - 1}}}\Z", re.IGNORECASE | re.ASCII
)
_RESERVED_NAME = re.compile(_RESERVED, re.IGNORECASE)
_UNWANTED = re.compile(r"[^A-Za-z0-9._+/-]")
# How `printable.one_line` writes a character out: the name is refused for what stood there.
_WRITTEN_OUT = re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U000[0-9a-f]{5}|U0010[0-9a-f]{4}|[nrt])")


class ListedFile(Protocol):
    """What is asked of a listed file: its path from the repository's root and its git mode."""

    @property
    def path(self) -> str:
        """Path with `/` between segments, unseen characters as `printable.one_line` writes them."""

    @property
    def mode(self) -> str:
        """Git mode: 100644, 100755, 120000 (symlink), 160000 (submodule) or `other`."""


def path_problem(file: ListedFile) -> str | None:
    """Say why a listed file is refused, None when it is accepted."""
    if file.mode not in _REGULAR:
        return _MODE_PROBLEMS.get(file.mode, _MODE_PROBLEMS[OTHER])
    return name_problem(file.path)


def name_problem(path: str) -> str | None:
    """Say why a relative path is refused, None when it is accepted."""
    if _ACCEPTED.match(path):
        return None
    if not path or path.startswith("/"):
        return "is not a relative path"
    if _UNWANTED.search(path):
        return _character_problem(path)
    if path.count("/") >= MAX_DEPTH:
        return f"is nested deeper than {MAX_DEPTH} levels"
    return next(filter(None, map(_segment_problem, path.split("/"))), None)


def _character_problem(path: str) -> str:
    written = _WRITTEN_OUT.search(path)
    char = written.group().encode().decode("unicode_escape") if written else _unwanted(path)
    if "\udc80" <= char <= "\udcff":
        return "has a name that is not UTF-8; use A-Z, a-z, 0-9, dot, dash, underscore and plus"
    return f"has {_described(char)} in its name; use A-Z, a-z, 0-9, dot, dash, underscore and plus"


def _unwanted(path: str) -> str:
    return next(char for char in path if _UNWANTED.match(char))


def _described(char: str) -> str:
    point = f"U+{ord(char):04X} {unicodedata.name(char, '')}".rstrip()
    return f"{char!r} ({point})" if char.isprintable() else point


def _segment_problem(segment: str) -> str | None:
    if segment in {"", ".", ".."}:
        return "has an empty, `.` or `..` segment in its path"
    if len(segment) > MAX_SEGMENT_BYTES:
        return f"has a name longer than {MAX_SEGMENT_BYTES} bytes"
    if segment.endswith("."):
        return "has a name that ends with a dot"
    if segment.lower() == ".git":
        return "has git's own folder name in its path"
    if _RESERVED_NAME.match(segment):
        return f"has a name that Windows reserves ({segment})"
    return None


def colliding(paths: Iterable[str]) -> list[tuple[str, str]]:
    """Return pairs that become one name on some file system.

    They differ only by letter case or Unicode normalisation, are a file and a folder of one
    name, or are the same path twice.
    """
    files: dict[str, str] = {}
    folders: dict[str, str] = {}
    pairs: list[tuple[str, str]] = []
    for path in paths:
        name = _folded(path)
        if name in files:
            pairs.append((files[name], path))
        files.setdefault(name, path)
        for folder in _new_folders(path, folders):
            other = folders.setdefault(_folded(folder), folder)
            if other != folder:
                pairs.append((other, folder))
    pairs.extend((files[name], folders[name]) for name in sorted(files.keys() & folders.keys()))
    return list(dict.fromkeys(pairs))


def _folded(path: str) -> str:
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _new_folders(path: str, known: dict[str, str]) -> Iterator[str]:
    """Yield the folders above a path, innermost first, up to one that is known by this name."""
    end = path.rfind("/")
    while end > 0:
        folder = path[:end]
        if known.get(_folded(folder)) == folder:
            return
        yield folder
        end = path.rfind("/", 0, end)
