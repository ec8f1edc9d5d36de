"""`reconciler validate`: every finding of every file at once, and nothing read by mistake."""

from __future__ import annotations

import pytest

from tests.acceptance.manifests import (
    ORDER_PLACED,
    PIPELINE,
    STAGING,
    STOCK_LOW,
    development,
    manifest,
    workflow,
)
from tests.acceptance.program import Shop, fits

HERE = "environments/development"
WRONG = {
    f"{HERE}/a.yaml": STOCK_LOW,
    f"{HERE}/events/broken.yaml": "x: [\n",
    f"{HERE}/events/empty.yaml": "",
    f"{HERE}/events/order-placed.yml": ORDER_PLACED,
    f"{HERE}/events/order-placed.YAML": ORDER_PLACED,
    f"{HERE}/flows/a.yaml": STOCK_LOW,
    f"{HERE}/workflows/news.yaml": workflow("news", more="titel: x\nenabled: 'yes'\n"),
    f"{HERE}/workflows/thanks.yaml": workflow("thank", event="order-placd"),
    f"{HERE}/workflows/verify.yaml": manifest(
        "Workflow",
        "verify",
        "trigger: {type: request}\n"
        "requires: {workflows: [thanks, verify]}\n"
        "steps: [{name: a, type: action, with: {x: '${{ values.apj }}'}}]\n",
    ),
    "environments/staging/environment.yaml": STAGING.replace("From: dev", "From: devv"),
    "environments/qa/workflows/news.yaml": workflow("news"),
}
FOUND = """\
environments/development/a.yaml:1:1: a manifest stands in one of
environments/development/events/broken.yaml:2:1: is not valid YAML
environments/development/events/empty.yaml:1:1: is empty
environments/development/events/order-placed.YAML:1:1: collides with environments/development/
environments/development/events/order-placed.YAML:1:1: manifests end in .yaml
environments/development/events/order-placed.yml:1:1: manifests end in .yaml
environments/development/flows/a.yaml:1:1: unknown folder "flows" (did you mean "workflows"?)
environments/development/workflows/news.yaml:9:3: unknown field "titel" in /spec; did
environments/development/workflows/news.yaml:10:3: /spec/enabled is the text "yes"; wanted
environments/development/workflows/thanks.yaml:3:12: metadata.name is "thank"
environments/development/workflows/thanks.yaml:7:29: unknown app event "order-placd"
environments/development/workflows/verify.yaml:6:14: workflows require one another in a circle
environments/development/workflows/verify.yaml:7:42: unknown value "apj" (did you mean "api"?)
environments/qa:1:1: this folder holds manifests but has no environment.yaml
environments/staging/environment.yaml:6:3: promotesFrom names "devvelopment"
"""


def test_every_finding_is_shown_at_once(committed: Shop) -> None:
    """Broken YAML, wrong fields, references and misplaced files are named by place, with hints."""
    committed.repository.commit(WRONG)

    lines = committed.run("validate", code=1).out.splitlines()
    answer = committed.run("validate", "--format", "json", code=1).json

    wanted = FOUND.splitlines()
    assert [line[: len(start)] for line, start in zip(lines, wanted, strict=True)] == wanted
    fits(answer, "findings")
    told = [f"{f['file']}:{f['line']}:{f['column']}: {f['text']}" for f in answer["findings"]]
    assert told == lines


def test_other_formats_point_to_the_same_places(committed: Shop) -> None:
    """Annotations and SARIF hold one entry for each finding, on its line."""
    committed.repository.commit(WRONG)

    annotations = committed.run("validate", "--format", "github", code=1).out.splitlines()
    sarif = committed.run("validate", "--format", "sarif", code=1).json

    results = sarif["runs"][0]["results"]
    assert len(annotations) == len(results) == len(FOUND.splitlines())
    assert all(line.startswith("::error file=environments/") for line in annotations)
    places = [result["locations"][0]["physicalLocation"] for result in results]
    found = {(at["artifactLocation"]["uri"], at["region"]["startLine"]) for at in places}
    assert (f"{HERE}/workflows/news.yaml", 9) in found


def test_a_broken_environment_hides_no_other(deployed: Shop) -> None:
    """Findings in one environment hold that one alone; its own manifest is the first to look at."""
    deployed.commit({"workflows/news.yaml": workflow("news", title="Later")})
    deployed.repository.commit(
        {"environments/staging/environment.yaml": STAGING + "  mod: editable\n"}
    )

    plan = deployed.run("plan", "--format", "json", code=1).json
    job = deployed.run("reconcile", code=1).out

    fits(plan, "plan")
    assert [one["errored"] for one in plan["plans"]] == [False, True]
    assert plan["errors"][0]["file"] == "environments/staging/environment.yaml"
    assert "Applied: 0 added, 1 modified, 0 removed." in job
    assert "environments/staging/environment.yaml:8:3: unknown field" in job
    assert deployed.running()["news"] == "Later"


def test_a_plan_with_findings_writes_nothing(deployed: Shop) -> None:
    """An environment with findings is neither planned nor applied, and what runs stays."""
    deployed.commit({"workflows/news.yaml": "x: [\n"})
    before = deployed.store.read_bytes()

    text = deployed.run("plan", "-e", "development", "--detailed-exitcode", code=1)
    deployed.run("reconcile", "-e", "development", code=1)
    deployed.run("apply", "-e", "development", "--auto-approve", code=1)

    assert text.last == "This plan is not complete and cannot be applied."
    assert deployed.store.read_bytes() == before


def test_an_empty_folder_plans_no_removals(deployed: Shop) -> None:
    """No resource at all, though something is deployed, is a finding until it is meant."""
    deployed.repository.git("rm", "-rq", *(f"{HERE}/{f}" for f in ("events", "workflows")))
    deployed.repository.git("rm", "-rq", f"{HERE}/integrations")
    deployed.repository.commit()
    before = deployed.store.read_bytes()

    plan = deployed.run("plan", "-e", "development", "--format", "json", code=1).json
    for command in (("reconcile",), ("apply", "--auto-approve"), ("drift",)):
        deployed.run(*command, "-e", "development", code=1)
    meant = deployed.run("plan", "-e", "development", "--allow-empty").last

    assert plan["plans"][0]["summary"]["remove"] == 0
    assert "holds no resource although 5 are deployed" in plan["errors"][0]["text"]
    assert meant == "Plan: 0 to add, 0 to modify, 5 to remove."
    assert deployed.store.read_bytes() == before


def test_a_missing_folder_plans_no_removals(deployed: Shop) -> None:
    """An environment of the pipeline without a folder is a finding, even with --allow-empty."""
    deployed.repository.git("rm", "-rq", HERE)
    deployed.repository.commit()

    told = deployed.run("plan", "-e", "development", "--allow-empty", code=1).out
    deployed.run("apply", "-e", "development", "--allow-empty", "--auto-approve", code=1)

    assert 'environment "development" has no environments/development/environment.yaml' in told
    assert len(deployed.running()) == 5


def test_the_removal_budget_holds_until_a_person_says_so(deployed: Shop) -> None:
    """Above both count and share, removals exit 3 and change nothing; --allow-removals applies."""
    budget = "promotion: {removalBudget: {count: 1, percent: 20}}"
    environment = development().replace("promotion: {selfHeal: false}", budget)
    deployed.commit(
        {"environment.yaml": environment}, "events/stock-low.yaml", "workflows/verify.yaml"
    )
    before = deployed.store.read_bytes()

    plan = deployed.run("plan", "-e", "development").out
    held = deployed.run("reconcile", "-e", "development", "--format", "json", code=3).json
    refused = deployed.run("apply", "-e", "development", "--auto-approve", code=3)
    untouched = deployed.store.read_bytes() == before
    applied = deployed.run("apply", "-e", "development", "--auto-approve", "--allow-removals")

    assert "warning RemovalBudgetExceeded" in plan
    assert held["promotions"][0]["outcome"] == "refused"
    assert "2 of 5 resources would be removed" in refused.err
    assert "--allow-removals" in refused.err
    assert untouched
    assert applied.last == "Applied: 0 added, 0 modified, 2 removed."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (PIPELINE.replace("development", "Dev"), "environments/pipeline.yaml:5:"),
        (PIPELINE.replace("[development, staging]", "[]"), "environments/pipeline.yaml:5:"),
        ("", "environments/pipeline.yaml:1:1: is empty"),
        (b"\xff\xfe", "environments/pipeline.yaml:1:1: "),
    ],
)
def test_a_broken_pipeline_is_named(committed: Shop, text: str | bytes, sentence: str) -> None:
    """Without a sound pipeline nothing is planned, and the place is told."""
    committed.repository.commit({"environments/pipeline.yaml": text})

    assert sentence in committed.run("plan", code=1).all
