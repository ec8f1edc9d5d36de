"""Messages about what changes for users who are there already, as tables of before and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from reconciler.core.affected import (
    AffectedQuery,
    ConnectedTo,
    HavingOn,
    HoldingSetting,
    LackingScopes,
    SwitchedOnBy,
    WithoutSetting,
)
from reconciler.core.messages.review import Message, Severity
from reconciler.core.model import ResourceKey

Specs = Mapping[str, Mapping[str, Any]]
Find = Callable[..., list[Message]]


def integration(*scopes: str, type: str = "oauth2", **more: Any) -> Specs:
    """Return an integration with these scopes, or with another kind of authentication."""
    auth = {"type": type, "scopes": list(scopes)} if type == "oauth2" else {"type": type}
    return {"Integration/hubspot": {"auth": auth, **more}}


def workflow(trigger: Mapping[str, Any] | None = None, **more: Any) -> Specs:
    """Return a workflow of the integration; `integration=None` takes it from there."""
    spec = {"integration": "hubspot", "trigger": trigger or {"type": "manual"}, "steps": [], **more}
    return {"Workflow/sync": {key: value for key, value in spec.items() if value is not None}}


def schedule(cron: str, timezone: str = "UTC", **more: Any) -> Specs:
    """Return a workflow that is started by a schedule."""
    return workflow({"type": "schedule", "cron": cron, "timezone": timezone}, **more)


def webhook(url: str | None, replace: str = "break-before-make", **more: Any) -> Specs:
    """Return a workflow that is started by a webhook, subscribed at a URL or by hand."""
    if url is None:
        return workflow({"type": "webhook"}, **more)
    request = {"method": "POST", "url": url}
    subscription = {"subscribe": request, "unsubscribe": request, "replace": replace}
    return workflow({"type": "webhook", "subscription": subscription}, **more)


def settings(kind: str, *members: Mapping[str, Any]) -> Specs:
    """Return an integration or a workflow with these user settings."""
    listed = [dict(member) for member in members]
    return (integration if kind == "Integration" else workflow)(userSettings=listed)


REGION = {"name": "region", "type": "enum", "options": ["eu", "us", "asia"]}
REGION_LESS = {**REGION, "options": ["us"]}
NOTE = {"name": "note", "type": "text", "required": False}
APP_EVENT = {"type": "appEvent", "event": "contact-created"}
ON = HavingOn(workflow="sync", integration="hubspot")

RAISED = [
    pytest.param(
        *("OAuthScopesChanged", "info", integration("a", "old"), integration("a", "new", "b")),
        ["hubspot", "added b and new", "removed old", "reconnect"],
        LackingScopes(integration="hubspot", scopes=("a", "b", "new")),
        "/spec/auth/scopes",
        id="scopes added and removed",
    ),
    pytest.param(
        *("OAuthScopesChanged", "info", integration("a", "b"), integration("a")),
        ["removed b", "need not do anything"],
        LackingScopes(integration="hubspot", scopes=("a",)),
        "/spec/auth/scopes",
        id="scopes only removed",
    ),
    pytest.param(
        *("OAuthScopesChanged", "info", integration(type="apiKey"), integration("a")),
        ["by OAuth now", "added a"],
        LackingScopes(integration="hubspot", scopes=("a",)),
        "/spec/auth/scopes",
        id="api key becomes OAuth",
    ),
    pytest.param(
        *("IntegrationRemoved", "info", integration() | workflow(), {}),
        ["hubspot", "1 workflow of it is removed as well"],
        ConnectedTo(integration="hubspot"),
        "",
        id="integration removed with a workflow",
    ),
    pytest.param(
        *("IntegrationRemoved", "info", integration(), {}),
        ["removed from staging", "connected accounts"],
        ConnectedTo(integration="hubspot"),
        "",
        id="integration removed alone",
    ),
    pytest.param(
        *("IntegrationDisabled", "info", integration(), integration(enabled=False)),
        ["hubspot is disabled in staging", "pause"],
        ConnectedTo(integration="hubspot"),
        "/spec/enabled",
        id="integration disabled",
    ),
    pytest.param(
        *("RequiredUserSettingAdded", "info", integration(), settings("Integration", REGION)),
        ["region of integration hubspot is new and required"],
        WithoutSetting(integration="hubspot", workflow=None, setting="region"),
        "/spec/userSettings/region",
        id="required setting of an integration",
    ),
    pytest.param(
        "RequiredUserSettingAdded",
        "info",
        settings("Workflow", NOTE),
        settings("Workflow", {**NOTE, "required": True, "default": "none"}),
        ["note of workflow sync is required now", 'suggests "none"'],
        WithoutSetting(integration="hubspot", workflow="sync", setting="note"),
        "/spec/userSettings/note/required",
        id="setting of a workflow becomes required",
    ),
    pytest.param(
        *("WorkflowEnabledByDefault", "info", {}, workflow(enabledByDefault=True)),
        ["sync is switched on", "every user connected to hubspot", "switched it off themselves"],
        SwitchedOnBy(workflow="sync", integration="hubspot"),
        "/spec/enabledByDefault",
        id="added and on by default",
    ),
    pytest.param(
        *("WorkflowEnabledByDefault", "info", workflow(), workflow(enabledByDefault=True)),
        ["sync is switched on in staging"],
        SwitchedOnBy(workflow="sync", integration="hubspot"),
        "/spec/enabledByDefault",
        id="becomes on by default",
    ),
    pytest.param(
        "WorkflowEnabledByDefault",
        "info",
        workflow(enabledByDefault=True, enabled=False),
        workflow(enabledByDefault=True),
        ["sync is switched on"],
        SwitchedOnBy(workflow="sync", integration="hubspot"),
        "/spec/enabledByDefault",
        id="enabled again and on by default",
    ),
    pytest.param(
        "WorkflowEnabledByDefault",
        "info",
        {},
        workflow(enabledByDefault=True, integration=None),
        ["for every user,"],
        None,
        "/spec/enabledByDefault",
        id="on by default without an integration",
    ),
    pytest.param(
        *("WorkflowTriggerTypeChanged", "info", workflow(), schedule("0 * * * *")),
        ["sync is started by a schedule in staging", "no longer only by hand"],
        ON,
        "/spec/trigger/type",
        id="manual to schedule",
    ),
    pytest.param(
        *("WorkflowTriggerTypeChanged", "info", workflow(), webhook("https://x.test/hooks")),
        ["by a webhook", "asked to send its webhooks"],
        ON,
        "/spec/trigger/type",
        id="manual to webhook",
    ),
    pytest.param(
        *("WorkflowTriggerTypeChanged", "info", webhook(None), workflow(APP_EVENT)),
        ["by an app event", "asked to end its webhooks"],
        ON,
        "/spec/trigger/type",
        id="webhook to event",
    ),
    pytest.param(
        "UserSettingTypeChanged",
        "warning",
        settings("Integration", NOTE),
        settings("Integration", {**NOTE, "type": "number"}),
        ["note of integration hubspot changes from text to number"],
        HoldingSetting(integration="hubspot", workflow=None, setting="note", type="number"),
        "/spec/userSettings/note/type",
        id="setting type changed",
    ),
    pytest.param(
        "UserSettingOptionRemoved",
        "warning",
        settings("Workflow", REGION),
        settings("Workflow", REGION_LESS),
        ["region of workflow sync", 'the options "asia" and "eu"'],
        HoldingSetting(
            integration="hubspot", workflow="sync", setting="region", options=("asia", "eu")
        ),
        "/spec/userSettings/region/options",
        id="options removed",
    ),
    pytest.param(
        *("UserSettingRemoved", "warning", settings("Integration", NOTE), integration()),
        ["note of integration hubspot is removed from staging"],
        HoldingSetting(integration="hubspot", workflow=None, setting="note"),
        "/spec/userSettings",
        id="setting removed",
    ),
    pytest.param(
        *("WorkflowRemoved", "info", workflow(), {}, ["sync is removed from staging"], ON, ""),
        id="workflow removed",
    ),
    pytest.param(
        *("WorkflowDisabled", "info", workflow(), workflow(enabled=False)),
        ["sync is disabled in staging"],
        ON,
        "/spec/enabled",
        id="workflow disabled",
    ),
    pytest.param(
        *("ScheduleMoreFrequent", "info", schedule("0 * * * *"), schedule("*/15 * * * *")),
        ["from 24 to 96 runs a day."],
        ON,
        "/spec/trigger/cron",
        id="hourly to every quarter of an hour",
    ),
    pytest.param(
        *("ScheduleMoreFrequent", "info", schedule("0 9 * * 1"), schedule("0 9 * * 1,4")),
        ["from 0.143 to 0.286 runs a day (52 to 104 a year)"],
        ON,
        "/spec/trigger/cron",
        id="once to twice a week",
    ),
    pytest.param(
        *("SubscriptionReplaced", "info", webhook("https://a.test"), webhook("https://b.test")),
        ["workflow sync in staging is replaced", "break-before-make", "lost"],
        ON,
        "/spec/trigger/subscription",
        id="subscription replaced",
    ),
    pytest.param(
        "SubscriptionReplaced",
        "info",
        webhook("https://a.test"),
        webhook("https://b.test", "make-before-break"),
        ["make-before-break", "arrive twice"],
        ON,
        "/spec/trigger/subscription",
        id="subscription replaced without a gap",
    ),
    pytest.param(
        *("SubscriptionReplaced", "info", webhook(None), webhook("https://b.test")),
        ["is made for each user"],
        ON,
        "/spec/trigger/subscription",
        id="first subscription",
    ),
    pytest.param(
        *("SubscriptionReplaced", "info", webhook("https://a.test"), webhook(None)),
        ["is ended for each user"],
        ON,
        "/spec/trigger/subscription",
        id="subscription ended",
    ),
    pytest.param(
        *("AppEventRemoved", "info", {"AppEvent/contact-created": {"example": {}}}, {}),
        ["contact-created is removed from staging", "gets an error"],
        None,
        "",
        id="event removed",
    ),
]


@pytest.mark.parametrize(
    ("code", "severity", "before", "after", "words", "affected", "pointer"), RAISED
)
def test_a_change_raises_its_message(
    code: str,
    severity: str,
    before: Specs,
    after: Specs,
    words: list[str],
    affected: AffectedQuery | None,
    pointer: str,
    find: Find,
) -> None:
    """One change raises one message that says what happens, to whom, and where it stands."""
    (message,) = find(code, before, after)

    assert (message.code, message.severity, message.pointer) == (code, severity, pointer)
    assert message.affected == affected
    assert message.affected_users is None
    assert [word for word in words if word not in message.text] == []
    assert message.action


SILENT = [
    ("OAuthScopesChanged", integration("a", "b"), integration("b", "a", "a")),
    ("OAuthScopesChanged", integration("a"), integration(type="apiKey")),
    ("OAuthScopesChanged", {}, integration("a")),
    ("IntegrationRemoved", workflow(), {}),
    ("IntegrationDisabled", integration(enabled=False), integration()),
    ("IntegrationDisabled", {}, integration(enabled=False)),
    ("RequiredUserSettingAdded", {}, settings("Integration", REGION)),
    ("RequiredUserSettingAdded", integration(), settings("Integration", NOTE)),
    (
        "RequiredUserSettingAdded",
        settings("Integration", REGION),
        settings("Integration", {**REGION, "title": "Where"}),
    ),
    ("WorkflowEnabledByDefault", workflow(), workflow(enabledByDefault=True, enabled=False)),
    ("WorkflowEnabledByDefault", {}, workflow(enabledByDefault=True, enabled=False)),
    ("WorkflowEnabledByDefault", {}, workflow()),
    ("WorkflowEnabledByDefault", workflow(enabledByDefault=True), workflow()),
    (
        "WorkflowEnabledByDefault",
        workflow(enabledByDefault=True),
        workflow(enabledByDefault=True, title="Sync"),
    ),
    ("WorkflowTriggerTypeChanged", schedule("0 * * * *"), schedule("* * * * *")),
    ("WorkflowTriggerTypeChanged", {}, schedule("* * * * *")),
    (
        "UserSettingTypeChanged",
        settings("Workflow", NOTE),
        settings("Workflow", {**NOTE, "title": "Remark"}),
    ),
    ("UserSettingTypeChanged", settings("Workflow", NOTE), workflow()),
    ("UserSettingOptionRemoved", settings("Workflow", REGION_LESS), settings("Workflow", REGION)),
    (
        "UserSettingOptionRemoved",
        settings("Workflow", REGION),
        settings("Workflow", {"name": "region", "type": "text"}),
    ),
    ("UserSettingRemoved", settings("Workflow", NOTE), {}),
    ("UserSettingRemoved", workflow(), settings("Workflow", NOTE)),
    ("WorkflowRemoved", {}, workflow()),
    ("WorkflowDisabled", workflow(enabled=False), workflow(enabled=False, title="Sync")),
    ("WorkflowDisabled", {}, workflow(enabled=False)),
    ("ScheduleMoreFrequent", schedule("*/15 * * * *"), schedule("0 * * * *")),
    ("ScheduleMoreFrequent", schedule("0 9 * * 1"), schedule("0 9 * * 2")),
    ("ScheduleMoreFrequent", workflow(), schedule("* * * * *")),
    ("ScheduleMoreFrequent", {}, schedule("* * * * *")),
    ("ScheduleMoreFrequent", schedule("0 * * * *"), schedule("${{ settings.cron }}")),
    (
        "ScheduleMoreFrequent",
        schedule("*/30 2 * * *", "America/New_York"),
        schedule("*/30 2 * * *"),
    ),
    ("SubscriptionReplaced", webhook("https://a.test"), webhook("https://a.test", title="Sync")),
    (
        "SubscriptionReplaced",
        webhook("https://a.test"),
        webhook("https://a.test", "make-before-break"),
    ),
    ("SubscriptionReplaced", workflow(), webhook("https://a.test")),
    ("SubscriptionReplaced", {}, webhook("https://a.test")),
    ("AppEventRemoved", {}, {"AppEvent/contact-created": {"example": {}}}),
]


@pytest.mark.parametrize(("code", "before", "after"), SILENT)
def test_other_changes_raise_nothing(code: str, before: Specs, after: Specs, find: Find) -> None:
    """What affects nobody who is there already raises no message of this code."""
    assert find(code, before, after) == []


# code, before, after, another before and after that matter, ones that do not
FINGERPRINTS = [
    pytest.param(
        "OAuthScopesChanged",
        (integration("a"), integration("a", "b")),
        (integration("a"), integration("a", "c")),
        (integration("a", title="A"), integration("b", "a", title="B")),
        id="OAuthScopesChanged",
    ),
    pytest.param(
        "RequiredUserSettingAdded",
        (integration(), settings("Integration", REGION)),
        (integration(), settings("Integration", {**REGION, "name": "area"})),
        (integration(title="A"), settings("Integration", REGION_LESS)),
        id="RequiredUserSettingAdded",
    ),
    pytest.param(
        "WorkflowEnabledByDefault",
        (workflow(), workflow(enabledByDefault=True)),
        ({}, workflow(enabledByDefault=True)),
        (workflow(title="A"), schedule("0 * * * *", enabledByDefault=True)),
        id="WorkflowEnabledByDefault",
    ),
    pytest.param(
        "WorkflowTriggerTypeChanged",
        (workflow(), schedule("0 * * * *")),
        (workflow(), webhook(None)),
        (workflow(hidden=True), schedule("1 * * * *")),
        id="WorkflowTriggerTypeChanged",
    ),
    pytest.param(
        "UserSettingTypeChanged",
        (settings("Workflow", NOTE), settings("Workflow", {**NOTE, "type": "number"})),
        (settings("Workflow", NOTE), settings("Workflow", {**NOTE, "type": "url"})),
        (
            settings("Workflow", {**NOTE, "title": "N"}),
            settings("Workflow", {**NOTE, "type": "number", "required": True}),
        ),
        id="UserSettingTypeChanged",
    ),
    pytest.param(
        "UserSettingOptionRemoved",
        (settings("Workflow", REGION), settings("Workflow", REGION_LESS)),
        (settings("Workflow", REGION), settings("Workflow", {**REGION, "options": ["eu"]})),
        (
            settings("Workflow", REGION),
            settings("Workflow", {**REGION, "options": ["new", {"value": "us", "title": "USA"}]}),
        ),
        id="UserSettingOptionRemoved",
    ),
    pytest.param(
        "UserSettingRemoved",
        (settings("Workflow", NOTE), workflow()),
        (settings("Workflow", {**NOTE, "name": "remark"}), workflow()),
        (settings("Workflow", {**NOTE, "title": "N"}), workflow(title="Sync")),
        id="UserSettingRemoved",
    ),
    pytest.param(
        "ScheduleMoreFrequent",
        (schedule("0 * * * *"), schedule("* * * * *")),
        (schedule("0 * * * *"), schedule("*/2 * * * *")),
        (schedule("0 * * * *", title="A"), schedule("* * * * *", hidden=True)),
        id="ScheduleMoreFrequent",
    ),
    pytest.param(
        "SubscriptionReplaced",
        (webhook("https://a.test"), webhook("https://b.test")),
        (webhook("https://a.test"), webhook("https://c.test")),
        (webhook("https://a.test", title="A"), webhook("https://b.test", "make-before-break")),
        id="SubscriptionReplaced",
    ),
]


@pytest.mark.parametrize(("code", "first", "other", "irrelevant"), FINGERPRINTS)
def test_a_fingerprint_holds_what_raised_the_message(
    code: str,
    first: tuple[Specs, Specs],
    other: tuple[Specs, Specs],
    irrelevant: tuple[Specs, Specs],
    find: Find,
) -> None:
    """An acknowledgement lapses with the fields that raised the message and with no others."""
    (message,) = find(code, *first)

    assert find(code, *other)[0].fingerprint != message.fingerprint
    assert find(code, *irrelevant)[0].fingerprint == message.fingerprint


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("IntegrationRemoved", [(integration(), {}), (integration("a", title="A"), {})]),
        ("WorkflowRemoved", [(workflow(), {}), (schedule("* * * * *"), {})]),
        (
            "IntegrationDisabled",
            [
                (integration(), integration(enabled=False)),
                (integration("a"), integration(enabled=False)),
            ],
        ),
        (
            "WorkflowDisabled",
            [
                (workflow(), workflow(enabled=False)),
                (workflow(), schedule("* * * * *", enabled=False)),
            ],
        ),
    ],
)
def test_removing_and_disabling_do_not_depend_on_the_content(
    code: str, changes: list[tuple[Specs, Specs]], find: Find
) -> None:
    """What else a manifest held does not matter to a message about its going."""
    assert len({find(code, *change)[0].fingerprint for change in changes}) == 1


def test_each_setting_has_a_message_of_its_own(find: Find) -> None:
    """Two settings of one integration are told and acknowledged one by one."""
    both = settings("Integration", NOTE, {**NOTE, "name": "remark"})

    first, second = find("UserSettingRemoved", both, integration())

    assert first.subject == second.subject == ResourceKey("Integration", "hubspot")
    assert first.fingerprint != second.fingerprint
    assert ("note" in first.text, "remark" in second.text) == (True, True)


def test_an_event_that_is_still_used_is_a_warning(find: Find) -> None:
    """Removing an event warns when workflows that stay are started by it, and names them."""
    event = {"AppEvent/contact-created": {"example": {}}}
    users = {"Workflow/b": workflow(APP_EVENT)["Workflow/sync"]} | workflow(APP_EVENT)

    (message,) = find("AppEventRemoved", event | users, users)

    assert message.severity is Severity.WARNING
    assert "workflows b and sync, which then stop" in message.text
    assert message.fingerprint != find("AppEventRemoved", event, {})[0].fingerprint


def test_hostile_names_of_options_stay_on_one_line(find: Find) -> None:
    """An option's value is shown without line breaks or control characters, and cut."""
    hostile = {**REGION, "options": ["us", "x\n\x1b[2J" + "y" * 500]}

    (message,) = find(
        "UserSettingOptionRemoved",
        settings("Workflow", hostile),
        settings("Workflow", REGION_LESS),
    )

    assert message.text.isprintable()
    assert len(message.text) < 400
