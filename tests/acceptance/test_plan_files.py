"""`plan --out` and `apply --plan`: what was reviewed is applied, or nothing is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.acceptance.manifests import workflow
from tests.acceptance.program import Shop, fits

pytestmark = pytest.mark.both_stores

APPLY = ("apply", "-e", "development", "--auto-approve", "--plan")


def later(shop: Shop, title: str) -> None:
    """Change the news workflow in git."""
    shop.commit({"workflows/news.yaml": workflow("news", title=title)})


def test_a_reviewed_plan_is_applied(deployed: Shop) -> None:
    """A plan that still holds is applied; once applied the same file is stale."""
    later(deployed, "Reviewed")
    deployed.run("plan", "-e", "development", "--out", "plan.json")
    fits(json.loads((deployed.root / "plan.json").read_text("utf-8")), "plan")

    assert deployed.run(*APPLY, "plan.json").last == "Applied: 0 added, 1 modified, 0 removed."
    assert deployed.running()["news"] == "Reviewed"
    before = deployed.store.read_bytes()
    deployed.run(*APPLY, "plan.json", code=4)
    assert deployed.store.read_bytes() == before


def test_a_stale_plan_is_refused_with_the_difference(deployed: Shop) -> None:
    """When git moved on after the review nothing is applied, and what differs is shown."""
    later(deployed, "Reviewed")
    deployed.run("plan", "-e", "development", "--out", "plan.json")
    later(deployed, "Slipped in")
    deployed.commit({"workflows/thanks.yaml": workflow("thanks")})
    before = deployed.store.read_bytes()

    refused = deployed.run(*APPLY, "plan.json", code=4)

    assert "The plan of development is no longer the reviewed one." in refused.err
    assert "Workflow/thanks" in refused.err
    assert "Slipped in" in refused.err
    assert "Next: Review the new plan, then apply again." in refused.err
    answer = deployed.run(*APPLY, "plan.json", "--format", "json", code=4).json
    fits(answer, "plan")
    assert [error["code"] for error in answer["errors"]] == ["StalePlan"]
    assert answer["plans"][0]["summary"] == {"add": 1, "modify": 1, "remove": 0}
    assert deployed.store.read_bytes() == before


def test_drift_after_the_review_does_not_hide(deployed: Shop) -> None:
    """A plan's digest leaves drift out; what the platform holds by then is shown and asked for."""
    later(deployed, "Reviewed")
    deployed.run("plan", "-e", "development", "--out", "plan.json")
    deployed.retitle("slack", "Mine")

    asked = deployed.run("apply", "-e", "development", "--plan", "plan.json", code=1)

    assert "Changed outside since the last deployment: 1 resource" in asked.out
    assert "there is no terminal" in asked.err


@pytest.mark.embedded_store
@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("\ud800", 64, "is not a plan"),
        ("[" * 100_000, 64, "is not a plan"),
        ('{"plans": [1]}', 64, "is not a plan"),
        ('{"formatVersion": "1.0", "plans": []}', 64, "holds no plan of development"),
        ('{"plans": [{"environment": "development"}]}', 64, "is not a plan"),
        (None, 1, "There is no plan file plan.json."),
    ],
)
def test_a_file_that_is_no_plan_is_refused(
    deployed_once: Shop, tmp_path: Path, text: str | None, code: int, told: str
) -> None:
    """Another program's file, a broken one or none at all applies nothing."""
    path = tmp_path / "plan.json"
    if text is not None:
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
    before = deployed_once.store.read_bytes()

    refused = deployed_once.run(*APPLY, str(path), code=code)

    assert told.replace("plan.json", str(path)) in refused.err
    assert deployed_once.store.read_bytes() == before


def test_a_plan_that_cannot_be_written_is_an_error(deployed_once: Shop) -> None:
    """The plan is shown, and that its file could not be written is exit 1."""
    done = deployed_once.run("plan", "-e", "development", "--out", "no/such/folder", code=1)

    assert done.last == "No changes."
    assert "The plan cannot be written to no/such/folder: No such file or directory." in done.err
