"""`calendar`: what is read, for whom, and what is said beside it."""

from __future__ import annotations

import pytest

from reconciler.core.errors import Invalid, UsageError
from reconciler.services.calendars import Calendars, Seen
from reconciler.testing import FakeClock
from tests.unit.services.shop import DEVELOPMENT, PIPELINE, STAGING, Shop

CALENDAR = (
    "  calendar:\n"
    "    timezone: Europe/Berlin\n"
    '    cadence: {start: 2026-01-06, rule: "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"}\n'
)
STRICT = "  promotion: {onReleaseDay: true, windows: [{from: '09:00', to: '10:00', days: [fri]}]}\n"


@pytest.fixture
def shop() -> Shop:
    """Return a shop with a calendar, whose staging waits for a Friday that never is one."""
    made = Shop()
    made.clock = FakeClock("2026-11-22T12:00:00+00:00")
    made.put("environments/pipeline.yaml", PIPELINE + CALENDAR)
    made.put("environments/staging/environment.yaml", STAGING + STRICT)
    return made


def see(shop: Shop, environment: str | None = None) -> Seen:
    """Look at the calendar."""
    return Calendars(workspace=shop.workspace, clock=shop.clock).see(environment)


def test_without_a_calendar_there_is_nothing_to_see(shop: Shop) -> None:
    """A pipeline without a calendar has no overview; the environment is checked nevertheless."""
    shop.put("environments/pipeline.yaml", PIPELINE)

    assert see(shop).overview is None
    with pytest.raises(UsageError, match="stagin"):
        see(shop, "stagin")


def test_the_calendar_begins_now(shop: Shop) -> None:
    """The clock says from when on."""
    found = see(shop).overview

    assert found is not None
    assert (found.pipeline, found.environment, str(found.first)) == ("shop", None, "2026-11-22")
    assert all(planned.possible for planned in found.days)


def test_every_release_only_environment_is_looked_at(shop: Shop) -> None:
    """Without an environment the warnings of all that wait are told, and of no editable one."""
    found = see(shop).overview

    assert found is not None
    assert [(w.code, w.environment) for w in found.warnings] == [("no-open-slot", "staging")]


def test_the_windows_of_an_environment_count(shop: Shop) -> None:
    """With an environment its windows decide what is possible."""
    found = see(shop, "staging").overview

    assert found is not None
    assert found.environment == "staging"
    assert not any(planned.possible for planned in found.days)


def test_an_editable_environment_waits_for_nothing(shop: Shop) -> None:
    """Who asks for an editable environment is told that it does not wait."""
    seen = see(shop, "development")

    assert seen.notices == ("development is editable: it changes with each merge, on any day.",)
    assert seen.overview is not None


def test_an_isolated_environment_may_be_asked_for(shop: Shop) -> None:
    """A folder outside of the pipeline is found by its name."""
    shop.put("environments/mine/environment.yaml", DEVELOPMENT.replace("development", "mine"))

    assert see(shop, "mine").overview is not None


def test_a_broken_environment_is_left_out(shop: Shop) -> None:
    """One with findings is named and left out, and refused when it is asked for."""
    shop.put("environments/staging/environment.yaml", STAGING + "  promotion: {windows: 5}\n")

    seen = see(shop)
    assert seen.notices == ("staging is left out: run `reconciler validate`.",)
    assert seen.overview is not None
    with pytest.raises(Invalid):
        see(shop, "staging")
