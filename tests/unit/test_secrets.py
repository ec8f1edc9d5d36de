"""Where secret values come from, and how stored ones are sealed."""

from __future__ import annotations

import base64
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from reconciler.adapters.secrets.keys import EnvironmentKeys
from reconciler.adapters.secrets.sealer import LARGEST, AesSealer
from reconciler.adapters.secrets.sources import LARGEST_FILE, Sources, standard_sources
from reconciler.core.errors import SecretError
from reconciler.ports import SealedSecret

CANARY = "c4nary-value"
KEY = base64.b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.b64encode(bytes(range(1, 33))).decode()


class StoredSecrets:
    """The one question that sources ask of a store."""

    def __init__(self, sealed: Mapping[tuple[str, str], SealedSecret]) -> None:
        """Take the stored secrets by environment and name."""
        self._sealed = sealed

    def secret(self, environment: str, name: str) -> SealedSecret | None:
        """Return a stored secret."""
        return self._sealed.get((environment, name))


def sealer(key: str = KEY) -> AesSealer:
    """Return a sealer whose every environment is staging, with a key of its own."""
    return AesSealer(EnvironmentKeys({"RECONCILER_KEY_STAGING": key}, None))


def test_a_keyed_digest_belongs_to_environment_purpose_and_data() -> None:
    """The same again is the same; another key, environment, purpose or byte is another."""
    keys = {"RECONCILER_KEY_STAGING": KEY, "RECONCILER_KEY_PRODUCTION": KEY}
    found = AesSealer(EnvironmentKeys(keys, None))

    digests = [
        found.keyed_digest("staging", "backup", b"data"),
        found.keyed_digest("production", "backup", b"data"),
        found.keyed_digest("staging", "other", b"data"),
        found.keyed_digest("staging", "backup", b"datA"),
        sealer(OTHER_KEY).keyed_digest("staging", "backup", b"data"),
    ]

    assert found.keyed_digest("staging", "backup", b"data") == digests[0]
    assert len(set(digests)) == len(digests)
    assert all(re.fullmatch("[0-9a-f]{64}", each or "") for each in digests)


def test_without_a_key_there_is_no_keyed_digest(tmp_path: Path) -> None:
    """None is demanded beside a server; beside an embedded store one is made when asked for."""
    assert AesSealer(EnvironmentKeys({}, None)).keyed_digest("e", "p", b"", create=True) is None
    embedded = AesSealer(EnvironmentKeys({}, tmp_path))
    with pytest.raises(SecretError, match="is gone"):
        embedded.keyed_digest("e", "p", b"")

    made = embedded.keyed_digest("e", "p", b"", create=True)

    assert made == embedded.keyed_digest("e", "p", b"") is not None


def test_a_malformed_key_makes_no_keyed_digest() -> None:
    """A key that is there and wrong is an error, and no reason to go on without one."""
    with pytest.raises(SecretError, match="does not hold base64"):
        sealer("short").keyed_digest("staging", "backup", b"", create=True)


def sources(
    tmp_path: Path, environ: Mapping[str, str] | None = None, **stored: SealedSecret
) -> Sources:
    """Return the sources of a repository in tmp_path."""
    store = StoredSecrets({("staging", name): sealed for name, sealed in stored.items()})
    return standard_sources(environ or {}, tmp_path, store, sealer())


def test_a_variable_is_read_by_the_name_in_the_manifest(tmp_path: Path) -> None:
    """An env source reads the variable it names, else the one named as the secret."""
    known = sources(tmp_path, {"HUB": CANARY, "TOKEN": "other"})

    assert known.value("staging", "TOKEN", {"from": "env", "name": "HUB"}) == CANARY
    assert known.value("staging", "TOKEN", {"from": "env"}) == "other"
    assert known.present("staging", "TOKEN", {"from": "env", "name": "HUB"}) is True


@pytest.mark.parametrize("environ", [{}, {"TOKEN": ""}])
def test_an_empty_variable_is_no_value(tmp_path: Path, environ: dict[str, str]) -> None:
    """A build server passes a missing secret as an empty variable: that is none."""
    known = sources(tmp_path, environ)

    assert known.value("staging", "TOKEN", {"from": "env"}) is None
    assert known.present("staging", "TOKEN", {"from": "env"}) is False


def test_a_variable_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are an error that does not show them."""
    known = sources(tmp_path, {"TOKEN": f"{CANARY}\udcff"})

    with pytest.raises(SecretError, match="not UTF-8") as caught:
        known.value("staging", "TOKEN", {"from": "env"})
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_file_loses_one_line_end(tmp_path: Path, ending: str) -> None:
    """One newline at the end of a file belongs to the editor, not to the value."""
    (tmp_path / "token").write_bytes(f"{CANARY}\n{ending}".encode() if ending else CANARY.encode())
    expected = f"{CANARY}\n" if ending else CANARY

    known = sources(tmp_path)

    assert known.value("staging", "TOKEN", {"from": "file", "path": "token"}) == expected
    absolute = str(tmp_path / "token")
    assert known.value("staging", "TOKEN", {"from": "file", "path": absolute}) == expected
    assert known.present("staging", "TOKEN", {"from": "file", "path": "token"}) is True


def test_a_missing_or_empty_file_is_no_value(tmp_path: Path) -> None:
    """A file that is not there, or has nothing in it, is a secret without a value."""
    (tmp_path / "empty").touch()
    known = sources(tmp_path)

    for path in ("empty", "missing", "no/folder"):
        source = {"from": "file", "path": path}
        assert known.value("staging", "TOKEN", source) is None
        assert known.present("staging", "TOKEN", source) is False


def test_a_mounted_secret_is_followed_through_symlinks(tmp_path: Path) -> None:
    """Orchestrators mount secrets as symlinks."""
    (tmp_path / "data").write_text(CANARY)
    (tmp_path / "token").symlink_to("data")

    value = sources(tmp_path).value("staging", "TOKEN", {"from": "file", "path": "token"})

    assert value == CANARY


def make_unreadable(tmp_path: Path, how: str) -> str:
    """Return a path that cannot be a secret, with a canary in it where it has content."""
    path = tmp_path / "token"
    if how == "a folder":
        path.mkdir()
    elif how == "a pipe":
        os.mkfifo(path)
    elif how == "a device":
        return "/dev/zero"
    elif how == "too large":
        path.write_text(CANARY * LARGEST_FILE)
    elif how == "not UTF-8":
        path.write_bytes(CANARY.encode() + b"\xff")
    elif how == "a loop":
        path.symlink_to(path)
    else:
        return "to\0ken"
    return "token"


UNREADABLE = ["a folder", "a pipe", "a device", "too large", "not UTF-8", "a loop", "no path"]


@pytest.mark.parametrize("how", UNREADABLE)
def test_what_is_no_secret_file_is_refused(tmp_path: Path, how: str) -> None:
    """Only a small regular UTF-8 file is read; the error names it and shows nothing of it."""
    source = {"from": "file", "path": make_unreadable(tmp_path, how)}

    with pytest.raises(SecretError, match="The secret TOKEN comes from the file") as caught:
        sources(tmp_path).value("staging", "TOKEN", source)
    assert CANARY not in str(caught.value)
    assert "\0" not in str(caught.value)


@pytest.mark.parametrize(
    ("how", "known"), [("a folder", False), ("a loop", None), ("no path", None)]
)
def test_whether_a_file_is_there_may_not_be_known(
    tmp_path: Path, how: str, *, known: bool | None
) -> None:
    """What is no file has no value; where that cannot be seen, the answer is neither yes nor no."""
    source = {"from": "file", "path": make_unreadable(tmp_path, how)}

    assert sources(tmp_path).present("staging", "TOKEN", source) is known


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    """64 KiB is the most that a secret may have."""
    (tmp_path / "token").write_text("x" * LARGEST_FILE)

    value = sources(tmp_path).value("staging", "TOKEN", {"from": "file", "path": "token"})

    assert value == "x" * LARGEST_FILE


def test_a_stored_secret_is_opened(tmp_path: Path) -> None:
    """A store source opens what was sealed for this environment and name."""
    known = sources(tmp_path, TOKEN=sealer().seal("staging", "TOKEN", CANARY))

    assert known.value("staging", "TOKEN", {"from": "store"}) == CANARY
    assert known.present("staging", "TOKEN", {"from": "store"}) is True
    assert known.value("staging", "OTHER", {"from": "store"}) is None
    assert known.present("staging", "OTHER", {"from": "store"}) is False


def test_without_a_store_nothing_is_stored(tmp_path: Path) -> None:
    """Before the first write there is no store, and so no secret in it."""
    known = standard_sources({}, tmp_path, None, sealer())

    assert known.value("staging", "TOKEN", {"from": "store"}) is None
    assert known.present("staging", "TOKEN", {"from": "store"}) is False


@pytest.mark.parametrize("kind", ["vault", "aws"])
def test_a_planned_source_says_what_to_use(tmp_path: Path, kind: str) -> None:
    """A source that is not supported yet is not known to have a value, and names the others."""
    known = sources(tmp_path)

    assert known.present("staging", "TOKEN", {"from": kind}) is None
    with pytest.raises(SecretError, match=f"{kind}, which is not supported yet") as caught:
        known.value("staging", "TOKEN", {"from": kind})
    assert "from: env" in str(caught.value)


def test_an_unknown_source_is_refused(tmp_path: Path) -> None:
    """A source that nobody plans is an error too."""
    with pytest.raises(SecretError, match="which does not exist"):
        sources(tmp_path).value("staging", "TOKEN", {"from": "pigeon"})


@pytest.mark.parametrize("value", ["", "a", CANARY, "värde\n\0", "x" * 5000, "x" * LARGEST])
def test_what_is_sealed_opens_again(value: str) -> None:
    """Any text of at most 64 KiB comes back as it was."""
    sealed = sealer().seal("staging", "TOKEN", value)

    assert sealer().open("staging", "TOKEN", sealed) == value


def test_a_sealed_value_does_not_hold_the_text() -> None:
    """Neither the bytes nor the fingerprint hold the value."""
    sealed = sealer().seal("staging", "TOKEN", CANARY)

    assert CANARY.encode() not in sealed.sealed
    assert CANARY not in sealed.fingerprint


def test_sealing_twice_differs_but_the_fingerprint_stays() -> None:
    """A random nonce makes the bytes new; the fingerprint tells that the value is the same."""
    first, second = (sealer().seal("staging", "TOKEN", CANARY) for _ in range(2))

    assert first.sealed != second.sealed
    assert first.fingerprint == second.fingerprint


def test_the_fingerprint_depends_on_value_name_and_key() -> None:
    """Only the same value of the same secret under the same key has the same fingerprint."""
    prints = {
        sealer().seal("staging", "TOKEN", CANARY).fingerprint,
        sealer().seal("staging", "TOKEN", "other").fingerprint,
        sealer().seal("staging", "OTHER", CANARY).fingerprint,
        sealer(OTHER_KEY).seal("staging", "TOKEN", CANARY).fingerprint,
    }

    assert len(prints) == 4


def test_the_length_of_a_value_does_not_show() -> None:
    """Short and long passwords, tokens and keys are sealed in the same number of bytes."""
    lengths = {len(sealer().seal("staging", "T", "x" * n).sealed) for n in (0, 1, 40, 1700, 4000)}

    assert len(lengths) == 1


def test_another_key_does_not_open() -> None:
    """A value sealed with one key is refused under another, with the way out."""
    sealed = sealer().seal("staging", "TOKEN", CANARY)

    with pytest.raises(SecretError, match="does not open") as caught:
        sealer(OTHER_KEY).open("staging", "TOKEN", sealed)
    assert "reconciler secret set" in str(caught.value)


def test_a_value_opens_only_where_it_belongs() -> None:
    """A sealed value copied to another name or environment does not open there."""
    keys = EnvironmentKeys({"RECONCILER_KEY_STAGING": KEY, "RECONCILER_KEY_PRODUCTION": KEY}, None)
    sealed = AesSealer(keys).seal("staging", "TOKEN", CANARY)

    for environment, name in (("staging", "OTHER"), ("production", "TOKEN")):
        with pytest.raises(SecretError, match="does not open"):
            AesSealer(keys).open(environment, name, sealed)


@pytest.mark.parametrize("place", [0, 1, 20, -1])
def test_a_changed_byte_is_noticed(place: int) -> None:
    """Version, nonce, ciphertext and tag are all protected."""
    sealed = sealer().seal("staging", "TOKEN", CANARY)
    changed = bytearray(sealed.sealed)
    changed[place] ^= 1

    with pytest.raises(SecretError, match="does not open"):
        sealer().open("staging", "TOKEN", SealedSecret(bytes(changed), sealed.fingerprint))


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" * 20])
def test_a_cut_value_is_noticed(sealed: bytes) -> None:
    """Too few bytes are an error of ours, not of the cipher."""
    with pytest.raises(SecretError, match="does not open"):
        sealer().open("staging", "TOKEN", SealedSecret(sealed, "0"))


def test_a_changed_fingerprint_is_noticed() -> None:
    """A fingerprint that does not fit its value is refused."""
    sealed = sealer().seal("staging", "TOKEN", CANARY)

    with pytest.raises(SecretError, match="does not open"):
        sealer().open("staging", "TOKEN", SealedSecret(sealed.sealed, "0" * 64))


@pytest.mark.parametrize(("value", "why"), [("x" * (LARGEST + 1), "At most"), ("\ud800", "UTF-8")])
def test_what_cannot_be_sealed_is_refused(value: str, why: str) -> None:
    """A value that is too large or no text is an error that does not show it."""
    with pytest.raises(SecretError, match=why) as caught:
        sealer().seal("staging", "TOKEN", value)
    assert "xxxx" not in str(caught.value)


@pytest.mark.parametrize(
    "write", [KEY, KEY.rstrip("="), f" {KEY}\n", KEY.replace("+", "-").replace("/", "_")]
)
def test_a_key_is_base64_in_any_spelling(write: str) -> None:
    """Padding, blanks and the alphabet for URLs do not matter."""
    assert EnvironmentKeys({"RECONCILER_KEY_A_B": write}, None).key("a-b") == bytes(range(32))


@pytest.mark.parametrize("text", ["short", "correct horse battery staple", KEY * 2, KEY[:-4], "ü"])
def test_a_malformed_key_is_refused_with_the_command_to_make_one(text: str) -> None:
    """A password is no key."""
    keys = EnvironmentKeys({"RECONCILER_KEY_STAGING": text}, Path("/nonexistent"))

    with pytest.raises(SecretError, match="openssl rand -base64 32") as caught:
        keys.key("staging", create=True)
    assert text not in str(caught.value)


def test_an_empty_variable_is_not_set() -> None:
    """A build server gives a secret that it lacks as an empty text; it is told what to set."""
    keys = EnvironmentKeys({"RECONCILER_KEY_STAGING": " "}, None)

    assert not keys.expected("staging")
    with pytest.raises(SecretError, match="There is no key") as caught:
        keys.key("staging")
    assert "RECONCILER_KEY_STAGING" in str(caught.value.hint)


def test_a_key_is_read_from_a_file(tmp_path: Path) -> None:
    """`…_FILE` names a file; an orchestrator decides who may read it."""
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n")
    path.chmod(0o444)

    keys = EnvironmentKeys({"RECONCILER_KEY_STAGING_FILE": str(path)}, None)

    assert keys.key("staging") == bytes(range(32))


@pytest.mark.parametrize("path", ["/nonexistent/key", "/", "a\0b"])
def test_a_key_file_that_cannot_be_read_is_an_error(path: str) -> None:
    """The error names variable and file."""
    with pytest.raises(SecretError, match="RECONCILER_KEY_STAGING_FILE"):
        EnvironmentKeys({"RECONCILER_KEY_STAGING_FILE": path}, None).key("staging")


def test_without_a_folder_a_key_must_be_given() -> None:
    """With a server for a store, no key is made in secret: the error names the variables."""
    with pytest.raises(
        SecretError, match="Set RECONCILER_KEY_STAGING or RECONCILER_KEY_STAGING_FILE"
    ):
        EnvironmentKeys({}, None).key("staging", create=True)


def test_a_key_is_made_once_and_private(tmp_path: Path) -> None:
    """Beside an embedded store the first use makes a key that only its owner can read."""
    state = tmp_path / ".reconciler"

    key = EnvironmentKeys({}, state).key("staging", create=True)

    assert EnvironmentKeys({}, state).key("staging") == key
    assert EnvironmentKeys({}, state).key("staging", create=True) == key
    path = state / "keys" / "staging"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert "*" in (state / ".gitignore").read_text().splitlines()
    assert [each.name for each in path.parent.iterdir()] == ["staging"]


def test_each_environment_has_a_key_of_its_own(tmp_path: Path) -> None:
    """Two environments never share a made key."""
    keys = EnvironmentKeys({}, tmp_path)

    assert keys.key("staging", create=True) != keys.key("production", create=True)


def test_opening_makes_no_key(tmp_path: Path) -> None:
    """A lost key is an error, not a new key that opens nothing."""
    with pytest.raises(SecretError, match="is gone"):
        EnvironmentKeys({}, tmp_path / ".reconciler").key("staging")
    assert not (tmp_path / ".reconciler").exists()


@pytest.mark.parametrize(("place", "mode"), [("staging", 0o640), ("staging", 0o604), (".", 0o720)])
def test_a_shared_key_is_refused(tmp_path: Path, place: str, mode: int) -> None:
    """A key that others can read, or replace, is refused with the command that mends it."""
    keys = EnvironmentKeys({}, tmp_path)
    keys.key("staging", create=True)
    (tmp_path / "keys" / place).chmod(mode)

    with pytest.raises(SecretError, match=r"chmod [67]00"):
        keys.key("staging")


def test_a_key_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    """A state folder that is a file is a clear error."""
    (tmp_path / "state").touch()

    with pytest.raises(SecretError, match="cannot be used"):
        EnvironmentKeys({}, tmp_path / "state").key("staging", create=True)
