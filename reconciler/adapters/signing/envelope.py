"""What an SSH signature and a file of allowed signers say of themselves.

Nothing here decides whether a signature counts: ssh-keygen does. This tells people why it did not.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import translate

from reconciler.core.printable import one_line

_ARMOR = re.compile(
    r"-----BEGIN SSH SIGNATURE-----\s(.+?)-----END SSH SIGNATURE-----\s*\Z", re.DOTALL
)
_MAGIC = b"SSHSIG\0\0\0\1"
_OPTION = re.compile(r'([A-Za-z-]+)(?:="([^"]*)")?(?:,|\Z)')
_LINE = re.compile(
    r'(?P<names>"[^"]*"|[^\s"]+)\s+'
    r'(?:(?P<options>(?:[^\s"]|"[^"]*")+)\s+)??'
    r"(?P<type>(?:ssh|ecdsa|sk)-\S+)\s+(?P<key>[A-Za-z0-9+/=]+)(?:\s|\Z)"
)
_MOMENT = re.compile(r"([0-9]{8})([0-9]{4})?([0-9]{2})?Z?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The key that a signature names, and the namespace that it was made for."""

    key: bytes
    namespace: str

    @property
    def fingerprint(self) -> str:
        """The key's fingerprint as ssh-keygen shows it."""
        digest = base64.b64encode(hashlib.sha256(self.key).digest()).decode("ascii")
        return f"SHA256:{digest.rstrip('=')}"

    @property
    def is_certificate(self) -> bool:
        """True when the key is vouched for by an authority."""
        return b"-cert-v01@openssh.com" in self.key[:64]


def opened(signature: str) -> Envelope | None:
    """Return what a signature says of itself, None when it is no SSH signature."""
    match = _ARMOR.match(signature)
    try:
        blob = base64.b64decode("".join(match[1].split()), validate=True) if match else b""
    except (binascii.Error, ValueError):
        return None
    if not blob.startswith(_MAGIC):
        return None
    key, rest = _text(blob[len(_MAGIC) :])
    namespace, _ = _text(rest)
    return Envelope(key=key, namespace=namespace.decode("utf-8", "replace")) if key else None


def _text(data: bytes) -> tuple[bytes, bytes]:
    size = int.from_bytes(data[:4], "big")
    return data[4 : 4 + size], data[4 + size :]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A line of a file of allowed signers; times are as written there, None without."""

    names: str
    key: bytes
    namespaces: str | None = None
    valid_after: str | None = None
    valid_before: str | None = None
    is_authority: bool = False

    def is_for(self, principal: str) -> bool:
        """Say whether the line is for a principal."""
        return _in_list(principal, self.names)

    def problem(self, namespace: str, at: datetime) -> str | None:
        """Say why its key does not count in a namespace at a time, None when it does."""
        if self.namespaces is not None and not _in_list(namespace, self.namespaces):
            return f"may sign for `{one_line(self.namespaces, 80)}` only, not for {namespace}"
        after, before = _moment(self.valid_after), _moment(self.valid_before)
        if after is not None and at < after:
            return f"was not valid yet at {_shown(at)}: it is valid after {_shown(after)}"
        if before is not None and at > before:
            return f"had expired at {_shown(at)}: it is valid before {_shown(before)}"
        return None


def signers(text: str) -> Iterator[Signer]:
    """Yield the lines of a file of allowed signers that can be read."""
    for line in text.splitlines():
        match = None if line.startswith("#") else _LINE.match(line.strip())
        if match is None:
            continue
        options = {name.lower(): value for name, value in _OPTION.findall(match["options"] or "")}
        try:
            key = base64.b64decode(match["key"], validate=True)
        except (binascii.Error, ValueError):
            continue
        yield Signer(
            names=match["names"].strip('"'),
            key=key,
            namespaces=options.get("namespaces"),
            valid_after=options.get("valid-after"),
            valid_before=options.get("valid-before"),
            is_authority="cert-authority" in options,
        )


def why(
    envelope: Envelope, text: str, principals: Collection[str], namespace: str, at: datetime
) -> str | None:
    """Say why a sound signature is by none of the principals, None when it is not seen here."""
    key = f"the key {envelope.fingerprint}"
    if envelope.is_certificate:
        return f"{key} is a certificate that no authority in allowed_signers vouches for here"
    lines = [each for each in signers(text) if each.key == envelope.key and not each.is_authority]
    if not lines:
        return f"{key} is not in allowed_signers"
    asked = [line for line in lines if any(map(line.is_for, principals))]
    for line in asked:
        problem = line.problem(namespace, at)
        if problem is not None:
            return f"{key} of {one_line(line.names, 200)} {problem}"
    owners = ", ".join(dict.fromkeys(one_line(line.names, 200) for line in lines))
    return None if asked else f"{key} belongs to {owners}, who may not sign this"


def _in_list(text: str, patterns: str) -> bool:
    """Say whether a list of patterns with `*`, `?` and `!` holds a text, as OpenSSH does."""
    found = False
    for pattern in patterns.split(","):
        literal = pattern.removeprefix("!").replace("[", "[[]")
        if re.match(translate(literal), text):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def _moment(written: str | None) -> datetime | None:
    match = _MOMENT.match(written or "")
    if match is None:
        return None
    digits = match[1] + (match[2] or "0000") + (match[3] or "00")
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _shown(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
