"""The lines of git's allowed_signers file, read as strictly as who may sign deserves.

A line that is refused names nobody. It must not know roles, nor verify a signature.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.core.names import quoted

KEY_TYPES = (
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)

_FIRST = re.compile(r'(?:"(?P<in>[^"]*)"|(?P<bare>[^\s"]+))[ \t]+(?P<rest>\S.*)')
_OPTIONS = re.compile(r'(?P<options>(?:[^\s"]|"[^"]*")+)[ \t]+(?P<rest>\S.*)')
_OPTION = re.compile(r'([a-z-]+)(?:="([^"]*)")?(?:,|$)')
_KEY = re.compile(r"(?P<type>\S+)[ \t]+(?P<blob>[A-Za-z0-9+/]+={0,2})(?:[ \t].*)?")
_VALUES = {
    "namespaces": re.compile(r"[^\s]+"),
    "valid-after": re.compile(r"[0-9]{8}(?:[0-9]{4}(?:[0-9]{2})?)?Z?"),
    "valid-before": re.compile(r"[0-9]{8}(?:[0-9]{4}(?:[0-9]{2})?)?Z?"),
}


@dataclass(frozen=True, slots=True, order=True)
class Signer:
    """One key of one principal; `options` as they stand in the file, mostly empty."""

    principal: str
    key_type: str
    fingerprint: str
    options: str = ""

    @property
    def key(self) -> str:
        """The key as people compare it: its type, fingerprint and what limits it."""
        limits = f" ({self.options})" if self.options else ""
        return f"{self.key_type} {self.fingerprint}{limits}"


def signers(text: str) -> frozenset[Signer]:
    """Return who may sign with which key, without lines that are refused."""
    read = [_read(line) for _, line in _lines(text)]
    return frozenset(each for found in read if not isinstance(found, str) for each in found)


def signers_findings(text: str) -> tuple[tuple[int, str], ...]:
    """Return line (from 1) and sentence for each line of allowed_signers that is refused."""
    read = [(number, _read(line)) for number, line in _lines(text)]
    return tuple((number, found) for number, found in read if isinstance(found, str))


def clean(text: str) -> str:
    """Return the text without comments and lines that are refused; each line ends."""
    return "".join(f"{line}\n" for _, line in _lines(text) if not isinstance(_read(line), str))


def principals(text: str) -> tuple[str, ...]:
    """Return who is named in allowed_signers, sorted, without lines that are refused."""
    return tuple(sorted({signer.principal for signer in signers(text)}))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield number and text of the lines that are neither empty nor comments."""
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip(" \t\r")
        if stripped and not stripped.startswith("#"):
            yield number, stripped


def _read(line: str) -> tuple[Signer, ...] | str:
    """Return the signers that a line names, or a sentence why it is refused."""
    first = _FIRST.fullmatch(line)
    if first is None or not line.replace("\t", " ").isprintable():
        return "The line is not of the form PRINCIPALS [OPTIONS] KEYTYPE KEY."
    names = (first["in"] or first["bare"] or "").split(",")
    options, rest = _options(first["rest"])
    refused = _names_problem(names) or _options_problem(options) or _key_problem(rest)
    if refused is not None:
        return refused
    kind, blob = rest.split()[:2]
    return tuple(Signer(name, kind, _fingerprint(blob), options) for name in names)


def _options(rest: str) -> tuple[str, str]:
    """Return the options, empty when the key comes at once, and what follows them."""
    found = _OPTIONS.fullmatch(rest)
    if _begins_key(rest) or found is None or not _begins_key(found["rest"]):
        return "", rest
    return found["options"], found["rest"]


def _begins_key(text: str) -> bool:
    return text.split(maxsplit=1)[0] in KEY_TYPES


def _names_problem(names: list[str]) -> str | None:
    """Say which principal is none."""
    for name in names:
        if not name or name != name.strip():
            return "A principal is empty or has spaces around it."
        if set("*?!") & set(name):
            return (
                f"The principal {quoted(name)} is a pattern; name each person, "
                "for a role's members are named."
            )
    return None


def _options_problem(options: str) -> str | None:
    """Say which option is unknown, wrong or refused."""
    if "cert-authority" in options.casefold().split(","):
        return "cert-authority would let others name the signers; write each person's own key."
    end, seen = 0, set[str]()
    for found in _OPTION.finditer(options):
        name, value = found[1], found[2]
        if found.start() != end or name in seen or name not in _VALUES:
            break
        if value is None or not _VALUES[name].fullmatch(value):
            return f"The option {name} has no value that can be read."
        seen.add(name)
        end = found.end()
    if end != len(options) or options.endswith(","):
        return f"The options {quoted(options)} are not namespaces, valid-after and valid-before."
    return None


def _key_problem(rest: str) -> str | None:
    """Say what is wrong with a key."""
    found = _KEY.fullmatch(rest)
    if found is None or found["type"] not in KEY_TYPES:
        wanted = ", ".join(KEY_TYPES[:3])
        first = rest.split(maxsplit=1)[0]
        return f"{quoted(first)} begins no SSH key that is known, like {wanted}."
    blob, kind = _decoded(found["blob"]), found["type"].encode()
    if blob is None or _fields(blob)[:1] != [kind]:
        return f"The key is not one of type {found['type']}; was a part of it lost?"
    return None


def _decoded(blob: str) -> bytes | None:
    """Return the bytes of a key, None when they cannot be read."""
    import base64
    import binascii

    try:
        return base64.b64decode(blob, validate=True)
    except binascii.Error:
        return None


def _fields(blob: bytes) -> list[bytes]:
    """Return the fields of a key, none when one of them is cut off."""
    found, rest = [], blob
    while rest:
        length = int.from_bytes(rest[:4], "big")
        field, rest = rest[4 : 4 + length], rest[4 + length :]
        if len(field) != length or not length:
            return []
        found.append(field)
    return found


def _fingerprint(blob: str) -> str:
    """Return the fingerprint that `ssh-keygen -l` shows."""
    import base64
    import hashlib

    digest = hashlib.sha256(base64.b64decode(blob)).digest()
    return "SHA256:" + base64.b64encode(digest).decode("ascii").rstrip("=")
