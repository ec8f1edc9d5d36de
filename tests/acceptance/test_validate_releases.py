"""`validate` over releases: read-only folders, changes to them, policy nobody can keep."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.adapters.manifests.writing import YamlWriter
from reconciler.core.releases.model import Release, ReleaseName, ReleaseType, Source
from tests.acceptance.program import Shop, fits
from tests.repositories import Repository

HEAD = "apiVersion: reconciler/v1\nkind: {}\nmetadata: {{name: {}}}\nspec:\n"
PIPELINE = HEAD.format("Pipeline", "shop") + "  environments: [development, staging]\n"
STAGING = (
    HEAD.format("Environment", "staging") + "  mode: release-only\n  promotesFrom: development\n"
)
HERE = "environments/staging"


def workflow(name: str) -> str:
    """Return a workflow that needs nothing else."""
    spec = "  trigger: {type: manual}\n  steps: [{name: answer, type: response}]\n"
    return HEAD.format("Workflow", name) + spec


def manifest(version: str, digest: str) -> bytes:
    """Return a release's manifest."""
    return YamlWriter().write_release(
        Release(
            name=ReleaseName("staging", version),
            type=ReleaseType.REGULAR,
            source=Source(environment="development", commit="1" * 40),
            base=None,
            description="A release.",
            content_digest=digest,
            plan_digest="sha256:" + "0" * 64,
        )
    )


def release(shop: Shop, version: str, *names: str) -> str:
    """Commit workflows to staging with a manifest that fits them."""
    from reconciler.adapters.git.repository import open_repository
    from reconciler.adapters.manifests.reader import ManifestReader
    from reconciler.services.workspace import Workspace
    from reconciler.testing import MemoryCache

    shop.repository.commit({f"{HERE}/workflows/{n}.yaml": workflow(n) for n in names})
    with open_repository(shop.root) as git:
        workspace = Workspace(git=git, manifests=ManifestReader(workers=1), cache=MemoryCache())
        chosen = workspace.choose(head=True)
        loaded = workspace.load(chosen, chosen.repository.environment("staging"))
    text = manifest(version, loaded.desired.content_digest)
    return shop.repository.commit({f"{HERE}/releases/{version}.yaml": text})


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A repository whose staging holds release 1.0.0."""
    made = Shop(Repository(tmp_path / "shop"))
    made.repository.commit(
        {
            "environments/pipeline.yaml": PIPELINE,
            "environments/development/environment.yaml": HEAD.format("Environment", "development")
            + "  mode: editable\n",
            f"{HERE}/environment.yaml": STAGING,
        }
    )
    made.run("validate")  # it holds none yet
    release(made, "1.0.0", "news")
    made.repository.git("branch", "before")
    return made


def branches(shop: Shop) -> None:
    """Make two release branches on the same release."""
    for name, version, added in (("one", "1.1.0", "ann"), ("two", "1.2.0", "zoe")):
        shop.repository.switch("main")
        shop.repository.switch(name, create=True)
        release(shop, version, added)
    shop.repository.switch("main")


def test_a_new_release_fits(shop: Shop) -> None:
    """One new manifest that says what the folder holds is in order, merged in any way."""
    branches(shop)
    shop.repository.squash("one")
    assert shop.run("validate", "--against", "before").out.startswith("Valid:")


def test_a_union_of_two_releases_names_both(shop: Shop) -> None:
    """Two release branches merged into one another fit neither, and both are named."""
    branches(shop)
    shop.repository.merge("one")
    shop.repository.merge("two")
    line = shop.run("validate", code=1).out
    assert line.startswith("environments/staging:1:1: ")
    assert all(part in line for part in ("1.1.0", "1.2.0", "revert one merge"))
    told = shop.run("validate", "--against", "before", "--format", "json", code=1).json
    fits(told, "findings")
    assert sum("at most one new release" in f["text"] for f in told["findings"]) == 2


def test_a_revert_is_told_to_roll_back(shop: Shop) -> None:
    """A forge's revert of a release takes its manifest away; the older release is named."""
    branches(shop)
    shop.repository.merge("one")
    shop.repository.git("branch", "released")
    shop.repository.git("revert", "--no-edit", "-m", "1", "HEAD")
    shop.run("validate")
    out = shop.run("validate", "--against", "released", code=1).out
    assert out.startswith(f"{HERE}/releases/1.1.0.yaml:1:1: a release manifest is immutable")
    assert "`reconciler rollback staging/1.0.0`" in out


def test_an_edited_manifest_and_folder_are_found(shop: Shop) -> None:
    """A manifest is immutable, and the folder is changed by releases alone."""
    path = f"{HERE}/releases/1.0.0.yaml"
    text = (shop.root / path).read_text().replace("A release.", "Another one.")
    shop.repository.commit({path: text, f"{HERE}/workflows/b.yaml": workflow("b")})
    lines = shop.run("validate", "--against", "before", code=1).out.splitlines()
    assert any("does not fit its release 1.0.0" in line for line in lines)
    assert any("without a new one" in line for line in lines)
    assert any(line.startswith(f"{path}:1:1: a release manifest is immutable") for line in lines)


def test_an_unknown_base_is_an_error(shop: Shop) -> None:
    """A ref that is not there is exit 1."""
    assert "nowhere" in shop.run("validate", "--against", "nowhere", code=1).err


@pytest.mark.parametrize("format", ["json", "github", "sarif"])
def test_a_broken_pipeline_keeps_the_format(shop: Shop, format: str) -> None:
    """Its findings come in the chosen format, with those of other files."""
    shop.repository.commit(
        {"environments/pipeline.yaml": "x: [\n", f"{HERE}/workflows/news.yaml": "y: [\n"}
    )
    out = shop.run("validate", "--format", format, code=1).out
    assert "environments/pipeline.yaml" in out
    assert f"{HERE}/workflows/news.yaml" in out


def test_policy_that_never_works_is_found(shop: Shop) -> None:
    """Required signatures without keys, approvals that nobody gives, and strays are findings."""
    shop.repository.commit(
        {
            "environments/pipeline.yaml": PIPELINE + "  signatures: required\n",
            "environments/b.yaml": "",
            f"{HERE}/environment.yaml": STAGING + "  promotion: {approvals: [qa]}\n",
        }
    )
    out = shop.run("validate", code=1).out
    assert "environments/pipeline.yaml:6:3: signatures are required" in out
    assert "environments/b.yaml:1:1: is not read" in out
    assert 'nobody can approve as "qa"' in out
    shop.repository.commit({"environments/allowed_signers": "* ssh-ed25519 AAAA\n"})
    assert "environments/allowed_signers:1:1: " in shop.run("validate", code=1).out


def test_reviews_and_checks_that_never_count_are_found(shop: Shop) -> None:
    """A role that takes what it does not list, and accounts of nobody or of two, are findings."""
    roles = (
        "  roles:\n"
        "    qa: {members: [quinn@example.com], via: [review, check]}\n"
        "    tests:\n"
        "      members: [ci@example.com, zoe@example.com]\n"
        "      accounts: {ci@example.com: one, zoe@example.com: ONE, ann@example.com: ann}\n"
    )
    shop.repository.commit({"environments/pipeline.yaml": PIPELINE + roles})
    out = shop.run("validate", code=1).out
    assert "names review, but the role has no accounts, so no review counts for it" in out
    assert "names check, but the role has no checks, so no check counts for it" in out
    assert "ONE is the account of several members, so its reviews count for nobody" in out
    assert "ann@example.com has an account here, but is no member of tests" in out
