"""Stored secrets, and what is told of all of them."""

from __future__ import annotations

import pytest

from reconciler.core.errors import Invalid, NotFound, UsageError
from reconciler.services.secrets import SecretRow
from reconciler.testing import MemorySecrets
from tests.unit.services.shop import SYNC_KEY, Shop


@pytest.fixture
def shop() -> Shop:
    """A repository in memory."""
    return Shop()


def rows(shop: Shop) -> dict[str, SecretRow]:
    """Return the secrets of development by name."""
    return {row.name: row for row in shop.keeper.rows("development")}


def test_a_stored_value_is_sealed(shop: Shop) -> None:
    """What is stored is sealed for its environment and name."""
    shop.keeper.set("development", "HUBSPOT_SECRET", "s-9")
    sealed = shop.store.secret("development", "HUBSPOT_SECRET")

    assert sealed is not None
    assert b"s-9" not in sealed.sealed
    assert shop.sealer.open("development", "HUBSPOT_SECRET", sealed) == "s-9"


def test_a_stored_value_can_be_deleted(shop: Shop) -> None:
    """Deleting takes it away; what is not there is told with the nearest name."""
    shop.keeper.set("development", "HUBSPOT_SECRET", "s-9")
    with pytest.raises(NotFound, match='did you mean "HUBSPOT_SECRET"'):
        shop.keeper.delete("development", "HUBSPOT_SECRE")
    shop.keeper.delete("development", "HUBSPOT_SECRET")

    assert shop.store.secret_names("development") == []


def test_only_declared_secrets_from_the_store_are_taken(shop: Shop) -> None:
    """A name that environment.yaml does not take from the store would never be read."""
    shop.keeper.refuse_unknown("development", "HUBSPOT_SECRET")
    with pytest.raises(UsageError, match=r"declares no secret HUBSPOT_SECRT \(did you mean"):
        shop.keeper.refuse_unknown("development", "HUBSPOT_SECRT")
    with pytest.raises(
        UsageError, match="API_KEY of development comes from env, not from the store"
    ):
        shop.keeper.refuse_unknown("development", "API_KEY")
    with pytest.raises(UsageError, match='No environment "staginn"'):
        shop.keeper.refuse_unknown("staginn", "API_KEY")


def test_a_broken_environment_is_told_as_such(shop: Shop) -> None:
    """Where environment.yaml cannot be read nothing is said of what it declares."""
    shop.replace("environment.yaml", "values", "vales")

    with pytest.raises(Invalid):
        shop.keeper.refuse_unknown("development", "HUBSPOT_SECRET")
    with pytest.raises(Invalid):
        shop.keeper.delete("development", "HUBSPOT_SECRET")


def test_every_secret_is_listed(shop: Shop) -> None:
    """Declared and needed secrets are listed with source, state and needers, never a value."""
    shop.replace("environment.yaml", "    API_KEY:", "    UNUSED: {from: store}\n    API_KEY:")
    found = rows(shop)

    assert list(found) == ["API_KEY", "HUBSPOT_SECRET", "UNUSED"]
    assert found["API_KEY"] == SecretRow(
        name="API_KEY", source="env", present=True, needed_by=(SYNC_KEY,)
    )
    assert found["API_KEY"].told == "has a value; needed by Workflow/sync"
    assert found["UNUSED"].told == "has no value; nothing needs it"
    assert not found["UNUSED"].missing


def test_an_undeclared_secret_is_missing(shop: Shop) -> None:
    """What something requires and nothing declares is listed without a source."""
    shop.replace("environment.yaml", "    API_KEY: {from: env, name: SHOP_API_KEY}\n", "")
    row = rows(shop)["API_KEY"]

    assert (row.source, row.present, row.missing) == (None, False, True)


def test_a_secret_that_cannot_be_known_is_not_missing(shop: Shop) -> None:
    """A source that cannot be asked here says neither yes nor no."""
    shop.secrets = MemorySecrets(unknowable=["API_KEY"])
    found = rows(shop)

    assert found["API_KEY"].told == "not known here; needed by Workflow/sync"
    assert not found["API_KEY"].missing
    assert found["HUBSPOT_SECRET"].missing


def test_many_needers_are_cut(shop: Shop) -> None:
    """At most three are named."""
    for name in "abcd":
        shop.workflow(name, more="  requires: {secrets: [API_KEY]}\n")

    assert rows(shop)["API_KEY"].told.endswith(
        "needed by Workflow/a, Workflow/b, Workflow/c and 2 more"
    )
