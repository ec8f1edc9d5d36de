"""What is said of an environment in which there is no release tag to promote."""

from __future__ import annotations

from reconciler.core.releases.model import ReleaseName
from reconciler.services.releases.judging.standing import Standing
from reconciler.services.releases.making import asking
from reconciler.services.releases.promoting.promotion import Promotion, Request
from reconciler.services.releases.reading.catalog import Catalog
from reconciler.services.releases.reading.grounds import Grounds


def nothing(catalog: Catalog, grounds: Grounds, standing: Standing, request: Request) -> Promotion:
    """Return that there is nothing to promote, and what that waits for."""
    environment, live = standing.environment.name, standing.live
    only = request.only
    version = live.version if live is not None else None
    if only is not None and version is not None and only.version == version:
        reason = f"{only} is live already, nothing to do"
    elif live is None:
        example = grounds.tag_name(ReleaseName(environment, "…"))
        reason = f"waits for its first release tag ({example})"
    else:
        reason = f"{version or 'what is live'} is live, no newer release tag"
    return Promotion(
        environment=environment,
        outcome="waiting" if live is None else "nothing",
        reason=f"{reason}{_untagged(catalog, grounds, standing)}",
        version=version,
        tag=None if live is None else live.tag,
    )


def _untagged(catalog: Catalog, grounds: Grounds, standing: Standing) -> str:
    """Say which release is merged and waits for nothing but its tag."""
    releases = catalog.readable(grounds.snapshot, standing.environment.name)[0]
    waiting = [n for n in asking.merged(standing, releases) if standing.tag(n) is None]
    if not waiting:
        return ""
    name = waiting[0]
    return f"; {name} is merged and needs its tag: `reconciler release tag {name} --push`"
