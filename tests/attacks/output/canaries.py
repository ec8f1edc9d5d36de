"""Secret values that must never be seen again, and what finds them in whatever form they appear.

Nothing here knows how the program masks: the forms are made anew, with the libraries that make them
elsewhere. `sightings(data)` names each canary that some bytes hold, whole or a long piece of it.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import quopri
import re
import urllib.parse
import zlib
from collections.abc import Iterator, Mapping
from functools import cache

PEM = (
    "-----BEGIN PRIVATE KEY-----\n"
    "c4naryPEM0BADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n"
    "c4naryPEM1YyjiWA4R4M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYE\n"
    "c4naryPEM2==\n"
    "-----END PRIVATE KEY-----"
)

CANARIES: Mapping[str, str] = {
    "github token": "plain-c4nary-of-actions-QyX8",
    "forge token": "c4nary_forge.Zq9~w/VbT+77x",
    "git token": "c4nary=git&token?Mm3%41zzK",
    "sealing key": base64.b64encode(b"c4nary: 32 bytes of a sealing ke").decode(),
    "mail password": "c4nary:mail/pass word@Uu7",
    "store password": "c4nary;store'pass\"word#Jj4",
    "remote password": "c4naryRemotePassWord0Ee5",
    "platform password": "c4naryPlatformPassWord1Rr2",
    "signing key": PEM,
    "secret in the store": "c4nary <stored> \\back & ${{slash}} é Hh6",
    "secret in a file": "c4nary\tin a file ::debug::q ##[endgroup] Nn2",
    "shared value": "c4naryCommittedByMistake_Tt1",
    "other shared value": "another-c4nary-in-git.Kk8",
}

# A piece this long is as good as the whole; what all canaries share is no piece of one.
_PIECE = 12


@cache
def needles() -> dict[str, str]:
    """Return every form in which a canary may appear, and whose it is."""
    found = {form: name for name, value in CANARIES.items() for form in _forms(value)}
    return {form: name for form, name in found.items() if len(form) >= 8}


def _forms(value: str) -> Iterator[str]:
    lines = [line for line in value.splitlines() if not line.startswith("-----")]
    for part in {value, *lines}:
        yield from _pieces(part)
        yield from _written(part)
    data = value.encode()
    for digest in ("md5", "sha1", "sha256", "sha512", "blake2b"):
        hashed = hashlib.new(digest, data)
        yield hashed.hexdigest()[:10]
        yield base64.b64encode(hashed.digest()).decode()[:10]


def _pieces(text: str) -> Iterator[str]:
    for start in range(len(text) - _PIECE + 1):
        yield text[start : start + _PIECE]


def _written(text: str) -> Iterator[str]:
    data = text.encode()
    for other in (data, text.encode("utf-16-le"), text.encode("utf-16-be")):
        for shift in range(3):
            encoded = base64.b64encode(bytes(shift) + other).decode()[4:-4]
            yield from (encoded, encoded.replace("+", "-").replace("/", "_"))
        yield from (other.hex(), other.hex().upper(), other.decode("latin-1"))
    for kept in ("", "/", "!'()*;/?:@&=+$,#"):
        yield urllib.parse.quote(text, safe=kept)
    yield urllib.parse.quote_plus(text)
    yield json.dumps(text)[1:-1]
    yield json.dumps(json.dumps(text)[1:-1])[1:-1]
    yield html.escape(text)
    yield repr(text)[1:-1]
    yield quopri.encodestring(data).decode().replace("=\n", "")
    yield text.replace("'", "''")


def sightings(data: bytes | str) -> list[str]:
    """Return which canaries some output or stored bytes hold, in any form, compressed too."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    texts = {reading for blob in _unpacked(raw) for reading in _readings(blob)}
    joined = "\n\n".join(texts)
    return sorted({name for form, name in needles().items() if form in joined})


def _unpacked(data: bytes) -> Iterator[bytes]:
    yield data
    for unpack in (zlib.decompress, gzip.decompress, _raw_deflate):
        try:
            yield unpack(data)
        except (OSError, EOFError, zlib.error):
            continue


def _raw_deflate(data: bytes) -> bytes:
    return zlib.decompressobj(-15).decompress(data)


def _readings(data: bytes) -> Iterator[str]:
    """Yield the bytes as texts: as they are, unwrapped, and without what Markdown puts between."""
    text = data.decode("utf-8", "replace")
    yield text
    yield data.decode("latin-1")
    yield re.sub(r"[ \t]*(?:\r?\n|\\r\\n|\\n)[ \t│+~>|-]*", "", text)
    yield re.sub(r"=\r?\n", "", text)
    plain = re.sub(r"</?span>|&#8203;|\u200b|\x1b\[[0-9;]*m", "", text)
    yield re.sub(r"\\([\\`*_\[\]~|])", r"\1", html.unescape(plain))
    yield urllib.parse.unquote(text)
    yield text.replace("\0", "")
