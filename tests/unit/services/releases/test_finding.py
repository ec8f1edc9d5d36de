"""Finding releases and the commit to tag, whatever way the release was merged."""

from __future__ import annotations

import pytest

from reconciler.core.errors import Conflict, Held, Invalid, NotFound, UsageError
from reconciler.core.releases.model import ReleaseName
from tests.unit.services.releases.delivery import ANA, QUINN, Delivery, strict

FIRST = ReleaseName("staging", "1.0.0")


@pytest.fixture
def shop() -> Delivery:
    """A shop that deployed development and has looked at staging."""
    shop = Delivery()
    shop.reconcile()
    shop.promote()
    return shop


def commit_to_tag(shop: Delivery, name: ReleaseName = FIRST) -> str:
    """Return the commit that `release tag` would tag."""
    return shop.releases.finder.tag(shop.grounds, name, None)[1]


@pytest.mark.parametrize("squash", [False, True])
def test_the_commit_on_main_is_tagged(shop: Delivery, squash: bool) -> None:
    """It is the merge or the squash on the first-parent line, never the branch's own commit."""
    prepared = shop.make(version="1.0.0")
    merged = shop.merge(prepared.branch, squash=squash)
    shop.git.commit(message="Something later")

    assert commit_to_tag(shop) == merged
    assert merged != prepared.commit


def test_a_rebased_release_is_tagged_where_it_came_in(shop: Delivery) -> None:
    """A rebase puts the branch's own commits on the line: there the manifest came in."""
    prepared = shop.make(version="1.0.0")
    shop.git.branches["main"] = prepared.commit

    assert commit_to_tag(shop) == prepared.commit


def test_an_unmerged_release_is_held(shop: Delivery) -> None:
    """Its branch is there and main does not hold it: merge first."""
    shop.make(version="1.0.0")
    with pytest.raises(Held, match="is not merged") as found:
        commit_to_tag(shop)
    assert "Merge its branch into main" in str(found.value.hint)


def test_an_unknown_release_is_not_found(shop: Delivery) -> None:
    """The nearest version and the command that makes it are named."""
    shop.merged(version="1.0.0")
    with pytest.raises(NotFound, match=r"There is no release staging/1\.0\.1.*1\.0\.0") as found:
        commit_to_tag(shop, ReleaseName("staging", "1.0.1"))
    assert "release create --to staging --version 1.0.1" in str(found.value.hint)


def test_a_release_is_tagged_once(shop: Delivery) -> None:
    """An accepted tag is not made again, neither while it waits nor when it is live."""
    shop.tag("staging", "1.0.0", shop.merged(version="1.0.0"))
    with pytest.raises(Conflict, match=r"has its tag staging/v1\.0\.0 already"):
        commit_to_tag(shop)
    shop.promote()
    with pytest.raises(Conflict, match="is live already"):
        commit_to_tag(shop)


def test_a_release_that_can_never_be_promoted_is_not_tagged(shop: Delivery) -> None:
    """Made for another base it would only be blocked."""
    shop.change("First")
    shop.reconcile()
    shop.merged(version="1.0.0")
    shop.change("Second")
    shop.tagged(version="1.1.0", supersede=True)
    shop.promote()
    with pytest.raises(Held, match="can never be promoted"):
        commit_to_tag(shop)


def test_a_folder_that_does_not_fit_its_manifest_is_not_tagged(shop: Delivery) -> None:
    """A merge that changed the content on the way is refused with both digests."""
    branch = shop.make(version="1.0.0").branch
    shop.git.files = dict(shop.git.files)
    shop.put(
        "environments/staging/workflows/more.yaml",
        str(shop.git.files[_sync()]).replace("sync", "more"),
    )
    shop.git.merge(branch)
    with pytest.raises(Held, match="does not hold what the manifest of"):
        commit_to_tag(shop)


def _sync() -> str:
    return "environments/development/workflows/sync.yaml"


@pytest.mark.parametrize("text", ["staging/1.0.0", "staging/v1.0.0"])
def test_a_release_is_named_in_two_ways(shop: Delivery, text: str) -> None:
    """By environment and version, or by its tag."""
    assert shop.grounds.named(text) == FIRST


@pytest.mark.parametrize("text", ["staging", "1.0.0", "nowhere/1.0.0", "development/1.0.0", ""])
def test_what_names_no_release_is_wrong_usage(shop: Delivery, text: str) -> None:
    """An unknown or editable environment has no releases."""
    with pytest.raises(UsageError):
        shop.grounds.named(text)


def test_a_manifest_under_another_name_is_a_finding(shop: Delivery) -> None:
    """A manifest is named after its version and stands in its environment's folder."""
    shop.merged(version="1.0.0")
    path = "environments/staging/releases/1.0.0.yaml"
    shop.put("environments/staging/releases/2.0.0.yaml", shop.at("main", path) or b"")
    with pytest.raises(Invalid) as found:
        shop.releases.catalog.releases(shop.grounds.snapshot, "staging")
    [finding] = found.value.findings
    assert 'spec.version is "1.0.0"; the file is named after it' in str(finding)


def test_one_broken_manifest_does_not_hide_the_others(shop: Delivery) -> None:
    """Where only sound ones are needed a broken one is told beside them."""
    shop.merged(version="1.0.0")
    shop.put("environments/staging/releases/2.0.0.yaml", "kind: nonsense")
    found, findings = shop.releases.catalog.readable(shop.grounds.snapshot, "staging")
    assert list(found) == ["1.0.0"]
    assert findings


# --- statements ---------------------------------------------------------------------------------


@pytest.fixture
def guarded() -> Delivery:
    """A strict shop with staging/1.0.0 merged."""
    shop = Delivery(strict())
    shop.reconcile()
    shop.promote()
    shop.merged(version="1.0.0")
    return shop


def test_a_tag_that_would_not_count_is_taken_back(guarded: Delivery) -> None:
    """Signed by who may not release, nothing is left behind, and who may is named."""
    guarded.git.key = QUINN
    grounds = guarded.grounds
    with pytest.raises(Held, match=r"staging/v1\.0\.0 was not made") as found:
        guarded.releases.stater.make_release_tag(grounds, FIRST, grounds.tip, "First")
    assert ANA in str(found.value.hint)
    assert guarded.git.own_tags == {}


def test_a_tag_by_a_release_manager_counts(guarded: Delivery) -> None:
    """It is signed and has nothing to be noticed."""
    guarded.git.key = ANA
    grounds = guarded.grounds
    stated = guarded.releases.stater.make_release_tag(grounds, FIRST, grounds.tip, "First")
    assert (stated.ref, stated.signed, stated.notice) == ("refs/tags/staging/v1.0.0", True, None)
    assert guarded.judged("staging", "1.0.0").judgement.accepted


def test_an_unsigned_tag_says_that_it_is_enough(shop: Delivery) -> None:
    """Where signatures are optional the maker is told so."""
    shop.merged(version="1.0.0")
    stated = shop.releases.stater.make_release_tag(shop.grounds, FIRST, shop.grounds.tip, "")
    assert "counts as unsigned" in str(stated.notice)


def test_an_approval_needs_a_role_that_is_there(guarded: Delivery) -> None:
    """Roles without a member are no roles; the nearest is named."""
    with pytest.raises(UsageError, match=r'No role "qaa".*"qa"|No role "qaa".*qa'):
        guarded.releases.stater.approve(guarded.grounds, FIRST, "qaa", "")


def test_a_second_approval_in_a_role_is_refused(guarded: Delivery) -> None:
    """The first one counts; what is there is not overwritten."""
    guarded.git.key = QUINN
    stater = guarded.releases.stater
    assert stater.approve(guarded.grounds, FIRST, "qa", "").ref.endswith("v1.0.0/qa")
    with pytest.raises(Conflict, match=r"approvals/staging/v1\.0\.0/qa is there already"):
        stater.approve(guarded.grounds, FIRST, "qa", "")


def test_an_approval_of_what_was_made_anew_says_how_to_go_on() -> None:
    """Given for content that the branch no longer holds, it does not count but is in the way."""
    shop = Delivery(strict())
    shop.reconcile()
    shop.make(version="1.0.0")
    shop.git.key = QUINN
    stater = shop.releases.stater
    stater.approve(shop.grounds, FIRST, "qa", "")
    shop.change("Other")
    shop.make(version="1.0.0")
    with pytest.raises(Conflict, match=r"does not count: The approval .* does not hold") as found:
        stater.approve(shop.grounds, FIRST, "qa", "")
    assert "git tag --delete approvals/staging/v1.0.0/qa" in str(found.value.hint)


def test_nothing_to_resume_is_not_found(shop: Delivery) -> None:
    """Where nothing is held there is nothing to end."""
    grounds = shop.grounds
    with pytest.raises(NotFound, match="Nothing holds staging"):
        shop.releases.stater.resume(grounds, grounds.environment("staging"), None, None)
