"""`reconcile` beside a remote: what it names now counts, and local refs are left as they are."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path

import pytest

from reconciler.core.steps import STEPS
from tests.acceptance.manifests import workflow
from tests.acceptance.program import TIMEOUT, Shop, fits, starts
from tests.repositories import Repository


class Forge:
    """A bare repository that everybody pushes to, and clones of it."""

    def __init__(self, shop: Shop, folder: Path) -> None:
        """Make the bare repository of a shop."""
        self.folder = folder
        self.path = folder / "forge.git"
        self.git = Repository(self.path, bare=True).git
        shop.repository.git("push", "-q", str(self.path), "main")

    def clone(self, name: str) -> Shop:
        """Return a fresh clone."""
        self.git("clone", "-q", str(self.path), str(self.folder / name))
        return Shop(Repository(self.folder / name))

    def merge(self, title: str) -> str:
        """Merge a change of the news workflow's title as somebody else does; return the commit."""
        elsewhere = self.folder / "elsewhere"
        shutil.rmtree(elsewhere, ignore_errors=True)
        other = self.clone("elsewhere")
        commit = rename(other, title)
        other.repository.git("push", "-q", "origin", "main")
        return commit


def rename(shop: Shop, title: str) -> str:
    """Commit another title of the news workflow."""
    return shop.commit({"workflows/news.yaml": workflow("news", title=title)})


def refs(shop: Shop) -> str:
    """Return all refs but those of our own, and what is checked out."""
    listed = shop.repository.git("for-each-ref", "--format=%(refname) %(objectname)")
    kept = [line for line in listed.splitlines() if not line.startswith("refs/reconciler/")]
    return "\n".join([*kept, shop.repository.head, shop.repository.git("status", "--porcelain")])


@pytest.fixture
def forge(committed_once: Shop, tmp_path: Path) -> Forge:
    """Return a forge that holds the small shop."""
    return Forge(committed_once, tmp_path)


def test_what_was_merged_elsewhere_is_applied(forge: Forge) -> None:
    """A commit that is new on the remote is deployed, and no local branch or tag moves."""
    shop = forge.clone("mine")
    shop.run("reconcile")
    commit = forge.merge("Merged elsewhere")
    before = refs(shop)

    done = shop.run("reconcile")
    history = shop.run("history", "--format", "json", "--limit", "1").json

    assert "Applied: 0 added, 1 modified, 0 removed." in done.out
    assert shop.running()["news"] == "Merged elsewhere"
    assert history["deployments"][0]["commit"] == commit
    assert refs(shop) == before


def test_unpushed_commits_are_not_deployed(forge: Forge) -> None:
    """What only this clone has is named and left out, unless the remote is not to be asked."""
    shop = forge.clone("mine")
    rename(shop, "Only here")

    told = shop.run("reconcile", "-e", "development")
    left = shop.running()["news"]
    offline = shop.run("--offline", "reconcile", "-e", "development")

    assert "1 commit on main here are not on the remote" in told.err.replace(" is ", " are ")
    assert left == "News in Slack"
    assert offline.err.count("✓") == len(STEPS)
    assert shop.running()["news"] == "Only here"


def test_a_remote_that_does_not_answer_is_a_notice(forge: Forge) -> None:
    """When the remote is gone, editable environments go on from local refs: a notice, exit 0."""
    shop = forge.clone("mine")
    forge.path.rename(forge.folder / "moved.git")

    done = shop.run("reconcile", "--format", "json")

    assert "The remote did not answer" in done.err
    fits(done.json, "promotions")
    outcomes = {row["environment"]: row["outcome"] for row in done.json["promotions"]}
    assert outcomes == {"development": "applied", "staging": "waiting"}


def test_an_outage_never_rolls_back(forge: Forge) -> None:
    """A clone whose own branch is older than what was last fetched stays at what was fetched."""
    shop = forge.clone("mine")
    forge.merge("Merged elsewhere")
    shop.run("reconcile")
    forge.path.rename(forge.folder / "moved.git")

    done = shop.run("reconcile", "-e", "development")

    assert "The remote did not answer" in done.err
    assert "development: converged, nothing to do." in done.out
    assert shop.running()["news"] == "Merged elsewhere"


def test_reading_commands_never_ask_the_remote(forge: Forge) -> None:
    """Plan, drift, validate and history read what the clone has and create no ref."""
    shop = forge.clone("mine")
    forge.merge("Merged elsewhere")

    plan = shop.run("plan", "-e", "development", "--format", "json").plan
    for command in ("drift", "validate", "history"):
        shop.run(command)

    assert plan["desired"]["commit"] == shop.repository.head
    assert shop.repository.git("for-each-ref", "refs/reconciler") == ""


def test_refused_remotes_are_one_sentence(forge: Forge) -> None:
    """A remote that would run a program is not asked: a sentence, exit 1 and nothing deployed."""
    shop = forge.clone("mine")
    shop.repository.git("remote", "set-url", "origin", f"ext::sh -c touch% {forge.folder}/ran")

    done = shop.run("reconcile", "-e", "development", code=1)

    assert "is refused" in done.err
    assert not (forge.folder / "ran").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_agent_goes_on_until_it_is_stopped(forge: Forge, number: signal.Signals) -> None:
    """`--every` deploys what is merged meanwhile, and ends cleanly when it is told to stop."""
    shop = forge.clone("mine")
    with starts(shop.root, "reconcile", "-e", "development", "--every", "1") as agent:
        assert agent.stdout is not None
        until(shop, "News in Slack")
        forge.merge("Merged meanwhile")
        until(shop, "Merged meanwhile")
        agent.send_signal(number)
        _, errors = agent.communicate(timeout=TIMEOUT)

    assert agent.returncode == 0, errors
    assert "Traceback" not in errors
    assert shop.sql("SELECT DISTINCT phase FROM deployments") == [("Succeeded",)]


def until(shop: Shop, title: str) -> None:
    """Wait until the news workflow runs under a title."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        if shop.store.exists() and shop.store.stat().st_size and title == running(shop):
            return
        time.sleep(0.05)
    raise AssertionError(f"{title} was not deployed in time")


def running(shop: Shop) -> str | None:
    """Return the title of the news workflow, None while there are no tables."""
    tables = shop.sql("SELECT count(*) FROM sqlite_master WHERE name = 'platform_resources'")
    return shop.running().get("news") if tables == [(1,)] else None
