"""Goes on telling in the pull request of a release that is merged: what it waits for, and its end.

A hotfix brings several releases in one pull request, each told by another job: its comment stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.core.errors import ForgeUnreachable, Invalid, ReconcilerError
from reconciler.core.forge.sticky import Source, Wanted
from reconciler.core.releases.model import ReleaseName, ReleaseType
from reconciler.core.render import summary
from reconciler.core.render.summary import Done
from reconciler.ports import Forge
from reconciler.services.publishing.commenting import Commenter
from reconciler.services.releases.reading.catalog import Catalog
from reconciler.services.releases.reading.grounds import Grounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluder:
    """Writes what became of releases into the comments of their pull requests."""

    forge: Forge
    catalog: Catalog

    def conclude(self, grounds: Grounds, done: Sequence[Done]) -> Iterator[str]:
        """Write what is new; yield a sentence for each comment that could not be written.

        Raises:
            ForgeUnreachable: the forge does not answer.
        """
        for each in done:
            if each.version is None or each.outcome == "nothing":
                continue
            try:
                self._conclude(grounds, ReleaseName(each.environment, each.version), each)
            except ForgeUnreachable:
                raise
            except ReconcilerError as error:
                yield f"The comment of {each.environment}/{each.version} was not written: {error}"

    def _conclude(self, grounds: Grounds, name: ReleaseName, done: Done) -> None:
        commit = self.catalog.introduced(grounds.tip, name)
        if commit is None or self._is_one_of_several(commit, name):
            return
        text = summary.conclusion(name, done)
        for pull in self.forge.pull_requests_with(commit):
            if pull.is_merged and pull.base == grounds.pipeline.protected_branch:
                wanted = Wanted(
                    text=text,
                    stated=text,
                    head=pull.head_commit,
                    source=Source.LIVE,
                    plan=str(name),
                )
                Commenter(forge=self.forge).comment(pull.number, wanted)

    def _is_one_of_several(self, commit: str, name: ReleaseName) -> bool:
        try:
            release = self.catalog.release(self.catalog.at(commit), name)
        except Invalid:
            return True
        return release is None or release.type is ReleaseType.HOTFIX
