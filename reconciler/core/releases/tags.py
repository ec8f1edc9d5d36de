"""Tag objects read from their bytes, strictly: what git would sign is what is looked at.

It must not know which tags are accepted, nor verify a signature.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

SignatureFormat = Literal["ssh", "openpgp", "x509"]

LARGEST = 1024 * 1024

# Where git ends what is signed: the last line that begins with one of these, wherever it is.
_SIGNATURE = re.compile(
    rb"^-----BEGIN (?:(?P<ssh>SSH SIGNATURE)|(?P<openpgp>PGP (?:SIGNATURE|MESSAGE))"
    rb"|(?P<x509>SIGNED MESSAGE))-----",
    re.MULTILINE,
)
_HEADERS = ("object", "type", "tag", "tagger")
_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_KINDS = ("commit", "tree", "blob", "tag")
_TAGGER = re.compile(r"(?P<name>[^<>]*?) ?<(?P<email>[^<>]*)> [0-9]+ [+-][0-9]{4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TagObject:
    """An annotated tag: the object `oid` named `name` inside, pointing to `target`.

    `message` is without the signature, `payload` the bytes that were signed.
    """

    oid: str
    name: str
    target: str
    target_kind: str
    tagger_name: str
    tagger_email: str
    message: str
    payload: bytes
    signature: str | None = None
    signature_format: SignatureFormat | None = None


class _Header(NamedTuple):
    """What the header of a tag object says."""

    name: str
    target: str
    kind: str
    tagger_name: str
    tagger_email: str


def parse_tag_object(oid: str, data: bytes) -> TagObject | str:
    """Return the tag in these bytes, or the reason why they are none; never raises.

    The reason is a phrase without capital and full stop, safe to show.
    """
    if len(data) > LARGEST:
        return f"it is larger than {LARGEST} bytes"
    if b"\0" in data:
        return "it contains a NUL byte"
    payload, signature, signature_format = _split(data)
    head, _, message = payload.partition(b"\n\n")
    header = _header(head.removesuffix(b"\n"))
    if isinstance(header, str):
        return header
    return TagObject(
        oid=oid,
        name=header.name,
        target=header.target,
        target_kind=header.kind,
        tagger_name=header.tagger_name,
        tagger_email=header.tagger_email,
        message=message.decode("utf-8", "replace"),
        payload=payload,
        signature=signature,
        signature_format=signature_format,
    )


def _split(data: bytes) -> tuple[bytes, str | None, SignatureFormat | None]:
    """Return what was signed, the signature and its format."""
    all_found = list(_SIGNATURE.finditer(data))
    if not all_found:
        return data, None, None
    found = all_found[-1]
    kind: SignatureFormat = "ssh" if found["ssh"] else "openpgp" if found["openpgp"] else "x509"
    return data[: found.start()], data[found.start() :].decode("utf-8", "replace"), kind


def _header(head: bytes) -> _Header | str:
    """Return what the header says, or what is wrong with it."""
    try:
        lines = _lines(head.decode("utf-8"))
    except UnicodeDecodeError:
        return "its header is not UTF-8"
    return lines if isinstance(lines, str) else _checked(lines)


def _lines(head: str) -> dict[str, str] | str:
    """Return the four lines of a header by name, or why they are not these in this order."""
    found: dict[str, str] = {}
    for line in head.split("\n"):
        name, _, value = line.partition(" ")
        if name in found:
            return f"its header has two lines {name}"
        if name not in _HEADERS:
            return "its header has a line that is none of object, type, tag and tagger"
        found[name] = value
    missing = [name for name in _HEADERS if name not in found]
    if missing:
        return f"its header has no {missing[0]}"
    return found if tuple(found) == _HEADERS else "the lines of its header are out of order"


def _checked(lines: dict[str, str]) -> _Header | str:
    """Return what the lines say, or which value is wrong."""
    if not _OID.fullmatch(lines["object"]):
        return "its object is no full object id"
    if lines["type"] not in _KINDS:
        return "its type is none of commit, tree, blob and tag"
    if not lines["tag"] or not lines["tag"].isprintable():
        return "its name is empty or has characters that cannot be seen"
    tagger = _TAGGER.fullmatch(lines["tagger"])
    if tagger is None:
        return "its tagger is not of the form NAME <EMAIL> TIME ZONE"
    return _Header(lines["tag"], lines["object"], lines["type"], tagger["name"], tagger["email"])
