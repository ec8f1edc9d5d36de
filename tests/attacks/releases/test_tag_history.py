"""Tags and branches that change under us, and clones that cannot be believed (cases 10 to 21)."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from sqlite3 import connect

import pytest

from tests.attacks.releases.judging import (
    NEXT,
    TAG,
    Row,
    accepted,
    alarmed,
    refused,
    unchanged,
)
from tests.attacks.releases.world import NEWS, World, news
from tests.repositories import Repository

LIVE = "staging/v1.0.0"
EVIL = {"environments/staging/workflows/news.yaml": news("Evil")}


def by_hand(world: World, version: str, title: str = "Fresh news") -> None:
    """Merge a manifest that was written by hand: that of the next release under another version."""
    folder = world.desk.root / "environments/staging/releases"
    text = (folder / "1.1.0.yaml").read_text().replace("1.1.0", version)
    workflow = "environments/staging/workflows/news.yaml"
    world.merge({f"environments/staging/releases/{version}.yaml": text, workflow: news(title)})


def pinned(world: World) -> dict[str, str]:
    """Return which object was accepted under each name of a release tag."""
    return dict(world.sql("SELECT name, object_id FROM tags_seen WHERE pinned"))


# --- 10 to 12: tags that move and go ------------------------------------------------------------


def test_10_a_tag_that_was_applied_and_moved_raises_the_alarm(world: World) -> None:
    """An accepted tag on another object is exit 4 in every run; putting it back ends that."""
    before = world.forge.git("rev-parse", f"refs/tags/{LIVE}")
    moved = world.tag(LIVE)

    alarmed(world, f"was accepted as object {before} and is {moved} now")
    assert pinned(world)[LIVE] == before
    world.send(before, LIVE)

    assert world.job("promote").out.count("no newer release tag") == 2


def test_10_a_tag_that_was_accepted_and_waits_may_not_move_either(world: World) -> None:
    """An object is pinned when it is accepted, whether or not its gates are open."""
    world.at_desk("release", "hold", "staging", "--reason", "Wait", "--push")
    first = world.tag(TAG)
    world.job("promote", NEXT, code=3)
    second = world.tag(TAG, message="Another text")

    alarmed(world, f"was accepted as object {first} and is {second} now")


def test_10_a_moved_tag_of_one_environment_leaves_the_others_alone(world: World) -> None:
    """The alarm of staging does not stop production from what is its own."""
    world.tag(LIVE)

    done = world.job("promote", "--format", "json", code=4)

    outcomes = {row["environment"]: row["outcome"] for row in done.json["promotions"]}
    assert outcomes == {"staging": "refused", "production": "nothing"}


def test_11_a_deleted_tag_is_told_once_and_changes_nothing(world: World) -> None:
    """Taking a tag away rolls nothing back; the very same object may return."""
    oid = world.forge.git("rev-parse", f"refs/tags/{LIVE}")
    world.forge.git("update-ref", "-d", f"refs/tags/{LIVE}")

    with unchanged(world):
        told = world.job("reconcile", "-e", "staging")
        again = world.job("reconcile", "-e", "staging")
        world.forge.git("update-ref", f"refs/tags/{LIVE}", oid)
        back = world.job("promote", "staging/1.0.0")

    assert f"The accepted tag {LIVE} was deleted; that changes nothing" in told.out
    assert "deleted" not in again.out
    assert "staging/1.0.0 is live already, nothing to do" in back.out


def test_11_a_deleted_tag_that_returns_as_another_object_is_refused(world: World) -> None:
    """The name stays with the object that was accepted under it."""
    world.forge.git("update-ref", "-d", f"refs/tags/{LIVE}")
    world.job("reconcile", "-e", "staging")
    world.tag(LIVE)

    alarmed(world, f'The tag "{LIVE}" was accepted as object')


def test_12_a_tag_that_is_only_local_is_not_there(world: World) -> None:
    """What the remote no longer names is not promoted, though the clone still has it."""
    world.tag(TAG)
    clone = world.clone()
    world.forge.git("update-ref", "-d", f"refs/tags/{TAG}")
    assert clone.git("tag", "--list", TAG) == TAG

    with unchanged(world):
        named = world.job("promote", NEXT, clone=clone, code=1)
        done = world.job("promote", "--format", "json", clone=clone)

    assert f"There is no tag {TAG}" in named.err
    assert [row["outcome"] for row in done.json["promotions"]] == ["nothing", "nothing"]


# --- 13: names that could be taken for others ---------------------------------------------------


@pytest.mark.parametrize("branch", [TAG, f"refs/tags/{TAG}", f"tags/{TAG}"])
def test_13_a_branch_that_is_named_like_the_tag_is_no_tag(world: World, branch: str) -> None:
    """Only full names count: a branch never stands in for a tag, with the tag or without it."""
    world.desk.switch("wild", create=True)
    evil = world.desk.commit(EVIL)
    world.push(f"{evil}:refs/heads/{branch}")

    with unchanged(world):
        alone = world.job("promote", NEXT, code=1)
    world.desk.switch("main")
    world.desk.signed_tag(TAG, world.people["ana"].key)
    # A push would take the branch for the tag, which is what this is about.
    world.forge.git("fetch", "-q", str(world.desk.root), f"refs/tags/{TAG}:refs/tags/{TAG}")
    accepted(world)

    assert f"There is no tag {TAG}" in alone.err
    assert world.title("staging") == "Fresh news"


def test_13_refs_that_are_named_like_commits_mislead_nobody(world: World) -> None:
    """Branches and tags named like the commits that matter, or like the branch, have no effect."""
    tip = world.desk.head
    world.tag(TAG)
    world.desk.switch("wild", create=True)
    evil = world.desk.commit(EVIL)
    for ref in (f"refs/heads/{tip}", f"refs/tags/{tip}", "refs/tags/main", "refs/heads/HEAD"):
        world.forge.git("fetch", "-q", str(world.desk.root), "wild")
        world.forge.git("update-ref", ref, evil)

    accepted(world)

    assert world.title("staging") == "Fresh news"


# --- 14: versions -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("0.9.0", "0.9.0 is lower than 1.0.0, which is live"),
        ("1.0.0-rc.1", "1.0.0-rc.1 is lower than 1.0.0, which is live"),
        ("1.0.0+2", "1.0.0+2 ranks no higher than 1.0.0, and build metadata does not raise"),
    ],
)
def test_14_a_version_that_is_not_above_the_live_one_is_refused(
    world: World, version: str, words: str
) -> None:
    """Nothing older comes back by a tag: that is what `rollback` is for."""
    by_hand(world, version)
    world.tag(f"staging/v{version}")

    row = refused(world, words, "reconciler rollback", release=f"staging/{version}")

    assert row["tag"] == f"staging/v{version}"


def test_14_versions_are_numbers_not_texts(world: World) -> None:
    """After 1.10.0 comes no 1.9.0."""
    world.prepare("staging", "1.10.0", "--supersede")
    world.at_desk("release", "tag", "staging/1.10.0", "--push")
    accepted(world, "staging/1.10.0")
    by_hand(world, "1.9.0")
    world.tag("staging/v1.9.0")

    refused(world, "1.9.0 is lower than 1.10.0, which is live", release="staging/1.9.0")


# --- 15: the protected branch -------------------------------------------------------------------


def rewrite(world: World) -> None:
    """Push a protected branch of one commit, with the files that it had."""
    made = world.desk.git("commit-tree", "HEAD^{tree}", stdin=b"New beginning")
    world.desk.git("reset", "--quiet", "--hard", made)
    world.push()


def test_15_a_rewritten_branch_stops_every_environment(world: World) -> None:
    """A branch that no longer holds what is live is not followed, not even to a signed tag."""
    rewrite(world)
    world.tag(TAG)

    alarmed(world, "main was rewritten: it no longer holds", "Nothing is promoted")
    alarmed(world, "main was rewritten", environment="production")


def test_15_an_operator_can_accept_a_branch_that_was_rewritten(world: World) -> None:
    """What the alarm tells to run ends it for that environment, and for no other."""
    rewrite(world)
    world.tag(TAG)
    tip = world.desk.head[:12]
    told = world.job("promote", code=4).all
    assert f"`reconciler trust accept {tip} --environment staging`" in told

    world.job("trust", "accept", tip, "--environment", "staging", "--auto-approve")
    refused(world, "The source of staging/1.1.0", "is not on main")
    world.prepare("staging", "1.2.0", "--supersede")
    world.tag("staging/v1.2.0")
    accepted(world, "staging/1.2.0")

    assert world.title("staging") == "Fresh news"
    alarmed(world, "main was rewritten", environment="production")


def test_15_a_branch_that_is_set_back_stops_too(world: World) -> None:
    """A branch that lost the commits of what is live is no older truth."""
    world.desk.git("reset", "--quiet", "--hard", "HEAD~3")
    world.push()

    alarmed(world, "main was rewritten", environment="production")


# --- 17: several tags ---------------------------------------------------------------------------


def second(world: World) -> None:
    """Merge a second change and its release, which takes the place of the first."""
    world.merge({NEWS: news("Newest")})
    world.job("reconcile", "-e", "development")
    world.prepare("staging", "1.2.0", "--supersede")


def outcomes(world: World, *more: str, code: int = 0) -> dict[str, str]:
    """Promote what is pending in staging and return the outcome of each version."""
    done = world.job("promote", *more, "--format", "json", code=code)
    rows: list[Row] = done.json["promotions"]
    return {row["version"]: row["outcome"] for row in rows if row["environment"] == "staging"}


def test_17_two_tags_that_arrive_together_are_both_accounted_for(world: World) -> None:
    """Whichever came first, the higher one is applied and the lower one is named superseded."""
    first = world.desk.head
    second(world)
    world.tag("staging/v1.2.0")
    world.tag(TAG, target=first)

    assert outcomes(world) == {"1.1.0": "superseded", "1.2.0": "applied"}
    assert outcomes(world) == {"1.2.0": "nothing"}
    assert world.title("staging") == "Newest"


def test_17_a_tag_that_arrives_during_an_apply_is_taken_by_the_next_run(world: World) -> None:
    """A run promotes what it found when it began; nothing that came later is lost or mixed in."""
    world.tag(TAG)
    clone = world.clone()
    found: dict[str, str] = {}
    with closing(connect(world.store, isolation_level=None)) as store:
        store.execute("BEGIN IMMEDIATE")  # nobody else writes to the store until this ends
        run = threading.Thread(target=_promote_into, args=(world, clone, found))
        run.start()
        _await_fetch(clone)
        elsewhere = world.desk.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", stdin=b"Later")
        world.push(f"{elsewhere}:refs/heads/main")
        late = world.desk.signed_tag("staging/v1.2.0", world.people["ana"].key, "Late", elsewhere)
        world.push("refs/tags/staging/v1.2.0")
        store.execute("COMMIT")
        run.join(60)

    assert late
    assert found == {"1.1.0": "applied"}
    assert world.title("staging") == "Fresh news"
    assert outcomes(world, code=3) == {"1.2.0": "refused"}


def _promote_into(world: World, clone: Repository, found: dict[str, str]) -> None:
    done = world.process("promote", NEXT, "--format", "json", clone=clone)
    found.update({row["version"]: row["outcome"] for row in done.json["promotions"]})


def _await_fetch(clone: Repository) -> None:
    """Wait until a run in a clone has asked the remote for its tags."""
    until = time.monotonic() + 30
    while not clone.git("for-each-ref", "refs/reconciler/tags"):
        assert time.monotonic() < until, "nothing was fetched"
        time.sleep(0.02)


# --- 20 and 21: clones --------------------------------------------------------------------------


def shallow(world: World) -> Repository:
    """Return a clone of the newest commit alone."""
    folder = world.root / "shallow"
    world.forge.git("clone", "-q", "--depth", "1", f"file://{world.forge.root}", str(folder))
    made = Repository(folder)
    made.git("remote", "set-url", "origin", str(world.forge.root))
    return made


def test_20_a_shallow_clone_that_cannot_be_completed_proves_nothing(world: World) -> None:
    """Where the history is cut off and nobody can be asked, nothing is taken for granted."""
    world.tag(TAG)
    clone = shallow(world)

    with unchanged(world):
        done = world.job("--offline", "promote", NEXT, "--format", "json", code=4, clone=clone)
        world.job("--offline", "reconcile", "-e", "staging", code=4, clone=clone)

    [row] = done.json["promotions"]
    assert row["outcome"] == "refused"
    assert "history of main is cut off here" in row["reason"]
    assert "git fetch --unshallow" in done.json["errors"][0]["text"]


def test_20_a_shallow_clone_is_completed_from_its_remote(world: World) -> None:
    """A build server's usual clone of one commit is as good as any."""
    world.tag(TAG)

    accepted(world, clone=shallow(world))


def test_21_a_tag_of_a_fork_is_not_looked_at(world: World) -> None:
    """An object that is here is not for that reason named by the remote that counts."""
    fork = world.root / "fork.git"
    world.forge.git("clone", "-q", "--bare", str(world.forge.root), str(fork))
    world.desk.signed_tag(TAG, world.people["ana"].key)
    world.desk.git("push", "-q", str(fork), f"refs/tags/{TAG}")
    clone = world.clone()
    clone.git("remote", "add", "fork", str(fork))
    clone.git("fetch", "-q", "fork", "refs/tags/*:refs/tags/*", "refs/heads/*:refs/remotes/fork/*")

    with unchanged(world):
        done = world.job("promote", NEXT, clone=clone, code=1)

    assert f"There is no tag {TAG}" in done.err


def test_21_a_commit_that_only_a_pull_request_has_is_refused(world: World) -> None:
    """A signed tag in the remote itself does not lend the branch a commit of a fork."""
    world.desk.switch("wild", create=True)
    evil = world.desk.commit(EVIL)
    world.push(f"{evil}:refs/pull/7/head")
    world.tag(TAG, target=evil)

    refused(world, 'is not on the protected branch "main"')


def test_a_clone_whose_tags_were_rewritten_is_as_good_as_any(world: World) -> None:
    """Checkout actions leave a lightweight tag where an annotated one was: the remote's counts."""
    world.tag(TAG)
    clone = world.clone()
    commit = clone.git("rev-parse", f"{TAG}^{{commit}}")
    clone.git("update-ref", f"refs/tags/{TAG}", commit)
    clone.git("checkout", "-q", "--detach", commit)

    accepted(world, clone=clone)
    assert clone.git("rev-parse", f"refs/tags/{TAG}") == commit
