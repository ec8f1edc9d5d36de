"""Hotfixes on real repositories: what is merged where, what is left as it is, what is refused."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.core.errors import Conflict, Invalid, ReconcilerError, UsageError
from reconciler.core.model import ResourceKey
from reconciler.core.releases.model import ReleaseName, ReleaseType, Source
from tests.unit.services.hotfixes import FILES, REPORT, SYNC, Hotfixes

LIVE = ("staging", "production")
SYNC_FILE = "workflows/sync.yaml"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository in which 1.0.0 is live everywhere."""
    root = tmp_path_factory.mktemp("made") / "shop"
    with Hotfixes(root, fresh=True).git:
        for environment in LIVE:
            Hotfixes(root).release(environment, "1.0.0")
    return root


@pytest.fixture
def shop(made: Path, tmp_path: Path) -> Iterator[Hotfixes]:
    """Return a copy of that repository."""
    root = shutil.copytree(made, tmp_path / "shop", symlinks=True)
    hotfixes = Hotfixes(root)
    with hotfixes.git:
        yield hotfixes


def moved_on(shop: Hotfixes, old: str, new: str) -> None:
    """Release another sync workflow to staging, from development."""
    shop.replace(f"development/{SYNC_FILE}", old, new)
    shop.repository.commit()
    shop.release("staging", "1.1.0")


def test_a_hotfix_reaches_every_environment_below_in_one_commit(shop: Hotfixes) -> None:
    """Production and staging get a release each, and development's manifests change too."""
    shop.replace(f"production/{SYNC_FILE}", "limit: 5", "limit: 9  # urgent")

    drafts = shop.hotfix(version="1.0.1", description="Fewer calls")
    prepared = shop.commit(drafts)

    assert [d.release.name for d in drafts] == [("production", "1.0.1"), ("staging", "1.0.1")]
    assert {d.release.type for d in drafts} == {ReleaseType.HOTFIX}
    assert prepared.branch == "release/production/1.0.1"
    assert shop.changed(prepared.commit) == {
        *(f"{name}/{SYNC_FILE}" for name in ("development", *LIVE)),
        *(f"{name}/releases/1.0.1.yaml" for name in LIVE),
    }
    for name in ("development", *LIVE):
        text = shop.read(f"{name}/{SYNC_FILE}", prepared.commit)
        assert text == SYNC.replace("limit: 5", "limit: 9  # urgent")


def test_the_source_is_what_is_live_there(shop: Hotfixes) -> None:
    """Each release says which release of its own environment it was made from."""
    shop.replace(f"production/{SYNC_FILE}", "limit: 5", "limit: 9")

    for draft in shop.hotfix():
        name = draft.release.environment
        commit = shop.repository.git("rev-parse", f"{name}/v1.0.0^{{commit}}")
        assert draft.release.source == Source(environment=name, version="1.0.0", commit=commit)
        assert draft.release.base is not None
        assert draft.release.base.version == "1.0.0"


def test_each_version_is_the_next_patch_unless_given(shop: Hotfixes) -> None:
    """Without a version it is the next patch of what is live; --version staging=… names another."""
    moved_on(shop, "title: Sync ", "title: Deals ")
    shop.replace(f"production/{SYNC_FILE}", "limit: 5", "limit: 9")

    assert [str(d.release.name) for d in shop.hotfix()] == ["production/1.0.1", "staging/1.1.1"]
    given = shop.hotfix(version="1.0.7", versions={"staging": "1.2.0"})
    assert [str(d.release.name) for d in given] == ["production/1.0.7", "staging/1.2.0"]


def test_a_version_for_an_environment_without_release_is_refused(shop: Hotfixes) -> None:
    """Development is editable and gets no release, so it gets no version."""
    shop.replace(f"production/{SYNC_FILE}", "limit: 5", "limit: 9")

    with pytest.raises(UsageError, match="makes no release of development"):
        shop.hotfix(versions={"development": "1.0.1"})


def test_what_moved_on_below_is_kept(shop: Hotfixes) -> None:
    """Staging's own change and its comments stay; only the hotfixed field is taken."""
    moved_on(shop, "title: Sync ", "title: Deals ")
    shop.replace(f"production/{SYNC_FILE}", "limit: 5", "limit: 9")

    prepared = shop.commit(shop.hotfix())

    wanted = SYNC.replace("title: Sync ", "title: Deals ").replace("limit: 5", "limit: 9")
    for name in ("development", "staging"):
        assert shop.read(f"{name}/{SYNC_FILE}", prepared.commit) == wanted


def test_fields_on_neighbouring_lines_are_no_conflict(shop: Hotfixes) -> None:
    """Where text cannot be merged fields still can; the manifest is written anew then."""
    moved_on(shop, "limit: 5", "limit: 7")
    shop.replace(f"production/{SYNC_FILE}", "limit: 5", "limit: 5\n        retries: 3")

    prepared = shop.commit(shop.hotfix())

    text = shop.read(f"staging/{SYNC_FILE}", prepared.commit)
    assert "limit: 7\n        retries: 3\n" in text
    assert "# what people see" not in text


def test_a_conflict_names_resource_field_and_both_values(shop: Hotfixes) -> None:
    """A field with another value below stops it all, and no branch is made."""
    moved_on(shop, "limit: 5", "limit: 7")
    shop.replace(f"production/{SYNC_FILE}", "limit: 5", "limit: 9")

    with pytest.raises(Conflict) as found:
        shop.hotfix()

    where = "Workflow/sync /spec/steps/send/with/limit is 9 in the hotfix and 7 in"
    assert f"{where} staging; {where} development" in found.value.text
    assert found.value.hint is not None
    assert "with a hotfix to staging" in found.value.hint
    assert shop.git.branch_commit("release/production/1.0.1") is None


def test_a_definition_is_merged_node_by_node(shop: Hotfixes) -> None:
    """The file of an engine is merged too, by the names of its nodes."""
    shop.replace("development/workflows/report.json", '"End", "limit": 5', '"End", "limit": 6')
    shop.repository.commit()
    shop.release("staging", "1.1.0")
    shop.replace("production/workflows/report.json", '"Start", "limit": 5', '"Start", "limit": 9')

    prepared = shop.commit(shop.hotfix())

    text = shop.read("staging/workflows/report.json", prepared.commit)
    assert '"Start",' in text
    assert text.count("9") == 1
    assert text.count("6") == 1


def test_a_resource_is_added_and_removed_everywhere(shop: Hotfixes) -> None:
    """A new file comes to every environment, a removed one leaves all of them."""
    shop.write("production/workflows/extra.yaml", SYNC.replace("name: sync", "name: extra"))
    shop.repository.remove(
        "environments/production/workflows/report.yaml",
        "environments/production/workflows/report.json",
    )

    changed = shop.changed(shop.commit(shop.hotfix()).commit)

    for name in ("development", *LIVE):
        for file in ("extra.yaml", "report.yaml", "report.json"):
            assert f"{name}/workflows/{file}" in changed


def test_what_below_has_already_is_no_release_there(shop: Hotfixes) -> None:
    """An environment that has the change gets no release, and that is told."""
    moved_on(shop, "limit: 5", "limit: 9")
    shop.replace(f"production/{SYNC_FILE}", "limit: 5", "limit: 9")

    (draft,) = shop.hotfix()

    assert "staging has the change already: no release there." in draft.notices
    assert "development has the change already." in draft.notices
    assert draft.more == {}


def test_nothing_that_differs_is_nothing_to_release(shop: Hotfixes) -> None:
    """A checkout as production runs makes no hotfix, whatever lies elsewhere."""
    shop.replace(f"development/{SYNC_FILE}", "limit: 5", "limit: 9")

    (draft,) = shop.hotfix()

    assert draft.is_nothing


def test_a_ref_can_hold_the_change(shop: Hotfixes) -> None:
    """With --from the change is that of a branch, and the checkout does not matter."""
    shop.repository.switch("fix", create=True)
    shop.replace(f"production/{SYNC_FILE}", "limit: 5", "limit: 9")
    shop.repository.commit()
    shop.repository.switch("main")

    drafts = shop.hotfix(at=shop.git.snapshot("fix"))

    assert [d.release.environment for d in drafts] == ["production", "staging"]


def test_values_stay_in_their_environment(shop: Hotfixes) -> None:
    """Changed values come into production's environment.yaml alone, and all else stays there."""
    shop.replace("production/environment.yaml", "limit: 5  # calls", "limit: 9  # fewer")

    drafts = shop.hotfix()
    prepared = shop.commit(drafts)

    path = "production/environment.yaml"
    assert shop.changed(prepared.commit) == {path, "production/releases/1.0.1.yaml"}
    wanted = FILES[f"environments/{path}"].replace("limit: 5  # calls", "limit: 9  # fewer")
    assert shop.read(path, prepared.commit) == wanted
    assert any("Values are each environment's own" in told for told in drafts[0].notices)


def test_bindings_are_no_part_of_a_hotfix(shop: Hotfixes) -> None:
    """What else changed in environment.yaml is told and left out."""
    shop.replace(f"production/{SYNC_FILE}", "limit: 5", "limit: 9")
    shop.replace(
        "production/environment.yaml",
        "secrets: {}",
        "maintenance: {}\n  secrets: {KEY: {from: store}}",
    )

    drafts = shop.hotfix()

    assert any("differs from the protected branch" in told for told in drafts[0].notices)
    assert "production/environment.yaml" not in shop.changed(shop.commit(drafts).commit)


def test_only_some_resources_can_be_taken(shop: Hotfixes) -> None:
    """With --only the rest of what differs, values too, is left out."""
    shop.replace(f"production/{SYNC_FILE}", "limit: 5", "limit: 9")
    shop.replace("production/workflows/report.json", '"limit": 5', '"limit": 6')
    shop.replace("production/environment.yaml", "limit: 5", "limit: 9")

    drafts = shop.hotfix(only=(ResourceKey("Workflow", "sync"),))

    changed = shop.changed(shop.commit(drafts).commit)
    assert {path for path in changed if "releases" not in path} == {
        f"{name}/{SYNC_FILE}" for name in ("development", *LIVE)
    }


def test_a_hotfix_to_staging_goes_to_development_alone(shop: Hotfixes) -> None:
    """One level lower it works the same, and production is not touched."""
    shop.replace(f"staging/{SYNC_FILE}", "limit: 5", "limit: 9")

    drafts = shop.hotfix("staging")

    assert [str(d.release.name) for d in drafts] == ["staging/1.0.1"]
    assert shop.changed(shop.commit(drafts).commit) == {
        f"development/{SYNC_FILE}",
        f"staging/{SYNC_FILE}",
        "staging/releases/1.0.1.yaml",
    }


def test_findings_in_the_checkout_are_told(shop: Hotfixes) -> None:
    """A manifest that cannot be read is a finding, as for any other command."""
    shop.write(f"production/{SYNC_FILE}", "nothing")

    with pytest.raises(Invalid):
        shop.hotfix()


def test_without_a_live_release_there_is_nothing_to_fix(tmp_path: Path) -> None:
    """A hotfix of what never ran is refused with the command that releases."""
    shop = Hotfixes(tmp_path / "new", fresh=True)
    with shop.git, pytest.raises(ReconcilerError, match="Nothing is live in production") as found:
        shop.hotfix()
    assert "release create --to production" in str(found.value)


def test_an_environment_that_runs_nothing_is_left_out(shop: Hotfixes) -> None:
    """Where nothing is live there is nothing to merge into; that is told, development goes on."""
    shop.repository.git("tag", "--delete", "staging/v1.0.0")
    shop.replace(f"production/{SYNC_FILE}", "limit: 5", "limit: 9")

    (draft,) = shop.hotfix()

    assert "Nothing is live in staging: it gets no release of this hotfix." in draft.notices
    assert list(draft.more) == [f"environments/development/{SYNC_FILE}"]


def test_an_acknowledgement_that_fits_nowhere_is_told_once(shop: Hotfixes) -> None:
    """The first draft tells of acknowledgements that fit no release of the hotfix."""
    shop.replace(f"production/{SYNC_FILE}", "limit: 5", "limit: 9")

    drafts = shop.hotfix(acknowledged={("WorkflowRemoved", None): "meant"})

    assert [draft.unused for draft in drafts] == [("WorkflowRemoved",), ()]


def test_a_merge_that_is_not_sound_below_is_a_finding(shop: Hotfixes) -> None:
    """A hotfix that uses a value which only production has names the file that it breaks."""
    shop.replace(f"production/{SYNC_FILE}", "limit: 5", 'limit: "${{ values.limit }}"')

    with pytest.raises(Invalid) as found:
        shop.hotfix()

    assert {finding.file for finding in found.value.findings} == {
        f"environments/staging/{SYNC_FILE}"
    }


def test_a_definition_that_others_use_is_not_changed_behind_them(shop: Hotfixes) -> None:
    """Where another workflow below uses the same file, people must decide."""
    other = REPORT.replace("name: report", "name: other")
    shop.write("development/workflows/other.yaml", other)
    shop.repository.commit()
    shop.replace("production/workflows/report.json", '"Start", "limit": 5', '"Start", "limit": 9')

    with pytest.raises(Conflict, match=r"development: another resource there uses .*report\.json"):
        shop.hotfix()


def test_an_earlier_content_is_no_hotfix(shop: Hotfixes) -> None:
    """--content is refused with the command that goes back."""
    with pytest.raises(UsageError, match="reconciler rollback"):
        shop.hotfix(content="1.0.0")


def test_the_same_hotfix_again_leaves_the_branch(shop: Hotfixes) -> None:
    """Nothing new is committed while nothing changed."""
    shop.replace(f"production/{SYNC_FILE}", "limit: 5", "limit: 9")
    first = shop.commit(shop.hotfix())

    again = shop.commit(shop.hotfix())

    assert (again.commit, again.is_new) == (first.commit, False)


def test_a_release_that_waits_is_named(shop: Hotfixes) -> None:
    """A merged release that is not live was made without the hotfix, and the preview says so."""
    shop.replace(f"development/{SYNC_FILE}", "title: Sync ", "title: Deals ")
    shop.repository.commit()
    moved_on(shop, "title: Deals ", "title: Contacts ")
    shop.repository.git("tag", "--delete", "staging/v1.1.0")
    shop.replace(f"production/{SYNC_FILE}", "limit: 5", "limit: 9")

    told = shop.hotfix()[0].notices

    assert "staging/1.1.0 is merged and not live yet; it was made without this change." in told


def test_the_debt_is_open_until_the_lower_release_is_live(shop: Hotfixes) -> None:
    """What was merged with a hotfix and has no tag is owed; its tag pays it."""
    shop.replace(f"production/{SYNC_FILE}", "limit: 5", "limit: 9")
    assert shop.debts.open(shop.grounds) == ()

    shop.merge(shop.commit(shop.hotfix()))
    shop.tag("production", "1.0.1")
    (debt,) = shop.debts.open(shop.grounds)

    assert (debt.environment, debt.owed) == ("staging", ReleaseName("staging", "1.0.1"))
    assert (debt.hotfix, debt.hotfix_is_live) == (ReleaseName("production", "1.0.1"), True)
    assert "reconciler release tag staging/1.0.1" in str(debt)

    shop.tag("staging", "1.0.1")
    assert shop.debts.open(shop.grounds) == ()
