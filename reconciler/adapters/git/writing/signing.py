"""Signs bytes with SSH, by the key that git is configured for.

It runs ssh-keygen and nothing that a configuration names. It must not know what is signed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.adapters.git.command import search_path, temporary_files
from reconciler.core.errors import RepositoryError
from reconciler.core.printable import one_line

# Long enough for a person who types a passphrase or touches a security key.
_TIMEOUT = 300.0
_SET_UP = (
    "Run `git config --global gpg.format ssh` and"
    " `git config --global user.signingkey ~/.ssh/id_ed25519.pub`."
)
_LITERAL = ("ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-")
_INHERITED = (
    "HOME",
    "TMPDIR",
    "TERM",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "SSH_AUTH_SOCK",
    "SSH_ASKPASS",
    "SSH_ASKPASS_REQUIRE",
    "SSH_SK_PROVIDER",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """A key to sign with: a path, or a public key whose private half an agent holds."""

    key: str
    base: Path
    directory: Path

    def sign(self, payload: bytes) -> bytes:
        """Return the armored signature of a payload in git's namespace.

        Raises:
            RepositoryError: there is no such key, or it does not sign; says what ssh-keygen said.
        """
        with temporary_files(), tempfile.TemporaryDirectory(dir=self.directory) as folder:
            text = Path(folder) / "text"
            text.write_bytes(payload)
            self._run("-Y", "sign", "-n", "git", "-f", self._key_file(Path(folder)), str(text))
            made = (Path(folder) / "text.sig").read_bytes()
        return made.replace(b"\r", b"")

    def _key_file(self, folder: Path) -> str:
        literal = _literal(self.key)
        if literal is not None:
            file = folder / "key.pub"
            file.write_text(f"{literal}\n", encoding="utf-8", errors="surrogateescape")
            return str(file)
        path = self.base / _expanded(self.key)
        if not path.is_file():
            raise RepositoryError(
                f"the key that git is configured to sign with is not there:"
                f" {one_line(str(path), 200)}.",
                hint=_SET_UP,
            )
        return str(path)

    def _run(self, *argv: str) -> None:
        program = shutil.which("ssh-keygen", path=search_path())
        if program is None:
            raise RepositoryError(
                "ssh-keygen was not found on PATH.", hint="Install OpenSSH and try again."
            )
        try:
            # The terminal is left to it: it asks for a passphrase there.
            done = subprocess.run(  # noqa: S603  # fixed argv, found on PATH
                [program, *argv],
                env=_environment(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=_TIMEOUT,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RepositoryError("ssh-keygen did not sign in time.", hint="Try again.") from error
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise RepositoryError(
                f"ssh-keygen did not sign: {one_line('; '.join(said), 300) or done.returncode}.",
                hint="Check user.signingkey, and that an agent or the key's file has the"
                " private key.",
            )


def signing(
    settings: Mapping[str, str], base: Path, directory: Path, *, sign: bool | None
) -> Signing | None:
    """Return what signs, by git's settings; None when nothing is to sign.

    `base` is what a relative path of a key counts from, `directory` is for temporary files.

    Raises:
        RepositoryError: a signature is asked for, and git has no SSH key for it.
    """
    key = settings.get("user.signingkey", "")
    form = settings.get("gpg.format", "openpgp").lower()
    if sign is False:
        return None
    if key and form == "ssh":
        return Signing(key=key, base=base, directory=directory)
    if sign is None:
        return None
    if form != "ssh" and key:
        name = "OpenPGP" if form == "openpgp" else one_line(form, 20)
        raise RepositoryError(
            f"git is configured to sign with {name}; releases are signed with SSH.", hint=_SET_UP
        )
    raise RepositoryError("git has no SSH key to sign with.", hint=_SET_UP)


def _literal(key: str) -> str | None:
    """Return a public key that stands in the settings itself, None for a path."""
    text = key.removeprefix("key::")
    return text if text != key or text.startswith(_LITERAL) else None


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:  # no home of that user
        return Path(path)


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {**kept, "LC_ALL": "C", "PATH": search_path()}
