"""Releases and whole reports for the tests of the comment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from reconciler.core.commits import CommitInfo
from reconciler.core.gates.model import Gate, GateName, GateState, Verdict
from reconciler.core.messages.review import Message, Severity
from reconciler.core.model import Location, Reason
from reconciler.core.plan import Plan
from reconciler.core.releases.model import (
    Acknowledgement,
    Base,
    Release,
    ReleaseName,
    ReleaseType,
    Source,
)
from reconciler.core.render.comment import Report
from reconciler.core.render.pages import Page, Preview
from tests.unit.render import build
from tests.unit.render.build import COMMIT, DIGEST

REMOTE = "https://github.com/acme/integrations.git"
AGAINST = "9d3b5f10aa2c4e6f8091a2b3c4d5e6f708192a3b"
LINK = "https://github.com/acme/integrations/actions/runs/77"
AT = "2026-11-22T10:30:00+01:00"
BERLIN = ZoneInfo("Europe/Berlin")
TUESDAY = datetime(2026, 11, 24, 9, 0, tzinfo=BERLIN)
ANA, BO = "ana@example.com", "bo@example.com"


def gate(
    name: GateName, state: GateState = GateState.PASSED, reason: str = "", **more: Any
) -> Gate:
    """Return the answer of a gate."""
    return Gate(name=name, state=state, reason=reason, **more)


def verdict(*closed: Gate, earliest: datetime | None = TUESDAY, **more: Any) -> Verdict:
    """Return a verdict in which all other gates are passed."""
    held = {each.name: each for each in closed}
    gates = tuple(held.get(name) or gate(name, reason="not asked for here") for name in GateName)
    who = tuple(dict.fromkeys(w for each in closed if each.until is None for w in each.who))
    return Verdict(gates=gates, open=not closed, earliest=earliest, who=who, **more)


def waiting() -> Verdict:
    """Return a verdict that waits for people and for a day."""
    wait = GateState.WAITING
    return verdict(
        gate(GateName.TAG_ACCEPTED, wait, "there is no tag production/v1.4.0 yet", who=(ANA,)),
        gate(
            GateName.WARNINGS_RESOLVED,
            GateState.BLOCKED,
            "EnvironmentSecretMissing of Workflow/sync-deals is open: `reconciler secret set "
            "WAREHOUSE_TOKEN --environment production`",
            who=(ANA,),
        ),
        gate(GateName.QA_APPROVED, wait, "the approval of qa is missing", who=(BO,)),
        gate(
            GateName.RELEASE_DAY,
            wait,
            "2026-11-22 is no release day; opens Tue 2026-11-24 00:00",
            until=datetime(2026, 11, 24, 0, 0, tzinfo=BERLIN),
        ),
        gate(
            GateName.RELEASE_WINDOW,
            wait,
            "Sun 2026-11-22 10:30 is in no window; opens Mon 2026-11-23 09:00",
            until=datetime(2026, 11, 23, 9, 0, tzinfo=BERLIN),
        ),
    )


def commits() -> tuple[CommitInfo, ...]:
    """Return commits of two people."""
    rows = [
        ("Ana Lima", ANA, "Add sync-deals (#41)", "1f"),
        ("Bo Chen", BO, "Sync contacts every 15 minutes", "2e"),
        ("Ana Lima", ANA, "Ask HubSpot for write access to deals", "3d"),
    ]
    return tuple(
        CommitInfo(commit=start * 20, author=a, email=e, date=AT, subject=s)
        for a, e, s, start in rows
    )


def release(name: str = "production/1.4.0", **more: Any) -> Release:
    """Return a release."""
    environment, version = name.split("/")
    values: dict[str, Any] = {
        "type": ReleaseType.REGULAR,
        "source": Source(environment="staging", commit=AGAINST, version=version),
        "base": Base(version="1.3.2", content_digest=DIGEST),
        "description": "Contacts are fresh every 15 minutes, and deals arrive.",
        "content_digest": DIGEST,
        "plan_digest": DIGEST,
        **more,
    }
    return Release(name=ReleaseName(environment, version), **values)


def command(name: str, message: Message) -> str:
    """Return the command that acknowledges a warning."""
    about = f"{message.code} {message.subject}"
    return f"reconciler release acknowledge {name} {about} --reason REASON"


def page(made: Release | None = None, plan: Plan | None = None, **more: Any) -> Page:
    """Return the page of a release."""
    made = made or release()
    plan = plan or replace(build.rich(), environment=made.environment, drift=(), ref=None)
    preview = {key: more.pop(key) for key in ("commits", "missing", "verdict") if key in more}
    return Page(
        preview=Preview(plan=plan, release=made, **preview),
        **{
            "branch": f"release/{made.name}",
            "protected": "main",
            "manager": ANA,
            "managers": (ANA, "cy@example.com"),
            "roles": ("tests", "qa", "release-manager"),
            "commands": {
                m.fingerprint: command(str(made.name), m)
                for m in plan.messages
                if m.severity is Severity.WARNING
            },
            **more,
        },
    )


def report(**more: Any) -> Report:
    """Return a report with all that says where it comes from."""
    return Report(
        **{
            "commit": COMMIT,
            "against": AGAINST,
            "remote": REMOTE,
            "link": LINK,
            "at": AT,
            **more,
        }
    )


def uncounted(plan: Plan) -> Plan:
    """Return a plan as git alone gives it: without counts, drift and what others own."""
    messages = tuple(replace(m, affected_users=None) for m in plan.messages if m.from_git)
    return replace(plan, messages=messages, drift=(), unmanaged=0)


def development() -> Report:
    """Return a pull request that changes development."""
    return report(plans=[uncounted(build.rich()), build.plan("staging"), build.plan("production")])


def proposed() -> Report:
    """Return a release pull request from git alone."""
    found = page(
        plan=replace(uncounted(build.rich()), environment="production", ref=None),
        commits=commits(),
        missing=[("Secret", "WAREHOUSE_TOKEN", ("a value",))],
        via={"tests": ("check",), "qa": ("tag", "review")},
        checks={"tests": ("integration tests",)},
    )
    return report(releases=[found])


def live() -> Report:
    """Return the same release pull request after the scheduled run looked at it."""
    plan = replace(build.rich(), environment="production", ref=None, drift=build.rich().drift[:1])
    first = next(m for m in plan.messages if m.severity is Severity.WARNING)
    said = Acknowledgement(
        code=first.code,
        subject=first.subject,
        fingerprint=first.fingerprint,
        reason="The one user was told on Friday.",
        by=ANA,
    )
    found = page(
        release(acknowledgements=(said,)),
        plan,
        commits=commits(),
        missing=[("Secret", "WAREHOUSE_TOKEN", ("a value",))],
        via={"tests": ("check",), "qa": ("tag", "review")},
        checks={"tests": ("integration tests",)},
        monitors=[("Errors of workflows", "https://grafana.example.com/d/1")],
        verdict=waiting(),
    )
    return report(releases=[found], live=True)


def hotfix() -> Report:
    """Return a pull request with a hotfix of production, which goes into staging as well."""
    field = build.field("/spec/steps/fetch/with/timeout", 10, 60)
    change = build.change("sync-contacts", field, title="Sync contacts")
    open_tag = gate(GateName.TAG_ACCEPTED, GateState.WAITING, "there is no tag yet", who=(ANA,))
    pages = []
    for name, base in (("staging/1.5.1", "1.5.0"), ("production/1.4.1", "1.4.0")):
        made = release(
            name,
            type=ReleaseType.HOTFIX,
            base=Base(version=base, content_digest=DIGEST),
            source=Source(environment=name.split("/")[0], commit=COMMIT, version=base),
            description="HubSpot answers slowly since this morning: wait up to a minute.",
        )
        plan = build.plan(made.environment, changes=(change,), ref=None)
        pages.append(page(made, plan, roles=("release-manager",), verdict=verdict(open_tag)))
    debts = ["staging lacks hotfix production/1.4.1 until staging/1.5.1 is live"]
    plans = [build.plan("development", changes=(change,))]
    return report(plans=plans, releases=pages, debts=debts, live=True)


def invalid() -> Report:
    """Return a pull request that cannot be planned."""
    folder = "environments/development/workflows"
    findings = (
        build.finding(),
        build.finding(
            'integration "hubsport" is not there (did you mean "hubspot"?)',
            file=f"{folder}/sync-deals.yaml",
            line=4,
        ),
    )
    plan = build.plan(findings=findings, digest=None, changes=(build.added(build.deals()),))
    loose = build.finding("changed without a release", file="environments/staging/workflows/a.yaml")
    return report(plans=[plan], findings=[loose])


def huge(count: int = 1_500) -> Report:
    """Return a pull request that changes very much."""
    fields = tuple(
        build.field(f"/spec/steps/s{n}/with/url", "a" * 40, "b😀" * 20) for n in range(4)
    )
    changes = tuple(build.change(f"workflow-{n:04}", *fields) for n in range(count))
    messages = tuple(
        build.message(subject=build.key(f"workflow-{n:04}"), location=Location("a.yaml", n + 1, 1))
        for n in range(40)
    )
    drift = tuple(
        build.change(f"d{n}", build.field(), reason=Reason.CHANGED_OUTSIDE) for n in range(30)
    )
    return report(plans=[build.plan(changes=changes, messages=messages, drift=drift)], live=True)
