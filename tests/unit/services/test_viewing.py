"""The read-only commands over several environments."""

from __future__ import annotations

import pytest

from reconciler.core.errors import NotFound, UsageError
from reconciler.core.plan import Plan
from tests.unit.services.shop import DEVELOPMENT, FILES, FOLDER, PIPELINE, STAGING, SYNC_KEY, Shop

PIPELINE_FILE = "environments/pipeline.yaml"
STAGING_FILE = "environments/staging/environment.yaml"


@pytest.fixture
def shop() -> Shop:
    """A repository in memory of which nothing is deployed."""
    return Shop()


def plans(shop: Shop, *asked: str) -> list[Plan]:
    """Plan environments of the protected branch."""
    return shop.viewer.plans(shop.workspace.choose(isolated=asked), asked)


def against(shop: Shop, ref: str, *asked: str) -> list[Plan]:
    """Compare HEAD with another commit."""
    chosen = shop.workspace.choose(head=True, isolated=asked)
    return shop.viewer.plans_against(chosen, ref, asked)


def validate(shop: Shop) -> tuple[list[str], int, int]:
    """Return findings as they are shown, and how much was looked at."""
    report = shop.viewer.validate(shop.workspace.choose(head=True))
    return [str(finding) for finding in report.findings], report.environments, report.resources


# --- plans --------------------------------------------------------------------------------------


def test_every_environment_of_the_pipeline_is_planned(shop: Shop) -> None:
    """Without a wish all are planned, in the pipeline's order; release-only ones wait."""
    development, staging = plans(shop)

    assert (development.environment, development.summary["add"]) == ("development", 4)
    assert staging.waiting == "its first release tag (staging/v…)"


def test_a_release_only_environment_is_planned_at_a_ref(shop: Shop) -> None:
    """Who names a ref wants to see that folder, not what it waits for."""
    shop.put(
        "environments/staging/events/paid.yaml",
        FILES[f"{FOLDER}/events/contact-created.yaml"].replace("contact-created", "paid"),
    )
    (plan,) = shop.viewer.plans(shop.workspace.choose(ref="main"), ["staging"])

    assert (plan.waiting, plan.summary["add"]) == (None, 1)


def test_only_those_that_are_asked_for_are_planned(shop: Shop) -> None:
    """Names choose, each once; an unknown one is wrong usage."""
    assert [plan.environment for plan in plans(shop, "staging", "staging")] == ["staging"]
    with pytest.raises(UsageError, match='did you mean "staging"'):
        plans(shop, "stagin")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (STAGING_FILE, "spec: 3\n"),
        (STAGING_FILE, STAGING.replace("development", "nowhere")),
        ("environments/staging/environment.yml", "x"),
        (PIPELINE_FILE, PIPELINE.replace("staging", "staging, missing")),
    ],
    ids=["unreadable", "reference", "layout", "no folder"],
)
def test_findings_of_one_do_not_hide_the_others(shop: Shop, path: str, text: str) -> None:
    """An environment with findings is an errored plan beside the plans of the others."""
    shop.put(path, text)
    chosen = shop.workspace.choose(ref="main")
    found = {plan.environment: plan for plan in shop.viewer.plans(chosen, [])}

    assert found["development"].summary["add"] == 4
    errored = [plan for plan in found.values() if plan.errored]
    assert len(errored) == 1
    assert errored[0].commit == shop.git.branches["main"]
    assert not errored[0].changes


def test_a_broken_environment_is_errored_when_asked_for(shop: Shop) -> None:
    """An environment whose own manifest cannot be read is not an unknown one."""
    shop.put(STAGING_FILE, "spec: 3\n")
    (plan,) = plans(shop, "staging")

    assert plan.errored
    assert plan.waiting is None


def test_an_empty_folder_is_an_errored_plan(shop: Shop) -> None:
    """What planning refuses is told as a finding of that environment."""
    shop.apply()
    shop.git.files = {
        p: t for p, t in shop.git.files.items() if "environment.yaml" in p or p == PIPELINE_FILE
    }
    shop.git.commit()

    assert plans(shop)[0].errored
    chosen = shop.choose()
    assert shop.viewer.plans(chosen, [], allow_empty=True)[0].summary["remove"] == 4


def test_isolated_environments_are_planned_by_name(shop: Shop) -> None:
    """A folder outside the pipeline is planned when it is asked for and not otherwise."""
    shop.put("environments/mine/environment.yaml", DEVELOPMENT.replace("development", "mine"))

    assert [plan.environment for plan in plans(shop, "mine")] == ["mine"]
    assert "mine" not in [plan.environment for plan in plans(shop)]


# --- comparing two commits ----------------------------------------------------------------------


def test_two_commits_are_compared_from_git_alone(shop: Shop) -> None:
    """The difference between two commits needs neither platform nor store."""
    base = shop.git.branches["main"]
    shop.workflow("new")
    development, staging = against(shop, base)

    assert [change.key.name for change in development.changes] == ["new"]
    assert (staging.changes, staging.waiting) == ((), None)


def test_a_commit_against_itself_is_empty(shop: Shop) -> None:
    """The same commit on both sides has no changes and no messages."""
    assert all(not plan.changes and not plan.messages for plan in against(shop, "main"))


def test_an_environment_that_is_new_is_added_whole(shop: Shop) -> None:
    """Without an older side everything is added: no pipeline then, not in it, or no folder."""
    shop.git.files = {"README.md": "x"}
    nothing = shop.git.commit("before")
    shop.git.files = {
        PIPELINE_FILE: PIPELINE.replace("development, ", ""),
        STAGING_FILE: STAGING.replace("  promotesFrom: development\n", ""),
    }
    unlisted = shop.git.commit("before")
    shop.git.files = {PIPELINE_FILE: PIPELINE, STAGING_FILE: STAGING}
    empty = shop.git.commit("before")
    shop.git.files = dict(FILES)
    shop.git.commit()

    for base in (nothing, unlisted, empty):
        assert against(shop, base, "development")[0].summary["add"] == 4


def test_isolated_environments_have_an_older_side(shop: Shop) -> None:
    """A folder outside the pipeline is compared with itself, not taken as new."""
    shop.put("environments/mine/environment.yaml", DEVELOPMENT.replace("development", "mine"))
    path = "environments/mine/workflows/report.yaml"
    text = FILES[f"{FOLDER}/events/contact-created.yaml"]
    shop.put("environments/mine/events/contact-created.yaml", text)
    base = shop.git.branches["main"]
    shop.put(
        path.replace("workflows/report", "events/paid"), text.replace("contact-created", "paid")
    )

    assert [change.key.name for change in against(shop, base, "mine")[0].changes] == ["paid"]


def test_findings_of_either_side_are_told(shop: Shop) -> None:
    """The newer side's findings are told as they are, the older side's with where they stand."""
    good = shop.git.branches["main"]
    shop.workflow("broken", more="  speed: fast\n")
    bad = shop.git.branches["main"]
    (newer,) = against(shop, good, "development")
    shop.remove("workflows/broken.yaml")
    (older,) = against(shop, bad, "development")

    assert newer.errored
    assert str(newer.findings[0]).startswith(f"{FOLDER}/workflows/broken.yaml:10:3: unknown field")
    assert older.errored
    assert older.findings[0].text.endswith(f"(in {bad})")


def test_an_event_that_never_was_is_told_as_a_finding(shop: Shop) -> None:
    """What only the comparison shows to be a mistake is an errored plan too."""
    base = shop.git.branches["main"]
    shop.replace("workflows/sync.yaml", "event: contact-created", "event: contact-made")
    (plan,) = against(shop, base, "development")

    assert [finding.line for finding in plan.findings] == [7]


def test_an_unknown_commit_is_not_found(shop: Shop) -> None:
    """A ref that is nowhere is an error of its own."""
    with pytest.raises(NotFound):
        against(shop, "nowhere")


# --- validate -----------------------------------------------------------------------------------


def test_a_valid_repository_has_no_findings(shop: Shop) -> None:
    """The report counts what was looked at."""
    assert validate(shop) == ([], 2, 4)


def test_every_finding_of_every_environment_is_told(shop: Shop) -> None:
    """Manifests, references, environments and folders are told together, sorted by file."""
    shop.workflow("broken", more="  speed: fast\n")
    shop.replace("workflows/sync.yaml", "integration: hubspot", "integration: hubspt")
    shop.put(STAGING_FILE, STAGING.replace("mode", "mood"))
    shop.put("environments/staging/workflows/bad.yaml", "x")
    shop.put("environments/mine/environment.yaml", DEVELOPMENT)
    shop.put("environments/stray/workflows/x.yaml", "x")
    found, environments, resources = validate(shop)

    assert [finding.split(" ")[0] for finding in found] == [
        f"{FOLDER}/workflows/broken.yaml:10:3:",
        f"{FOLDER}/workflows/sync.yaml:6:3:",
        "environments/mine/environment.yaml:4:3:",
        f"{STAGING_FILE}:6:3:",
        "environments/staging/workflows/bad.yaml:1:1:",
        "environments/stray:1:1:",
    ]
    assert (environments, resources) == (3, 6)


def test_an_unreadable_environment_does_not_make_its_manifests_wrong(shop: Shop) -> None:
    """Where environment.yaml has findings its values are unknown, not missing."""
    shop.replace("environment.yaml", "values", "vales")
    found, _, resources = validate(shop)

    assert {finding.split(":")[0] for finding in found} == {f"{FOLDER}/environment.yaml"}
    assert resources == 4


def test_validating_needs_no_platform(shop: Shop) -> None:
    """Nothing of a platform or store is asked for."""
    validate(shop)

    assert shop.platforms == {}
    assert SYNC_KEY not in shop.store.applied("development").digests
