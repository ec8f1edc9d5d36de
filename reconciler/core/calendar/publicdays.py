"""Public holidays of a country and subdivision; the only module that knows `holidays`.

Names are English where the library has them: it must not look at the language of the machine.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from reconciler.core.calendar.model import Region
from reconciler.core.names import nearest, quoted

if TYPE_CHECKING:
    from holidays import HolidayBase

_LANGUAGE = "en_US"
_WEEKEND = (5, 6)
_MOST_NAMED = 20


def country_problem(country: str) -> str | None:
    """Say why there are no holidays of a country, None when there are."""
    if _load(Region(country=country)) is not None:
        return None
    return f"no holidays are known of {quoted(country)}; wanted a country's code such as DE"


def subdivision_problem(region: Region) -> str | None:
    """Say why there are no holidays of a subdivision of a country that has some."""
    whole = _load(Region(country=region.country))
    if whole is None or region.subdivision is None or _load(region) is not None:
        return None
    known = sorted(whole.subdivisions)
    hint = nearest(region.subdivision, known)
    several = f": {', '.join(known)}" if 0 < len(known) <= _MOST_NAMED else ""
    found = f"{region.country} has no subdivision {quoted(region.subdivision)}{hint}"
    return f"{found}; wanted one of its {len(known)}{several}" if known else f"{found}; it has none"


def name(region: Region, day: date) -> str | None:
    """Return the name of the holiday on a day, None when there is none or the region unknown."""
    known = _load(region)
    return None if known is None else known.get(day)


def is_working_day(region: Region, day: date) -> bool:
    """Say whether a day is neither a holiday nor on the weekend of the region."""
    known = _load(region)
    return day.weekday() not in _WEEKEND if known is None else known.is_working_day(day)


def last_year(region: Region) -> int | None:
    """Return the last year of which holidays are known, None of an unknown region."""
    known = _load(region)
    return None if known is None else known.end_year


@lru_cache(maxsize=16)
def _load(region: Region) -> HolidayBase | None:
    from holidays import country_holidays

    try:
        known = country_holidays(region.country, language=_LANGUAGE)
        if region.subdivision is None:
            return known
        # Others are accepted with a warning, and will be refused one day.
        if region.subdivision not in (*known.subdivisions, *known.subdivisions_aliases):
            return None
        return country_holidays(region.country, subdiv=region.subdivision, language=_LANGUAGE)
    except NotImplementedError:
        return None
