"""What `release create` and `rollback` prepare: content, version, branch and manifest."""

from __future__ import annotations

import pytest

from reconciler.core.errors import Conflict, Held, NotFound, ReconcilerError, UsageError
from reconciler.core.model import Kind, ResourceKey
from reconciler.core.releases.model import Base, ReleaseName, ReleaseType
from reconciler.services.releases.making.asking import Ask
from tests.unit.services.releases.delivery import (
    NEW_KEY,
    NODES,
    REPORT,
    REPORT_KEY,
    SYNC,
    SYNC_KEY,
    Delivery,
    environment_file,
)

VALUES = "  values: {{limit: {}}}\n"
USES = SYNC.replace("{name: x,", '{name: x, with: {limit: "${{ values.limit }}"},')


@pytest.fixture
def shop() -> Delivery:
    """A shop with 1.0.0 live in staging."""
    shop = Delivery()
    shop.released()
    return shop


def folder(shop: Delivery, commit: str, name: str = "staging") -> dict[str, bytes]:
    """Return the resource files of an environment at a commit."""
    root = f"environments/{name}"
    snapshot = shop.git.snapshot(commit)
    read = dict(snapshot.read(snapshot.files(root)))
    found = {file.path.removeprefix(f"{root}/"): data for file, data in read.items()}
    return {path: data for path, data in found.items() if "/" in path and "releases/" not in path}


def limit(shop: Delivery, name: str = "staging") -> object:
    """Return the limit that runs in an environment."""
    [content] = shop.platforms[name].contents([SYNC_KEY]).values()
    return content["spec"]["steps"][1]["with"]["limit"]


# --- content ------------------------------------------------------------------------------------


def test_the_content_is_taken_byte_for_byte() -> None:
    """Comments and definition files go along, exactly as they stand in the source."""
    made = Delivery()
    prepared = made.make(version="1.0.0")

    assert prepared.branch == "release/staging/1.0.0"
    assert folder(made, prepared.commit) == {
        "workflows/sync.yaml": SYNC.encode(),
        "workflows/report.yaml": REPORT.encode(),
        "workflows/definitions/report.json": NODES.encode(),
    }


def test_a_release_stands_on_the_tip_and_leaves_the_checkout_alone() -> None:
    """One commit on the protected tip; neither main nor the working tree moves."""
    shop = Delivery()
    tip, before = shop.git.branches["main"], dict(shop.git.files)
    prepared = shop.make(version="1.0.0")

    assert shop.git.ahead(prepared.commit, tip) == 1
    assert shop.git.is_ancestor(tip, prepared.commit)
    assert shop.git.branches["main"] == tip
    assert shop.git.files == before


def test_the_manifest_says_where_it_came_from() -> None:
    """Source, base and digests are recorded; a first release has no base."""
    shop = Delivery()
    tip = shop.git.branches["main"]
    shop.reconcile()
    commit = shop.merged(version="1.0.0", description="First")
    release = shop.manifest("staging", "1.0.0", commit)

    assert (release.source.environment, release.source.commit) == ("development", tip)
    assert (release.base, release.description) == (None, "First")
    assert [change["name"] for change in release.changes] == ["report", "sync"]
    shop.tag("staging", "1.0.0", commit)
    shop.promote()
    shop.change("Next")
    second = shop.draft(version="1.1.0").release
    assert second.base == Base(version="1.0.0", content_digest=release.content_digest)
    assert second.content_digest != release.content_digest


def test_what_was_removed_in_the_source_is_removed(shop: Delivery) -> None:
    """A file that the source no longer has goes, with its definition file."""
    shop.remove("workflows/report.yaml", "workflows/definitions/report.json")
    prepared = shop.make(version="1.1.0")
    assert set(folder(shop, prepared.commit)) == {"workflows/sync.yaml"}


def test_a_part_can_be_released(shop: Delivery) -> None:
    """--only takes the named resources; all else is as it is live, not as it is in the source."""
    shop.change("Changed")
    shop.workflow("new")
    prepared = shop.make(version="1.1.0", only=(NEW_KEY,))

    found = folder(shop, prepared.commit)
    assert found["workflows/sync.yaml"] == SYNC.encode()
    assert "workflows/new.yaml" in found
    assert [change.key for change in prepared.draft.plan.changes] == [NEW_KEY]


def test_a_removal_can_be_the_part(shop: Delivery) -> None:
    """--only of what the source dropped removes it, definition file and all."""
    shop.change("Changed")
    shop.remove("workflows/report.yaml", "workflows/definitions/report.json")
    prepared = shop.make(version="1.1.0", only=(REPORT_KEY,))
    assert folder(shop, prepared.commit) == {"workflows/sync.yaml": SYNC.encode()}


def test_a_part_that_is_nowhere_is_wrong_usage(shop: Delivery) -> None:
    """A resource that neither side has is named with the nearest one."""
    with pytest.raises(UsageError, match=r"There is no Workflow/snyc.*Workflow/sync"):
        shop.draft(only=(ResourceKey(Kind.WORKFLOW, "snyc"),))


def test_values_are_those_of_the_target() -> None:
    """Manifests are the source's, values the target's; its environment.yaml is not touched."""
    shop = Delivery()
    shop.write("workflows/sync.yaml", USES)
    shop.put(environment_file("development"), shop_environment("development", 5))
    shop.policy("staging", VALUES.format(9))
    prepared = shop.make(version="1.0.0")

    path = environment_file("staging")
    assert shop.at(prepared.commit, path) == shop.at("main", path)
    shop.merge(prepared.branch)
    shop.reconcile()
    shop.tag("staging", "1.0.0", "main")
    shop.promote()
    assert (limit(shop), limit(shop, "development")) == (9, 5)


def shop_environment(name: str, limit: int) -> str:
    """Return an editable environment with a value."""
    head = f"apiVersion: reconciler/v1\nkind: Environment\nmetadata:\n  name: {name}\n"
    return f"{head}spec:\n  mode: editable\n{VALUES.format(limit)}"


def test_a_value_alone_is_something_to_release(shop: Delivery) -> None:
    """A value at the tip counts only with a release; that release changes nothing else."""
    shop.policy("staging", VALUES.format(9))
    draft = shop.draft(version="1.1.0")
    assert not draft.is_nothing
    assert draft.plan.changes == ()
    assert draft.plan.notices == ("The value limit is new: 9.",)


def test_the_source_of_a_later_environment_is_what_is_live_there(shop: Delivery) -> None:
    """Production gets what staging runs, whatever lies merged in its folder by now."""
    shop.change("Next")
    shop.merged(version="1.1.0")
    prepared = shop.make("production")

    assert prepared.branch == "release/production/1.0.0"
    assert folder(shop, prepared.commit, "production")["workflows/sync.yaml"] == SYNC.encode()
    assert prepared.draft.release.source.version == "1.0.0"


def test_an_earlier_content_can_be_released(shop: Delivery) -> None:
    """--content takes an earlier release of the source, and its number."""
    shop.change("Next")
    shop.released(version="1.1.0")

    assert shop.draft("production").release.version == "1.1.0"
    prepared = shop.make("production", content="1.0.0")
    assert prepared.draft.release.version == "1.0.0"
    assert folder(shop, prepared.commit, "production")["workflows/sync.yaml"] == SYNC.encode()


def test_a_content_that_was_never_accepted_is_not_found(shop: Delivery) -> None:
    """Only what has an accepted tag can be the content of a release further on."""
    shop.change("Next")
    shop.merged(version="1.1.0")
    with pytest.raises(NotFound, match=r"1\.1\.0"):
        shop.draft("production", content="1.1.0")
    with pytest.raises(NotFound, match=r"9\.9\.9"):
        shop.draft("production", content="9.9.9")


def test_an_editable_source_has_no_versions(shop: Delivery) -> None:
    """--content of an environment that is edited is wrong usage."""
    with pytest.raises(UsageError, match="development is editable"):
        shop.draft(content="1.0.0")


def test_nothing_live_before_means_nothing_to_release() -> None:
    """Production cannot be first; the next step is named."""
    with pytest.raises(ReconcilerError, match="Nothing is live in staging yet") as found:
        Delivery().draft("production")
    assert found.value.hint == "Release to staging first."


def test_the_same_content_is_nothing(shop: Delivery) -> None:
    """What is live already is nothing to release."""
    assert shop.draft(version="1.1.0").is_nothing
    shop.change("Next")
    assert not shop.draft(version="1.1.0").is_nothing
    shop.change("Sync")
    assert shop.draft(version="1.1.0").is_nothing


# --- versions -----------------------------------------------------------------------------------


def test_versions_without_a_number(shop: Delivery) -> None:
    """A regular release is the next minor by default, a rollback the next patch."""
    shop.change("Next")
    assert shop.draft().release.version == "1.1.0"
    assert Delivery().draft().release.version == "1.0.0"


def test_a_version_that_waits_is_passed(shop: Delivery) -> None:
    """Without a number the next free one is meant: 1.1.0 is merged, so it is 1.2.0."""
    shop.change("Next")
    shop.merged(version="1.1.0")
    shop.change("Later")
    assert shop.draft(supersede=True).release.version == "1.2.0"
    with pytest.raises(Held, match=r"staging/1\.1\.0 is merged and not live yet"):
        shop.draft()
    shop.merged("production")
    assert shop.draft("production", supersede=True).release.version == "1.0.1"


@pytest.mark.parametrize("version", ["1.0", "v1.1.0", "01.0.0", "1.1.0/x", ""])
def test_a_text_that_is_no_version_is_wrong_usage(shop: Delivery, version: str) -> None:
    """Only semantic versions are versions."""
    shop.change("Next")
    with pytest.raises(UsageError):
        shop.draft(version=version or "x")


@pytest.mark.parametrize("version", ["0.9.0", "1.0.0-rc.1", "1.0.0+build.2"])
def test_a_version_must_be_higher_than_what_is_live(shop: Delivery, version: str) -> None:
    """Build metadata does not raise it, and a pre-release ranks below its release."""
    shop.change("Next")
    with pytest.raises(ReconcilerError, match=r"not higher than 1\.0\.0") as found:
        shop.draft(version=version)
    assert found.value.hint == "Take a higher version, such as 1.0.1."


def test_a_version_is_used_once(shop: Delivery) -> None:
    """A manifest on the protected branch takes its number, whether it went live or not."""
    shop.change("Next")
    shop.merged(version="1.1.0")
    with pytest.raises(ReconcilerError, match=r"staging/1\.1\.0 is used already"):
        shop.draft(version="1.1.0", supersede=True)


def test_a_second_release_needs_to_say_that_it_supersedes(shop: Delivery) -> None:
    """A release that is merged and not live is named; --supersede goes on."""
    shop.change("Next")
    shop.merged(version="1.1.0")
    shop.change("Later")
    with pytest.raises(Held, match=r"staging/1\.1\.0 is merged and not live yet") as found:
        shop.draft(version="1.2.0")
    assert "--supersede" in str(found.value.hint)
    assert shop.draft(version="1.2.0", supersede=True).release.version == "1.2.0"


def test_nothing_to_release_is_said_before_anything_pending(shop: Delivery) -> None:
    """Where there is nothing to release, what is pending is no reason to refuse."""
    shop.change("Next")
    shop.merged(version="1.1.0")
    shop.change("Sync")
    assert shop.draft(version="1.2.0").is_nothing


def test_a_superseded_release_is_not_pending(shop: Delivery) -> None:
    """What was overtaken does not hold up the next one."""
    shop.change("Lower")
    shop.tagged(version="1.1.0")
    shop.change("Higher")
    shop.tagged(version="1.2.0", supersede=True)
    shop.promote()
    shop.change("Highest")
    assert shop.draft(version="1.3.0").release.version == "1.3.0"


@pytest.mark.parametrize(("to", "words"), [("development", "editable"), ("nowhere", "No environ")])
def test_only_release_only_environments_get_releases(to: str, words: str) -> None:
    """An editable or unknown environment is wrong usage."""
    with pytest.raises(UsageError, match=words):
        Delivery().draft(to)


@pytest.mark.parametrize("text", ["x" * 10_001, "a\u202eb", "bell\x07"])
def test_descriptions_that_nobody_can_read_are_refused(text: str) -> None:
    """A description has a limit and no characters that cannot be seen."""
    with pytest.raises(UsageError, match="description"):
        Delivery().draft(description=text)


# --- the branch ---------------------------------------------------------------------------------


def test_the_same_again_leaves_the_branch(shop: Delivery) -> None:
    """Identical content on the same tip makes no new commit."""
    shop.change("Next")
    first, second = shop.make(version="1.1.0"), shop.make(version="1.1.0")
    assert (second.commit, second.is_new) == (first.commit, False)


def test_a_moved_tip_rebuilds_the_branch(shop: Delivery) -> None:
    """The branch always stands on the tip: after another merge it is made anew."""
    shop.change("Next")
    first = shop.make(version="1.1.0")
    tip = shop.git.commit(message="Something else")
    second = shop.make(version="1.1.0")

    assert second.is_new
    assert second.commit != first.commit
    assert shop.git.is_ancestor(tip, second.commit)
    assert shop.git.ahead(second.commit, tip) == 1


def warned(shop: Delivery) -> None:
    """Let the next release warn twice."""
    for name in ("one", "two"):
        shop.workflow(name, more=f"  requires: {{secrets: [KEY_{name.upper()}]}}\n")


def test_an_acknowledgement_is_written_and_kept(shop: Delivery) -> None:
    """A rebuild keeps what was acknowledged while its warning is the same."""
    warned(shop)
    said = {("EnvironmentSecretMissing", None): "coming on Monday"}
    first = shop.make(version="1.1.0", acknowledged=said)
    kept = first.draft.release.acknowledgements
    assert [each.reason for each in kept] == ["coming on Monday"] * 2

    shop.change("Next")
    assert shop.make(version="1.1.0").draft.release.acknowledgements == kept


def test_an_acknowledgement_lapses_with_its_warning(shop: Delivery) -> None:
    """What no longer warns is not acknowledged in the rebuilt manifest."""
    warned(shop)
    first = shop.make(version="1.1.0", acknowledged={("EnvironmentSecretMissing", None): "soon"})
    shop.remove("workflows/two.yaml")
    second = shop.make(version="1.1.0")

    gone = set(first.draft.release.acknowledgements) - set(second.draft.release.acknowledgements)
    assert [each.subject.name for each in gone] == ["KEY_TWO"]


def test_an_acknowledgement_of_one_subject(shop: Delivery) -> None:
    """A code with a subject fits that one; one that fits nothing is named."""
    warned(shop)
    draft = shop.draft(
        version="1.1.0",
        acknowledged={
            ("EnvironmentSecretMissing", "secret/key_one"): "soon",
            ("NoSuchCode", None): "never",
        },
    )
    assert [each.subject.name for each in draft.release.acknowledgements] == ["KEY_ONE"]
    assert draft.unused == ("NoSuchCode",)


# --- rollback -----------------------------------------------------------------------------------


def rollback(shop: Delivery, version: str, new: str | None = None) -> str:
    """Prepare, merge and tag a rollback of staging, and return its version."""
    preparer, grounds = shop.releases.preparer, shop.grounds
    ask = Ask(to="staging", type=ReleaseType.ROLLBACK)
    draft = preparer.rollback(grounds, ReleaseName("staging", version), new, ask)
    shop.merge(preparer.commit(grounds, [draft], "Roll back").branch)
    shop.tag("staging", draft.release.version, "main")
    return draft.release.version


def test_a_rollback_releases_older_content_again(shop: Delivery) -> None:
    """It is a release of its own with the next patch version; no tag goes back."""
    shop.change("Bad")
    shop.workflow("new")
    shop.released(version="1.1.0")

    assert rollback(shop, "1.0.0") == "1.1.1"
    shop.promote()

    assert shop.live() == "1.1.1"
    assert set(shop.running()) == {SYNC_KEY, REPORT_KEY}
    assert shop.running()[SYNC_KEY] == "Sync"


def test_a_rollback_brings_values_back(shop: Delivery) -> None:
    """Values are content: those of the old release return, and the rest of the file stays."""
    shop.write("workflows/sync.yaml", USES)
    shop.policy("staging", VALUES.format(5))
    shop.put(environment_file("development"), shop_environment("development", 1))
    shop.released(version="1.1.0")
    shop.policy("staging", VALUES.format(7) + "  # kept\n  promotion: {selfHeal: true}\n")
    shop.released(version="1.2.0")
    assert limit(shop) == 7

    assert rollback(shop, "1.1.0", "2.0.0") == "2.0.0"
    shop.promote()

    assert limit(shop) == 5
    text = (shop.at("main", environment_file("staging")) or b"").decode()
    assert "limit: 5" in text
    assert "  # kept\n  promotion: {selfHeal: true}\n" in text


def test_a_rollback_to_what_never_was_is_not_found(shop: Delivery) -> None:
    """Only a release that was accepted can come back."""
    shop.change("Next")
    shop.merged(version="1.1.0")
    with pytest.raises(NotFound, match=r"1\.1\.0 was never live"):
        rollback(shop, "1.1.0", "2.0.0")


def test_another_type_does_not_take_a_releases_branch() -> None:
    """What somebody made for something else is not replaced in silence."""
    shop = Delivery()
    shop.reconcile()
    shop.make("staging", "1.0.0")
    with pytest.raises(Conflict, match="as a regular already") as caught:
        shop.make("staging", "1.0.0", type=ReleaseType.WARMFIX)

    assert "--version" in str(caught.value.hint)
    assert shop.manifest("staging", "1.0.0", "release/staging/1.0.0").type is ReleaseType.REGULAR
