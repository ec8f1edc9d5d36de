"""The catalogue of messages as data: each code, when it arises and the rule that finds it.

Adding a code is one file in `rules/`, one entry here and one line in the README beside this file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from reconciler.core.errors import NotFound
from reconciler.core.messages.review import Message, Review, Severity
from reconciler.core.messages.rules import (
    app_event_removed,
    app_event_schema_changed,
    environment_secret_missing,
    environment_value_shared,
    hotfix_would_be_undone,
    integration_disabled,
    integration_needs_app_configuration,
    integration_removed,
    oauth_scopes_changed,
    removal_budget_exceeded,
    required_user_setting_added,
    schedule_more_frequent,
    subscription_replaced,
    user_setting_option_removed,
    user_setting_removed,
    user_setting_type_changed,
    workflow_disabled,
    workflow_enabled_by_default,
    workflow_removed,
    workflow_trigger_type_changed,
)
from reconciler.core.names import nearest

Rule = Callable[[Review], Iterator[Message]]

# Rises whenever a rule, a severity or a fingerprint changes: releases write it down.
catalogue_version = "1"

_ERROR, _WARNING, _INFO = (
    (severity,) for severity in (Severity.ERROR, Severity.WARNING, Severity.INFO)
)
_EITHER = (Severity.WARNING, Severity.INFO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One kind of message.

    `affected` says in words which users it counts, empty where it concerns none in particular.
    `rule` is None for what no review can find: it arises from a deployment, or on a platform of
    its own.
    """

    code: str
    severities: tuple[Severity, ...]
    summary: str
    affected: str = ""
    rule: Rule | None = None


CATALOGUE: tuple[Code, ...] = (
    Code(
        code="IntegrationNeedsAppConfiguration",
        severities=_WARNING,
        summary="An enabled integration lacks keys of its app configuration in this environment.",
        rule=integration_needs_app_configuration.rule,
    ),
    Code(
        code="EnvironmentSecretMissing",
        severities=_WARNING,
        summary="A secret is needed that environment.yaml does not declare, or that has no value.",
        rule=environment_secret_missing.rule,
    ),
    Code(
        code="AppEventSchemaChanged",
        severities=_EITHER,
        summary="The schema of an app event means something else; a warning when it breaks.",
        rule=app_event_schema_changed.rule,
    ),
    Code(
        code="AppEventRemoved",
        severities=_EITHER,
        summary="An app event is removed; a warning when a workflow that stays still uses it.",
        rule=app_event_removed.rule,
    ),
    Code(
        code="OAuthScopesChanged",
        severities=_INFO,
        summary="An integration asks for other OAuth scopes, or for OAuth for the first time.",
        affected="connected users whose granted scopes do not cover the new ones",
        rule=oauth_scopes_changed.rule,
    ),
    Code(
        code="IntegrationRemoved",
        severities=_INFO,
        summary="An integration is removed, with its connected accounts.",
        affected="everyone connected to it",
        rule=integration_removed.rule,
    ),
    Code(
        code="IntegrationDisabled",
        severities=_INFO,
        summary="An integration is disabled and pauses with its workflows.",
        affected="everyone connected to it",
        rule=integration_disabled.rule,
    ),
    Code(
        code="RequiredUserSettingAdded",
        severities=_INFO,
        summary="A user setting is new and required, or required now.",
        affected="users with no value for it",
        rule=required_user_setting_added.rule,
    ),
    Code(
        code="WorkflowEnabledByDefault",
        severities=_INFO,
        summary="A workflow is on by default from now on.",
        affected="connected users who do not have it on and did not switch it off themselves",
        rule=workflow_enabled_by_default.rule,
    ),
    Code(
        code="WorkflowTriggerTypeChanged",
        severities=_INFO,
        summary="Something else starts a workflow.",
        affected="users with the workflow on",
        rule=workflow_trigger_type_changed.rule,
    ),
    Code(
        code="UserSettingTypeChanged",
        severities=_WARNING,
        summary="A user setting takes answers of another type.",
        affected="users holding a value that no longer fits",
        rule=user_setting_type_changed.rule,
    ),
    Code(
        code="UserSettingOptionRemoved",
        severities=_WARNING,
        summary="A user setting loses options.",
        affected="users who chose one of them",
        rule=user_setting_option_removed.rule,
    ),
    Code(
        code="UserSettingRemoved",
        severities=_WARNING,
        summary="A user setting is removed from an integration or workflow that stays.",
        affected="users holding a value",
        rule=user_setting_removed.rule,
    ),
    Code(
        code="WorkflowRemoved",
        severities=_INFO,
        summary="A workflow is removed.",
        affected="users with the workflow on",
        rule=workflow_removed.rule,
    ),
    Code(
        code="WorkflowDisabled",
        severities=_INFO,
        summary="A workflow is disabled.",
        affected="users with the workflow on",
        rule=workflow_disabled.rule,
    ),
    Code(
        code="ScheduleMoreFrequent",
        severities=_INFO,
        summary="A schedule has more runs a day than before.",
        affected="users with the workflow on",
        rule=schedule_more_frequent.rule,
    ),
    Code(
        code="SubscriptionReplaced",
        severities=_INFO,
        summary="A webhook workflow subscribes in another way, so each subscription is replaced.",
        affected="users whose subscription is replaced",
        rule=subscription_replaced.rule,
    ),
    Code(
        code="HotfixWouldBeUndone",
        severities=_WARNING,
        summary="A release does not hold a hotfix that is live, and would undo it.",
        rule=hotfix_would_be_undone.rule,
    ),
    Code(
        code="RemovalBudgetExceeded",
        severities=_WARNING,
        summary="More would be removed at once than the environment's removal budget allows.",
        rule=removal_budget_exceeded.rule,
    ),
    Code(
        code="EnvironmentValueShared",
        severities=_EITHER,
        summary="Two environments share a client id or secret source, or (info) an address or id.",
        rule=environment_value_shared.rule,
    ),
    Code(
        code="CredentialMissing",
        severities=_WARNING,
        summary="n8n has no credential of a name that a workflow's definition uses.",
    ),
    Code(
        code="NodeTypeMissing",
        severities=_WARNING,
        summary="n8n does not have a node type that a workflow's definition uses.",
    ),
    Code(
        code="WebhookPathConflict",
        severities=_WARNING,
        summary="Two workflows in n8n listen on one webhook path.",
    ),
    Code(
        code="DeploymentFailed",
        severities=_ERROR,
        summary="A deployment could not be applied.",
        affected="the users concerned",
    ),
    Code(
        code="VerificationFailed",
        severities=_ERROR,
        summary="What runs after a deployment is not what it should be.",
        affected="the users concerned",
    ),
    Code(
        code="SubscriptionFailed",
        severities=_ERROR,
        summary="The subscriptions of some users could not be changed.",
        affected="the users concerned",
    ),
    Code(
        code="RestoreFailed",
        severities=_ERROR,
        summary="A failed deployment could not be put back.",
        affected="the users concerned",
    ),
)

BY_CODE = {entry.code: entry for entry in CATALOGUE}

_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def definition(code: str) -> Code:
    """Return what a code means.

    Raises:
        NotFound: there is no such code; the nearest one is named.
    """
    if code not in BY_CODE:
        raise NotFound(f'There is no message code "{code}"{nearest(code, BY_CODE)}.')
    return BY_CODE[code]


def collect(review: Review) -> tuple[Message, ...]:
    """Return every message of a review: warnings first, then by code, kind and name."""
    rules = (entry.rule for entry in CATALOGUE if entry.rule is not None)
    return tuple(sorted((message for rule in rules for message in rule(review)), key=order))


def order(message: Message) -> tuple[int, str, str, str, str, str]:
    """Return what messages are sorted by: the more they ask of the reader, the earlier."""
    kind, name = message.subject
    return (_RANK[message.severity], message.code, kind, name, message.pointer, message.fingerprint)
