"""The sealing key of each environment: from a variable, from a file, or made beside the store.

A key is 32 random bytes, written as base64. Nothing here encrypts.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from reconciler.adapters import folder
from reconciler.core.errors import SecretError
from reconciler.core.printable import one_line

KEY_BYTES = 32

_MAKE = "Make one with: openssl rand -base64 32"
_LARGEST = 4096


class EnvironmentKeys:
    """Finds the key of an environment.

    Looked at in this order: `RECONCILER_KEY_<ENVIRONMENT>`, `RECONCILER_KEY_<ENVIRONMENT>_FILE`
    and, beside an embedded store, `.reconciler/keys/<environment>`.
    """

    def __init__(self, environ: Mapping[str, str], state_folder: Path | None) -> None:
        """Take the variables, and the state folder where keys may be made (None: nowhere).

        A variable that is empty is not set: so a build server gives a secret that it lacks.
        """
        self._environ = {name: value for name, value in environ.items() if value.strip()}
        self._state = state_folder

    def key(self, environment: str, *, create: bool = False) -> bytes:
        """Return the 32 bytes of an environment's key; `create` makes a missing one.

        Raises:
            SecretError: there is no key, it is malformed, or others may read it.
        """
        variable = variable_name(environment)
        if variable in self._environ:
            return _decoded(self._environ[variable], variable)
        if f"{variable}_FILE" in self._environ:
            return _from_file(Path(self._environ[f"{variable}_FILE"]), f"{variable}_FILE")
        if self._state is None:
            raise SecretError(
                f"There is no key for the secrets of {environment}.",
                hint=f"Set {variable} or {variable}_FILE. {_MAKE}",
            )
        return self._kept(self._state, environment, create=create)

    def expected(self, environment: str) -> bool:
        """Say whether a key should be there: configured, or kept beside the store."""
        variable = variable_name(environment)
        given = (variable, f"{variable}_FILE")
        return self._state is not None or any(name in self._environ for name in given)

    def _kept(self, state: Path, environment: str, *, create: bool) -> bytes:
        """Return the key that is kept beside the store."""
        path = state / "keys" / environment
        try:
            if create and not path.exists():
                _make(state, path)
            _refuse_shared(path)
        except FileNotFoundError as error:
            raise SecretError(
                f"The key {path} of {environment} is gone.",
                hint="Put it back. Without it stored secrets have to be set again (`reconciler "
                "secret set`), and older backups cannot be verified.",
            ) from error
        except OSError as error:
            raise SecretError(
                f"The key {path} cannot be used: {error.strerror}.",
                hint=f"Make it accessible to this user, or set {variable_name(environment)}.",
            ) from error
        return _from_file(path, str(path))


def variable_name(environment: str) -> str:
    """Return the variable that holds an environment's key: `RECONCILER_KEY_STAGING`."""
    return f"RECONCILER_KEY_{environment.upper().replace('-', '_')}"


def _make(state: Path, path: Path) -> None:
    """Write a new key, whole or not at all; of two processes the first one's key stays."""
    folder.ensure(state)
    path.parent.mkdir(mode=folder.PRIVATE_FOLDER, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, folder.PRIVATE_FILE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(descriptor)
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def _refuse_shared(path: Path) -> None:
    """Refuse a key that anyone but its owner may read, or a folder where others may write."""
    for place, forbidden in ((path.parent, 0o022), (path, 0o077)):
        mode = stat.S_IMODE(place.stat().st_mode)
        if mode & forbidden:
            wanted = folder.PRIVATE_FILE if place == path else folder.PRIVATE_FOLDER
            raise SecretError(
                f"Others than its owner have access to {place} (mode {mode:04o}).",
                hint=f"Run: chmod {wanted:o} '{place}'",
            )


def _from_file(path: Path, origin: str) -> bytes:
    """Return the key in a file."""
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST).decode("ascii", "replace")
    except (OSError, ValueError) as error:
        shown = one_line(str(path), 300)
        raise SecretError(
            f"The key file {shown} cannot be read.", hint=f"{origin} names it. {_MAKE}"
        ) from error
    return _decoded(text, origin)


def _decoded(text: str, origin: str) -> bytes:
    """Return the key that a text holds, in either base64 alphabet."""
    standard = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
    padded = standard + "=" * (-len(standard) % 4)
    try:
        key = base64.b64decode(padded, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise SecretError(f"{origin} does not hold base64 of {KEY_BYTES} bytes.", hint=_MAKE)
    return key
