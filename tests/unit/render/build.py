"""Small factories and one rich plan for the tests of rendering."""

from __future__ import annotations

from typing import Any

from reconciler.core.affected import HavingOn, HoldingSetting, LackingScopes
from reconciler.core.canonical import Json
from reconciler.core.diff import field_changes
from reconciler.core.messages.review import Message, Severity, fingerprint
from reconciler.core.model import (
    Action,
    Change,
    Deployment,
    FieldChange,
    Finding,
    Kind,
    Location,
    Phase,
    Reason,
    ResourceKey,
    Step,
)
from reconciler.core.plan import Plan

COMMIT = "4f2a91c07be1d2c3b4a5968778695a4b3c2d1e0f"
DIGEST = "sha256:" + "7c" * 32


def key(name: str = "sync-contacts", kind: str = Kind.WORKFLOW) -> ResourceKey:
    """Return an identity."""
    return ResourceKey(kind, name)


def content(name: str, kind: str = Kind.WORKFLOW, **spec: Json) -> dict[str, Json]:
    """Return a normalised manifest."""
    spec = {"title": name, **spec}
    return {
        "apiVersion": "reconciler/v1",
        "kind": str(kind),
        "metadata": {"name": name},
        "spec": spec,
    }


def workflow(name: str = "sync-contacts", **spec: Json) -> dict[str, Json]:
    """Return a workflow with the defaults that normalisation makes explicit."""
    defaults: dict[str, Json] = {
        "enabled": True,
        "enabledByDefault": False,
        "hidden": False,
        "userSettings": [],
        "requires": {},
    }
    return content(name, Kind.WORKFLOW, **{**defaults, **spec})


def field(path: str = "/spec/enabled", before: Any = False, after: Any = True) -> FieldChange:
    """Return one changed field."""
    return FieldChange(path=path, before=before, after=after)


def change(
    name: str = "sync-contacts",
    *fields: FieldChange,
    kind: str = Kind.WORKFLOW,
    reason: Reason = Reason.PENDING,
    title: str | None = None,
) -> Change:
    """Return a modified resource."""
    spec = {} if title is None else {"title": title}
    whole = content(name, kind, **spec)
    return Change(
        action=Action.MODIFY,
        key=key(name, kind),
        reason=reason,
        fields=fields,
        before=whole,
        after=whole,
    )


def added(whole: dict[str, Json], reason: Reason = Reason.PENDING) -> Change:
    """Return an added resource."""
    name = ResourceKey(whole["kind"], whole["metadata"]["name"])
    return Change(action=Action.ADD, key=name, reason=reason, after=whole)


def removed(whole: dict[str, Json], reason: Reason = Reason.PENDING) -> Change:
    """Return a removed resource."""
    name = ResourceKey(whole["kind"], whole["metadata"]["name"])
    return Change(action=Action.REMOVE, key=name, reason=reason, before=whole)


def modified(
    before: dict[str, Json], after: dict[str, Json], reason: Reason = Reason.PENDING
) -> Change:
    """Return a modified resource with the fields that really differ."""
    return Change(
        action=Action.MODIFY,
        key=ResourceKey(after["kind"], after["metadata"]["name"]),
        reason=reason,
        fields=field_changes(before, after),
        before=before,
        after=after,
    )


def message(
    code: str = "WorkflowDisabled",
    severity: Severity = Severity.INFO,
    subject: ResourceKey | None = None,
    **more: Any,
) -> Message:
    """Return a message."""
    subject = subject or key()
    values: dict[str, Any] = {
        "text": "The workflow no longer runs for anyone.",
        "action": "Tell the users who have it on.",
        "fingerprint": fingerprint(code, subject, True, more.get("text")),
        **more,
    }
    return Message(code=code, severity=severity, subject=subject, **values)


def finding(text: str = 'unknown key "titel" (did you mean "title"?)', **more: Any) -> Finding:
    """Return a finding."""
    file = "environments/development/workflows/sync-contacts.yaml"
    return Finding(**{"file": file, "line": 7, "column": 3, "text": text, **more})


def plan(environment: str = "development", **more: Any) -> Plan:
    """Return a plan at a commit of main."""
    values = {"commit": COMMIT, "ref": "refs/heads/main", "digest": DIGEST, **more}
    return Plan(environment=environment, **values)


def waiting(environment: str = "staging") -> Plan:
    """Return the plan of an environment without a release."""
    return Plan(environment=environment, waiting=f"its first release tag ({environment}/v…)")


def deployment(**more: Any) -> Deployment:
    """Return a deployment with the steps of an apply."""
    values: dict[str, Any] = {
        "id": "01KAMX3V6Q",
        "environment": "development",
        "phase": Phase.SUCCEEDED,
        "type": "apply",
        "actor": "ana@example.com",
        "started_at": "2026-11-20T09:00:00+00:00",
        "finished_at": "2026-11-20T09:00:02+00:00",
        "commit": COMMIT,
        "live": True,
        "plan_digest": DIGEST,
        "summary": {"add": 1, "modify": 2, "remove": 0},
        "steps": (
            Step(
                name="check",
                state="done",
                started_at="2026-11-20T09:00:00+00:00",
                finished_at="2026-11-20T09:00:01+00:00",
            ),
            Step(
                name="apply",
                state="done",
                started_at="2026-11-20T09:00:01+00:00",
                finished_at="2026-11-20T09:00:02+00:00",
                log=("updated Workflow/sync-contacts", "created Workflow/sync-deals"),
            ),
            Step(name="verify", state="failed", reason="Workflow/sync-deals is not there."),
        ),
    }
    return Deployment(**{**values, **more})


_SCOPES = ["crm.objects.contacts.read", "crm.objects.deals.read", "oauth"]


def _integration(scopes: list[str], title: str) -> dict[str, Json]:
    auth = {
        "type": "oauth2",
        "authorizationUrl": "https://app.hubspot.com/oauth/authorize",
        "tokenUrl": "https://api.hubapi.com/oauth/v1/token",
        "pkce": False,
        "scopes": scopes,
    }
    overview = "Connect your CRM.\nContacts are kept in step.\nYou can stop at any time.\n"
    return content(
        "hubspot",
        Kind.INTEGRATION,
        title=title,
        provider="hubspot",
        enabled=True,
        auth=auth,
        userSettings=[],
        portal={"overview": overview if title == "HubSpot" else overview.replace("kept", "held")},
    )


def _contacts(**spec: Json) -> dict[str, Json]:
    region = {"name": "region", "type": "enum", "required": True, "options": ["eu", "us"]}
    steps = [
        {"name": "fetch", "type": "request", "with": {"url": "https://api.hubapi.com/v3/contacts"}},
        {"name": "map", "type": "function", "with": {"source": "contact"}},
        {"name": "upsert", "type": "action", "with": {"action": "contacts.upsert"}},
    ]
    whole: dict[str, Json] = {
        "title": "Sync contacts",
        "integration": "hubspot",
        "trigger": {"type": "appEvent", "event": "contact-created"},
        "userSettings": [region],
        "steps": steps,
    }
    return workflow("sync-contacts", **{**whole, **spec})


def _contacts_after() -> dict[str, Json]:
    steps = list(_contacts()["spec"]["steps"])
    steps[0], steps[1] = steps[1], steps[0]
    retry = {"attempts": 5, "on": [429, 500, 502, 503], "backoff": {"kind": "exponential"}}
    path = "https://api.hubapi.com/crm/v3/objects/contacts/batch/upsert?properties=email,phone"
    steps[1] = {**steps[1], "with": {"url": f"{path}&archived=false", "retry": retry}}
    trigger = {"type": "schedule", "cron": "*/15 * * * *", "timezone": "UTC"}
    return _contacts(enabledByDefault=True, trigger=trigger, steps=steps, userSettings=[])


def deals() -> dict[str, Json]:
    """Return a workflow worth adding."""
    return workflow(
        "sync-deals",
        title="Sync deals",
        integration="hubspot",
        trigger={"type": "schedule", "cron": "0 5 * * 1-5", "timezone": "Europe/Berlin"},
        userSettings=[{"name": "pipeline", "type": "enum", "required": True, "options": ["a"]}],
        requires={"secrets": ["WAREHOUSE_TOKEN"], "scopes": ["crm.objects.deals.read"]},
        steps=[{"name": "fetch", "type": "request"}, {"name": "store", "type": "action"}],
    )


def event() -> dict[str, Json]:
    """Return an app event worth removing."""
    schema = {
        "type": "object",
        "properties": {"id": {"type": "string"}, "email": {"type": "string"}},
        "required": ["id"],
    }
    return content("contact-created", Kind.APP_EVENT, title="Contact created", schema=schema)


def rich_messages() -> tuple[Message, ...]:
    """Return messages of every severity and every state of the count."""
    file = "environments/development/workflows/sync-contacts.yaml"
    return (
        message(
            "WorkflowTriggerTypeChanged",
            text='"Sync contacts" no longer starts on the event "contact-created"; it runs every '
            "15 minutes. Users who have it on keep it.",
            action="Check that a delay of up to 15 minutes suits these users.",
            affected=HavingOn(workflow="sync-contacts", integration="hubspot"),
            affected_users=1_204,
            as_of="2026-11-22T08:00:00+00:00",
            location=Location(file, 9, 5),
        ),
        message(
            "UserSettingRemoved",
            Severity.WARNING,
            text='The setting "region" of "Sync contacts" goes; what users chose is not used.',
            action="Ask the owners of the workflow whether the value is still needed.",
            affected=HoldingSetting(
                integration="hubspot", workflow="sync-contacts", setting="region"
            ),
            affected_users=1,
            location=Location(file, 14, 7),
        ),
        message(
            "OAuthScopesChanged",
            subject=key("hubspot", Kind.INTEGRATION),
            text='"HubSpot CRM" asks for "crm.objects.deals.write" as well.',
            action="Users see a consent page the next time they connect.",
            affected=LackingScopes(integration="hubspot", scopes=("crm.objects.deals.write",)),
        ),
        message(
            "EnvironmentSecretMissing",
            Severity.WARNING,
            subject=key("sync-deals"),
            text='"Sync deals" needs the secret "WAREHOUSE_TOKEN", which has no value here.',
            action="Run `reconciler secret set WAREHOUSE_TOKEN --environment development`.",
            from_git=False,
        ),
    )


def rich() -> Plan:
    """Return a plan with something of everything."""
    drifted = _contacts(title="Sync leads")
    return plan(
        changes=(
            modified(
                _integration(_SCOPES, "HubSpot"),
                _integration(
                    [*_SCOPES[:2], "crm.objects.deals.write", *_SCOPES[2:]], "HubSpot CRM"
                ),
            ),
            modified(_contacts(), _contacts_after()),
            added(deals()),
            removed(event()),
        ),
        drift=(
            modified(
                workflow("sync-leads", title="Sync leads", enabled=False),
                workflow("sync-leads", title="Sync leads", enabled=True),
                Reason.CHANGED_OUTSIDE,
            ),
            modified(
                drifted,
                {**drifted, "spec": {**drifted["spec"], "title": "Sync people"}},
                Reason.CONFLICT,
            ),
        ),
        messages=rich_messages(),
        unmanaged=2,
        notices=("Secret source WAREHOUSE_TOKEN: env → store.",),
    )
