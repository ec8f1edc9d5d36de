"""An environment on a platform that another package brings, remote and not always there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.manifests import SHOP, STAGING, development, manifest, workflow
from tests.acceptance.program import Run, Shop
from tests.plugins import REMOTE, RemoteProcess, install, search_path
from tests.repositories import Repository

PIPELINE = manifest("Pipeline", "shop", "environments: [development, sandbox, staging]")


class RemoteShop(Shop):
    """The small shop with development on the remote platform, sandbox on one that is asked for."""

    def __init__(self, folder: Path, remote: RemoteProcess, sandbox: str = "builtin") -> None:
        """Commit it."""
        super().__init__(Repository(folder / "shop"))
        packages = install(folder / "packages", {"remote-test": REMOTE, "broken": "nowhere:at_all"})
        self._path = search_path(packages)
        self.remote = remote
        sandboxed = manifest("Environment", "sandbox", f"platform: {{type: {sandbox}}}")
        files = {
            **SHOP,
            "environments/pipeline.yaml": PIPELINE,
            "environments/development/environment.yaml": development(
                more=f"platform: {remote.platform}\n"
            ),
            "environments/sandbox/environment.yaml": sandboxed,
            "environments/sandbox/events/stock-low.yaml": SHOP[
                "environments/development/events/stock-low.yaml"
            ],
            "environments/staging/environment.yaml": STAGING,
            ".gitignore": ".reconciler/\n",
        }
        self.repository.commit(files)

    def run(self, *arguments: str, code: int | None = 0, stdin: str = "", **environ: str) -> Run:
        """Run the program where the packages are installed."""
        return super().run(
            *arguments, code=code, stdin=stdin, **{"PYTHONPATH": self._path, **environ}
        )

    @property
    def effects(self) -> list[tuple[str, str]]:
        """What was done to each resource, in its order."""
        return [(each["action"], each["name"]) for each in self.remote.control.effects()]


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[RemoteProcess]:
    """Yield the remote platform."""
    with RemoteProcess(tmp_path, page=2) as found:
        yield found


@pytest.fixture
def shop(tmp_path: Path, remote: RemoteProcess) -> RemoteShop:
    """Return a shop that was never deployed."""
    return RemoteShop(tmp_path, remote)


def test_a_remote_platform_is_reconciled(shop: RemoteShop) -> None:
    """What git says is written there once, in the order of needs; the next time nothing is."""
    assert shop.run("plan", "-e", "development").last.startswith("Plan: 5 to add")
    shop.run("reconcile")
    written = shop.effects
    shop.run("reconcile")
    nothing = shop.run("plan", "-e", "development", "--detailed-exitcode")

    assert sorted(name for _, name in written) == sorted(
        ["order-placed", "stock-low", "slack", "news", "verify"]
    )
    assert {action for action, _ in written} == {"create"}
    assert [name for _, name in written].index("slack") < [n for _, n in written].index("news")
    assert shop.effects == written
    assert nothing.last == "No changes."


def test_a_change_and_a_removal_are_written_there(shop: RemoteShop) -> None:
    """A changed resource is written over, a removed one is archived, nothing else is touched."""
    shop.run("reconcile", "-e", "development")
    before = len(shop.effects)
    changed = {"workflows/news.yaml": workflow("news", title="Fresh news")}
    shop.commit(changed, "events/stock-low.yaml")
    shop.run("reconcile", "-e", "development")

    assert sorted(shop.effects[before:]) == [("archive", "stock-low"), ("replace", "news")]


@pytest.mark.parametrize("fault", ["lost-reply", "lost-request"])
def test_a_lost_reply_is_looked_at_and_nothing_is_written_twice(
    shop: RemoteShop, fault: str
) -> None:
    """When the answer to a write is lost, what became of it is read, and each is written once."""
    shop.remote.control.fault(fault, on="write", after=2)
    shop.run("reconcile", "-e", "development")

    assert len(shop.effects) == len(set(shop.effects)) == 5
    assert shop.run("plan", "-e", "development").last == "No changes."


def test_what_could_not_be_read_is_not_taken_for_absent(shop: RemoteShop) -> None:
    """With an incomplete list nothing is planned to be added again, and nothing is written."""
    shop.run("reconcile", "-e", "development")
    before = shop.effects
    shop.remote.control.fault("short-list", items=1, times=None)
    plan = shop.run("plan", "-e", "development", "--format", "json", code=None).plan
    told = shop.run("reconcile", "-e", "development", code=None)

    assert plan["actual"]["complete"] is False
    assert plan["changes"] == []
    assert "1 of 5 resources were listed" in told.all
    assert shop.effects == before


def test_a_platform_that_is_away_stops_only_its_own_environment(shop: RemoteShop) -> None:
    """The others are planned and deployed; its own answer is one sentence, and exit 1."""
    shop.remote.kill()
    planned = shop.run("plan", code=1).out
    told = shop.run("reconcile", code=1)

    assert "cannot be reached: connection refused" in planned
    assert "Plan: 1 to add" in planned
    assert "cannot be reached: connection refused" in told.all
    assert shop.sql("SELECT environment, name FROM platform_resources") == [
        ("sandbox", "stock-low")
    ]
    shop.remote.restart()
    shop.run("reconcile")
    assert len(shop.effects) == 5


def test_a_package_that_does_not_work_stops_only_its_own_environment(
    tmp_path: Path, remote: RemoteProcess
) -> None:
    """A broken package is a finding at its environment.yaml, and the others are deployed."""
    shop = RemoteShop(tmp_path, remote, sandbox="broken")
    told = shop.run("reconcile", code=1).all
    plan = shop.run("plan", "-e", "sandbox", "--format", "json", code=1).json
    doctor = shop.run("doctor", "--format", "json", code=1).json

    why = 'the platform "broken" does not work: ModuleNotFoundError'
    checks = {each["name"]: each["text"] for each in doctor["checks"]}
    assert f"environments/sandbox/environment.yaml:1:1: {why}" in told
    assert why in str(plan)
    assert why in checks["platforms"]
    assert len(shop.effects) == 5


def test_doctor_lists_what_is_installed(shop: RemoteShop) -> None:
    """The types that an environment may name are listed."""
    checks = {each["name"]: each for each in shop.run("doctor", "--format", "json").json["checks"]}

    assert checks["platforms"]["text"] == "installed: builtin, broken, remote-test"


def test_users_cannot_be_imported_there(shop: RemoteShop) -> None:
    """A platform without users of its own says so, and none is lost on the way."""
    file = shop.root / "users.jsonl"
    file.write_text('{"id": "u-1"}\n', encoding="utf-8")
    told = shop.run("users", "import", "--environment", "development", str(file), code=1)

    assert 'The platform "remote-test" of development keeps no users of its own.' in told.err
