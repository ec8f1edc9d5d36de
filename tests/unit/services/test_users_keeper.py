"""Users of a small shop in memory: imported whole or not at all, listed, affected."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from reconciler.core.canonical import Json
from reconciler.core.errors import Invalid, NotFound, ReconcilerError, UsageError
from reconciler.core.users import normalised
from reconciler.ports import AffectedUser
from reconciler.services.user_files import MOST_FINDINGS, Format, Imported, UserFile
from reconciler.services.users import UserKeeper
from reconciler.testing import MemoryStaging, integration, user
from tests.unit.services.shop import HEAD, HUBSPOT_KEY, Shop

DEV = "development"
RECORDS = [
    user("u-1", "hubspot", scopes=("contacts.read",), settings={"region": "eu"}),
    user("u-2", "hubspot", workflows=({"name": "sync", "enabled": True},)),
    user("u-3", "hubspot", status="expired"),
    user("u-4"),
]


@contextmanager
def staging() -> Iterator[MemoryStaging]:
    """Open a staging in memory."""
    yield MemoryStaging()


class Keeping:
    """A shop with what keeps its users."""

    def __init__(self) -> None:
        self.shop = Shop()
        self.progress: list[tuple[str, int, int | None]] = []

    @property
    def keeper(self) -> UserKeeper:
        """What keeps users."""
        return UserKeeper(
            workspace=self.shop.workspace,
            viewer=self.shop.viewer,
            store=self.shop.store,
            platform=self.shop.platform_of,
            reader=self.shop.platform_of,
            staging=staging,
            activities=self.shop.activities,
            actor=self.shop.actor,
        )

    def read(
        self, data: bytes, *, environment: str = DEV, format: Format = Format.JSON_LINES
    ) -> Imported:
        """Import a file."""
        file = UserFile(name="u", format=format, readline=io.BytesIO(data).readline, size=len(data))
        return self.keeper.import_file(environment, file, lambda *step: self.progress.append(step))

    def write(self, records: Sequence[Json] = RECORDS, environment: str = DEV) -> Imported:
        """Import records."""
        lines = [json.dumps(record) for record in records]
        return self.read("\n".join(lines).encode(), environment=environment)

    def ids(self, environment: str = DEV, integration: str | None = None) -> list[str]:
        """Return who is listed."""
        return [each["id"] for each in self.keeper.records(environment, integration)]

    def affected(
        self, code: str, subject: str | None = None, environment: str = DEV
    ) -> list[AffectedUser]:
        """Return whom a message of the current plan concerns."""
        return [*self.keeper.affected(self.shop.choose(), environment, code, subject)]


@pytest.fixture
def keeping() -> Keeping:
    """A shop, not yet deployed."""
    return Keeping()


def told(outcome: Imported) -> list[str]:
    """Return the findings as they are shown."""
    return [str(finding) for finding in outcome.findings]


# --- import ---------------------------------------------------------------------------------------


def test_a_file_is_imported(keeping: Keeping) -> None:
    """Every user of a file is there after it, and nobody else's environment has them."""
    outcome = keeping.write()

    assert (outcome.users, outcome.findings, outcome.more) == (4, [], 0)
    assert [*keeping.keeper.records(DEV)] == [normalised(each) for each in RECORDS]
    assert keeping.ids("staging") == []


def test_a_table_is_imported(keeping: Keeping) -> None:
    """CSV is read as JSON lines are."""
    text = 'user,integration,settings\nu-1,hubspot,"{""region"": ""eu""}"\nu-4,,\n'
    outcome = keeping.read(text.encode(), format=Format.CSV)

    assert (outcome.users, told(outcome)) == (2, [])
    assert keeping.ids() == ["u-1", "u-4"]


def test_one_wrong_line_imports_nothing(keeping: Keeping) -> None:
    """Where anything is wrong nothing is written, and all of it is told with its line."""
    keeping.write([user("u-1")])
    outcome = keeping.write([user("u-2"), {"id": ""}, user("u-3", "hubspt"), user("u-4")])

    assert told(outcome) == [
        "u:2:1: the id is empty",
        'u:3:1: development has no integration "hubspt" (did you mean "hubspot"?)',
    ]
    assert outcome.users == 0
    assert keeping.ids() == ["u-1"]


def test_a_user_stands_once_in_a_file(keeping: Keeping) -> None:
    """An id that stands twice is told with its first line, also when that one is wrong."""
    rows = [user("u-1"), user("u-2", "hubspt"), user("u-1"), user("u-2")]

    assert told(keeping.write(rows)) == [
        'u:2:1: development has no integration "hubspt" (did you mean "hubspot"?)',
        'u:3:1: user "u-1" stands on line 1 already; give each user once',
        'u:4:1: user "u-2" stands on line 2 already; give each user once',
    ]
    table = b"user\nu-1\nu-2\nu-1\n"
    assert told(keeping.read(table, format=Format.CSV)) == [
        'u:4:1: user "u-1" stands on line 2 already; the rows of one user stand together'
    ]


def test_findings_are_counted_beyond_a_hundred(keeping: Keeping) -> None:
    """The first hundred findings are told; of the others it is told how many there are."""
    outcome = keeping.read(b"x\n" * 250)

    assert len(outcome.findings) == MOST_FINDINGS == 100
    assert outcome.more == 150


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
@pytest.mark.parametrize("over", [0, 1])
def test_a_line_holds_a_mebibyte(keeping: Keeping, end: bytes, over: int) -> None:
    """A line of 1 MiB without its end is read, a longer one is a finding, and the next is read."""
    frame = b'{"id": "u-1", "metadata": {"a": ""}}'
    line = frame.replace(b'""', b'"' + b"x" * (2**20 - len(frame) + over) + b'"')
    outcome = keeping.read(line + end + (b'{"id": "u-2"}' if end else b""))

    assert told(outcome) == (["u:1:1: the line is longer than 1 MiB"] if over else [])
    assert keeping.ids() == ([] if over else ["u-1", "u-2"][: 2 if end else 1])


def test_a_giant_line_is_one_finding(keeping: Keeping) -> None:
    """What has no line ends is read in pieces and told once."""
    outcome = keeping.read(b"x" * 5_000_000 + b"\n" + b'{"id": "u-1"}')

    assert told(outcome) == ["u:1:1: the line is longer than 1 MiB"]


def test_an_empty_file_changes_nothing(keeping: Keeping) -> None:
    """No users is not an error, and not the wish to forget everybody."""
    keeping.write()
    outcome = keeping.read(b"\n\n")

    assert (outcome.users, outcome.findings) == (0, [])
    assert len(keeping.ids()) == 4


def test_progress_is_told_in_steps(keeping: Keeping) -> None:
    """How far reading and writing are is told now and then, with the whole where it is known."""
    keeping.write([user(f"u-{number}") for number in range(1200)])
    reading = [done for what, done, total in keeping.progress if what == "Reading users" and total]
    writing = [(done, total) for what, done, total in keeping.progress if what == "Writing users"]

    assert len(reading) == 2
    assert writing == [(500, 1200), (1000, 1200)]


def test_a_commit_that_fails_writes_nobody(keeping: Keeping) -> None:
    """Users are written in one transaction."""
    keeping.shop.store.fail_commit = ReconcilerError("The disk is full.")
    with pytest.raises(ReconcilerError, match="disk is full"):
        keeping.write()

    assert keeping.ids() == []


# --- what is known --------------------------------------------------------------------------------


def test_git_and_platform_say_what_is_known(keeping: Keeping) -> None:
    """What git no longer has but still runs may be named, and what git has but does not run yet."""
    keeping.shop.apply()
    keeping.shop.remove("workflows/report.yaml", "workflows/definitions/report.json")
    keeping.shop.replace("integrations/hubspot.yaml", "name: region", "name: site")
    keeping.shop.workflow("new")
    records = [
        user("u-1", "hubspot", settings={"region": 1, "site": 2}),
        user("u-2", workflows=({"name": "report"}, {"name": "new"})),
    ]

    assert told(keeping.write(records)) == []


def test_what_was_removed_is_unknown(keeping: Keeping) -> None:
    """What is gone from git and platform can no longer be named."""
    keeping.shop.apply()
    keeping.shop.remove("workflows/report.yaml", "workflows/definitions/report.json")
    keeping.shop.apply()
    found = told(keeping.write([user("u-1", workflows=({"name": "report"},))]))

    assert found == ['u:1:1: development has no workflow "report"']


def test_before_the_first_release_its_source_says_what_is_known(keeping: Keeping) -> None:
    """An environment without resources knows what would be promoted into it."""
    outcome = keeping.write([user("u-1", "hubspot"), user("u-2", "hubspt")], "staging")
    assert told(outcome) == ['u:2:1: staging has no integration "hubspt" (did you mean "hubspot"?)']
    keeping.shop.platforms["staging"].edit(integration("slack"))
    outcome = keeping.write([user("u-1", "hubspot"), user("u-2", "slack")], "staging")

    assert told(outcome) == ['u:1:1: staging has no integration "hubspot"']


def test_what_a_hand_wrote_is_no_obstacle(keeping: Keeping) -> None:
    """A resource that was edited into nonsense offers nothing, and the others are known."""
    keeping.shop.apply()
    keeping.shop.platform.edit({**integration("hubspot"), "spec": {"userSettings": {"a": 1}}})

    assert told(keeping.write()) == []


@pytest.mark.parametrize("command", ["import", "list", "affected"])
def test_unknown_environments_are_wrong_usage(keeping: Keeping, command: str) -> None:
    """An environment that is not there is told with the nearest one."""
    calls = {
        "import": lambda: keeping.write(environment="developmnt"),
        "list": lambda: keeping.ids("developmnt"),
        "affected": lambda: keeping.affected("WorkflowRemoved", environment="developmnt"),
    }
    with pytest.raises(UsageError, match='did you mean "development"'):
        calls[command]()


def test_manifests_with_findings_stop_an_import(keeping: Keeping) -> None:
    """Where it cannot be said what is known, nothing is imported."""
    keeping.shop.write("integrations/hubspot.yaml", "nonsense")
    with pytest.raises(Invalid):
        keeping.write()


# --- list -----------------------------------------------------------------------------------------


def test_users_of_an_integration_are_listed(keeping: Keeping) -> None:
    """With an integration its users are listed; one that is not there is wrong usage."""
    keeping.write()

    assert keeping.ids(integration="hubspot") == ["u-1", "u-2", "u-3"]
    with pytest.raises(UsageError, match=r'no integration "hubspt" \(did you mean "hubspot"'):
        keeping.ids(integration="hubspt")


# --- affected -------------------------------------------------------------------------------------


@pytest.fixture
def changed(keeping: Keeping) -> Keeping:
    """A deployed shop with users, where scopes, a setting and a workflow changed in git."""
    keeping.shop.apply()
    keeping.write()
    shop = keeping.shop
    shop.replace("integrations/hubspot.yaml", "[contacts.read]", "[contacts.read, deals.read]")
    settings = ("{name: region, type: number}", "{name: a, type: text}", "{name: b, type: text}")
    listed = "\n    - ".join(settings)
    shop.replace("integrations/hubspot.yaml", "{name: region, type: text}", listed)
    shop.remove("workflows/sync.yaml")
    shop.write(
        "integrations/slack.yaml",
        HEAD.format("Integration", "slack") + "spec:\n  auth: {type: none}\n",
    )
    return keeping


def test_affected_users_of_a_message(changed: Keeping) -> None:
    """Those are listed whom the message concerns, with its integration and workflow."""
    assert changed.affected("OAuthScopesChanged") == [
        AffectedUser(user=each, integration="hubspot", workflow=None) for each in ("u-1", "u-2")
    ]
    assert changed.affected("WorkflowRemoved") == [
        AffectedUser(user="u-2", integration="hubspot", workflow="sync")
    ]
    assert changed.affected("UserSettingTypeChanged") == [
        AffectedUser(user="u-1", integration="hubspot", workflow=None)
    ]


def test_a_user_stands_once_for_several_messages(changed: Keeping) -> None:
    """Two messages of one code about the same integration list each user once."""
    found = changed.affected("RequiredUserSettingAdded")

    assert [each.user for each in found] == ["u-1", "u-2"]


def test_a_subject_chooses_a_message(changed: Keeping) -> None:
    """A subject is written kind/name, in any case; another one is told what there is."""
    assert len(changed.affected("WorkflowRemoved", "workflow/SYNC")) == 1
    sentence = 'has WorkflowRemoved for Workflow/sync, not for "Workflow/synk" .did you mean'
    with pytest.raises(NotFound, match=sentence):
        changed.affected("WorkflowRemoved", "Workflow/synk")


def test_an_unknown_code_is_wrong_usage(changed: Keeping) -> None:
    """A code that the catalogue does not have is told with the nearest one."""
    with pytest.raises(UsageError, match='did you mean "OAuthScopesChanged"'):
        changed.affected("OAuthScopeChanged")


def test_a_code_that_the_plan_has_not(keeping: Keeping, changed: Keeping) -> None:
    """A message that the plan does not have is told with those it has."""
    with pytest.raises(
        NotFound,
        match="plan of development has no message AppEventRemoved; it has OAuthScopesChanged, ",
    ):
        changed.affected("AppEventRemoved")
    keeping.shop.apply()
    with pytest.raises(NotFound, match="has no message AppEventRemoved; it has no messages"):
        keeping.affected("AppEventRemoved")


def test_a_message_that_concerns_nobody_in_particular(keeping: Keeping) -> None:
    """A message without affected users is not answered with an empty list."""
    keeping.shop.apply()
    keeping.shop.remove("workflows/sync.yaml", "events/contact-created.yaml")
    with pytest.raises(NotFound, match="AppEventRemoved concerns no connected users"):
        keeping.affected("AppEventRemoved")


def test_findings_come_before_affected_users(changed: Keeping) -> None:
    """Without a plan nobody can be said to be affected."""
    changed.shop.write("workflows/broken.yaml", "nonsense")
    with pytest.raises(Invalid):
        changed.affected("OAuthScopesChanged")


def test_nobody_is_affected_before_the_first_release(keeping: Keeping) -> None:
    """A release-only environment without a release says what it waits for."""
    with pytest.raises(ReconcilerError, match="staging waits for its first release tag") as waits:
        keeping.affected("WorkflowRemoved", environment="staging")

    assert "--worktree" in str(waits.value.hint)


def test_a_deployment_switches_defaults_on(keeping: Keeping) -> None:
    """What the plan counted is what the deployment does, and the next plan counts nobody."""
    keeping.write()
    keeping.shop.replace("workflows/sync.yaml", "  trigger", "  enabledByDefault: true\n  trigger")
    counted = [each.user for each in keeping.affected("WorkflowEnabledByDefault")]
    keeping.shop.apply()
    on = [
        each["id"]
        for each in keeping.keeper.records(DEV)
        if any(workflow["enabled"] for workflow in each["workflows"])
    ]

    assert counted == ["u-1"]
    assert on == ["u-1", "u-2"]
    assert HUBSPOT_KEY in keeping.shop.platform.observe().digests
