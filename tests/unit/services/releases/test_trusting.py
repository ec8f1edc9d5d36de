"""The trusted commit: whose word counts, how it moves, and what is refused until it does."""

from __future__ import annotations

import pytest

from reconciler.core.errors import Conflict, NotFound
from tests.unit.services.releases.delivery import (
    ANA,
    BEN,
    KEY,
    PIPELINE_FILE,
    SIGNERS,
    STRICT,
    Delivery,
    environment,
    environment_file,
    outcomes,
    strict,
)

BOTH = STRICT.replace(f"members: [{ANA}]", f"members: [{ANA}, {BEN}]")


@pytest.fixture
def shop() -> Delivery:
    """A strict shop with 1.0.0 live in staging."""
    shop = Delivery(strict())
    shop.released()
    return shop


def trusted(shop: Delivery, name: str = "staging") -> str | None:
    """Return the trusted commit."""
    found = shop.store.trust(name)
    return None if found is None else found.commit


def let_ben_release(shop: Delivery) -> None:
    """Make Ben a release manager with a key, at the tip."""
    shop.git.files[SIGNERS] = f"{shop.git.files[SIGNERS]!s}{BEN} {KEY}\n"
    shop.put(PIPELINE_FILE, BOTH)


def test_the_first_trusted_commit_is_the_tip_and_is_told() -> None:
    """The store trusts the protected tip that it reads first, and names who may release."""
    shop = Delivery(strict())
    tip = shop.git.branches["main"]
    [first] = shop.promote()

    assert trusted(shop) == tip
    [told] = first.told
    assert told.startswith(f"Trusting main at {tip[:12]} for staging from now on ")
    assert told.endswith(f"(qa: quinn@example.com; release-manager: {ANA}).")
    assert shop.promote()[0].told == ()


def test_reading_trusts_nothing() -> None:
    """Judging and planning leave the store as it is."""
    shop = Delivery(strict())
    shop.merged(version="1.0.0")
    shop.tag("staging", "1.0.0", "main")
    shop.standing()
    shop.gates("staging", "1.0.0")
    shop.releases.planner.plan(shop.choose(), shop.environment())

    assert trusted(shop) is None
    assert shop.store.tags_seen("staging") == []
    assert shop.store.audit() == []


def test_an_accepted_tag_moves_trust(shop: Delivery) -> None:
    """The commit of the newest accepted tag is trusted from then on, with who and why."""
    shop.change("Next")
    commit = shop.released(version="1.1.0")

    record = shop.store.trust("staging")
    assert record is not None
    assert (record.commit, record.by) == (commit, ANA)
    assert "staging/v1.1.0" in record.reason


def test_a_release_that_waits_moves_no_trust() -> None:
    """It is judged by the rules before it, or it could drop the approval that it waits for."""
    shop = Delivery(strict(staging="  promotion: {approvals: [qa]}\n"))
    shop.reconcile()
    shop.promote()
    tip = trusted(shop)
    shop.policy("staging", "")
    shop.tagged(version="1.0.0")

    for _ in range(2):
        [found] = shop.promote()
        assert [gate.name.value for gate in found.gates] == ["qa-approved"]
    assert trusted(shop) == tip


def test_a_new_key_counts_after_a_release_signed_under_the_old_ones(shop: Delivery) -> None:
    """Ben may not sign the release that brings him, but the one after it."""
    let_ben_release(shop)
    shop.change("Next")
    shop.reconcile()
    commit = shop.merged(version="1.1.0")
    shop.tag("staging", "1.1.0", commit, by=BEN)
    [refused] = shop.promote()
    assert (refused.outcome, refused.exit_code) == ("refused", 3)

    shop.tag("staging", "1.1.0", commit, by=ANA)
    assert outcomes(shop.promote()) == [("1.1.0", "applied")]
    shop.change("Last")
    shop.reconcile()
    shop.tag("staging", "1.2.0", shop.merged(version="1.2.0"), by=BEN)
    assert outcomes(shop.promote()) == [("1.2.0", "applied")]


def test_a_removal_acts_at_once(shop: Delivery) -> None:
    """Who is no longer release manager at the tip may not sign, whatever was trusted."""
    shop.change("Next")
    shop.reconcile()
    commit = shop.merged(version="1.1.0")
    shop.put(PIPELINE_FILE, STRICT.replace(f"members: [{ANA}]", f"members: [{BEN}]"))
    shop.tag("staging", "1.1.0", commit)
    assert outcomes(shop.promote()) == [("1.1.0", "refused")]


def test_an_operator_accepts_a_commit(shop: Delivery) -> None:
    """`trust accept` lets additions count, shows the difference before, and is audited."""
    let_ben_release(shop)
    grounds, truster = shop.grounds, shop.releases.truster
    staging = grounds.environment("staging")
    shown = truster.difference(grounds, staging, grounds.tip)
    assert any(BEN in sentence for sentence in shown.differences)

    truster.accept(staging, grounds.tip)

    assert trusted(shop) == grounds.tip
    assert truster.audit("staging")[0].actor == shop.actor
    shop.change("Next")
    shop.reconcile()
    shop.tag("staging", "1.1.0", shop.merged(version="1.1.0"), by=BEN)
    assert outcomes(shop.promote()) == [("1.1.0", "applied")]


def test_an_unknown_commit_cannot_be_trusted(shop: Delivery) -> None:
    """A commit that is not here is not found."""
    with pytest.raises(NotFound):
        shop.releases.truster.difference(shop.grounds, shop.environment(), "f" * 40)


def test_showing_says_what_the_tip_would_change(shop: Delivery) -> None:
    """Trusted keys are shown with the differences of the tip; equal ones have none."""
    assert shop.releases.truster.show(shop.grounds, shop.environment()).differences == ()
    let_ben_release(shop)
    shown = shop.releases.truster.show(shop.grounds, shop.environment())
    assert shown.record is not None
    assert shown.keys.roles["release-manager"].members == (ANA,)
    assert any(BEN in sentence for sentence in shown.differences)
    assert shown.problems == ()


# --- a mode that was loosened -------------------------------------------------------------------


def loosened(shop: Delivery) -> None:
    """Make staging editable at the tip."""
    shop.put(environment_file("staging"), environment("staging"))


def test_a_loosened_mode_is_refused(shop: Delivery) -> None:
    """Nothing is deployed to what was release-only until somebody accepts that; exit 4."""
    loosened(shop)
    shop.platforms["staging"].writes.clear()
    result = shop.reconcile("staging")

    assert (result.outcome, result.exit_code) == ("refused", 4)
    assert "release-only at its trusted commit" in result.reason
    assert shop.platforms["staging"].writes == []


def test_apply_refuses_a_loosened_mode_too(shop: Delivery) -> None:
    """By hand it is the same."""
    loosened(shop)
    with pytest.raises(Conflict, match="editable at the tip"):
        shop.releases.converger.refuse_loosened(shop.choose(), shop.environment())


def test_an_accepted_mode_is_followed(shop: Delivery) -> None:
    """After `trust accept` the environment is editable, and what is merged is deployed."""
    loosened(shop)
    shop.put("environments/staging/workflows/sync.yaml", "x")
    del shop.git.files["environments/staging/workflows/sync.yaml"]
    shop.git.commit()
    grounds = shop.grounds
    shop.releases.truster.accept(grounds.environment("staging"), grounds.tip)
    assert shop.reconcile("staging").exit_code == 0


def test_an_environment_that_was_always_editable_is_not_asked(shop: Delivery) -> None:
    """Development has no trusted commit and needs none."""
    shop.releases.converger.refuse_loosened(shop.choose(), shop.environment("development"))
    assert trusted(shop, "development") is None


def test_a_rewritten_branch_promotes_nothing(shop: Delivery) -> None:
    """When the protected branch no longer holds the trusted commit nothing is applied: exit 4."""
    shop.git.branches.pop("main")
    shop.git.commit(message="Another history")
    with pytest.raises(Conflict, match="main was rewritten") as found:
        shop.promote()
    assert "trust accept" in str(found.value.hint)
