"""Lines of allowed_signers: who may sign with which key, and what is refused."""

from __future__ import annotations

import pytest

from reconciler.core.releases import signers

ANA = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFzGqtIH1brxwHR35dbYa+dLajNDaiM0FS1vVsJ9tPVC"
BEN = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDWSoU4QQju1g+JhWDfheRwp5TdCDzOQsYcquWe6ehTN"
# As `ssh-keygen -l` shows it.
ANA_PRINT = "SHA256:UkLKaPPljdEoCeyG+eOAmHokiXwHvCRaPUext5LTWFc"
OPTIONS = 'namespaces="git,file",valid-before="20270101Z"'


@pytest.mark.parametrize(
    ("line", "principals", "options"),
    [
        (f"ana@example.com {ANA}", ["ana@example.com"], ""),
        (f"ana@example.com {ANA} Ana's laptop", ["ana@example.com"], ""),
        (f"ana@example.com\t{OPTIONS} {ANA}", ["ana@example.com"], OPTIONS),
        (f"ana@example.com,ana {ANA}\r", ["ana", "ana@example.com"], ""),
        (f'"Ana A." valid-after="202601010930" {ANA}', ["Ana A."], 'valid-after="202601010930"'),
    ],
)
def test_a_line_names_who_may_sign(line: str, principals: list[str], options: str) -> None:
    """Each principal of a line has its key, with what limits it."""
    found = sorted(signers.signers(line))
    assert [each.principal for each in found] == principals
    assert {(each.key_type, each.fingerprint, each.options) for each in found} == {
        ("ssh-ed25519", ANA_PRINT, options)
    }
    assert signers.signers_findings(line) == ()


def test_a_key_is_shown_by_its_fingerprint_and_limits() -> None:
    """People compare a key by type and fingerprint."""
    (free,) = signers.signers(f"ana {ANA}")
    (limited,) = signers.signers(f"ana {OPTIONS} {ANA}")
    assert free.key == f"ssh-ed25519 {ANA_PRINT}"
    assert limited.key == f"ssh-ed25519 {ANA_PRINT} ({OPTIONS})"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ana@example.com", "not of the form PRINCIPALS [OPTIONS] KEYTYPE KEY"),
        (f'"ana {ANA}', "not of the form PRINCIPALS [OPTIONS] KEYTYPE KEY"),
        (f"ana\u202e {ANA}", "not of the form PRINCIPALS [OPTIONS] KEYTYPE KEY"),
        (f"* {ANA}", 'The principal "*" is a pattern'),
        (f"*@example.com {ANA}", 'The principal "*@example.com" is a pattern'),
        (f"an?@example.com {ANA}", 'The principal "an?@example.com" is a pattern'),
        (f"ana,!ben {ANA}", 'The principal "!ben" is a pattern'),
        (f"ana,,ben {ANA}", "A principal is empty"),
        (f'"ana, ben" {ANA}', "A principal is empty or has spaces around it"),
        (f'"" {ANA}', "A principal is empty"),
        (f"ana cert-authority {ANA}", "cert-authority would let others name the signers"),
        (f'ana namespaces="git",Cert-Authority {ANA}', "cert-authority would let others name"),
        (f"ana no-touch {ANA}", 'The options "no-touch" are not'),
        (f'ana namespaces="git", {ANA}', "are not namespaces, valid-after and valid-before"),
        (f'ana namespaces="a",namespaces="b" {ANA}', "are not namespaces"),
        (f'ana namespaces="a"="b" {ANA}', "are not namespaces"),
        (f"ana namespaces {ANA}", "The option namespaces has no value that can be read"),
        (f'ana valid-before="soon" {ANA}', "The option valid-before has no value"),
        ("ana ssh-dss AAAAB3NzaC1kc3M=", '"ssh-dss" begins no SSH key that is known'),
        ("ana ssh-ed25519", '"ssh-ed25519" begins no SSH key that is known'),
        (f"ana {ANA[:-8]}", "The key is not one of type ssh-ed25519"),
        ("ana ssh-ed25519 AAAAA", "The key is not one of type ssh-ed25519"),
        ("ana ssh-ed25519 AAAAAA==", "The key is not one of type ssh-ed25519"),
        (f"ana {ANA.replace('ssh-ed25519 ', 'ssh-rsa ')}", "The key is not one of type ssh-rsa"),
    ],
)
def test_a_line_that_is_refused_names_nobody(line: str, said: str) -> None:
    """Each reason has its sentence; what is refused verifies nobody."""
    ((number, text),) = signers.signers_findings(f"# people\n\n{line}\nben {BEN}\n")
    assert number == 3
    assert said in text
    assert signers.principals(f"{line}\nben {BEN}") == ("ben",)
    assert signers.clean(f"{line}\nben {BEN}") == f"ben {BEN}\n"


def test_comments_and_empty_lines_mean_nothing() -> None:
    """Lines without a signer have no finding, and are not handed on."""
    text = f"\n  # ana {ANA}\n\t\n  ana {ANA}  \n"
    assert signers.signers_findings(text) == ()
    assert signers.principals(text) == ("ana",)
    assert signers.clean(text) == f"ana {ANA}\n"


def test_the_same_line_twice_is_one_signer() -> None:
    """Doubled lines are nothing to complain of."""
    text = f"ana {ANA}\nana {ANA} again\n"
    assert len(signers.signers(text)) == 1
    assert signers.signers_findings(text) == ()


def test_an_unknown_word_before_the_key_is_not_taken_for_a_limit() -> None:
    """What follows the principals is options and a key, or it is refused as a whole."""
    assert signers.principals('ana namespaces="git" nothing AAAA') == ()
