"""Which hotfixes are still owed to an environment below the one that they were made for.

It must not know how a hotfix is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reconciler.core.releases import names
from reconciler.core.releases.model import ReleaseName, ReleaseType
from reconciler.services.releases.judging.standing import Standing
from reconciler.services.releases.judging.tagging import TagJudge
from reconciler.services.releases.making.lowering import below
from reconciler.services.releases.reading.catalog import Catalog
from reconciler.services.releases.reading.grounds import Grounds


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDebt:
    """A release that an environment still owes: it is merged with a hotfix and not live.

    `hotfix_is_live` says whether the hotfix itself went live, or was overtaken, where it was made
    for.
    """

    environment: str
    owed: ReleaseName
    hotfix: ReleaseName
    hotfix_is_live: bool

    def __str__(self) -> str:
        """Return a sentence that says what to do."""
        return (
            f"{self.owed} brings hotfix {self.hotfix} to {self.environment} and is not live yet: "
            f"`reconciler release tag {self.owed} --push`."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Debts:
    """Finds open debt, in git and by what is live."""

    catalog: Catalog
    judge: TagJudge

    def open(self, grounds: Grounds) -> tuple[OpenDebt, ...]:
        """Return what is owed, by pipeline order; a hotfix and its debts are merged at once."""
        found: list[OpenDebt] = []
        for environment in grounds.release_only_environments():
            made = self._hotfixes(grounds, environment.name)
            lower = [e.name for e in below(grounds, environment)]
            for owing in [e for e in grounds.release_only_environments() if e.name in lower]:
                owed = self._hotfixes(grounds, owing.name)
                if made and owed:
                    names_owed = waiting(self.judge.standing(grounds, owing), owed)
                    here = self.judge.standing(grounds, environment)
                    found += _pairs(made, {name: owed[name] for name in names_owed}, here)
        return tuple(found)

    def _hotfixes(self, grounds: Grounds, environment: str) -> dict[ReleaseName, str | None]:
        """Return the hotfixes of an environment with the commit that brought each."""
        releases = self.catalog.releases(grounds.snapshot, environment)
        return {
            release.name: self.catalog.introduced(grounds.tip, release.name)
            for release in releases.values()
            if release.type is ReleaseType.HOTFIX
        }


def waiting(standing: Standing, releases: Iterable[ReleaseName]) -> list[ReleaseName]:
    """Return those releases that are above what is live and were not superseded."""
    gone = {seen.name for seen in standing.seen if seen.state == "superseded"}
    form = standing.authority.tip.tag_format
    return [
        name
        for name in releases
        if standing.is_above(name) and names.tag_name(form, name) not in gone
    ]


def _pairs(
    made: dict[ReleaseName, str | None], owed: dict[ReleaseName, str | None], here: Standing
) -> Iterator[OpenDebt]:
    for name, commit in owed.items():
        for hotfix, brought in made.items():
            if commit is not None and commit == brought:
                yield OpenDebt(
                    environment=name.environment,
                    owed=name,
                    hotfix=hotfix,
                    hotfix_is_live=not here.is_above(hotfix),
                )
