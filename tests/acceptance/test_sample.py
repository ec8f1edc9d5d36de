"""The project's own environments, as somebody sees them who has just cloned it."""

from __future__ import annotations

import shutil

import pytest

from reconciler.core.steps import STEPS
from tests import project
from tests.acceptance.program import Run, Shop, fits
from tests.repositories import Repository

pytestmark = pytest.mark.both_stores


@pytest.fixture(scope="module")
def sample(shops: type[Shop], tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return the sample, committed and not deployed."""
    root = tmp_path_factory.mktemp("sample") / "shop"
    shutil.copytree(project.ROOT / "environments", root / "environments")
    repository = Repository(root)
    repository.commit({".gitignore": ".reconciler/\n"})
    return shops(repository)


@pytest.fixture(scope="module")
def first(sample: Shop) -> Run:
    """Return the first reconcile."""
    return sample.run("reconcile")


def test_reconcile_deploys_development_and_shows_why_it_matters(sample: Shop, first: Run) -> None:
    """The first command shows changes and messages, deploys development and lets others wait."""
    names = {path.stem for path in (sample.root / "environments/development").glob("*/*.yaml")}

    assert f"Plan: {len(names)} to add, 0 to modify, 0 to remove." in first.out
    assert f"Applied: {len(names)} added, 0 modified, 0 removed." in first.out
    assert '+ Workflow/slack-order-news  "New orders in Slack"' in first.out
    assert "warning EnvironmentSecretMissing: Secret/SLACK_CLIENT_SECRET" in first.out
    assert "reconciler secret set SLACK_CLIENT_SECRET --environment development" in first.out
    assert "info WorkflowEnabledByDefault: Workflow/slack-order-news, 0 users" in first.out
    for name in ("staging", "production"):
        assert f"{name}: waits for its first release tag ({name}/v…)." in first.out
    assert set(sample.running()) == names


def test_progress_goes_to_stderr(first: Run) -> None:
    """Steps are told on stderr, apart from the answer."""
    steps = [line.split()[1] for line in first.err.splitlines() if "✓" in line]

    assert steps == [step.name for step in STEPS]
    assert "✓" not in first.out
    assert "\x1b" not in first.all


def test_a_second_reconcile_writes_nothing_at_all(sample: Shop, first: Run) -> None:
    """An unchanged environment leaves every byte of the store and makes no deployment."""
    before = sample.store.read_bytes()

    again = sample.run("reconcile")

    assert "development: converged, nothing to do." in again.out
    assert again.err == ""
    assert sample.store.read_bytes() == before
    assert sample.sql("SELECT count(*) FROM deployments") == [(1,)]


def test_history_tells_what_was_done(sample: Shop, first: Run) -> None:
    """The one deployment has its steps, messages and counts, and says nothing of a version."""
    answer = sample.run("history", "--format", "json").json
    details = sample.run("history", "--details", "--limit", "1", RECONCILER_ACTOR="ana").out

    fits(answer, "history")
    (one,) = answer["deployments"]
    assert (one["environment"], one["version"], one["tag"], one["type"]) == (
        "development",
        None,
        None,
        "reconcile",
    )
    assert [step["name"] for step in one["steps"]] == [step.name for step in STEPS]
    assert all(step["state"] == "done" for step in one["steps"])
    assert one["commit"] == sample.repository.head
    assert "add Integration/hubspot" in details


def test_doctor_finds_nothing_broken(sample: Shop, first: Run) -> None:
    """On a machine without secrets everything is in order, and missing secrets deserve a look."""
    checks = {one["name"]: one for one in sample.run("doctor", "--format", "json").json["checks"]}

    assert checks["repository"]["state"] == "ok"
    assert checks["store"]["state"] == "ok"
    assert checks["manifests"]["text"].endswith("resources in 3 environments, all valid")
    assert checks["secrets of development"]["state"] == "look"
