"""Verifies SSH signatures with ssh-keygen.

Times in a file of allowed signers that name no zone are in UTC, on every machine. The time that
counts is the one that is asked for, never the present one.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from reconciler.adapters.signing.envelope import Envelope, opened, why
from reconciler.core.errors import RepositoryError
from reconciler.core.printable import one_line
from reconciler.ports import SignatureAnswer

NAMESPACE = "git"
MAX_SIGNATURE = 64 * 1024
MAX_SIGNERS = 1024 * 1024

_TIMEOUT = 20.0
_KEPT = 16 * 1024
# No dash at the beginning, no space, nothing that OpenSSH takes for a pattern or a list.
_PLAIN = re.compile(r"[^\s\x00-\x1f\x7f\"'*?!,#-][^\s\x00-\x1f\x7f\"'*?!,]*\Z")
_INSTALL = "Install OpenSSH 8.9 or newer (on Debian and Ubuntu: the package openssh-client)."
# What ssh-keygen says when it could not even begin.
_UNABLE = re.compile(
    r"^(?:No user exists|Unsupported|Invalid \S*option|ssh-keygen: |unknown option|usage:)",
    re.MULTILINE,
)


class SshVerifier:
    """A `ports.SignatureVerifier` that asks ssh-keygen."""

    def verify(
        self,
        payload: bytes,
        signature: str,
        *,
        allowed_signers: str,
        principals: Iterable[str],
        at: str,
    ) -> SignatureAnswer:
        """Say which of the principals signed a payload, by keys that were valid at a time.

        Raises:
            RepositoryError: there is no ssh-keygen, or it does not answer.
        """
        envelope = opened(signature) if len(signature) <= MAX_SIGNATURE else None
        if envelope is None:
            return SignatureAnswer(None, "it is no SSH signature")
        if envelope.namespace != NAMESPACE:
            shown = one_line(envelope.namespace, 80)
            return SignatureAnswer(None, f"it was made for the namespace `{shown}`, not for git")
        if len(allowed_signers) > MAX_SIGNERS:
            return SignatureAnswer(None, "allowed_signers is larger than 1 MiB and is not read")
        asked = tuple(name for name in dict.fromkeys(principals) if _PLAIN.match(name))
        with _written(payload, signature, allowed_signers) as keygen:
            return _judged(keygen, envelope, allowed_signers, asked, _moment(at))


def _judged(
    keygen: _Keygen,
    envelope: Envelope,
    allowed_signers: str,
    principals: tuple[str, ...],
    at: datetime,
) -> SignatureAnswer:
    if not keygen.fits():
        return SignatureAnswer(None, "the signature does not fit what it stands below")
    time = at.strftime("%Y%m%d%H%M%S")
    for principal in principals:
        if keygen.is_by(principal, time):
            return SignatureAnswer(principal, None)
    reason = why(envelope, allowed_signers, principals, NAMESPACE, at)
    told = f": {keygen.complaint}" if keygen.complaint else ""
    return SignatureAnswer(None, reason or f"ssh-keygen does not accept the signature{told}")


@dataclass(slots=True)
class _Keygen:
    """The program, with what it reads in a private folder."""

    program: str
    folder: Path
    complaint: str = ""

    def fits(self) -> bool:
        """Say whether the signature is sound and of the payload, whoever made it."""
        return self._run("check-novalidate", "-n", NAMESPACE)

    def is_by(self, principal: str, time: str) -> bool:
        """Say whether a principal made it with a key that was valid at a time."""
        signers = str(self.folder / "allowed_signers")
        return self._run(
            "verify", "-n", NAMESPACE, "-I", principal, "-f", signers, f"-Overify-time={time}"
        )

    def _run(self, what: str, *options: str) -> bool:
        command = [self.program, "-Y", what, *options, "-s", str(self.folder / "signature")]
        environment = {"LC_ALL": "C", "TZ": "UTC0", "PATH": os.defpath}
        said = self.folder / "said"
        with (self.folder / "payload").open("rb") as text, said.open("wb") as output:
            try:
                done = subprocess.run(  # noqa: S603  # fixed argv, found on PATH
                    command,
                    env=environment,
                    stdin=text,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    timeout=_TIMEOUT,
                    check=False,
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise RepositoryError("ssh-keygen does not answer.", hint=_INSTALL) from error
        return self._answer(done.returncode, said)

    def _answer(self, status: int, said: Path) -> bool:
        with said.open("rb") as stream:
            text = stream.read(_KEPT).decode("utf-8", "replace")
        lines = [line.replace(f"{self.folder}/", "").strip() for line in text.splitlines()]
        self.complaint = one_line("; ".join(filter(None, lines)), 300).rstrip(".")
        if status and _UNABLE.search(text):
            raise RepositoryError(
                f"ssh-keygen cannot verify signatures here: {self.complaint}.", hint=_INSTALL
            )
        return status == 0


@contextmanager
def _written(payload: bytes, signature: str, allowed_signers: str) -> Iterator[_Keygen]:
    """Write what ssh-keygen reads into a private folder, for as long as the block lasts."""
    absolute = [each for each in _search_path() if Path(each).is_absolute()]
    program = shutil.which("ssh-keygen", path=os.pathsep.join(absolute))
    if program is None:
        raise RepositoryError("ssh-keygen was not found on PATH.", hint=_INSTALL)
    files = {
        "payload": payload,
        "signature": signature.encode("utf-8", "surrogateescape"),
        "allowed_signers": allowed_signers.encode("utf-8", "surrogateescape"),
    }
    try:
        with tempfile.TemporaryDirectory(prefix="reconciler-ssh-") as folder:
            for name, data in files.items():
                (Path(folder) / name).write_bytes(data)
            yield _Keygen(program, Path(folder))
    except OSError as error:
        raise RepositoryError(
            f"a temporary file for ssh-keygen cannot be written: {error.strerror}.",
            hint="Check TMPDIR and the free space there.",
        ) from error


def _search_path() -> list[str]:
    return os.environ.get("PATH", os.defpath).split(os.pathsep)


def _moment(at: str) -> datetime:
    return datetime.fromisoformat(at).astimezone(UTC)
