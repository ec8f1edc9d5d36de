"""Whom a release concerned is stored when it is planned again, and answers from then on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from reconciler.core.errors import NotFound, StalePlan, StoreError, UsageError
from reconciler.core.model import Deployment, Phase, ResourceKey
from reconciler.core.releases.model import ReleaseName
from reconciler.ports import AffectedUser, Concerned
from reconciler.services.deploying.options import ApplyOptions
from reconciler.services.planning import Planned
from reconciler.services.users import UserKeeper
from reconciler.testing import MemoryStore, deployment, user
from tests.unit.services.shop import HUBSPOT_KEY, SYNC_KEY, Shop
from tests.unit.services.test_users_keeper import staging

DEV, STAGING = "development", "staging"
SCOPES = "OAuthScopesChanged"
RELEASE = ReleaseName(STAGING, "1.4.0")


def row(id: str, workflow: str | None = None) -> AffectedUser:
    """Return a row about a user of hubspot."""
    return AffectedUser(user=id, integration="hubspot", workflow=workflow)


@pytest.fixture
def shop() -> Shop:
    """A deployed shop with users, whose integration asks for more in git."""
    shop = Shop()
    shop.apply()
    with shop.store.transaction() as unit:
        users = (user(each, "hubspot") for each in ("u-2", "u-1"))
        shop.platform.put_users(unit, users)
    shop.replace("integrations/hubspot.yaml", "[contacts.read]", "[contacts.read, deals.read]")
    return shop


def stored(shop: Shop) -> list[Concerned]:
    """Return what is stored for the newest deployment."""
    return list(shop.store.affected(shop.store.deployments(DEV)[0].id))


# --- stored by a deployment ---------------------------------------------------------------------


def test_a_deployment_stores_whom_its_messages_concern(shop: Shop) -> None:
    """Rows of each message with users are kept with code and subject."""
    shop.remove("workflows/sync.yaml")
    with shop.store.transaction() as unit:
        on = user("u-3", workflows=({"name": "sync", "enabled": True},))
        connected = user("u-3", "hubspot", scopes=("contacts.read", "deals.read"))
        shop.platform.put_users(unit, [connected | {"workflows": on["workflows"]}])
    shop.apply()

    assert stored(shop) == [
        Concerned(SCOPES, HUBSPOT_KEY, row("u-1")),
        Concerned(SCOPES, HUBSPOT_KEY, row("u-2")),
        Concerned("WorkflowRemoved", SYNC_KEY, row("u-3", "sync")),
    ]


def test_where_users_are_unknown_none_are_stored(shop: Shop) -> None:
    """A platform whose users cannot be read makes no rows, and does not stop the deployment."""
    shop.platform.users_known = False
    shop.apply()

    assert shop.store.deployments(DEV)[0].phase is Phase.SUCCEEDED
    assert stored(shop) == []


class FullStore(MemoryStore):
    """A store that has no room for rows."""

    def record_affected(
        self, deployment: str, code: str, subject: ResourceKey, rows: Iterable[AffectedUser]
    ) -> int:
        """Fail."""
        raise StoreError("The disk is full.")


def test_rows_that_cannot_be_stored_stop_the_deployment(shop: Shop) -> None:
    """A failure is one of the step replan: nothing was written to the platform."""
    full = FullStore()
    full.__dict__.update(shop.store.__dict__)
    shop.store, revision = full, shop.platform.observe().revision
    with pytest.raises(StoreError, match="disk is full"):
        shop.apply()
    newest = shop.store.deployments(DEV)[0]

    assert [step.name for step in newest.steps if step.state == "failed"] == ["replan"]
    assert shop.platform.observe().revision == revision


# --- asked of a release -------------------------------------------------------------------------


def keeper(shop: Shop, planned: Planned | None = None) -> UserKeeper:
    """Return what answers; with a plan it knows one release that was not deployed."""

    def preview(release: ReleaseName) -> Planned:
        if planned is None or release != RELEASE:
            raise NotFound(f"There is no release {release}.")
        return planned

    return UserKeeper(
        workspace=shop.workspace,
        viewer=shop.viewer,
        store=shop.store,
        platform=shop.platform_of,
        reader=shop.platform_of,
        staging=staging,
        activities=shop.activities,
        actor=shop.actor,
        preview=preview,
    )


def message(code: str = SCOPES, count: int | None = 1, key: ResourceKey = HUBSPOT_KEY) -> object:
    """Return a message as it is kept with a deployment."""
    return {"code": code, "subject": key._asdict(), "affectedUsers": count}


def deployed(shop: Shop, id: str = "d-1", *ids: str, **fields: object) -> Deployment:
    """Store a deployment of the release that concerned these users."""
    phase = fields.pop("phase", Phase.SUCCEEDED)
    known = {"version": "1.4.0", "messages": (message(),)} | fields
    made = deployment(id, STAGING, **known)
    shop.store.begin(made)
    if ids:
        shop.store.record_affected(id, SCOPES, HUBSPOT_KEY, map(row, ids))
    assert isinstance(phase, Phase)
    if phase is Phase.SUCCEEDED:
        shop.store.mark_live(id)
    shop.store.finish(id, phase, made.started_at)
    return made


def asked(shop: Shop, code: str = SCOPES, subject: str | None = None) -> list[str]:
    """Return who is affected by the release."""
    return [each.user for each in keeper(shop).affected_by_release(RELEASE, code, subject)]


def test_a_deployed_release_answers_from_what_was_stored(shop: Shop) -> None:
    """What users do afterwards changes nothing; the live deployment speaks for its version."""
    deployed(shop, "d-1", "u-1", "u-7")
    deployed(shop, "d-2", "u-9", phase=Phase.FAILED)
    deployed(shop, "d-3", "u-8", version="1.5.0", phase=Phase.FAILED)

    assert asked(shop) == asked(shop, subject="integration/HUBSPOT") == ["u-1", "u-7"]


def test_the_newest_attempt_speaks_where_none_is_live(shop: Shop) -> None:
    """One that wrote nothing says nothing."""
    deployed(shop, "d-1", "u-1", phase=Phase.FAILED)
    deployed(shop, "d-2", "u-2", phase=Phase.RESTORED)
    deployed(shop, "d-3", "u-3", phase=Phase.ABORTED)

    assert asked(shop) == ["u-2"]


def test_a_user_of_several_messages_stands_once(shop: Shop) -> None:
    """Rows that say the same of a user are one, whatever they are about."""
    other = ResourceKey("Integration", "slack")
    deployed(shop, "d-1", "u-1", "u-2", messages=(message(), message(key=other)))
    shop.store.record_affected("d-1", SCOPES, other, [row("u-1")])

    assert asked(shop) == ["u-1", "u-2"]
    assert asked(shop, subject="Integration/slack") == ["u-1"]


def test_what_a_deployment_did_not_say(shop: Shop) -> None:
    """Another message, subject, or one whose users were unknown is told, not answered with none."""
    unknown = message("WorkflowRemoved", None, SYNC_KEY)
    deployed(shop, "d-1", "u-1", messages=(message(), unknown))

    with pytest.raises(NotFound, match=r"d-1 of staging/1\.4\.0 has no message AppEventRemoved"):
        asked(shop, "AppEventRemoved")
    with pytest.raises(NotFound, match='for Integration/hubspot, not for "Integration/hubspt"'):
        asked(shop, subject="Integration/hubspt")
    with pytest.raises(NotFound, match="No users were stored for WorkflowRemoved"):
        asked(shop, "WorkflowRemoved")


def test_a_message_that_concerned_nobody_has_no_rows(shop: Shop) -> None:
    """Zero is an answer."""
    deployed(shop, messages=(message(count=0),))

    assert asked(shop) == []


def test_a_release_that_was_not_deployed_is_planned(shop: Shop) -> None:
    """Its plan says whom to ask for; an attempt that wrote nothing does not count."""
    planned = shop.planner.plan(shop.load())
    deployed(shop, "d-1", "u-9", phase=Phase.ABORTED)
    found = keeper(shop, planned).affected_by_release(RELEASE, SCOPES)

    assert [each.user for each in found] == ["u-1", "u-2"]
    with pytest.raises(NotFound, match=r"The plan of staging/1\.4\.0 has no message Int"):
        keeper(shop, planned).affected_by_release(RELEASE, "IntegrationRemoved")


def test_an_unknown_release_is_not_found(shop: Shop) -> None:
    """With what plans releases or without it, one that was never made is an error."""
    with pytest.raises(NotFound, match=r"There is no release staging/1\.4\.0"):
        asked(shop)
    with pytest.raises(NotFound, match=r"staging/1\.4\.0 was not deployed"):
        replace(keeper(shop), preview=None).affected_by_release(RELEASE, SCOPES)


def test_a_release_is_named_by_version_or_tag(shop: Shop) -> None:
    """Both forms mean the same; an environment that is not there is wrong usage."""
    assert keeper(shop).release("staging/1.4.0") == keeper(shop).release("staging/v1.4.0")
    with pytest.raises(UsageError, match='did you mean "staging"'):
        keeper(shop).release("stagin/1.4.0")


def test_a_deployment_is_asked_by_its_id(shop: Shop) -> None:
    """One of an editable environment too; one that is not there, or not of it, is an error."""
    shop.apply()
    newest = shop.store.deployments(DEV)[0].id
    found = [*keeper(shop).affected_by_deployment(DEV, newest, SCOPES)]

    assert found == [*keeper(shop).affected_by_deployment(None, newest, SCOPES)]
    assert [each.user for each in found] == ["u-1", "u-2"]
    with pytest.raises(NotFound, match=f'no deployment "{newest}" of staging'):
        keeper(shop).affected_by_deployment(STAGING, newest, SCOPES)
    with pytest.raises(UsageError, match="OAuthScopesChanged"):
        keeper(shop).affected_by_deployment(DEV, newest, "OAuthScopeChanged")


def test_a_stale_plan_stores_nobody(shop: Shop) -> None:
    """Rows belong to the plan that is carried out, not to one that is refused."""
    planned = shop.planner.plan(shop.load())
    shop.workflow("another")
    with pytest.raises(StalePlan):
        shop.applier.apply(planned, lambda: shop.planner.plan(shop.load()), ApplyOptions())

    assert stored(shop) == []
