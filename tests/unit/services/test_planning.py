"""Plans: what differs, what follows, and what a reviewer agrees to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from reconciler.core.canonical import Json
from reconciler.core.errors import Invalid
from reconciler.core.messages.review import Message
from reconciler.core.model import Action, Change, Kind, Location, Reason, ResourceKey
from reconciler.services import planning
from reconciler.testing import MemoryCache, MemoryPlatform, MemoryStore, MemoryUnit, user, workflow
from tests.unit.services.shop import (
    CREATED_KEY,
    DEVELOPMENT,
    FOLDER,
    HUBSPOT_KEY,
    REPORT_KEY,
    STAGING,
    SYNC_KEY,
    Shop,
)


@pytest.fixture
def shop() -> Shop:
    """A repository in memory of which nothing is deployed."""
    return Shop()


@pytest.fixture
def deployed() -> Shop:
    """A repository in memory that is deployed as it is."""
    shop = Shop()
    shop.apply()
    return shop


def told(changes: Iterable[Change]) -> list[tuple[str, str, str]]:
    """Return action, name and reason of each change."""
    return [(change.action.value, change.key.name, change.reason.value) for change in changes]


def message(shop: Shop, code: str) -> Message:
    """Return the one message of a code in the plan of now."""
    (found,) = [each for each in shop.plan().plan.messages if each.code == code]
    return found


# --- changes ------------------------------------------------------------------------------------


def test_an_empty_platform_gets_everything(shop: Shop) -> None:
    """First everything is to add, what is needed before what needs it."""
    plan = shop.plan().plan

    assert told(plan.changes) == [
        ("add", "contact-created", "pending"),
        ("add", "hubspot", "pending"),
        ("add", "report", "pending"),
        ("add", "sync", "pending"),
    ]
    assert plan.summary == {"add": 4, "modify": 0, "remove": 0}
    assert plan.drift == ()


def test_what_is_deployed_plans_nothing(deployed: Shop) -> None:
    """The plan of a state against itself is empty."""
    plan = deployed.plan().plan

    assert (plan.changes, plan.drift, plan.unmanaged) == ((), (), 0)
    assert not plan.has_differences


def test_a_change_has_contents_and_fields(deployed: Shop) -> None:
    """A modified resource has its contents on both sides and the fields that differ."""
    before = deployed.load().content(SYNC_KEY)
    deployed.replace("workflows/sync.yaml", "integration:", "title: Contacts\n  integration:")
    (change,) = deployed.plan().plan.changes

    assert told([change]) == [("modify", "sync", "pending")]
    assert [(f.path, f.before, f.after) for f in change.fields] == [
        ("/spec/title", "sync", "Contacts")
    ]
    assert (change.before, change.after) == (before, deployed.load().content(SYNC_KEY))


def test_adds_and_removals_are_whole(deployed: Shop) -> None:
    """What is added has no before, what is removed no after, and neither has fields."""
    deployed.remove("workflows/report.yaml", "workflows/definitions/report.json")
    deployed.workflow("new")
    added, removed = deployed.plan().plan.changes

    assert told([added, removed]) == [("add", "new", "pending"), ("remove", "report", "pending")]
    assert (added.before, added.fields) == (None, ())
    assert (removed.after, removed.fields) == (None, ())
    assert added.after is not None
    assert removed.before is not None


def test_a_comment_is_no_change(deployed: Shop) -> None:
    """Other bytes of the same meaning plan nothing, though the content digest is another."""
    before = deployed.plan().plan
    deployed.write(
        "workflows/sync.yaml", f"# checked\n{deployed.git.files[f'{FOLDER}/workflows/sync.yaml']}"
    )
    after = deployed.plan().plan

    assert after.changes == ()
    assert after.content_digest != before.content_digest


# --- drift --------------------------------------------------------------------------------------


def test_an_edit_outside_is_drift(deployed: Shop) -> None:
    """What somebody changed on the platform is shown from there to git, and is no change."""
    deployed.edit(SYNC_KEY, title="By hand")
    plan = deployed.plan().plan

    assert plan.changes == ()
    assert told(plan.drift) == [("modify", "sync", "changed-outside")]
    assert [(f.path, f.before, f.after) for f in plan.drift[0].fields] == [
        ("/spec/title", "By hand", "sync")
    ]
    assert plan.has_differences


def test_a_deletion_outside_is_drift(deployed: Shop) -> None:
    """What somebody deleted on the platform would be added again."""
    deployed.platform.delete(REPORT_KEY)
    (change,) = deployed.plan().plan.drift

    assert told([change]) == [("add", "report", "changed-outside")]
    assert change.before is None


def test_both_sides_moved_is_a_conflict(deployed: Shop) -> None:
    """Where git and platform moved the change is in drift and not among the changes."""
    deployed.edit(SYNC_KEY, title="By hand")
    deployed.replace("workflows/sync.yaml", "integration:", "title: Contacts\n  integration:")
    plan = deployed.plan().plan

    assert plan.changes == ()
    assert told(plan.drift) == [("modify", "sync", "conflict")]


def test_an_edited_resource_that_git_removes_is_a_conflict(deployed: Shop) -> None:
    """Removing what somebody changed meanwhile is no simple removal."""
    deployed.edit(REPORT_KEY, title="By hand")
    deployed.remove("workflows/report.yaml")
    plan = deployed.plan().plan

    assert told(plan.drift) == [("remove", "report", "conflict")]
    assert plan.drift[0].before is not None


def test_pending_and_drift_stand_beside_each_other(deployed: Shop) -> None:
    """The summary counts what git changed alone."""
    deployed.edit(SYNC_KEY, title="By hand")
    deployed.platform.delete(CREATED_KEY)
    deployed.workflow("new")
    plan = deployed.plan().plan

    assert plan.summary == {"add": 1, "modify": 0, "remove": 0}
    assert [change.key for change in plan.drift] == [CREATED_KEY, SYNC_KEY]


def test_an_unfinished_deployment_shows(deployed: Shop) -> None:
    """What a deployment left half done is told as such."""
    deployed.workflow("new")
    deployed.store.mark_unfinished("development", [ResourceKey(Kind.WORKFLOW, "new")])

    assert told(deployed.plan().plan.drift) == [("add", "new", "unfinished")]


def test_unmanaged_resources_are_counted(deployed: Shop) -> None:
    """What others made is counted once and is no change."""
    deployed.platform.edit(workflow("theirs"))
    plan = deployed.plan().plan

    assert (plan.unmanaged, plan.changes, plan.drift) == (1, (), ())


def test_an_incomplete_read_removes_nothing(deployed: Shop) -> None:
    """What was not seen is unknown: no removal is planned, and the plan says why."""
    deployed.remove("workflows/report.yaml")
    deployed.platform.incomplete = "page 2 timed out"
    plan = deployed.plan().plan

    assert plan.changes == ()
    assert (plan.complete, plan.incomplete_reason) == (False, "page 2 timed out")


# --- messages -----------------------------------------------------------------------------------


def test_messages_have_counts_from_the_platform(deployed: Shop) -> None:
    """A message tells how many users it concerns, and when that was so."""
    connected = [user("u-1", "hubspot"), user("u-2", "hubspot", scopes=("contacts.write",))]
    deployed.platform.put_users(MemoryUnit(), connected)
    deployed.replace("integrations/hubspot.yaml", "contacts.read", "contacts.write")
    found = message(deployed, "OAuthScopesChanged")

    assert found.affected_users == 1
    assert found.as_of == deployed.clock.now()


def test_a_count_may_be_unknown(deployed: Shop) -> None:
    """Where users cannot be read the count is None, never 0, and there is no time."""
    deployed.platform.users_known = False
    deployed.replace("integrations/hubspot.yaml", "contacts.read", "contacts.write")
    found = message(deployed, "OAuthScopesChanged")

    assert (found.affected_users, found.as_of) == (None, None)


def test_messages_have_places(deployed: Shop) -> None:
    """A message points to its field in git; what is gone from git has no place."""
    deployed.replace("integrations/hubspot.yaml", "contacts.read", "contacts.write")
    deployed.remove("workflows/report.yaml")

    assert message(deployed, "OAuthScopesChanged").location == Location(
        f"{FOLDER}/integrations/hubspot.yaml", 10, 5
    )
    assert message(deployed, "WorkflowRemoved").location is None


def test_a_missing_secret_points_into_environment_yaml(deployed: Shop) -> None:
    """A secret without a value is told at its declaration."""
    del deployed.secrets.values["development", "API_KEY"]
    found = message(deployed, "EnvironmentSecretMissing")

    assert found.location == Location(f"{FOLDER}/environment.yaml", 11, 5)
    assert not found.from_git


def test_secrets_that_cannot_be_known_are_no_message(deployed: Shop) -> None:
    """A source that cannot be asked here says nothing of its secrets."""
    deployed.secrets = type(deployed.secrets)(unknowable=["API_KEY", "HUBSPOT_SECRET"])

    assert deployed.plan().plan.messages == ()


def test_other_environments_of_the_pipeline_are_compared(deployed: Shop) -> None:
    """What two environments share is told; an isolated one beside them is nobody's business."""
    mine = DEVELOPMENT.replace("name: development", "name: mine")
    mine = mine.replace("spec:\n", "spec:\n  mode: release-only\n")
    deployed.put("environments/mine/environment.yaml", mine)
    alone = deployed.plan().plan.messages
    chosen = deployed.workspace.choose(isolated=["mine"])
    plan = deployed.planner.plan(deployed.load(chosen=chosen), chosen.repository.environments)

    assert plan.plan.messages == alone == ()
    deployed.put(
        "environments/staging/environment.yaml",
        STAGING + "  appConfiguration: {hubspot: {clientId: dev-1}}\n",
    )
    assert message(deployed, "EnvironmentValueShared").subject.kind in (
        "Integration",
        "Environment",
    )


# --- the digest ---------------------------------------------------------------------------------


def test_the_same_plan_has_the_same_digest(shop: Shop) -> None:
    """Planning twice gives one digest, with a cache and without."""
    first = shop.plan().plan.digest
    shop.cache = MemoryCache()

    assert shop.plan().plan.digest == first is not None


def test_the_digest_follows_the_change(deployed: Shop) -> None:
    """Another change is another digest."""
    empty = deployed.plan().plan.digest
    deployed.workflow("new")
    added = deployed.plan().plan.digest
    deployed.workflow("new", title="Newer")

    assert len({empty, added, deployed.plan().plan.digest}) == 3


def test_the_digest_does_not_follow_the_platform(deployed: Shop) -> None:
    """Drift, unmanaged resources, users and secret state leave the digest as it is."""
    deployed.replace("integrations/hubspot.yaml", "contacts.read", "contacts.write")
    reviewed = deployed.plan().plan.digest
    deployed.edit(SYNC_KEY, title="By hand")
    deployed.edit(HUBSPOT_KEY, title="By hand")
    deployed.platform.edit(workflow("theirs"))
    deployed.platform.put_users(MemoryUnit(), [user("u-1", "hubspot")])
    deployed.secrets.values.clear()
    deployed.clock.advance(3600)

    assert deployed.plan().plan.digest == reviewed


def test_from_git_alone_the_digest_is_the_same(deployed: Shop) -> None:
    """With an equal base the comparison of two commits promises what the plan promises."""
    base = deployed.load()
    deployed.replace("integrations/hubspot.yaml", "contacts.read", "contacts.write")
    deployed.workflow("new")
    deployed.remove("workflows/report.yaml", "workflows/definitions/report.json")
    desired = deployed.load()
    others = deployed.choose().repository.environments

    alone = planning.between(base, desired, others)
    assert alone.digest == deployed.plan().plan.digest
    assert told(alone.changes) == told(deployed.plan().plan.changes)


def test_without_a_base_the_digest_is_that_of_the_first_plan(shop: Shop) -> None:
    """An environment that is new in git is planned like an empty platform."""
    others = shop.choose().repository.environments

    assert planning.between(None, shop.load(), others).digest == shop.plan().plan.digest


def test_from_git_alone_nothing_else_is_known(deployed: Shop) -> None:
    """Comparing two commits counts no user, knows no secret and asks no platform."""
    base = deployed.load()
    deployed.secrets.values.clear()
    deployed.replace("integrations/hubspot.yaml", "contacts.read", "contacts.write")
    plan = planning.between(base, deployed.load())

    assert [found.code for found in plan.messages] == ["OAuthScopesChanged"]
    assert plan.messages[0].affected_users is None
    assert plan.messages[0].location is not None
    assert (plan.drift, plan.unmanaged, plan.complete) == ((), 0, True)


# --- what is refused ----------------------------------------------------------------------------


def emptied(shop: Shop) -> None:
    """Take every resource out of development's folder."""
    kept = (f"{FOLDER}/environment.yaml",)
    files = {p: t for p, t in shop.git.files.items() if p in kept or not p.startswith(FOLDER)}
    shop.git.files = files
    shop.git.commit()


def test_an_empty_folder_is_no_wish_to_remove_everything(deployed: Shop) -> None:
    """A folder that holds nothing although something was applied is a finding."""
    emptied(deployed)

    with pytest.raises(Invalid) as caught:
        deployed.plan()
    (finding,) = caught.value.findings
    assert str(finding).startswith(f"{FOLDER}:1:1: holds no resource although 4 are deployed")


def test_an_empty_folder_may_be_meant(deployed: Shop) -> None:
    """With --allow-empty everything is planned to be removed, dependents first."""
    emptied(deployed)
    plan = deployed.plan(allow_empty=True).plan

    assert [change.key.name for change in plan.changes] == [
        "sync",
        "report",
        "hubspot",
        "contact-created",
    ]
    assert {change.action for change in plan.changes} == {Action.REMOVE}


def test_an_empty_folder_of_which_nothing_runs_is_fine(shop: Shop) -> None:
    """Without anything applied an empty folder plans nothing."""
    emptied(shop)

    assert shop.plan().plan.changes == ()


def test_an_app_event_that_never_was_is_a_finding(deployed: Shop) -> None:
    """A workflow cannot wait for an event that neither git nor the last apply knows."""
    deployed.replace("workflows/sync.yaml", "event: contact-created", "event: contact-made")

    with pytest.raises(Invalid, match="1 finding"):
        deployed.plan()


def test_an_app_event_that_is_removed_is_a_message(deployed: Shop) -> None:
    """Removing an event that a workflow waits for is planned, and the message warns of it."""
    base = deployed.load()
    deployed.remove("events/contact-created.yaml")

    assert message(deployed, "AppEventRemoved").severity.value == "warning"
    assert planning.between(base, deployed.load()).digest == deployed.plan().plan.digest


def test_a_removed_event_stays_a_consequence(deployed: Shop) -> None:
    """A workflow that has not changed since is no finding later; once it is touched it is one."""
    deployed.remove("events/contact-created.yaml")
    deployed.apply()
    deployed.workflow("new")

    assert [change.key.name for change in deployed.plan().plan.changes] == ["new"]
    deployed.replace("workflows/sync.yaml", "integration:", "title: Contacts\n  integration:")
    with pytest.raises(Invalid):
        deployed.plan()


def test_release_only_waits() -> None:
    """Before its first release an environment says what it waits for."""
    environment = Shop().choose().repository.environment("staging")
    plan = planning.waiting(environment, "staging/v…")

    assert plan.waiting == "its first release tag (staging/v…)"
    assert (plan.commit, plan.changes, plan.errored) == (None, (), False)


# --- what planning is given ---------------------------------------------------------------------


class ReadOnly:
    """Hands reads on and refuses everything that writes."""

    WRITES = (
        "deploy",
        "give_secrets",
        "begin",
        "journal",
        "transaction",
        "record_applied",
        "finish",
    )

    def __init__(self, inner: MemoryPlatform | MemoryStore) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> object:
        assert name not in self.WRITES
        return getattr(self._inner, name)


def test_planning_only_reads(deployed: Shop) -> None:
    """A planner needs nothing of the store and the platform but what readers offer."""
    deployed.edit(SYNC_KEY, title="By hand")
    deployed.workflow("new")
    planner = planning.Planner(
        store=ReadOnly(deployed.store),
        platform=lambda _: ReadOnly(deployed.platform),
        secrets=deployed.secrets,
        clock=deployed.clock,
    )

    assert planner.plan(deployed.load()).plan.digest == deployed.plan().plan.digest


class Counting(MemoryPlatform):
    """A platform that remembers of which resources the contents were read."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[ResourceKey] = []

    def contents(self, keys: Iterable[ResourceKey]) -> Mapping[ResourceKey, Json]:
        """Return contents, and remember the keys."""
        keys = list(keys)
        self.asked += keys
        return super().contents(keys)


def test_only_what_differs_is_read() -> None:
    """Contents of the platform are read of drift alone; what is equal costs a digest."""
    shop = Shop()
    shop.platforms["development"] = platform = Counting()
    shop.apply()
    platform.asked.clear()
    shop.plan()

    assert platform.asked == []
    shop.edit(SYNC_KEY, title="By hand")
    platform.asked.clear()
    assert told(shop.plan().plan.drift) == [("modify", "sync", Reason.CHANGED_OUTSIDE.value)]
    assert platform.asked == [SYNC_KEY]
