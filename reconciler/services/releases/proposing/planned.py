"""Which regular release is planned for an environment: its version, and what says there is none.

Decisions on values alone; it must not know branches or the calendar.
"""

from __future__ import annotations

from reconciler.core.model import Deployment, Phase
from reconciler.core.releases import versions
from reconciler.core.releases.model import Release, ReleaseName, ReleaseType, Source
from reconciler.core.render import wording
from reconciler.services.releases.judging.standing import Standing
from reconciler.services.releases.making import asking
from reconciler.services.releases.making.drafting import Draft
from reconciler.services.releases.reading.catalog import Releases
from reconciler.services.releases.reading.grounds import Grounds

_WAS_LIVE = (Phase.SUCCEEDED, Phase.PARTIAL)


def version(standing: Standing, source: Source, releases: Releases) -> str:
    """Return the version of what is promoted, else the next minor one; always a free one.

    Where that is live already the next patch stands for a change of values alone.
    """
    live = standing.live
    wanted = asking.default_version(live, source, ReleaseType.REGULAR)
    following = versions.next_minor if source.version is None else versions.next_patch
    if live is not None and live.version and not versions.higher(wanted, live.version):
        wanted = following(live.version)
    while wanted in releases:
        wanted = following(wanted)
    return wanted


def nothing(draft: Draft, standing: Standing, source: Source, releases: Releases) -> str | None:
    """Say why there is nothing to release, None where there is something."""
    name = draft.release.name
    origin = _named(source)
    if draft.is_nothing:
        return f"{name.environment} has the content of {origin} already"
    live = None if standing.live is None else standing.live.version
    if live is None:
        return None
    if source.version is not None and versions.higher(live, source.version):
        return (
            f"{name.environment}/{live}, which is live, is higher than {origin}; "
            f"`reconciler release create --to {name.environment} --version {name.version}` "
            "releases that content all the same"
        )
    return _rolled_back(draft, releases, live)


def _rolled_back(draft: Draft, releases: Releases, live: str) -> str | None:
    """Say that all there is was rolled back: nothing was merged since."""
    current = releases.get(live)
    if current is None or current.type is not ReleaseType.ROLLBACK:
        return None
    for release in releases.values():
        if release.content_digest == draft.release.content_digest:
            return (
                f"there is nothing but the content of {release.name}, which {current.name} rolled "
                "back"
            )
    return None


def waits(standing: Standing, name: ReleaseName) -> str:
    """Say what a release that is merged and not live waits for."""
    tag = standing.tag(name)
    if tag is None:
        return f"is merged and not live yet: tag it with `reconciler release tag {name} --push`"
    if tag.judgement.accepted:
        return f"has its tag {tag.ref.name} and is not live yet: see `reconciler gates {name}`"
    return f"is merged, and its tag {tag.ref.name} is not accepted: {tag.judgement.reason}"


def replacing_types(grounds: Grounds, environment: str) -> frozenset[ReleaseType]:
    """Return which releases take the planned one's place where they are live.

    A hotfix does at the end of the pipeline; what it brings to environments on the way there is
    part of it and replaces nothing.
    """
    found = grounds.chosen.repository.environments
    is_last = not any(each.listed and each.promotes_from == environment for each in found)
    return frozenset([ReleaseType.WARMFIX, *([ReleaseType.HOTFIX] if is_last else [])])


def same(one: Release, other: Release) -> bool:
    """Say whether two manifests release the same, whichever commit it was taken from."""
    return _essence(one) == _essence(other)


def reason(draft: Draft, source: Source) -> str:
    """Return what a release would do, in a sentence."""
    summary = draft.plan.summary
    what = wording.totals(summary).removeprefix("Plan: ").rstrip(".")
    if not any(summary.values()):
        what = "values alone change"
    return f"{draft.release.name} from {_named(source)}: {what}"


def was_live(deployment: Deployment) -> bool:
    """Say whether a deployment was ever what runs."""
    return deployment.phase in _WAS_LIVE and deployment.finished_at is not None


def _named(source: Source) -> str:
    return source.environment + (f"/{source.version}" if source.version else "")


def _essence(release: Release) -> tuple[object, ...]:
    return (
        release.name,
        release.type,
        release.description,
        release.base,
        release.content_digest,
        release.plan_digest,
        release.source.environment,
        release.source.version,
        {each.about: (each.reason, each.until) for each in release.acknowledgements},
    )
