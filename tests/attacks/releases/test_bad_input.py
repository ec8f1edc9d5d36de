"""Releases that are not sound: their version, their texts, their source, how they were merged."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.attacks.releases.judging import NEXT, TAG, accepted, held, refused, unchanged
from tests.attacks.releases.world import EVENT, World, news

MANIFEST = "environments/staging/releases/1.1.0.yaml"
EVENTS = "environments/development/events/order-placed.yaml"


def create(world: World, *more: str, code: int) -> str:
    """Try to make a release at the desk, and return what was said; no branch may be left."""
    before = world.desk.git("for-each-ref", "refs/heads")
    done = world.at_desk("release", "create", "--to", "staging", *more, code=code)
    assert world.desk.git("for-each-ref", "refs/heads") == before
    return done.err


def edited(world: World, change: Callable[[str], str]) -> None:
    """Merge the waiting release anew, with a manifest that somebody edited."""
    text = (world.desk.root / MANIFEST).read_text()
    assert change(text) != text
    world.desk.git("reset", "--quiet", "--hard", "HEAD~1")
    world.desk.git("merge", "--quiet", "--squash", "release/staging/1.1.0")
    world.merge({MANIFEST: change(text)}, "A release by hand")
    world.tag(TAG)


# --- versions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("v1.2.0", "leave out the v"),
        ("1.2", "wanted are three numbers"),
        ("01.2.0", "begins with 0"),
        ("1.2.0/../../evil", "only -prerelease and +build"),
        ("latest", "wanted are three numbers"),
        ("1.2.0-" + "a" * 200, "longer than 128 characters"),
        ("1.2.0.lock", "git allows no tag"),
    ],
)
def test_what_is_no_version_makes_no_release(world: World, version: str, words: str) -> None:
    """A version is SemVer, and whoever asks for something else is told what is wrong with it."""
    assert words in create(world, "--version", version, "--supersede", code=64)


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("0.9.0", "0.9.0 is not higher than 1.0.0, which is live in staging"),
        ("1.0.0+other", "1.0.0+other is not higher than 1.0.0"),
        ("1.0.0-rc.1", "1.0.0-rc.1 is not higher than 1.0.0"),
        ("1.0.0", "staging/1.0.0 is used already"),
        ("1.1.0", "staging/1.1.0 is used already"),
    ],
)
def test_a_version_that_cannot_be_next_makes_no_release(
    world: World, version: str, words: str
) -> None:
    """A release has a version of its own, above what is live."""
    assert words in create(world, "--version", version, "--supersede", code=1)


@pytest.mark.parametrize("name", ["staging/v1.2", "staging/latest", "staging/1.2.0", "v1.2.0"])
def test_a_tag_that_names_no_version_is_no_release(world: World, name: str) -> None:
    """Tags of other forms are nobody's business here, whoever signed them."""
    world.tag(name)

    with unchanged(world):
        done = world.job("promote", "--format", "json")

    assert {row["outcome"] for row in done.json["promotions"]} == {"nothing"}


# --- texts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x" * 100_000, "100,000 characters; the limit is 10,000"),
        ("Fine\x1b[2Jtext", "characters that cannot be seen"),
        ("Fine\u202etext", "characters that cannot be seen"),
        ("Fine\rtext", "characters that cannot be seen"),
    ],
)
def test_a_description_that_nobody_can_read_is_refused(world: World, text: str, words: str) -> None:
    """What people are to read is short enough to be read, and all of it can be seen."""
    wanted = ("--version", "1.2.0", "--supersede", "--description", text)

    assert words in create(world, *wanted, code=64)


@pytest.mark.parametrize(
    "text",
    ["x" * 100_000, "Fine\\e[2Jtext", "Fine\\u202Etext", "Fine\\x9B2Jtext"],
    ids=["long", "escape", "direction", "control"],
)
def test_a_description_that_was_written_by_hand_is_held_to_the_same(
    world: World, text: str
) -> None:
    """A manifest is no way around what the command refuses."""
    edited(world, lambda old: old.replace("What is new", f'"{text}"'))

    row = refused(world, "description")

    assert "\x1b" not in row["reason"]
    assert len(row["reason"]) < 1_000


@pytest.mark.parametrize("release", [NEXT, "staging/9.9.9"])
def test_a_tag_with_a_message_full_of_controls_shows_none(world: World, release: str) -> None:
    """What a signed tag says is shown without what a terminal would obey."""
    world.tag(release.replace("/", "/v"), message="Hello\x1b[2J\x07 \u202e" + "x" * 100_000)

    done = world.job("promote", release, code=None)
    shown = world.job("release", "show", NEXT)

    assert not {"\x1b", "\x07", "\u202e"} & set(done.all + shown.all)


# --- sources ------------------------------------------------------------------------------------


def test_a_release_from_an_environment_that_does_not_come_before_is_refused(world: World) -> None:
    """Staging takes nothing from production, whatever a manifest says."""
    before, after = "environment: development", "environment: production"
    edited(world, lambda old: old.replace(before, after))

    refused(world, "was made from production, but staging promotes from development")


@pytest.mark.parametrize("exists", [True, False])
def test_a_source_that_is_not_on_the_protected_branch_is_refused(
    world: World, exists: bool
) -> None:
    """The commit a release was made from may not be one that vanished, or was never merged."""
    wild = world.desk.git("commit-tree", "HEAD^{tree}", stdin=b"Wild") if exists else "f" * 40
    source = world.desk.git("rev-parse", "HEAD~1")
    edited(world, lambda old: old.replace(source, wild))
    if exists:
        world.push(f"{wild}:refs/pull/7/head")

    refused(world, f"The source of staging/1.1.0, commit {wild[:12]}, is not on main")


def test_a_manifest_whose_digest_does_not_fit_is_refused(world: World) -> None:
    """A release is what its manifest says, to the byte."""
    world.desk.git("reset", "--quiet", "--hard", "HEAD~1")
    world.desk.git("merge", "--quiet", "--squash", "release/staging/1.1.0")
    world.merge({"environments/staging/workflows/news.yaml": news("Evil")}, "A release, and more")
    world.tag(TAG)

    refused(world, "does not hold what the manifest of staging/1.1.0 says: its content digest is")


def test_a_plan_that_was_not_reviewed_is_held(world: World) -> None:
    """A manifest that records another plan than the one that would be carried out is blocked."""
    text = (world.desk.root / MANIFEST).read_text()
    digest = text.partition("planDigest: sha256:")[2][:64]
    edited(world, lambda old: old.replace(digest, "0" * 64))

    with unchanged(world):
        done = world.job("promote", NEXT, "--format", "json", code=3)
        world.job("reconcile", "-e", "staging", code=3)

    [row] = done.json["promotions"]
    [gate] = row["gates"]
    assert (row["outcome"], gate["name"], gate["state"]) == ("refused", "plan-unchanged", "blocked")
    assert "no longer the one that was reviewed" in gate["reason"]


# --- merges -------------------------------------------------------------------------------------


def test_two_release_branches_that_merge_into_a_union_release_neither(world: World) -> None:
    """A folder that fits no manifest is not released, and `release tag` says so first."""
    world.desk.git("reset", "--quiet", "--hard", "HEAD~1")
    world.merge({EVENTS: EVENT.replace("Order placed", "An order")})
    world.job("reconcile", "-e", "development")
    for version, part in (("1.2.0", "Workflow/news"), ("1.3.0", "AppEvent/order-placed")):
        wanted = ("--to", "staging", "--version", version, "--only", part)
        world.at_desk("release", "create", *wanted)
    world.desk.merge("release/staging/1.2.0")
    world.desk.merge("release/staging/1.3.0")
    world.push()
    tagged = world.at_desk("release", "tag", "staging/1.3.0", code=3)
    world.tag("staging/v1.3.0")

    words = "does not hold what the manifest of staging/1.3.0 says"
    assert words in tagged.err
    refused(world, words, release="staging/1.3.0")


def test_a_revert_by_the_forge_releases_nothing(world: World) -> None:
    """Taking a merge back in git changes nothing that runs; its commit holds no release."""
    world.tag(TAG)
    accepted(world)
    world.desk.git("revert", "--no-edit", "HEAD")
    world.push()

    with unchanged(world):
        done = world.job("promote", "--format", "json")
        world.job("reconcile", "-e", "staging")
    world.tag("staging/v1.2.0")

    assert {row["outcome"] for row in done.json["promotions"]} == {"nothing"}
    words = "environments/staging/releases/1.2.0.yaml is not in commit"
    refused(world, words, release="staging/1.2.0")


def test_a_tag_on_the_revert_of_its_release_is_refused(world: World) -> None:
    """A release that was reverted before its tag came is not there."""
    world.desk.git("revert", "--no-edit", "HEAD")
    world.push()
    world.tag(TAG)

    refused(world, "environments/staging/releases/1.1.0.yaml is not in commit")


# --- the protected branch -----------------------------------------------------------------------


def test_a_protected_branch_that_is_missing_is_an_error(world: World) -> None:
    """Nothing is promoted from a remote without the branch, which is told with those it has."""
    world.tag(TAG)
    world.forge.git("symbolic-ref", "HEAD", "refs/heads/trunk")
    world.forge.git("branch", "--move", "main", "trunk")
    clone = world.clone()

    with unchanged(world):
        runs = [
            world.job(*command, clone=clone, code=1)
            for command in (("promote",), ("promote", NEXT), ("reconcile",))
        ]

    for done in runs:
        assert "main" in done.err
        assert "trunk" in done.err


def test_a_protected_branch_that_is_behind_its_tag_is_waited_for(world: World) -> None:
    """A tag that is pushed before its commit is merged counts once it is."""
    merged = world.desk.head
    world.push("HEAD~1:refs/heads/main")
    world.tag(TAG, target=merged)

    refused(world, "is not on the protected branch")
    world.push()
    accepted(world)


# --- what is told -------------------------------------------------------------------------------


def test_a_refused_tag_is_told_once_by_the_job_and_each_time_by_promote(world: World) -> None:
    """A scheduled job turns red once for each refused object; who asks gets an answer."""
    world.tag(TAG, by="mallory")
    job = ("reconcile", "-e", "staging", "--format", "json")

    first = world.job(*job, code=3)
    second = world.job(*job)
    asked = [world.job("promote", code=3) for _ in range(2)]
    world.tag(TAG, by="mallory", message="Another object")
    third = world.job(*job, code=3)

    assert first.json["promotions"][0]["outcome"] == "refused"
    assert second.json["promotions"][0]["outcome"] == "nothing"
    assert all("does not count" in done.out for done in asked)
    assert third.json["promotions"][0]["outcome"] == "refused"


def test_a_refused_tag_does_not_reserve_its_name(world: World) -> None:
    """After any number of refused objects the right one is taken."""
    for by in ("mallory", "quinn"):
        world.tag(TAG, by=by)
        world.job("promote", NEXT, code=3)
    world.tag(TAG)

    accepted(world)
    assert world.title("staging") == "Fresh news"


def test_a_refused_tag_does_not_hold_the_others(world: World) -> None:
    """A bad tag of a higher version keeps nobody from the release below it."""
    world.tag("staging/v9.9.9", by="mallory")
    world.tag(TAG)

    done = world.job("promote", "--format", "json", code=3)

    found = {row["version"]: row["outcome"] for row in done.json["promotions"]}
    assert (found["9.9.9"], found["1.1.0"]) == ("refused", "applied")


# --- types that skip gates ----------------------------------------------------------------------


def test_a_release_that_says_it_is_a_rollback_is_judged_by_its_content(world: World) -> None:
    """Who only writes `rollback` into a manifest skips no test: that content never ran there."""
    edited(world, lambda text: text.replace("type: regular", "type: rollback"))
    refused(world, "says that it is a rollback", "is not that of the release")


def test_a_rollback_to_what_was_never_live_is_refused(staged: World) -> None:
    """The content of a release that is merged and was never promoted has not been live."""
    production = staged.desk.root / "environments/production/releases/1.1.0.yaml"
    assert production.exists()
    said = staged.at_desk("rollback", "production/1.1.0", code=1).err
    assert "was never live" in said or "higher than" in said


def test_an_adoption_that_changes_what_runs_is_blocked(world: World) -> None:
    """An adoption waits for nobody because it changes nothing; one that does is no adoption."""
    edited(world, lambda text: text.replace("type: regular", "type: adoption"))
    held(world, "plan-unchanged", "an adoption changes nothing that runs", release=NEXT)


@pytest.mark.parametrize("kind", ["rollback", "adoption"])
def test_types_with_a_command_of_their_own_are_not_made_by_create(world: World, kind: str) -> None:
    """Nobody makes a rollback or an adoption of any content."""
    assert kind in create(world, "--type", kind, "--version", "1.2.0", "--supersede", code=64)


# --- reasons and dates --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--reason", " "), "--reason is empty"),
        (("--reason", "x", "--until", "2020-01-01"), "is over already"),
        (("--reason", "x", "--until", "soon"), "neither a day"),
    ],
)
def test_a_hold_says_why_and_until_a_time_to_come(
    world: World, more: tuple[str, ...], words: str
) -> None:
    """What could not be understood, or would hold nothing, is not signed."""
    assert words in world.at_desk("release", "hold", "staging", *more, code=64).err
    assert world.desk.git("for-each-ref", "refs/tags/holds") == ""


def test_a_hold_of_what_is_not_there_is_not_made(world: World) -> None:
    """A version that nobody made is a slip of the keyboard."""
    said = world.at_desk("release", "hold", "staging/9.9.9", "--reason", "x", code=1).err
    assert "There is no release staging/9.9.9" in said
