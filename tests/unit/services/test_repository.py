"""The pipeline and the environments' own manifests."""

from __future__ import annotations

import pytest

from reconciler.core.errors import Invalid, NotFound, UsageError
from reconciler.core.model import Mode
from reconciler.services.loading import repository
from reconciler.services.loading.repository import Repository
from reconciler.testing import MemorySnapshot
from tests.unit.services.shop import DEVELOPMENT, FILES, STAGING, Shop

DEV_FILE = "environments/development/environment.yaml"
STAGING_FILE = "environments/staging/environment.yaml"
PIPELINE_FILE = "environments/pipeline.yaml"


@pytest.fixture
def shop() -> Shop:
    """A repository in memory."""
    return Shop()


def load(shop: Shop, *isolated: str) -> Repository:
    """Load what stands around the resources."""
    return repository.load(shop.reader, shop.cache, shop.git.snapshot("HEAD"), isolated)


def told(found: Repository) -> list[str]:
    """Return the findings as they are shown."""
    return [str(finding) for finding in found.findings]


def test_environments_come_in_the_pipeline_s_order(shop: Shop) -> None:
    """Each listed environment is there as its manifest says."""
    development, staging = load(shop).environments

    assert (development.name, development.mode) == ("development", Mode.EDITABLE)
    assert (staging.name, staging.mode) == ("staging", Mode.RELEASE_ONLY)
    assert staging.promotes_from == "development"
    assert development.values["api"] == {"url": "https://api.example.com", "limit": 5}


def test_the_pipeline_is_read(shop: Shop) -> None:
    """What the pipeline leaves out has its default."""
    pipeline = load(shop).pipeline

    assert (pipeline.name, pipeline.protected_branch) == ("shop", "main")


def test_isolated_environments_are_loaded_when_asked_for(shop: Shop) -> None:
    """A folder outside the pipeline is there only by name, and not listed."""
    shop.put("environments/mine/environment.yaml", DEVELOPMENT.replace("development", "mine"))

    assert [one.name for one in load(shop).environments] == ["development", "staging"]
    assert [(one.name, one.listed) for one in load(shop, "mine", "development").environments] == [
        ("development", True),
        ("staging", True),
        ("mine", False),
    ]


def test_an_unknown_environment_is_wrong_usage(shop: Shop) -> None:
    """A name that is nowhere is told with those there are, and the nearest."""
    with pytest.raises(UsageError, match=r'"stagin" \(did you mean "staging"\?\); there are: dev'):
        load(shop, "stagin").environment("stagin")


@pytest.mark.parametrize("name", ["../secrets", "/etc", "a\0b", "--help", ""])
def test_what_is_no_name_is_wrong_usage_too(shop: Shop, name: str) -> None:
    """What cannot be a folder's name is not looked for anywhere."""
    with pytest.raises(UsageError):
        load(shop, name).environment(name)


def test_without_a_pipeline_nothing_is_read(shop: Shop) -> None:
    """A repository without a pipeline is told what to do."""
    del shop.git.files[PIPELINE_FILE]
    shop.git.commit()

    with pytest.raises(NotFound, match="Run `reconciler init`"):
        load(shop)


@pytest.mark.parametrize("text", ["", "kind: Pipeline\n", "a: [", "spec: {environments: 3}"])
def test_a_broken_pipeline_is_all_that_is_told(shop: Shop, text: str) -> None:
    """Without a pipeline to go by its findings are the answer."""
    shop.put(PIPELINE_FILE, text)

    with pytest.raises(Invalid) as caught:
        load(shop)
    assert {finding.file for finding in caught.value.findings} == {PIPELINE_FILE}


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("", f"{STAGING_FILE}:1:1: "),
        (STAGING.replace("mode", "mood"), f"{STAGING_FILE}:6:3: "),
        (STAGING.replace("name: staging", "name: stage"), f"{STAGING_FILE}:4:3: metadata.name"),
        (STAGING.replace("From: dev", "From: the-dev"), f"{STAGING_FILE}:7:3: promotesFrom"),
        (STAGING.replace("development", "staging"), f"{STAGING_FILE}:7:3: promotesFrom"),
    ],
    ids=["empty", "unknown field", "another name", "from nowhere", "from itself"],
)
def test_a_broken_environment_is_known_by_name(shop: Shop, text: str, finding: str) -> None:
    """Findings in one environment's manifest belong to it; the others are there as ever."""
    shop.put(STAGING_FILE, text)
    found = load(shop)

    assert told(found)[0].startswith(finding)
    assert list(found.broken) == ["staging"]
    assert [one.name for one in found.environments] == ["development", "staging"]
    with pytest.raises(Invalid):
        found.refuse_broken("staging")
    found.refuse_broken("development")


def test_a_listed_environment_without_a_folder(shop: Shop) -> None:
    """An environment that the pipeline names and that is not there is a finding of its own."""
    del shop.git.files[STAGING_FILE]
    shop.git.commit()
    found = load(shop)

    assert told(found) == [
        f'{PIPELINE_FILE}:1:1: environment "staging" has no {STAGING_FILE}',
    ]
    assert list(found.broken) == ["staging"]


def test_all_broken_environments_are_told(shop: Shop) -> None:
    """Findings of all environments come together."""
    shop.put(STAGING_FILE, STAGING.replace("mode", "mood"))
    shop.put(DEV_FILE, DEVELOPMENT.replace("values", "vales"))

    assert list(load(shop).broken) == ["development", "staging"]


@pytest.mark.parametrize("mode", ["120000", "160000"])
def test_a_symlink_breaks_one_environment_alone(shop: Shop, mode: str) -> None:
    """A linked manifest is refused by name and not read; other environments go on."""
    snapshot = MemorySnapshot(FILES, modes={STAGING_FILE: mode})
    found = repository.load(shop.reader, shop.cache, snapshot)

    assert list(found.broken) == ["staging"]
    assert STAGING_FILE not in snapshot.reads
    assert found.environment("development").values


def test_a_linked_folder_is_refused(shop: Shop) -> None:
    """A symlink in place of an environment's folder is found as what it is."""
    files = {path: data for path, data in FILES.items() if path != STAGING_FILE}
    linked = MemorySnapshot(
        files | {"environments/staging": "x"}, modes={"environments/staging": "120000"}
    )
    found = repository.load(shop.reader, shop.cache, linked)

    assert [finding.file for finding in found.findings] == ["environments/staging"]
    assert list(found.broken) == ["staging"]


@pytest.mark.parametrize(
    ("path", "mode"),
    [(".reconciler/state.db", "100644"), (".reconciler", "120000"), (".reconciler", "100644")],
)
def test_a_commit_with_a_store_is_refused(shop: Shop, path: str, mode: str) -> None:
    """A commit that brings `.reconciler`, in whatever form, is refused before it is used."""
    snapshot = MemorySnapshot({**FILES, path: "x"}, modes={path: mode})

    with pytest.raises(Invalid, match="1 finding") as caught:
        repository.load(shop.reader, shop.cache, snapshot)
    assert caught.value.findings[0].file == ".reconciler"


def test_a_working_tree_has_a_store(shop: Shop) -> None:
    """In a working tree the folder is where it belongs."""
    snapshot = MemorySnapshot({**FILES, ".reconciler/state.db": "x"}, commit=None)

    assert repository.load(shop.reader, shop.cache, snapshot).environments
