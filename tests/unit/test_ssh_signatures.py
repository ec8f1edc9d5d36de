"""Whose SSH signature it is, and at which time it counts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from reconciler.adapters.signing.envelope import opened, signers
from reconciler.adapters.signing.ssh import MAX_SIGNERS, SshVerifier
from reconciler.core.errors import RepositoryError
from tests.repositories import Signer, allowed_signers

TEXT = b"object 1\n\nA release\n"
NOW = "2026-03-01T10:00:00+00:00"


@pytest.fixture(scope="session")
def ana(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    """Ana's key."""
    return Signer(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def ben(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    """Ben's key, of another type."""
    return Signer(tmp_path_factory.mktemp("keys"), "ben@example.com", type="ecdsa")


def judged(
    signer: Signer,
    allowed: str,
    *principals: str,
    at: str = NOW,
    text: bytes = TEXT,
    namespace: str = "git",
) -> str:
    """Return who signed, or why that does not count."""
    answer = SshVerifier().verify(
        text,
        signer.sign(TEXT, namespace),
        allowed_signers=allowed,
        principals=principals or (signer.principal,),
        at=at,
    )
    assert (answer.principal is None) is not (answer.reason is None)
    return answer.principal or str(answer.reason)


def test_a_known_key_is_its_principals(ana: Signer, ben: Signer) -> None:
    """A good signature names the principal whose key made it, of any type and among several."""
    both = allowed_signers(ana, ben)

    assert judged(ana, both, "ben@example.com", "ana@example.com") == "ana@example.com"
    assert judged(ben, both, "ben@example.com", "ana@example.com") == "ben@example.com"


def test_an_unknown_key_is_named(ana: Signer, ben: Signer) -> None:
    """A key that stands nowhere is told by its fingerprint."""
    reason = judged(ana, ben.line(), "ana@example.com")

    assert reason.startswith("the key SHA256:")
    assert reason.endswith("is not in allowed_signers")


@pytest.mark.parametrize("principals", [("ben@example.com",), ("-Oprint-pubkey", "a b", "*")])
def test_a_key_of_somebody_else_is_told(ana: Signer, principals: tuple[str, ...]) -> None:
    """A known key of one who may not sign is told with its owner; an odd name is nobody's."""
    nobody = SshVerifier().verify(
        TEXT, ana.sign(TEXT), allowed_signers=ana.line(), principals=(), at=NOW
    )
    assert "belongs to ana@example.com" in str(nobody.reason)


@pytest.mark.parametrize(
    ("options", "at", "reason"),
    [
        ('valid-before="20260101"', NOW, "had expired at 2026-03-01T10:00:00Z"),
        ('valid-before="20260101"', "2025-12-31T23:59:00Z", None),
        ('valid-before="20260101Z"', "2026-01-01T01:30:00+02:00", None),
        ('valid-before="20260101"', "2026-01-01T00:00:01+00:00", "valid before 2026-01-01"),
        ('valid-after="202604010000"', NOW, "was not valid yet at 2026-03-01T10:00:00Z"),
        ('valid-after="20260301095959"', NOW, None),
        ('namespaces="file,email"', NOW, "may sign for `file,email` only, not for git"),
        ('namespaces="file,git"', NOW, None),
        ('namespaces="g*",valid-before="20250101"', NOW, "had expired"),
    ],
)
def test_options_of_a_key_count(ana: Signer, options: str, at: str, reason: str | None) -> None:
    """A key counts in its namespaces and within its time, judged at the moment that is given."""
    told = judged(ana, ana.line(options), at=at)

    assert told == "ana@example.com" if reason is None else reason in told


def test_times_are_in_utc_on_every_machine(ana: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A time without a zone is in UTC, whatever the machine's own zone is."""
    monkeypatch.setenv("TZ", "XST-12")

    assert judged(ana, ana.line('valid-before="20260301095959"')) != "ana@example.com"
    assert judged(ana, ana.line('valid-before="20260301100001"')) == "ana@example.com"


def test_a_later_line_of_the_same_key_counts(ana: Signer) -> None:
    """A key that expired under one line and is valid under another is valid."""
    lines = ana.line('valid-before="20200101"') + ana.line()

    assert judged(ana, lines) == "ana@example.com"


def test_patterns_of_principals_count(ana: Signer) -> None:
    """A line may name principals by a list and patterns, and exclude some."""
    assert judged(ana, ana.line(principals="ben@example.com,*@example.com")) == "ana@example.com"
    excluded = judged(ana, ana.line(principals="!ana@example.com,*@example.com"))
    assert "who may not sign this" in excluded


def test_another_text_is_refused(ana: Signer) -> None:
    """A signature below another text than it was made for does not count."""
    assert "does not fit" in judged(ana, ana.line(), text=TEXT + b"\n")


def test_another_namespace_is_refused(ana: Signer) -> None:
    """A signature made for files is none of git's."""
    assert "the namespace `file`, not for git" in judged(ana, ana.line(), namespace="file")


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "-----BEGIN PGP SIGNATURE-----\n\naGk=\n-----END PGP SIGNATURE-----\n",
        "-----BEGIN SSH SIGNATURE-----\naGk=\n-----END SSH SIGNATURE-----\n",
        "-----BEGIN SSH SIGNATURE-----\n%%%%\n-----END SSH SIGNATURE-----\n",
        "-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAf////8=\n-----END SSH SIGNATURE-----\n",
        "x" * 100_000,
    ],
)
def test_what_is_no_ssh_signature_is_told(ana: Signer, signature: str) -> None:
    """OpenPGP and damaged armor are told without asking anybody."""
    answer = SshVerifier().verify(
        TEXT, signature, allowed_signers=ana.line(), principals=(ana.principal,), at=NOW
    )

    assert answer == (None, "it is no SSH signature")


def test_damage_inside_is_refused(ana: Signer) -> None:
    """A flipped bit in the signature is refused."""
    lines = ana.sign(TEXT).splitlines()
    swapped = lines[-2][:-6] + ("AAAA" if lines[-2][-6:-2] != "AAAA" else "BBBB") + lines[-2][-2:]
    broken = "\n".join([*lines[:-2], swapped, lines[-1], ""])

    answer = SshVerifier().verify(
        TEXT, broken, allowed_signers=ana.line(), principals=(ana.principal,), at=NOW
    )

    assert answer.reason == "the signature does not fit what it stands below"


@pytest.mark.parametrize(
    "junk", ["ana@example.com unknown-option ssh-ed25519 AAAA", "\0\0", "#", '"']
)
def test_lines_that_cannot_be_read_change_nothing(ana: Signer, junk: str) -> None:
    """A broken line beside a good one takes nothing from it, and stops nothing alone."""
    assert judged(ana, f"{junk}\n{ana.line()}") == "ana@example.com"
    assert "not in allowed_signers" in judged(ana, f"{junk}\n")


def test_a_huge_file_is_not_read(ana: Signer) -> None:
    """Allowed signers beyond the limit are refused rather than handed on."""
    assert "larger than 1 MiB" in judged(ana, "#" * (MAX_SIGNERS + 1))


def test_an_authority_vouches_for_a_certificate(tmp_path: Path, ben: Signer) -> None:
    """A certificate counts where its authority is allowed, for the principals it names."""
    holder = Signer(tmp_path, "cleo@example.com")
    public = f"{holder.key}.pub"
    options = ("-q", "-s", str(ben.key), "-I", "id", "-n", holder.principal, public)
    subprocess.run(["ssh-keygen", *options], check=True)
    holder.key = Path(f"{holder.key}-cert.pub")
    authority = ben.line("cert-authority", principals="*@example.com")

    assert judged(holder, authority) == "cleo@example.com"
    assert "no authority" in judged(holder, authority, "ana@example.com")


def test_without_ssh_keygen_the_next_step_is_told(
    ana: Signer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without the program gets an error that names the package."""
    signature = ana.sign(TEXT)
    monkeypatch.setenv("PATH", f"{tmp_path}:.")

    with pytest.raises(RepositoryError, match="openssh-client"):
        SshVerifier().verify(
            TEXT, signature, allowed_signers=ana.line(), principals=(ana.principal,), at=NOW
        )


def test_the_fingerprint_is_what_ssh_keygen_shows(ana: Signer) -> None:
    """The fingerprint in a reason is the one by which people know the key."""
    shown = subprocess.run(["ssh-keygen", "-l", "-f", ana.key], capture_output=True, check=True)
    envelope = opened(ana.sign(TEXT))

    assert envelope is not None
    assert shown.stdout.decode().split()[1] == envelope.fingerprint
    assert [each.key for each in signers(ana.line("cert-authority"))] == [envelope.key]
