"""What a release-only environment shall run: the content of its newest accepted release tag.

It reads the refs that this checkout has, and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.core.messages.review import Hotfix
from reconciler.core.model import Environment
from reconciler.core.releases.model import ReleaseName
from reconciler.ports import Snapshot
from reconciler.services.planning import Planned, Planner
from reconciler.services.releases.judging.finding import Finder
from reconciler.services.releases.judging.standing import Standing
from reconciler.services.releases.judging.tagging import TagJudge
from reconciler.services.releases.reading.catalog import Catalog, hotfixes
from reconciler.services.releases.reading.grounds import Grounds, grounds_of
from reconciler.services.workspace import Chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedPlanner:
    """Plans release-only environments."""

    catalog: Catalog
    judge: TagJudge
    finder: Finder
    planner: Planner

    def plan(self, chosen: Chosen, environment: Environment) -> Planned | None:
        """Plan what the newest accepted tag says, whether or not other gates are open.

        None where there is no accepted tag yet.
        """
        grounds = grounds_of(self.catalog.workspace, chosen)
        standing = self.judge.standing(grounds, environment)
        commit, tag = _newest(standing)
        return None if commit is None else self.planned(grounds, standing, commit, tag)

    def hotfixes(self, snapshot: Snapshot, environment: Environment) -> tuple[Hotfix, ...]:
        """Return what the hotfixes did that a commit holds for an environment."""
        releases = self.catalog.readable(snapshot, environment.name)[0]
        return hotfixes(releases, next(iter(releases), None))

    def preview(self, name: ReleaseName) -> Planned:
        """Plan a release that is made, tagged or not.

        Raises:
            NotFound: there is no such release.
        """
        workspace = self.catalog.workspace
        grounds = grounds_of(workspace, workspace.choose())
        standing = self.judge.standing(grounds, grounds.release_only(name.environment))
        _, commit, _ = self.finder.find(grounds, name, standing)
        return self.planned(grounds, standing, commit)

    def planned(
        self,
        grounds: Grounds,
        standing: Standing,
        commit: str,
        tag: str | None = None,
        *,
        told: bool = True,
    ) -> Planned:
        """Plan the content of a release's commit against what runs."""
        environment, live = standing.environment, standing.live
        releases = self.catalog.readable(grounds.snapshot, environment.name)[0]
        return self.planner.plan(
            self.catalog.content(self.catalog.at(commit), environment, tag),
            grounds.chosen.repository.environments,
            hotfixes=hotfixes(releases, None if live is None else live.version),
            allow_empty=True,
            told=told,
        )


def _newest(standing: Standing) -> tuple[str | None, str | None]:
    """Return commit and tag of the newest release, or of what is live where none is above it."""
    pending, live = standing.pending, standing.live
    newest = pending[-1] if pending else standing.newest if live is None else None
    if newest is not None:
        return newest.commit, newest.ref.name
    return (None, None) if live is None else (live.commit, live.tag)
