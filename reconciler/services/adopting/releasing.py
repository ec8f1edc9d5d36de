"""The release that says of an environment: what it holds is what runs already.

It must not know how the manifests were come by.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.core.model import Deployment, Environment
from reconciler.core.releases.model import Base, Release, ReleaseName, ReleaseType, Source
from reconciler.core.render import json as render_json
from reconciler.services.loading.environment import Loaded
from reconciler.services.planning import Planner

_DESCRIPTION = "Adopts what runs here."


def _base(live: Deployment | None) -> Base | None:
    if live is None:
        return None
    return Base(version=live.version, content_digest=live.content_digest or "")


def adoption(
    planner: Planner,
    loaded: Loaded,
    others: Iterable[Environment],
    *,
    version: str,
    source: Source,
    live: Deployment | None = None,
) -> Release:
    """Return the release of type adoption; its changes are what its tag would still do.

    What is adopted has its mark already, so that it is no change.
    """
    name = loaded.environment.name
    plan = planner.plan(loaded, others, told=False).plan
    answer = render_json.plan(plan)
    return Release(
        name=ReleaseName(name, version),
        type=ReleaseType.ADOPTION,
        source=source,
        base=_base(live),
        description=_DESCRIPTION,
        content_digest=loaded.desired.content_digest,
        plan_digest=plan.digest or "",
        changes=tuple(answer["changes"]),
        messages=tuple(answer["messages"]),
    )
