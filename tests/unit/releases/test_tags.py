"""Tag objects are read strictly from any bytes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.releases.tags import LARGEST, TagObject, parse_tag_object

OID = "a" * 40
HEAD = (
    b"object " + b"b" * 40 + b"\ntype commit\ntag staging/v1.4.0\n"
    b"tagger Ana A. <ana@example.com> 1767225600 +0100\n"
)
SSH = b"-----BEGIN SSH SIGNATURE-----\nU1NI\n-----END SSH SIGNATURE-----\n"


def read(data: bytes) -> TagObject:
    """Return the tag in bytes that are one."""
    found = parse_tag_object(OID, data)
    assert isinstance(found, TagObject)
    return found


def test_an_unsigned_tag_is_read() -> None:
    """Every header has its place in the value, and all bytes are the payload."""
    data = HEAD + b"\nWeekly release\n\nwith text\n"
    assert parse_tag_object(OID, data) == TagObject(
        oid=OID,
        name="staging/v1.4.0",
        target="b" * 40,
        target_kind="commit",
        tagger_name="Ana A.",
        tagger_email="ana@example.com",
        message="Weekly release\n\nwith text\n",
        payload=data,
    )


@pytest.mark.parametrize("ending", [b"", b"\n"])
def test_a_tag_may_have_no_message(ending: bytes) -> None:
    """Headers alone are a tag with an empty message."""
    assert read(HEAD + ending).message == ""
    assert read(HEAD.removesuffix(b"\n")).message == ""


def test_an_object_id_may_be_sha256() -> None:
    """Repositories with the longer object ids have tags too."""
    assert read(HEAD.replace(b"b" * 40, b"c" * 64)).target == "c" * 64


@pytest.mark.parametrize(
    ("marker", "signature_format"),
    [
        (b"SSH SIGNATURE", "ssh"),
        (b"PGP SIGNATURE", "openpgp"),
        (b"PGP MESSAGE", "openpgp"),
        (b"SIGNED MESSAGE", "x509"),
    ],
)
def test_the_signature_is_told_by_how_it_begins(marker: bytes, signature_format: str) -> None:
    """Payload and message end where the signature begins."""
    signature = b"-----BEGIN " + marker + b"-----\nabc\n"
    tag = read(HEAD + b"\nText\n" + signature)
    assert tag.signature_format == signature_format
    assert tag.signature == signature.decode()
    assert tag.message == "Text\n"
    assert tag.payload == HEAD + b"\nText\n"


def test_the_last_marker_begins_the_signature() -> None:
    """As for git, an earlier line that looks like a signature is part of the message."""
    tag = read(HEAD + b"\n-----BEGIN PGP SIGNATURE-----\nx\n" + SSH)
    assert tag.signature_format == "ssh"
    assert tag.message == "-----BEGIN PGP SIGNATURE-----\nx\n"


def test_a_marker_within_a_line_begins_nothing() -> None:
    """Only a line that begins with the marker is a signature."""
    assert read(HEAD + b"\n -----BEGIN SSH SIGNATURE-----\n").signature is None


def test_a_message_that_is_not_utf8_is_still_read() -> None:
    """Bytes that are no text are replaced in the message and kept in the payload."""
    tag = read(HEAD + b"\n\xff\n")
    assert tag.message == "\ufffd\n"
    assert tag.payload.endswith(b"\xff\n")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "a line that is none of object, type, tag and tagger"),
        (HEAD + b"\nhidden\0text", "it contains a NUL byte"),
        (HEAD + b"\n" + b"x" * LARGEST, "it is larger than 1048576 bytes"),
        (HEAD.replace(b"Ana", b"\xff"), "its header is not UTF-8"),
        (HEAD + b"tag staging/v9.9.9\n\nx", "its header has two lines tag"),
        (HEAD + b"gpgsig x\n\nx", "a line that is none of object, type, tag and tagger"),
        (SSH + HEAD, "a line that is none of object, type, tag and tagger"),
        (HEAD[: HEAD.index(b"tagger")], "its header has no tagger"),
        (HEAD[HEAD.index(b"type") :], "its header has no object"),
        (
            HEAD.replace(b"type commit\ntag staging/v1.4.0", b"tag staging/v1.4.0\ntype commit"),
            "out of order",
        ),
        (HEAD.replace(b"b" * 40, b"B" * 40), "its object is no full object id"),
        (HEAD.replace(b"b" * 40, b"b" * 39), "its object is no full object id"),
        (HEAD.replace(b"commit", b"commits"), "its type is none of"),
        (HEAD.replace(b"tag staging/v1.4.0", b"tag "), "its name is empty"),
        (HEAD.replace(b"v1.4.0", "v1\u202e".encode()), "characters that cannot be seen"),
        (HEAD.replace(b"<ana@example.com>", b"ana@example.com"), "its tagger is not of the form"),
        (HEAD.replace(b" +0100", b""), "its tagger is not of the form"),
    ],
)
def test_what_git_does_not_write_is_refused(data: bytes, reason: str) -> None:
    """Each deviation has a reason of its own."""
    found = parse_tag_object(OID, data)
    assert isinstance(found, str)
    assert reason in found


@settings(max_examples=100)
@given(st.binary(max_size=200), st.integers(0, len(HEAD)), st.integers(0, len(HEAD)))
def test_no_bytes_raise(noise: bytes, start: int, end: int) -> None:
    """Whatever stands in or instead of a part of a tag, the answer is a tag or a reason."""
    for data in (noise, HEAD[:start] + noise + HEAD[end:], HEAD + b"\n" + noise):
        found = parse_tag_object(OID, data)
        assert found if isinstance(found, str) else data.startswith(found.payload)


def test_a_tag_that_git_signed_verifies(tmp_path: Path) -> None:
    """Payload and signature of a real tag are those that ssh-keygen finds valid."""
    key = tmp_path / "key"
    run(tmp_path, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    run(tmp_path, "git", "init", "-q")
    signed = ("-c", "gpg.format=ssh", "-c", f"user.signingKey={key}")
    who = ("-c", "user.name=Ana", "-c", "user.email=ana@example.com")
    run(tmp_path, "git", *who, "commit", "-q", "--allow-empty", "-m", "Begin")
    run(tmp_path, "git", *who, *signed, "tag", "-s", "staging/v1.4.0", "-m", "Weekly")
    tag = read(run(tmp_path, "git", "cat-file", "tag", "staging/v1.4.0"))
    assert (tag.name, tag.message, tag.signature_format) == ("staging/v1.4.0", "Weekly\n", "ssh")
    (tmp_path / "signature").write_text(str(tag.signature))
    (tmp_path / "signers").write_text(f"ana@example.com {key.with_suffix('.pub').read_text()}")
    check = ("-Y", "verify", "-f", "signers", "-I", "ana@example.com", "-n", "git")
    run(tmp_path, "ssh-keygen", *check, "-s", "signature", given=tag.payload)


def run(folder: Path, *command: str, given: bytes | None = None) -> bytes:
    """Run a program in a folder, without this machine's git configuration."""
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    found = subprocess.run(
        command, cwd=folder, input=given, env=os.environ | quiet, capture_output=True, check=True
    )
    return found.stdout
