"""Releases with real keys and a bare remote: made, merged, tagged, approved, live, rolled back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.launcher import Launcher
from tests.acceptance.manifests import manifest
from tests.acceptance.program import fits
from tests.acceptance.travelling import ANA, BEN, CI, QUINN, Clone, Team

pytestmark = pytest.mark.both_stores

DEV = "environments/development"
BEGIN = "2026-03-02 08:00"
PIPELINE = f"""\
environments: [development, staging, production]
protectedBranch: main
signatures: required
roles:
  release-manager: {{members: [{ANA}]}}
  qa: {{members: [{QUINN}]}}
  tests: {{members: [{CI}]}}
"""
APPROVALS = "promotion: {approvals: [tests, qa, release-manager]}"


def environment(name: str, source: str, more: str = "") -> dict[str, str]:
    """Return the manifest of a release-only environment."""
    spec = f"mode: release-only\npromotesFrom: {source}\n{more}"
    return {f"environments/{name}/environment.yaml": manifest("Environment", name, spec)}


def news(title: str = "News", more: str = "") -> dict[str, str]:
    """Return a workflow that people switch on."""
    spec = (
        f"title: {title}\ntrigger: {{type: manual}}\n{more}"
        "steps: [{name: answer, type: response}]"
    )
    return {f"{DEV}/workflows/news.yaml": manifest("Workflow", "news", spec)}


ALERTS = {
    f"{DEV}/workflows/alerts.yaml": manifest(
        "Workflow",
        "alerts",
        "trigger: {type: manual}\nsteps: [{name: answer, type: response}]",
    )
}
FILES = {
    "environments/pipeline.yaml": manifest("Pipeline", "shop", PIPELINE),
    f"{DEV}/environment.yaml": manifest("Environment", "development", "mode: editable"),
    **environment("staging", "development", "removal: {keep: 2d}"),
    **environment("production", "staging", APPROVALS),
    **news(),
    **ALERTS,
}
USERS = "".join(
    json.dumps({"id": f"u-{number}", "workflows": [{"name": "alerts", "enabled": on}]}) + "\n"
    for number, on in enumerate((True, True, False))
)


@pytest.fixture(scope="session")
def staged_once(
    launcher: Launcher, teams: type[Team], tmp_path_factory: pytest.TempPathFactory
) -> Team:
    """Return a team with 1.0.0 live in staging; nobody goes on with it."""
    folder = tmp_path_factory.mktemp("staged") / "team"
    folder.mkdir()
    team = teams(launcher, folder, FILES).at(BEGIN)
    team.run("reconcile")
    release(team, "staging", "1.0.0")
    team.run("promote")
    return team


@pytest.fixture
def staged(staged_once: Team, tmp_path: Path) -> Team:
    """Return a team of one's own with 1.0.0 live in staging."""
    return staged_once.copy(tmp_path / "team")


@pytest.fixture(scope="session")
def pending_once(staged_once: Team, tmp_path_factory: pytest.TempPathFactory) -> Team:
    """Return the team with staging/1.1.0 tagged, which changes a title; nobody goes on with it."""
    team = staged_once.copy(tmp_path_factory.mktemp("pending") / "team")
    team.change(news("Newer"))
    team.run("reconcile", "-e", "development")
    release(team, "staging", "1.1.0")
    return team


@pytest.fixture
def pending(pending_once: Team, tmp_path: Path) -> Team:
    """Return a team of one's own with staging/1.1.0 tagged."""
    return pending_once.copy(tmp_path / "team")


@pytest.fixture(scope="session")
def dropped_once(staged_once: Team, tmp_path_factory: pytest.TempPathFactory) -> Team:
    """Return the team with users, and staging/1.1.0 tagged, which removes what they have on."""
    team = staged_once.copy(tmp_path_factory.mktemp("dropped") / "team")
    clone = team.clone()
    (clone.root / "users.jsonl").write_text(USERS)
    team.run_in(clone, "users", "import", "-e", "staging", "users.jsonl")
    removed(team, f"{DEV}/workflows/alerts.yaml")
    team.run("reconcile", "-e", "development")
    release(team, "staging", "1.1.0")
    return team


@pytest.fixture
def dropped(dropped_once: Team, tmp_path: Path) -> Team:
    """Return a team of one's own whose staging/1.1.0 removes a workflow."""
    return dropped_once.copy(tmp_path / "team")


@pytest.fixture(scope="session")
def created_once(staged_once: Team, tmp_path_factory: pytest.TempPathFactory) -> Team:
    """Return the team with production/1.0.0 on its branch; nobody goes on with it."""
    team = staged_once.copy(tmp_path_factory.mktemp("created") / "team")
    create(team, "production", "1.0.0")
    return team


@pytest.fixture
def created(created_once: Team, tmp_path: Path) -> Team:
    """Return a team of one's own with production/1.0.0 on its branch."""
    return created_once.copy(tmp_path / "team")


@pytest.fixture(scope="session")
def desk(staged_once: Team) -> Clone:
    """Return a clone for what changes nothing."""
    return staged_once.clone()


def create(team: Team, to: str, version: str, *options: str, code: int = 0) -> str:
    """Make a release and push its branch."""
    asked = ("release", "create", "--to", to, "--version", version)
    return team.run(*asked, *options, "--push", by=ANA, code=code).all


def release(team: Team, to: str, version: str, *options: str) -> None:
    """Make, merge and tag a release."""
    create(team, to, version, *options)
    team.tagged(f"{to}/{version}", approved=False)


def removed(team: Team, *paths: str) -> None:
    """Remove files from the protected branch."""
    clone = team.clone()
    clone.remove(*paths)
    clone.commit(message="Remove")
    clone.git("push", "--quiet", "origin", "HEAD:main")


def outcomes(answer: Any) -> dict[str, str]:
    """Return what came of each environment, of an answer that fits its schema."""
    fits(answer, "promotions")
    return {row["environment"]: row["outcome"] for row in answer["promotions"]}


# --- from the first commit to production --------------------------------------------------------


def squashed(clone: Clone, branch: str) -> str:
    """Merge as one commit."""
    return clone.squash(f"origin/{branch}")


def rebased(clone: Clone, branch: str) -> str:
    """Merge by copies of the commits."""
    clone.git("branch", "--quiet", "--track", branch, f"origin/{branch}")
    return clone.rebase(branch)


def merged(clone: Clone, branch: str) -> str:
    """Merge with a merge commit."""
    return clone.merge(f"origin/{branch}")


@pytest.mark.parametrize("merge", [merged, squashed, rebased])
def test_a_release_reaches_production_with_three_approvals(
    created: Team, merge: Callable[[Clone, str], str]
) -> None:
    """Whatever way it was merged: the tag finds its commit, and the third approval lets it go."""
    created.change({"notes.md": "Something else was merged meanwhile"})
    clone = created.clone()
    commit = merge(clone, "release/production/1.0.0")
    clone.git("push", "--quiet", "origin", "HEAD:main")
    created.change({"notes.md": "And something after"})

    tagged = created.run("release", "tag", "production/1.0.0", "--push", by=ANA).out
    assert f"production/v1.0.0 is made on {commit[:12]}." in tagged
    held = created.run("promote", "production/1.0.0", code=3).out
    assert QUINN in held
    assert CI in held
    created.run("release", "approve", "production/1.0.0", "--role", "qa", "--push", by=QUINN)
    created.run("release", "approve", "production/1.0.0", "--role", "tests", "--push", by=CI)

    answer = created.run("promote", "--format", "json").json
    assert outcomes(answer) == {"staging": "nothing", "production": "applied"}
    assert created.live() == {"staging": "1.0.0", "production": "1.0.0"}


def test_an_approval_in_the_role_of_another_is_not_made(created: Team) -> None:
    """Exit 3, the role's members are named, and nothing is pushed."""
    asked = ("release", "approve", "production/1.0.0", "--role", "qa", "--push")
    assert QUINN in created.run(*asked, by=BEN, code=3).err
    assert "approvals/" not in created.remote.git("tag", "--list")


def test_an_approval_before_the_merge_counts_after_a_squash(created: Team) -> None:
    """It names content, not a commit: the pull request's head is as good as main."""
    for role, who in (("qa", QUINN), ("tests", CI)):
        created.run("release", "approve", "production/1.0.0", "--role", role, "--push", by=who)
    clone = created.clone()
    squashed(clone, "release/production/1.0.0")
    clone.git("push", "--quiet", "origin", "HEAD:main")
    created.run("release", "tag", "production/1.0.0", "--push", by=ANA)
    created.run("promote")
    assert created.live()["production"] == "1.0.0"


def test_what_somebody_else_acknowledged_survives_a_rebuild(staged: Team) -> None:
    """Made anew from another clone, the branch keeps what was pushed to it meanwhile."""
    staged.change(news(more="requires: {secrets: [API_KEY]}\n"))
    staged.run("reconcile")
    create(staged, "staging", "1.1.0")
    missing = ("EnvironmentSecretMissing", "Secret/API_KEY", "--reason", "on Monday", "--push")
    staged.run("release", "acknowledge", "staging/1.1.0", *missing, by=BEN)
    staged.change(news("Newer", more="requires: {secrets: [API_KEY]}\n"))
    staged.run("reconcile")
    create(staged, "staging", "1.1.0")

    staged.tagged("staging/1.1.0", approved=False)
    assert staged.gates("staging/1.1.0")["open"]


def test_a_remote_is_as_good_as_a_checkout(pending: Team, tmp_path: Path) -> None:
    """With --repo URL the job needs no clone: the same gates, the same promotion."""
    ssh = tmp_path / "ssh"
    ssh.write_text('for last; do :; done\nexec sh -c "$last"\n')
    url = f"ssh://git@forge.example{pending.remote.root}"
    told = {"GIT_SSH_COMMAND": f"sh {ssh}", "XDG_CACHE_HOME": str(tmp_path / "cache")}

    def on_remote(*arguments: str, code: int = 0) -> Any:
        return pending.run("--repo", url, *arguments, "--format", "json", code=code, **told).json

    there, beside = on_remote("gates", "staging/1.1.0"), pending.gates("staging/1.1.0")
    assert there["gates"] == beside["gates"]
    here = pending.run("release", "preview", "staging/1.1.0", "--format", "json").json
    assert on_remote("release", "preview", "staging/1.1.0") == here
    assert outcomes(on_remote("promote")) == {"staging": "applied", "production": "waiting"}
    assert outcomes(on_remote("reconcile"))["staging"] == "nothing"
    assert pending.live() == {"staging": "1.1.0"}


# --- answers ------------------------------------------------------------------------------------


def test_answers_for_machines_fit_their_schemas(staged: Team) -> None:
    """Previews, gates, promotions and the job answer as their schemas say, with every key."""
    staged.change(news("Newer"))
    staged.run("reconcile")
    as_json = ("--format", "json")

    asked = staged.run("release", "preview", "--to", "staging", *as_json).json
    fits(asked, "plan")
    [plan] = asked["plans"]
    assert plan["summary"] == {"add": 0, "modify": 1, "remove": 0}
    assert plan["release"]["version"] == "1.1.0"
    assert plan["release"]["base"]["version"] == "1.0.0"
    assert [c["subject"] for c in plan["release"]["commits"]] == ["A change"]
    assert [gate["name"] for gate in plan["gates"] if gate["state"] == "waiting"] == [
        "tag-accepted"
    ]

    release(staged, "staging", "1.1.0")
    made = staged.run("release", "preview", "staging/1.1.0", *as_json).json
    fits(made, "plan")
    assert made["plans"][0]["digest"] == plan["digest"]
    gates = staged.gates("staging/1.1.0")
    fits(gates, "gates")
    assert gates["open"]
    assert outcomes(staged.run("promote", *as_json).json)["staging"] == "applied"
    assert outcomes(staged.run("reconcile", *as_json).json) == {
        "development": "nothing",
        "staging": "nothing",
        "production": "waiting",
    }


def test_a_refused_promotion_is_an_answer_with_its_gates(created: Team) -> None:
    """What holds a release stands beside it, each gate with who must act; exit 3."""
    created.tagged("production/1.0.0", approved=False)
    answer = created.run("promote", "production/1.0.0", "--format", "json", code=3).json
    fits(answer, "promotions")
    [row] = answer["promotions"]
    assert (row["version"], row["tag"]) == ("1.0.0", "production/v1.0.0")
    assert {g["name"]: g["who"] for g in row["gates"]} == {
        "qa-approved": [QUINN],
        "tests-passed": [CI],
    }


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("release", "create", "--to", "nowhere"), 64),
        (("release", "create", "--to", "development"), 64),
        (("release", "create", "--to", "staging", "--version", "1.0"), 64),
        (("release", "create", "--to", "staging", "--only", "sync"), 64),
        (("release", "create", "--to", "staging", "--only", "Workflow/nwes"), 64),
        (("release", "create", "--to", "staging", "--acknowledge", "Code"), 64),
        (("release", "create", "--to", "staging", "--type", "sudden"), 64),
        (("release", "create"), 64),
        (("release", "preview"), 64),
        (("release", "preview", "staging/9.9.9"), 1),
        (("release", "tag", "staging/9.9.9"), 1),
        (("release", "tag", "staging"), 64),
        (("release", "approve", "staging/1.0.0", "--role", "nobody"), 64),
        (("release", "hold", "development", "--reason", "x"), 64),
        (("release", "resume", "staging"), 1),
        (("gates", "staging/9.9.9"), 1),
        (("gates", "nowhere/1.0.0"), 64),
        (("gates", "staging/1.0.0", "--at", "tomorrow"), 64),
        (("promote", "staging/9.9.9"), 1),
        (("promote", "development/1.0.0"), 64),
        (("rollback", "staging/9.9.9"), 1),
        (("trust", "show", "-e", "nowhere"), 64),
        (("trust", "accept", "f" * 40, "-e", "staging"), 1),
        (("store", "rebuild", "-e", "staging", "--live", "9.9.9"), 4),
    ],
)
def test_bad_input_is_one_sentence(
    staged_once: Team, desk: Clone, arguments: tuple[str, ...], code: int
) -> None:
    """Wrong usage is 64, what is not there is 1, and standard output stays empty."""
    found = staged_once.run_in(desk, *arguments, by=ANA, code=code)
    assert found.out == ""
    assert found.err.strip()


def test_nothing_to_release_is_no_error(staged: Team) -> None:
    """Exit 0, a sentence, no branch and no file."""
    assert "Nothing to release" in create(staged, "staging", "1.1.0")
    assert staged.branches() == set()


def test_reading_commands_write_nothing(pending: Team) -> None:
    """Gates, previews, plans and trust leave store, branches and tags as they are."""
    clone = pending.clone()
    store = pending.folder / "store"

    def known() -> tuple[object, ...]:
        files = {p.name: p.read_bytes() for p in store.rglob("*") if p.is_file()}
        kinds = ("refs/heads", "refs/tags", "refs/remotes")
        refs = clone.git("for-each-ref", *kinds), pending.remote.git("for-each-ref")
        return files, refs, clone.git("status", "--porcelain")

    before = known()
    for command in (
        ("gates", "staging/1.1.0"),
        ("release", "preview", "staging/1.1.0"),
        ("release", "preview", "--to", "staging"),
        ("plan",),
        ("drift",),
        ("trust", "show"),
        ("release", "list"),
    ):
        pending.run_in(clone, *command)
        assert known() == before, command


# --- what runs ----------------------------------------------------------------------------------


def test_a_plan_compares_with_the_accepted_tag(staged: Team) -> None:
    """Merging plans nothing; the tag does, before it is promoted."""
    staged.change(news("Newer"))
    staged.run("reconcile")
    create(staged, "staging", "1.1.0")
    staged.merge("staging/1.1.0")
    quiet = ("plan", "-e", "staging", "--detailed-exitcode")
    assert staged.run(*quiet).out.rstrip().endswith("No changes.")

    staged.run("release", "tag", "staging/1.1.0", "--push", by=ANA)
    planned = staged.run(*quiet, code=2).out
    assert "Plan: 0 to add, 1 to modify, 0 to remove." in planned


def test_users_concerned_are_answered_before_and_after(dropped: Team) -> None:
    """Before it is live they are counted now; afterwards it is whom it concerned then."""

    def affected() -> list[str]:
        asked = ("users", "affected", "staging/1.1.0", "--code", "WorkflowRemoved")
        lines = dropped.run(*asked, "--format", "json").out.splitlines()
        return [json.loads(line)["user"] for line in lines]

    assert affected() == ["u-0", "u-1"]
    dropped.run("promote")
    assert affected() == ["u-0", "u-1"]


def test_a_rollback_in_time_brings_users_back(dropped: Team) -> None:
    """What was removed is kept for `removal.keep`: until then its users come back with it."""
    dropped.at("2026-03-03 08:00").run("reconcile")
    dropped.at("2026-03-04 08:00").run("reconcile")
    dropped.run("rollback", "staging/1.0.0", "--push", by=ANA)
    dropped.tagged("staging/1.1.1", approved=False)
    dropped.run("promote")

    assert switched_on(dropped) == {"u-0": True, "u-1": True, "u-2": False}
    assert dropped.live()["staging"] == "1.1.1"


def test_after_its_time_what_was_removed_is_gone(dropped: Team) -> None:
    """The job forgets it for good; a rollback then brings the workflow and no user."""
    dropped.at("2026-03-03 08:00").run("reconcile")
    dropped.at("2026-03-05 08:01").run("reconcile")
    dropped.run("rollback", "staging/1.0.0", "--push", by=ANA)
    dropped.tagged("staging/1.1.1", approved=False)
    dropped.run("promote")

    assert True not in switched_on(dropped).values()


def switched_on(team: Team) -> dict[str, bool | None]:
    """Return for each user of staging whether alerts is on, None where nothing is known."""
    lines = team.run("users", "list", "-e", "staging", "--format", "json").out.splitlines()
    users = map(json.loads, lines)
    return {
        user["id"]: next((w["enabled"] for w in user["workflows"] if w["name"] == "alerts"), None)
        for user in users
    }


# --- a store that was lost, and trust -----------------------------------------------------------


@pytest.mark.embedded_store
def test_a_lost_store_writes_nothing_until_it_is_told(pending: Team) -> None:
    """With its platform gone and two tags it is exit 4; `store rebuild` says what is live."""
    pending.run("promote")
    shutil.rmtree(pending.folder / "store")
    (pending.folder / "store").mkdir()

    refused = pending.run("reconcile", "-e", "staging", code=4).all
    rebuild = ("store", "rebuild", "--environment", "staging", "--live")
    assert "store rebuild --environment staging --live VERSION" in refused
    assert pending.live() == {}
    assert "accepted: 1.0.0, 1.1.0" in pending.run(*rebuild, "2.0.0", code=1).err
    pending.run(*rebuild, "1.1.0")
    assert pending.live() == {"staging": "1.1.0"}
    pending.run(*rebuild, "1.1.0", code=4)
    assert "2 changed outside" in pending.run("reconcile", "-e", "staging").out


def test_trust_is_shown_and_accepted(staged: Team) -> None:
    """A release manager who is added signs nothing until an operator accepts the commit."""
    more = PIPELINE.replace(f"members: [{ANA}]", f"members: [{ANA}, {BEN}]")
    staged.change({"environments/pipeline.yaml": manifest("Pipeline", "shop", more)})
    tip = staged.clone().head
    shown = staged.run("trust", "show", "-e", "staging").out
    assert f"not trusted yet:\n    {BEN}" in shown or BEN in shown
    staged.change(news("Newer"))
    staged.run("reconcile")
    create(staged, "staging", "1.1.0")
    staged.merge("staging/1.1.0")
    assert "was not made" in staged.run("release", "tag", "staging/1.1.0", by=BEN, code=3).err

    accept = ("trust", "accept", tip, "--environment", "staging")
    assert BEN in staged.run(*accept, code=1).out
    staged.run(*accept, "--auto-approve")
    staged.run("release", "tag", "staging/1.1.0", "--push", by=BEN)
    staged.run("promote")
    row = staged.run("trust", "show", "-e", "staging", "--format", "json").json["trust"][0]
    assert (row["differences"], row["problems"]) == ([], [])
    assert staged.live()["staging"] == "1.1.0"
