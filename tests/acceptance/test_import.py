"""`reconciler import`: what somebody else put on a platform becomes manifests, and ours."""

from __future__ import annotations

import json
from typing import Any

from tests.acceptance.manifests import workflow
from tests.acceptance.program import Shop

BRANCH = "import/development"


def foreign(shop: Shop, name: str = "theirs", environment: str = "development", **spec: Any) -> Any:
    """Put a copy of a running workflow on a platform by hand, under another name."""
    ((text,),) = shop.sql("SELECT content FROM platform_resources WHERE name = 'news'")
    content = json.loads(text)
    content["metadata"]["name"] = name
    content["spec"] |= {"title": "Theirs", **spec}
    insert(shop, "Workflow", name, json.dumps(content), environment)
    return content


def insert(shop: Shop, kind: str, name: str, text: str, environment: str = "development") -> None:
    """Put a row on a platform by hand."""
    shop.sql(
        "INSERT INTO platform_resources (environment, kind, name, content) VALUES (?, ?, ?, ?)",
        environment,
        kind,
        name,
        text,
    )


def rows(shop: Shop) -> list[tuple[Any, ...]]:
    """Return all that the platform holds."""
    return shop.sql("SELECT * FROM platform_resources ORDER BY environment, kind, name")


def test_what_runs_is_committed_on_a_branch_of_its_own(deployed: Shop) -> None:
    """The manifests stand on the branch; platform, checkout, index and HEAD are as they were."""
    foreign(deployed)
    before, head = rows(deployed), deployed.repository.head
    done = deployed.run("import", "--environment", "development")

    assert "  + environments/development/workflows/theirs.yaml\n" in done.out
    assert f"Next: look at the branch {BRANCH}" in done.last
    assert (rows(deployed), deployed.repository.head) == (before, head)
    assert deployed.repository.git("status", "--porcelain") == ""
    assert deployed.repository.git("diff", "--name-only", f"main...{BRANCH}") == (
        "environments/development/workflows/theirs.yaml"
    )


def test_after_the_merge_it_is_ours_without_a_change(deployed: Shop) -> None:
    """An equal resource plans no change; after a reconcile its removal is a removal."""
    foreign(deployed)
    assert deployed.run("plan", "-e", "development", "--format", "json").plan["unmanaged"] == 1
    deployed.run("import", "--environment", "development")
    deployed.repository.git("merge", "--quiet", BRANCH)

    plan = deployed.run("plan", "-e", "development", "--format", "json").plan
    assert (plan["changes"], plan["drift"], plan["unmanaged"]) == ([], [], 0)
    deployed.run("reconcile")
    again = deployed.run("import", "--environment", "development")
    assert again.last == "Nothing to import: all that development runs is managed."
    deployed.commit({}, "workflows/theirs.yaml")
    assert deployed.run("plan", "-e", "development").last == (
        "Plan: 0 to add, 0 to modify, 1 to remove."
    )


def test_what_is_marked_but_not_desired_is_never_removed(deployed: Shop) -> None:
    """Before the merge, and when it never comes, the resource stays somebody else's."""
    foreign(deployed)
    deployed.run("import", "--environment", "development")
    deployed.commit({"workflows/news.yaml": workflow("news", title="Other news")})
    deployed.run("reconcile")

    assert deployed.running()["theirs"] == "Theirs"
    assert deployed.run("plan", "-e", "development", "--format", "json").plan["unmanaged"] == 1


def test_a_changed_manifest_is_a_normal_modify(deployed: Shop) -> None:
    """An adopted resource that git changes with the merge is modified, not in conflict."""
    foreign(deployed)
    deployed.run("import", "--environment", "development")
    deployed.repository.git("merge", "--quiet", BRANCH)
    text = deployed.read("workflows/theirs.yaml").replace("title: Theirs", "title: Ours")
    deployed.commit({"workflows/theirs.yaml": text})
    plan = deployed.run("plan", "-e", "development", "--format", "json").plan

    assert [(c["action"], c["reason"], c["fields"]) for c in plan["changes"]] == [
        ("modify", "pending", [{"path": "/spec/title", "before": "Theirs", "after": "Ours"}])
    ]
    deployed.run("reconcile")
    assert deployed.running()["theirs"] == "Ours"


def test_a_name_that_git_has_with_other_content_is_reported(deployed: Shop) -> None:
    """It is left out (exit 4) and adopted, with git's content, only when it is named."""
    foreign(deployed)
    deployed.commit({"workflows/theirs.yaml": workflow("theirs", title="Git")})
    deployed.run("reconcile", code=4)
    left = deployed.run("import", "--environment", "development", code=4)
    named = deployed.run("import", "--environment", "development", "workflow/THEIRS")
    deployed.run("reconcile")

    assert "Workflow/theirs was left out: it stands in git with other content." in left.err
    assert left.last == "Nothing was imported."
    assert "stands in git with other content, which the next apply brings" in named.out
    assert deployed.running()["theirs"] == "Git"


def test_a_release_only_environment_gets_an_adoption_release(deployed: Shop) -> None:
    """Its branch holds manifests and a valid release whose tag would change nothing."""
    for kind, name in (("Integration", "slack"), ("AppEvent", "order-placed")):
        ((text,),) = deployed.sql("SELECT content FROM platform_resources WHERE name = ?", name)
        insert(deployed, kind, name, text, "staging")
    foreign(deployed, environment="staging")
    done = deployed.run("import", "--environment", "staging")
    deployed.repository.git("merge", "--quiet", "import/staging")
    release = (deployed.root / "environments/staging/releases/1.0.0.yaml").read_text("utf-8")

    assert done.last == "Then: reconciler release tag staging/1.0.0"
    assert "type: adoption" in release
    assert "changes: []" in release
    assert deployed.run("validate").out.startswith("Valid: ")
    plan = deployed.run("plan", "-e", "staging", "--ref", "main", "--format", "json").plan
    assert (plan["changes"], plan["drift"], plan["unmanaged"]) == ([], [], 0)


def test_what_cannot_be_a_manifest_is_left_out_with_its_reason(deployed: Shop) -> None:
    """Hand-written rows of any kind are refused one by one, and the others are imported."""
    foreign(deployed)
    insert(deployed, "Workflow", "broken", "{nonsense")
    insert(deployed, "Workflow", "empty", json.dumps({"kind": "Workflow"}))
    insert(deployed, "Gadget", "odd", "{}")
    foreign(deployed, "up", trigger={"type": "nonsense"})
    done = deployed.run("import", "--environment", "development", code=1)

    assert "Workflow/broken was left out: its content cannot be read: it is not JSON" in done.err
    assert "Workflow/empty was left out: its content bears another kind or name." in done.err
    assert 'Gadget/odd was left out: "Gadget" is no kind of manifest.' in done.err
    assert "Workflow/up was left out: its content is no manifest: " in done.err
    assert "Imported 1 resource of development." in done.out


def test_wrong_words_are_one_sentence(deployed: Shop) -> None:
    """Unknown names, forms, environments and versions are refused with what to do."""
    foreign(deployed)
    for code, told, *arguments in (
        (1, 'There is no "Workflow/their" to import', "Workflow/their"),
        (1, 'did you mean "Workflow/theirs"?', "Workflow/their"),
        (1, "Workflow/news of development is managed already", "Workflow/news"),
        (64, "wanted KIND/NAME", "theirs"),
        (64, "exclude each other", "--all", "Workflow/theirs"),
        (64, "development is editable and has no versions", "--version", "1.0.0"),
    ):
        assert told in deployed.run("import", "-e", "development", *arguments, code=code).err
    assert "No environment" in deployed.run("import", "-e", "elsewhere", code=64).err
    assert "is no version" in deployed.run("import", "-e", "staging", "--version", "1", code=64).err


def test_somebody_s_commits_on_the_branch_are_kept(deployed: Shop) -> None:
    """An import makes its own last commit anew, and never throws another's away."""
    foreign(deployed)
    deployed.run("import", "--environment", "development")
    deployed.run("import", "--environment", "development")
    deployed.repository.git("checkout", "--quiet", BRANCH)
    theirs = deployed.repository.commit({"notes.md": "Mine.\n"})
    deployed.repository.git("checkout", "--quiet", "main")

    refused = deployed.run("import", "--environment", "development", code=4)
    assert "has commits beside an import; nothing was written." in refused.err
    assert deployed.repository.git("rev-parse", BRANCH) == theirs
