"""What is live in an environment, from the store's own records."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.core.model import Deployment, Phase
from reconciler.core.releases import names, versions
from reconciler.core.releases.records import TagState
from reconciler.ports import StoreReader

# How a deployment ended that brought its content to users.
WAS_LIVE = (Phase.SUCCEEDED, Phase.PARTIAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The content that runs: `version` and `tag` are None where no release brought it.

    `from_store` is false where this store knows nothing of the environment and the newest
    accepted tag is taken for live instead. `since` is RFC 3339.
    """

    commit: str
    content_digest: str
    version: str | None = None
    tag: str | None = None
    type: str | None = None
    since: str | None = None
    from_store: bool = True


def recorded(deployment: Deployment | None) -> Live | None:
    """Return what a live deployment brought; None without one, or when its commit is not known."""
    if deployment is None or deployment.commit is None:
        return None
    return Live(
        commit=deployment.commit,
        content_digest=deployment.content_digest or "",
        version=deployment.version,
        tag=deployment.tag,
        type=deployment.type,
        since=deployment.finished_at,
    )


def newest_known(store: StoreReader, tag_format: str, environment: str) -> str | None:
    """Return the highest version that was deployed to an environment or whose tag was accepted."""
    found = [each.version for each in store.deployments(environment) if each.version]
    for seen in store.tags_seen(environment):
        name = names.parse_tag(tag_format, seen.name, [environment])
        if name is not None and seen.state is TagState.ACCEPTED:
            found.append(name.version)
    return versions.newest(found)
