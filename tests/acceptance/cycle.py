"""A team that releases every other Tuesday: who may do what, and the days of its cycle.

Tuesday 2026-03-03 brings 0.3.0 to staging. Week 1 begins on Monday 2026-03-16.
"""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.launcher import Launcher
from tests.acceptance.manifests import manifest
from tests.acceptance.travelling import ANA, BEN, CI, QUINN, Team

FIRST_TUESDAY, NEXT_TUESDAY, LAST_TUESDAY = "2026-03-17", "2026-03-31", "2026-04-14"
WEEK_ONE = {"staging": "0.4.0", "production": "0.3.0"}
WEEK_THREE = {"staging": "0.5.0", "production": "0.4.0"}


def pipeline(holidays: str = "{country: DE, subdivision: BE}", more: str = "") -> dict[str, str]:
    """Return the pipeline: every other Tuesday; signatures and approvals as in the strict form."""
    spec = f"""\
environments: [development, staging, production]
protectedBranch: main
signatures: required
roles:
  release-manager: {{members: [{ANA}, {BEN}], rotation: {{every: month, start: 2026-01-01}}}}
  qa: {{members: [{QUINN}]}}
  tests: {{members: [{CI}]}}
calendar:
  timezone: Europe/Berlin
  onHoliday: skip
  cadence: {{start: 2026-01-06, rule: "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"}}
  holidays: {holidays}
"""
    return {"environments/pipeline.yaml": manifest("Pipeline", "shop", spec + more)}


def production(soak: str = "7d") -> dict[str, str]:
    """Return the policy of production."""
    spec = f"""\
mode: release-only
promotesFrom: staging
promotion:
  approvals: [tests, qa, release-manager]
  soak: {soak}
  onReleaseDay: true
  windows: [{{days: [mon, tue, wed, thu], from: "09:00", to: "16:00"}}]
"""
    return {"environments/production/environment.yaml": manifest("Environment", "production", spec)}


def deal(number: int, *, icon: str = "") -> str:
    """Return the manifest of an event; its number tells versions apart."""
    more = f"\nexample: {{id: d-1, icon: {icon or 'none'}}}"
    return manifest("AppEvent", "deal-won", f"title: Deal won, {number}{more}")


def developed(number: int) -> dict[str, str]:
    """Return a change of the event where people edit."""
    return {"environments/development/events/deal-won.yaml": deal(number)}


def begun(launcher: Launcher, folder: Path, kind: type[Team] = Team) -> Team:
    """Return a team with 0.3.0 in staging since Tuesday 2026-03-03, 10:00, and nothing after."""
    folder.mkdir()
    staging = "mode: release-only\npromotesFrom: development\npromotion: {approvals: [tests]}"
    files = {
        "environments/development/environment.yaml": manifest(
            "Environment", "development", "mode: editable"
        ),
        "environments/staging/environment.yaml": manifest("Environment", "staging", staging),
        **pipeline(),
        **production(),
        **developed(3),
    }
    team = kind(launcher, folder, files)
    team.at("2026-03-03 08:00").run("reconcile")
    team.release("staging", "0.3.0")
    assert team.reconciled("2026-03-03 10:00") == {"staging": "0.3.0"}
    team.at("2026-03-05 15:00").change(developed(4))
    return team


def week_one(team: Team) -> Team:
    """Go on to Tuesday of week 1, when 0.3.0 goes to production and 0.4.0 to staging."""
    team.at("2026-03-16 11:00").release("production", "0.3.0")
    team.at(f"{FIRST_TUESDAY} 08:00").release("staging", "0.4.0")
    assert team.reconciled(f"{FIRST_TUESDAY} 09:00") == WEEK_ONE
    return team
