"""Tags that are made: as git itself would make them, signed with SSH."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.adapters.git.repository import GitRepository, open_repository
from reconciler.adapters.signing.ssh import SshVerifier
from reconciler.core.errors import Conflict, RepositoryError
from tests.repositories import Repository, Signer

MESSAGE = "Release 1.4.0\n\nWhat changes.\n# not a comment\n"
NAME = "staging/v1.4.0"


@pytest.fixture(scope="session")
def ana(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    """Ana's key."""
    return Signer(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def made(tmp_path: Path) -> Repository:
    """A repository with a commit, a hook for everything, and programs that must not be run."""
    repository = Repository(tmp_path / "shop")
    repository.commit({"a": "1"})
    hooks = repository.root / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    program = repository.root / ".git" / "planted"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexit 1\n")
    program.chmod(0o755)
    for name in ("reference-transaction", "pre-push", "post-update"):
        (hooks / name).symlink_to(program)
    repository.git("-c", "core.hooksPath=/dev/null", "config", "gpg.ssh.program", str(program))
    repository.git("config", "gpg.ssh.defaultKeyCommand", str(program))
    return repository


@pytest.fixture
def git(made: Repository) -> GitRepository:
    """The repository, opened."""
    return open_repository(made.root)


def configure(made: Repository, key: str | Path, form: str = "ssh") -> None:
    """Let git sign with a key."""
    made.git("config", "gpg.format", form)
    made.git("config", "user.signingkey", str(key))


def test_a_tag_is_signed_byte_for_byte_as_by_git(
    made: Repository,
    git: GitRepository,
    ana: Signer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The object has the very id that `git tag -s` gives it, and `git verify-tag` says Good."""
    configure(made, ana.key)
    date, name = "1767225600 +0200", "Zoë"
    monkeypatch.setenv("GIT_COMMITTER_DATE", date)
    monkeypatch.setenv("GIT_COMMITTER_NAME", name)

    oid, signed = git.make_tag(NAME, made.head, MESSAGE, sign=True)

    assert signed
    assert oid == made.git("rev-parse", f"refs/tags/{NAME}")
    (tmp_path / "allowed").write_text(ana.line())
    verify = ("-c", f"gpg.ssh.allowedSignersFile={tmp_path}/allowed")
    made.git("config", "--unset", "gpg.ssh.program")
    made.git(*verify, "verify-tag", NAME)
    made.git("-c", "core.hooksPath=/dev/null", "update-ref", "-d", f"refs/tags/{NAME}")
    again = ("tag", "-s", "--cleanup=whitespace", f"--message={MESSAGE}", NAME)
    made.git(
        "-c",
        "core.hooksPath=/dev/null",
        *again,
        GIT_COMMITTER_DATE=date,
        GIT_COMMITTER_NAME=name,
    )
    assert made.git("rev-parse", f"refs/tags/{NAME}") == oid
    assert not (tmp_path / "ran").exists()


def test_our_own_verifier_knows_it(made: Repository, git: GitRepository, ana: Signer) -> None:
    """What was signed here is verified here, below the object without its signature."""
    configure(made, f"{ana.key}.pub")
    oid, _ = git.make_tag(NAME, made.head, MESSAGE, sign=None)
    payload, mark, armor = git.tag_objects([oid])[oid].partition(b"-----BEGIN SSH SIGNATURE-----")

    answer = SshVerifier().verify(
        payload,
        (mark + armor).decode(),
        allowed_signers=ana.line(),
        principals=[ana.principal],
        at="2026-01-01T00:00:00Z",
    )

    assert answer.principal == ana.principal


@pytest.mark.parametrize("prefix", ["", "key::"])
def test_a_literal_key_asks_the_agent(
    made: Repository,
    git: GitRepository,
    ana: Signer,
    prefix: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A public key in the settings itself is taken, and an agent that is missing is told."""
    configure(made, prefix + ana.public)
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)

    with pytest.raises(RepositoryError, match=r"ssh-keygen did not sign: .*agent"):
        git.make_tag(NAME, made.head, MESSAGE, sign=True)


def test_without_a_key_the_commands_are_told(made: Repository, git: GitRepository) -> None:
    """A signature that must be has its settings named; one that may be is left away."""
    with pytest.raises(RepositoryError, match=r"git config --global gpg.format ssh"):
        git.make_tag(NAME, made.head, MESSAGE, sign=True)

    assert git.make_tag(NAME, made.head, MESSAGE, sign=None).signed is False
    assert made.git("cat-file", "-t", NAME) == "tag"


@pytest.mark.parametrize(("form", "name"), [("openpgp", "OpenPGP"), ("x509", "x509")])
def test_other_kinds_of_signatures_are_refused(
    made: Repository, git: GitRepository, form: str, name: str
) -> None:
    """Where git signs in another way, SSH is asked for; no other program is run."""
    configure(made, "0xABCD", form)

    with pytest.raises(RepositoryError, match=f"sign with {name}; releases are signed with SSH"):
        git.make_tag(NAME, made.head, MESSAGE, sign=True)
    assert not git.make_tag(NAME, made.head, MESSAGE, sign=None).signed


def test_a_key_that_is_not_there_is_named(made: Repository, git: GitRepository) -> None:
    """A path without a key is told, and no tag is made."""
    configure(made, "~/nowhere.pub")

    with pytest.raises(RepositoryError, match=r"nowhere.pub"):
        git.make_tag(NAME, made.head, MESSAGE, sign=None)
    assert git.tags(fetched=False) == ()


def test_the_same_tag_again_is_the_same(made: Repository, git: GitRepository, ana: Signer) -> None:
    """A tag is made once; another message, commit or want of a signature is a conflict."""
    tag = git.make_tag(NAME, made.head, MESSAGE, sign=False)
    assert git.make_tag(NAME, made.head, MESSAGE, sign=False) == tag
    configure(made, ana.key)

    for target, message, sign in (
        (made.head, "Another", False),
        (made.git("rev-parse", "HEAD"), MESSAGE, True),
    ):
        with pytest.raises(Conflict, match=r"there is another tag staging/v1.4.0"):
            git.make_tag(NAME, target, message, sign=sign)


def test_a_lightweight_tag_is_in_the_way(made: Repository, git: GitRepository) -> None:
    """A lightweight tag, or one where a folder of tags would be, is left as it is."""
    made.git("-c", "core.hooksPath=/dev/null", "tag", "staging")
    made.git("-c", "core.hooksPath=/dev/null", "tag", "light")

    for name in ("light", NAME):
        with pytest.raises(Conflict):
            git.make_tag(name, made.head, MESSAGE, sign=False)


@pytest.mark.parametrize(
    ("name", "message", "reason"),
    [
        ("-x", MESSAGE, "begins with a dash"),
        ("a b", MESSAGE, "is not a ref name"),
        ("a..b", MESSAGE, "is not a ref name"),
        (NAME, " \n", "is empty"),
        (NAME, "a\0b", "holds a NUL"),
        (NAME, "x\n-----BEGIN SSH SIGNATURE-----\n", "-----BEGIN"),
    ],
)
def test_odd_tags_are_refused(
    made: Repository, git: GitRepository, name: str, message: str, reason: str
) -> None:
    """A name is never an option, and a message never looks like a signature."""
    with pytest.raises(RepositoryError, match=reason):
        git.make_tag(name, made.head, message, sign=False)


def test_a_tag_needs_a_commit(git: GitRepository) -> None:
    """Nothing is tagged that is not here."""
    with pytest.raises(RepositoryError, match="is not here, so it gets no tag"):
        git.make_tag(NAME, "0" * 40, MESSAGE, sign=False)


def test_who_commits_is_known(git: GitRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables win over settings; without any the next step is told."""
    assert git.identity() == (os.environ["GIT_COMMITTER_NAME"], "ana@example.com")
    monkeypatch.delenv("GIT_COMMITTER_NAME")

    with pytest.raises(RepositoryError, match=r"git config --global user.name"):
        git.identity()


def test_a_branch_s_commit_is_told(made: Repository, git: GitRepository) -> None:
    """A local branch has its commit; another has none."""
    assert git.branch_commit("main") == made.head
    assert git.branch_commit("release/staging/1.4.0") is None
