"""The sources of secret values: environment variables, files and our own store.

What a manifest says (`secrets: {NAME: {from: …}}`) chooses the source. An empty value is none.
No error text holds a value or any part of a file. Nothing here writes.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from reconciler import ports
from reconciler.core.canonical import Json
from reconciler.core.errors import SecretError
from reconciler.core.printable import one_line

LARGEST_FILE = 64 * 1024

_PLANNED = ("vault", "aws")
_USE = "Use {from: env, name: …}, {from: file, path: …} or {from: store}."


class Source(Protocol):
    """One kind of source; `source` is what the manifest says of one secret."""

    def present(self, environment: str, name: str, source: Mapping[str, Json]) -> bool | None:
        """Say whether there is a value, None when that cannot be known."""

    def value(self, environment: str, name: str, source: Mapping[str, Json]) -> str | None:
        """Return the value, None when there is none."""


class Sources:
    """Sends each secret to the source that its manifest names; a `ports.SecretSource`."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        """Take the sources by the word after `from:`."""
        self._sources = sources

    def present(self, environment: str, name: str, source: Mapping[str, Json]) -> bool | None:
        """Say whether there is a value, None where its source is not supported."""
        known = self._sources.get(str(source.get("from")))
        return known.present(environment, name, source) if known else None

    def value(self, environment: str, name: str, source: Mapping[str, Json]) -> str | None:
        """Return the value, None when there is none.

        Raises:
            SecretError: the source is not supported or cannot be read.
        """
        kind = str(source.get("from"))
        if kind not in self._sources:
            state = "is not supported yet" if kind in _PLANNED else "does not exist"
            text = f"{_secret(name)} comes from source {one_line(kind, 60)}, which {state}."
            raise SecretError(text, hint=_USE)
        return self._sources[kind].value(environment, name, source) or None


def standard_sources(
    environ: Mapping[str, str], root: Path, store: ports.StoreReader | None, sealer: ports.Sealer
) -> Sources:
    """Return the sources of one run; without a store yet, it holds no secret."""
    return Sources(
        {"env": EnvSource(environ), "file": FileSource(root), "store": StoreSource(store, sealer)}
    )


class EnvSource:
    """Environment variables: `{from: env, name: VARIABLE}`, by default of the secret's name."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Take the variables."""
        self._environ = environ

    def present(self, environment: str, name: str, source: Mapping[str, Json]) -> bool:
        """Say whether the variable is set and not empty."""
        return bool(self._environ.get(_variable(name, source)))

    def value(self, environment: str, name: str, source: Mapping[str, Json]) -> str | None:
        """Return the variable's value.

        Raises:
            SecretError: it is not UTF-8.
        """
        variable = _variable(name, source)
        found = self._environ.get(variable)
        if found is not None and any("\ud800" <= character <= "\udfff" for character in found):
            raise SecretError(
                f"{_secret(name)} is not UTF-8 text in the variable {one_line(variable, 100)}.",
                hint="Set the variable to text, or encode bytes with base64.",
            )
        return found


class FileSource:
    """Files: `{from: file, path: …}`, relative to the repository's root; symlinks are followed.

    One newline at the end is not part of the value.
    """

    def __init__(self, root: Path) -> None:
        """Take the folder that relative paths start from."""
        self._root = root

    def present(self, environment: str, name: str, source: Mapping[str, Json]) -> bool | None:
        """Say whether there is a regular file that is not empty, without reading it."""
        try:
            status = self._path(source).stat()
        except FileNotFoundError:
            return False
        except (OSError, ValueError):
            return None
        return stat.S_ISREG(status.st_mode) and status.st_size > 0

    def value(self, environment: str, name: str, source: Mapping[str, Json]) -> str | None:
        """Return the file's text, None when there is no such file.

        Raises:
            SecretError: it is no regular file, too large, not UTF-8 or cannot be read.
        """
        path = self._path(source)
        try:
            text = _read(path).decode("utf-8")
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            raise _unreadable(name, path, "is not UTF-8") from None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise _unreadable(name, path, f"cannot be read: {reason}") from error
        return text.removesuffix("\n").removesuffix("\r")

    def _path(self, source: Mapping[str, Json]) -> Path:
        """Return the absolute path that a manifest names."""
        return self._root / str(source.get("path"))


class StoreSource:
    """Our own store: `{from: store}`, set by `reconciler secret set`."""

    def __init__(self, store: ports.StoreReader | None, sealer: ports.Sealer) -> None:
        """Take the store, if there is one yet, and what opens its values."""
        self._store = store
        self._sealer = sealer

    def present(self, environment: str, name: str, source: Mapping[str, Json]) -> bool:
        """Say whether a value is stored; it is not opened."""
        return self._store is not None and self._store.secret(environment, name) is not None

    def value(self, environment: str, name: str, source: Mapping[str, Json]) -> str | None:
        """Return the opened value.

        Raises:
            SecretError: another key, environment or name sealed it.
        """
        sealed = self._store.secret(environment, name) if self._store else None
        return None if sealed is None else self._sealer.open(environment, name, sealed)


def _variable(name: str, source: Mapping[str, Json]) -> str:
    """Return the variable that a manifest names."""
    return str(source.get("name") or name)


def _read(path: Path) -> bytes:
    """Return the bytes of a small regular file; a pipe or device never blocks or answers.

    Raises:
        ValueError: it is no small regular file; the text says how.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is not a regular file")
        data = file.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise ValueError("it is larger than 64 KiB")
    return data


def _unreadable(name: str, path: Path, found: str) -> SecretError:
    """Return the error for a file, naming it without its content."""
    return SecretError(
        f"{_secret(name)} comes from the file {one_line(str(path), 300)}, which {found}.",
        hint="Wanted is a regular UTF-8 file of at most 64 KiB that this user may read.",
    )


def _secret(name: str) -> str:
    """Return how a secret is called in errors."""
    return f"The secret {one_line(name, 100)}"
