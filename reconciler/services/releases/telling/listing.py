"""`release list` and `release show`: the releases in git, their tags, and which one is live.

It writes nothing and asks no platform. It must not know how answers are shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.core.calendar import reading as calendars
from reconciler.core.errors import NotFound
from reconciler.core.model import Environment, Finding
from reconciler.core.releases import names
from reconciler.core.releases.approvals import Approval
from reconciler.core.releases.listed import Listed, ListedTag
from reconciler.core.releases.model import Release, ReleaseName
from reconciler.services.releases.judging.standing import JudgedTag, Standing
from reconciler.services.releases.judging.tagging import TagJudge
from reconciler.services.releases.judging.witnessing import Witness
from reconciler.services.releases.reading.catalog import Catalog
from reconciler.services.releases.reading.grounds import Grounds, local_grounds

Dated = tuple[int, Listed]  # how many commits ago it was merged


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Releases, the newest first, what is wrong with other manifests, and what to say beside it."""

    rows: tuple[Listed, ...]
    findings: tuple[Finding, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseLister:
    """Lists releases as this checkout, or the mirror, has them."""

    catalog: Catalog
    judge: TagJudge
    witness: Witness

    def see(
        self, environments: Sequence[str] = (), limit: int = 50, *, whole: bool = True
    ) -> Listing:
        """Return the newest releases on the protected branch; `whole` with their approvals.

        Raises:
            UsageError: an environment has no releases, or is not there.
            Conflict: the protected branch was rewritten.
        """
        grounds = local_grounds(self.catalog.workspace)
        found: list[Dated] = []
        findings: list[Finding] = []
        for environment in chosen(grounds, environments):
            standing = self.judge.standing(grounds, environment)
            releases, wrong = self.catalog.readable(grounds.snapshot, environment.name)
            findings += wrong
            for age, listed in dated(self.catalog, grounds, [*releases.values()][:limit]):
                found.append((age, self._judged(grounds, standing, listed, whole=whole)))
        return Listing(
            rows=newest(found, limit), findings=tuple(findings), notices=grounds.chosen.notices
        )

    def show(self, text: str) -> Listed:
        """Return one release with everything known of it, merged or on its branch only.

        Raises:
            UsageError: the text names no release.
            NotFound: there is no such release.
        """
        grounds = local_grounds(self.catalog.workspace)
        listed = find(self.catalog, grounds, grounds.named(text))
        environment = grounds.environment(listed.release.environment)
        standing = self.judge.standing(grounds, environment)
        return self._judged(grounds, standing, listed, whole=True)

    def _judged(
        self, grounds: Grounds, standing: Standing, listed: Listed, *, whole: bool
    ) -> Listed:
        release, live = listed.release, standing.live
        known = live is not None and live.from_store
        listed = replace(
            listed, live=live.version == release.version if live is not None and known else None
        )
        if not whole:
            return replace(listed, tag=self._short_tag(grounds, standing, release.name))
        tag = self.judge.tag(grounds, standing, release.name)
        zone = calendars.calendar_of(grounds.pipeline.raw).zone
        now = datetime.fromisoformat(self.judge.clock.now()).astimezone(zone)
        return replace(
            listed,
            tag=None if tag is None else _listed_tag(tag),
            approvals=self._approvals(grounds, standing, release),
            acknowledgements=self.witness.acknowledgements(grounds, standing, release, now),
        )

    def _short_tag(
        self, grounds: Grounds, standing: Standing, name: ReleaseName
    ) -> ListedTag | None:
        """Return the tag of a release without verifying again what was accepted before."""
        ref = grounds.tags.get(grounds.tag_name(name))
        if ref is not None and standing.pinned.get(ref.name) == ref.oid:
            return ListedTag(name=ref.name, accepted=True, reason="It was accepted before.")
        tag = self.judge.tag(grounds, standing, name)
        return None if tag is None else _listed_tag(tag)

    def _approvals(
        self, grounds: Grounds, standing: Standing, release: Release
    ) -> dict[str, Approval | None]:
        # Whoever approved without having to is shown as well.
        more = self.witness.roles(grounds, standing, release)
        given = self.witness.approvals(grounds, standing, release, more).given
        wanted = standing.authority.approvals
        return {r: approval for r, approval in given.items() if approval or r in wanted}


def chosen(grounds: Grounds, names: Sequence[str]) -> tuple[Environment, ...]:
    """Return the release-only environments that are meant, all of the pipeline by default.

    Raises:
        UsageError: one is editable, or there is none of that name.
        Invalid: the manifest of one has findings.
    """
    if names:
        return tuple(grounds.release_only(name) for name in dict.fromkeys(names))
    return tuple(grounds.release_only(e.name) for e in grounds.release_only_environments())


def find(catalog: Catalog, grounds: Grounds, name: ReleaseName) -> Listed:
    """Return a release from the protected branch, else from its own branch.

    Raises:
        NotFound: it is on neither.
    """
    release = catalog.release(grounds.snapshot, name)
    if release is not None:
        return Listed(release=release, commit=catalog.introduced(grounds.tip, name))
    branch = names.branch_name(grounds.pipeline.branch_format, name)
    try:
        release = catalog.release(catalog.workspace.git.snapshot(branch), name)
    except NotFound:
        release = None
    if release is None:
        known = ", ".join(catalog.readable(grounds.snapshot, name.environment)[0]) or "none"
        raise NotFound(
            f"There is no release {name}, merged or on a branch {branch}; releases there: {known}.",
            hint=f"`reconciler release list --environment {name.environment}` lists them.",
        )
    return Listed(release=release, commit=None, branch=branch)


def dated(catalog: Catalog, grounds: Grounds, releases: Sequence[Release]) -> Iterator[Dated]:
    """Yield releases of the protected branch with how many commits ago each was merged."""
    git = catalog.workspace.git
    for release in releases:
        commit = catalog.introduced(grounds.tip, release.name)
        name = grounds.tag_name(release.name)
        tag = ListedTag(name=name, accepted=False, reason="") if name in grounds.tags else None
        age = 0 if commit is None else git.ahead(grounds.tip, commit)
        yield age, Listed(release=release, commit=commit, tag=tag)


def newest(found: Sequence[Dated], limit: int) -> tuple[Listed, ...]:
    """Return the releases that were merged last, the newest first."""
    ordered = sorted(found, key=lambda pair: pair[0])
    return tuple(listed for _, listed in ordered[:limit])


def _listed_tag(tag: JudgedTag) -> ListedTag:
    found = tag.judgement
    return ListedTag(
        name=tag.ref.name, accepted=found.accepted, reason=found.reason, by=found.principal
    )
