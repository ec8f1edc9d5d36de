"""Tags that are not what they seem: their object, their name, their key (cases 1 to 9)."""

from __future__ import annotations

import pytest

from tests.attacks.releases.judging import NEXT, TAG, accepted, refused, unchanged
from tests.attacks.releases.world import SIGNERS, World
from tests.repositories import Signer

PGP = "-----BEGIN PGP SIGNATURE-----\n\niHUEABYKAB0WIQ==\n=5kRb\n-----END PGP SIGNATURE-----\n"


def payload(world: World, name: str = TAG) -> bytes:
    """Return the bytes of a tag object on the protected branch's commit."""
    head = f"object {world.desk.head}\ntype commit\ntag {name}\n"
    return f"{head}tagger Ana <ana@example.com> 1767225600 +0000\n\nA tag\n".encode()


def send_raw(world: World, data: bytes) -> None:
    """Have the remote call a tag object with these bytes by the name of the next release."""
    world.send(world.desk.git("mktag", stdin=data), TAG)


def with_keys(world: World, *lines: str) -> None:
    """Merge a file of allowed signers."""
    world.merge({SIGNERS: "".join(lines)})


@pytest.mark.parametrize("release", [NEXT, "staging/9.9.9"])
def test_1_a_signed_tag_under_another_name_is_refused(world: World, release: str) -> None:
    """The object of an accepted tag does not count under a name that it was not made for."""
    old = world.forge.git("rev-parse", "refs/tags/staging/v1.0.0")
    name = release.replace("/", "/v")
    world.forge.git("update-ref", f"refs/tags/{name}", old)

    refused(world, f'"{name}" holds an object', 'named "staging/v1.0.0"', release=release)


def test_2_a_commit_off_the_protected_branch_is_refused(world: World) -> None:
    """A valid signature does not bring what was never merged, such as a pull request's head."""
    world.desk.switch("wild", create=True)
    world.desk.commit({"environments/staging/workflows/news.yaml": "evil"})
    world.tag(TAG)

    refused(world, "not on the protected branch", "Merge the release first")


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("HEAD^{tree}", "points to a tree; wanted is a commit"),
        ("HEAD:.gitignore", "points to a blob; wanted is a commit"),
        ("staging/v1.0.0", "points to another tag; wanted is a commit"),
    ],
)
def test_3_a_signed_tag_of_something_else_is_refused(world: World, target: str, words: str) -> None:
    """A signed tag counts only where it points straight to a commit."""
    world.tag(TAG, target=target)

    refused(world, words)


def test_4_a_lightweight_tag_on_a_signed_commit_is_refused(world: World) -> None:
    """Who signed a commit has released nothing."""
    world.desk.git("commit", "-q", "--allow-empty", "--gpg-sign", "-m", "Signed")
    world.desk.tag(TAG)
    world.push("main", f"refs/tags/{TAG}")

    refused(world, "points straight to a commit", "wanted is an annotated tag")


def test_4_an_unsigned_annotated_tag_is_refused(world: World) -> None:
    """Where signatures are required, a tag without one is told how to get it."""
    world.desk.tag(TAG, "Release 1.1.0")
    world.push(f"refs/tags/{TAG}")

    refused(world, "is not signed, and signatures are required", "Sign with SSH")


def test_5_an_unknown_key_is_refused(world: World) -> None:
    """A key that no line of allowed_signers holds signs for nobody."""
    world.tag(TAG, by="mallory")

    refused(world, "signature", "does not count", "not in allowed_signers")


def test_5_a_key_of_somebody_else_is_refused(world: World) -> None:
    """A known key of someone who is no release manager does not release."""
    world.tag(TAG, by="quinn")

    refused(world, '"quinn@example.com" does not have the role release-manager for staging')


def test_5_and_6_a_key_that_expired_is_refused_whatever_date_the_tag_bears(world: World) -> None:
    """Dates in a tag are anybody's to write: what counts is when it was first seen here."""
    with_keys(world, world.people["ana"].line('valid-before="20260601Z"'))
    world.tag(TAG)
    written = world.desk.git("for-each-ref", "--format=%(taggerdate:short)", f"refs/tags/{TAG}")
    assert written < "2026-06-01"

    refused(world, "does not count", "had expired", "valid before 2026-06-01")


def test_5_a_key_that_is_not_valid_yet_is_refused(world: World) -> None:
    """A key counts from its day on."""
    with_keys(world, world.people["ana"].line('valid-after="21000101Z"'))
    world.tag(TAG)

    refused(world, "does not count", "was not valid yet", "after 2100-01-01")


def test_5_a_revoked_key_is_refused_at_once(world: World) -> None:
    """A line taken out of allowed_signers at the tip ends what the trusted commit allowed."""
    with_keys(world, world.people["ben"].line())
    world.tag(TAG)

    refused(world, "does not count", "not in allowed_signers")


def test_5_a_signature_for_another_purpose_is_refused(world: World) -> None:
    """What somebody signed as a file is no tag, though the bytes and the key are right."""
    data = payload(world)
    send_raw(world, data + world.people["ana"].sign(data, namespace="file").encode())

    refused(world, "does not count", "namespace")


def test_5_a_key_for_another_purpose_is_refused(world: World) -> None:
    """A line of allowed_signers that is limited to another namespace allows no tag."""
    with_keys(world, world.people["ana"].line('namespaces="file"'))
    world.tag(TAG)

    refused(world, "does not count", "may sign for `file` only, not for git")


def test_5_a_signature_over_other_bytes_is_refused(world: World) -> None:
    """A signature that is moved to another message is worth nothing."""
    data = payload(world)
    send_raw(world, data.replace(b"A tag", b"B tag") + world.people["ana"].sign(data).encode())

    refused(world, "does not count")


@pytest.mark.parametrize("principals", ["*", "*@example.com", "ana@example.com,*"])
def test_5_a_pattern_as_principal_is_refused_when_it_is_read(world: World, principals: str) -> None:
    """A key that could speak for everybody speaks for nobody, and `validate` names its line."""
    people = world.people
    with_keys(world, people["ben"].line(), people["mallory"].line(principals=principals))
    world.tag(TAG, by="mallory")

    found = world.job("validate", code=1)

    assert "environments/allowed_signers:2" in found.all
    assert "is a pattern; name each person" in found.all
    refused(world, "does not count")


def test_6_a_key_that_expires_after_the_tag_was_seen_still_counts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tag that waits is judged by the day on which it came, not by that of its promotion."""
    # The trusted commit has no such limit; both must allow the key.
    with_keys(world, world.people["ana"].line('valid-before="20990601Z"'))
    world.at_desk("release", "hold", "staging", "--reason", "Wait", "--push")
    world.tag(TAG)
    world.job("promote", NEXT, code=3)
    monkeypatch.setattr(
        "reconciler.adapters.clock.SystemClock.now", lambda _: "2099-12-31T00:00:00.000000+00:00"
    )
    world.forge.git("update-ref", "-d", "refs/tags/holds/staging/1")

    accepted(world)
    assert world.title("staging") == "Fresh news"


def test_7_the_tagger_is_never_the_one_who_approved(world: World) -> None:
    """A tag that names somebody else as tagger counts for its key, and says so."""
    world.desk.git("config", "user.email", "boss@example.com")
    boss = {"GIT_COMMITTER_NAME": "Boss", "GIT_COMMITTER_EMAIL": "boss@example.com"}
    ssh = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={world.people['ben'].key}")
    world.desk.git(*ssh, "tag", "--sign", "--message=A tag", TAG, **boss)
    world.push(f"refs/tags/{TAG}")

    gates = world.job("gates", NEXT, "--format", "json")
    done = world.job("promote", NEXT)

    [gate] = [each for each in gates.json["gates"] if each["name"] == "tag-accepted"]
    assert "signed by ben@example.com" in gate["reason"]
    assert 'names "boss@example.com" as tagger; "ben@example.com" signed and counts' in done.out
    assert "boss@example.com" not in world.job("release", "show", NEXT, "--format", "json").out


def test_8_openpgp_is_refused(world: World) -> None:
    """OpenPGP has no place here, whatever keyring the machine has: sign with SSH."""
    send_raw(world, payload(world) + PGP.encode())

    refused(world, "its signature is OpenPGP, and only SSH signatures count", "Sign with SSH")


def test_9_replaced_objects_and_grafts_have_no_effect_and_are_told(world: World) -> None:
    """A checkout that shows git another history does not show it to us."""
    wild = world.desk.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", stdin=b"Wild")
    world.tag(TAG, target=wild)
    clone = world.clone()
    tip = clone.head
    clone.git("replace", "--graft", tip, wild)
    (clone.root / ".git/info").mkdir(exist_ok=True)
    (clone.root / ".git/info/grafts").write_text(f"{tip} {wild}\n")
    clone.git("merge-base", "--is-ancestor", wild, tip)

    refused(world, "not on the protected branch", clone=clone)
    with unchanged(world):
        told = world.job("promote", NEXT, clone=clone, code=3)
    assert "1 object is replaced by refs/replace" in told.out
    assert "grafts file (info/grafts); it has no effect here" in told.out


def test_a_second_key_of_the_same_person_counts(world: World) -> None:
    """Two keys of one principal are two ways to sign, once both commits name them."""
    again = Signer(world.root / "more", "ana@example.com", type="ecdsa")
    keys = "".join(world.people[name].line() for name in ("ana", "ben", "quinn", "ci"))
    world.merge({SIGNERS: keys + again.line()})
    world.desk.signed_tag(TAG, again.key)
    world.push(f"refs/tags/{TAG}")

    refused(world, "does not count", "trusted commit")
    world.job("trust", "accept", world.desk.head, "--environment", "staging", "--auto-approve")
    accepted(world)
