"""`reconciler init --adopt`: a repository of what a production platform runs already."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.program import Shop, run
from tests.repositories import AUTHOR, Repository

ENVIRONMENTS = ("development", "staging", "production")


@pytest.fixture
def store(deployed: Shop) -> str:
    """Return the store of a production that runs what somebody put there."""
    deployed.sql(
        "INSERT INTO platform_resources (environment, kind, name, content)"
        " SELECT 'production', kind, name, content FROM platform_resources"
        " WHERE environment = 'development'"
    )
    deployed.sql("DELETE FROM platform_resources WHERE environment = 'development'")
    return f"sqlite:///{deployed.store}"


def dump(store: str) -> list[str]:
    """Return all that the store and the platform hold, but for the marks of adoption."""
    with closing(sqlite3.connect(store.removeprefix("sqlite:///"))) as connection:
        return [line for line in connection.iterdump() if '"adoptions" VALUES' not in line]


def test_what_production_runs_becomes_a_valid_repository(tmp_path: Path, store: str) -> None:
    """All environments hold the same manifests, releases adopt them, the platform is only read."""
    before = dump(store)
    made = run(tmp_path, "init", "ours", "--adopt", "production", "--store", store)
    shop = Repository(tmp_path / "ours")
    folder = shop.root / "environments"

    assert made.last == "Next: reconciler release tag production/1.0.0"
    assert "Next: cd ours && reconciler release tag staging/1.0.0" in made.out
    assert dump(store) == before
    assert run(shop.root, "validate").out == "Valid: 15 resources in 3 environments.\n"
    for name in ("workflows/news.yaml", "integrations/slack.yaml"):
        texts = {(folder / each / name).read_text("utf-8") for each in ENVIRONMENTS}
        assert len(texts) == 1
    assert shop.git("status", "--porcelain") == ""
    assert shop.git("symbolic-ref", "HEAD") == "refs/heads/main"


@pytest.mark.parametrize(
    ("ci", "file"), [(None, ".github/workflows/plan.yml"), ("gitlab", ".gitlab-ci.yml")]
)
def test_the_files_for_the_forge_are_there_too(
    tmp_path: Path, store: str, ci: str | None, file: str
) -> None:
    """What was adopted is planned and reconciled by the forge as any other repository."""
    options = ("--ci", ci) if ci else ()
    run(tmp_path, "init", "ours", "--adopt", "production", "--store", store, *options)

    assert file in Repository(tmp_path / "ours").git("ls-files").splitlines()


def test_the_adoption_plans_no_change(tmp_path: Path, store: str) -> None:
    """Production is release-only, and comparing its folder with its platform finds nothing."""
    run(tmp_path, "--store", store, "init", "ours", "--adopt", "production")
    shop = tmp_path / "ours"
    ask = ("--store", store, "plan", "-e", "production", "--ref", "main", "--format", "json")
    plan = run(shop, *ask).plan
    release = (shop / "environments/production/releases/1.0.0.yaml").read_text("utf-8")

    assert (plan["changes"], plan["drift"], plan["unmanaged"]) == ([], [], 0)
    assert f"planDigest: {plan['digest']}" in release
    assert "type: adoption" in release
    assert 'version: "1.0.0"\n    environment: staging' in release


def test_secrets_that_are_referred_to_are_declared(tmp_path: Path, store: str) -> None:
    """Each secret name that a manifest refers to comes from the store in every environment."""
    run(tmp_path, "init", "ours", "--adopt", "production", "--store", store)

    for name in ENVIRONMENTS:
        text = (tmp_path / f"ours/environments/{name}/environment.yaml").read_text("utf-8")
        assert "  secrets:\n    SIGNING_KEY:\n      from: store\n" in text


def test_nothing_that_runs_is_nothing_to_adopt(tmp_path: Path) -> None:
    """An empty platform, and a store that is not there, say so and nothing is written."""
    refused = run(tmp_path, "init", "--adopt", "production", code=1)

    assert "The platform of production runs nothing; nothing was written." in refused.err
    assert list(tmp_path.iterdir()) == []


def test_where_it_cannot_be_nothing_is_written(tmp_path: Path, store: str) -> None:
    """A repository, a file in the way and an unknown environment are refused."""
    (tmp_path / "full/environments").mkdir(parents=True)
    (tmp_path / "full/environments/pipeline.yaml").write_text("Ours.\n", encoding="utf-8")
    repository = Repository(tmp_path / "repository")
    repository.commit({"README.md": "Ours.\n"})

    in_use = run(tmp_path, "init", "full", "--adopt", "production", "--store", store, code=4)
    assert "environments/pipeline.yaml is there already; nothing was written." in in_use.err
    inside = run(repository.root, "init", "--adopt", "production", "--store", store, code=4)
    assert "reconciler import" in inside.err
    assert repository.git("status", "--porcelain") == ""
    unknown = run(tmp_path, "init", "--adopt", "produktion", code=64)
    assert 'did you mean "production"?' in unknown.err


def test_without_an_identity_the_way_on_is_told(tmp_path: Path, store: str) -> None:
    """Where git knows no user nothing is begun, and how to tell it stands there."""
    environ = {**dict.fromkeys(AUTHOR, ""), "EMAIL": "", "HOME": str(tmp_path)}
    arguments = ("init", "ours", "--adopt", "production", "--store", store)
    refused = run(tmp_path, *arguments, environ=environ, code=1)

    assert "user.name" in refused.err
    assert not (tmp_path / "ours").exists()
