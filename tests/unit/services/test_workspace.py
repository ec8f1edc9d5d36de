"""Which commit is read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.errors import Invalid, NotFound, UsageError
from reconciler.services.workspace import Workspace, names
from tests.unit.services.shop import DEVELOPMENT, FOLDER, Shop


@pytest.fixture
def shop() -> Shop:
    """A repository in memory."""
    return Shop()


@pytest.fixture
def workspace(shop: Shop) -> Workspace:
    """Its workspace."""
    return shop.workspace


def test_the_protected_branch_is_read(shop: Shop, workspace: Workspace) -> None:
    """Without a wish the protected branch is read, by its full name."""
    chosen = workspace.choose()

    assert chosen.snapshot.ref == "refs/heads/main"
    assert (chosen.explicit, chosen.notices) == (False, ())


def test_the_protected_branch_is_the_pipeline_s(shop: Shop, workspace: Workspace) -> None:
    """The name of the branch stands in the pipeline of the checkout."""
    pipeline = str(shop.git.files["environments/pipeline.yaml"])
    shop.put("environments/pipeline.yaml", pipeline + "  protectedBranch: trunk\n")

    with pytest.raises(NotFound, match="There is no branch trunk; there are: main"):
        workspace.choose()
    shop.git.commit("trunk")
    assert workspace.choose().snapshot.ref == "refs/heads/trunk"


def test_a_ref_is_read_when_asked_for(shop: Shop, workspace: Workspace) -> None:
    """A ref that was named is explicit; HEAD by default is not."""
    first = shop.git.branches["main"]
    shop.workflow("new")

    assert workspace.choose(ref=first).explicit
    assert workspace.choose(ref=first).snapshot.commit == first
    assert not workspace.choose(head=True).explicit
    assert workspace.choose(head=True).snapshot.commit == shop.git.branches["main"]


def test_an_unknown_ref_is_not_found(workspace: Workspace) -> None:
    """A ref that is not there is told with the branches there are."""
    with pytest.raises(NotFound, match="there are: main"):
        workspace.choose(ref="mian")


def test_the_working_tree_is_read_when_asked_for(shop: Shop, workspace: Workspace) -> None:
    """With --worktree the files are read as they lie, committed or not."""
    shop.git.files[f"{FOLDER}/workflows/sync.yaml"] = "x"
    chosen = workspace.choose(worktree=True)

    assert (chosen.snapshot.commit, chosen.explicit) == (None, True)
    assert shop.load() is not None
    with pytest.raises(Invalid):
        shop.load(chosen=chosen)


def test_uncommitted_changes_are_noticed(shop: Shop, workspace: Workspace) -> None:
    """Who forgot to commit hears that the changes are not read."""
    shop.git.files[f"{FOLDER}/workflows/sync.yaml"] = "x"
    (notice,) = workspace.choose().notices

    assert "environments/ has changes that are not in refs/heads/main" in notice
    assert "--worktree" in notice


def test_isolated_environments_can_be_chosen(shop: Shop, workspace: Workspace) -> None:
    """An environment outside the pipeline is there when it is asked for."""
    shop.put("environments/mine/environment.yaml", DEVELOPMENT.replace("development", "mine"))
    chosen = workspace.choose(isolated=["mine"])

    assert [one.name for one in names(chosen, ["mine", "mine"])] == ["mine"]
    assert [one.name for one in names(chosen, [])] == ["development", "staging"]
    with pytest.raises(UsageError):
        names(chosen, ["yours"])


def test_loading_refuses_a_broken_environment(shop: Shop, workspace: Workspace) -> None:
    """An environment whose own manifest has findings is not read any further."""
    shop.replace("environment.yaml", "values", "vales")
    chosen = workspace.choose()

    with pytest.raises(Invalid) as caught:
        workspace.load(chosen, chosen.repository.environment("development"))
    assert {finding.file for finding in caught.value.findings} == {f"{FOLDER}/environment.yaml"}


def test_another_s_findings_do_not_matter(shop: Shop, workspace: Workspace) -> None:
    """A broken or missing environment does not keep the others from being loaded."""
    del shop.git.files["environments/staging/environment.yaml"]
    shop.git.commit()

    assert shop.load().desired.entries


# --- the remote ---------------------------------------------------------------------------------


def test_without_a_remote_the_local_branch_counts(workspace: Workspace) -> None:
    """A repository without a remote is its own source."""
    assert workspace.choose_from_remote().snapshot.ref == "refs/heads/main"


def test_the_remote_names_the_protected_branch(shop: Shop, workspace: Workspace) -> None:
    """What the remote has now is read, not what this checkout has; the difference is told."""
    shop.git.share()
    pushed = shop.git.branches["main"]
    shop.workflow("new")
    shop.workflow("newer")
    chosen = workspace.choose_from_remote()

    assert chosen.snapshot.commit == pushed
    assert chosen.snapshot.ref == "refs/reconciler/heads/main"
    (notice,) = chosen.notices
    assert notice.startswith("2 commits on main here are not on the remote and are not read;")


def test_a_remote_that_is_ahead_needs_no_notice(shop: Shop, workspace: Workspace) -> None:
    """A checkout that is behind has nothing to push."""
    first = shop.git.branches["main"]
    shop.workflow("new")
    shop.git.share()
    shop.git.branches["main"] = first
    chosen = workspace.choose_from_remote()

    assert chosen.notices == ()
    assert chosen.snapshot.commit != first


def test_a_checkout_without_the_branch_needs_no_notice(shop: Shop, workspace: Workspace) -> None:
    """A detached checkout has no branch of that name to compare."""
    pipeline = str(shop.git.files["environments/pipeline.yaml"])
    shop.put("environments/pipeline.yaml", pipeline + "  protectedBranch: trunk\n")
    shop.git.remote = {"trunk": shop.git.branches["main"]}

    assert workspace.choose_from_remote().notices == ()


def test_a_remote_that_does_not_answer_is_noticed(shop: Shop, workspace: Workspace) -> None:
    """Without an answer what is known here goes on, and the reader is told so."""
    shop.git.share()
    shop.git.unreachable = "no route to host."
    chosen = workspace.choose_from_remote()

    assert chosen.snapshot.ref == "refs/heads/main"
    assert chosen.notices == (
        "The remote did not answer: no route to host. Going on with what is known here.",
    )


def test_offline_asks_nobody(shop: Shop, workspace: Workspace) -> None:
    """With --offline the remote is left alone."""
    shop.git.share()
    shop.git.unreachable = "asked all the same."

    assert replace(workspace, offline=True).choose_from_remote().notices == ()


# --- the older side -----------------------------------------------------------------------------


def test_the_older_side_may_have_no_environments(shop: Shop, workspace: Workspace) -> None:
    """A commit from before the first pipeline is no older side at all."""
    shop.git.files = {"README.md": "x"}
    empty = shop.git.commit("before")

    assert workspace.base(empty) is None
    with pytest.raises(NotFound):
        workspace.base("nowhere")


def test_the_older_side_may_lack_an_isolated_environment(workspace: Workspace) -> None:
    """An environment that is asked for and was not there then is no error."""
    base = workspace.base("main", isolated=["mine"])

    assert base is not None
    assert [one.name for one in base.repository.environments] == ["development", "staging"]
