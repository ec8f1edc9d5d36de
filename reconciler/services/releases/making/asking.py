"""What somebody asks to release, and what cannot be asked."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field

from reconciler.core.errors import Held, ReconcilerError, UsageError
from reconciler.core.model import ResourceKey
from reconciler.core.releases import names, texts, versions
from reconciler.core.releases.model import ReleaseName, ReleaseType, Source
from reconciler.services.releases.judging.standing import Standing
from reconciler.services.releases.reading.catalog import Releases
from reconciler.services.releases.reading.live import Live

FIRST_VERSION = "1.0.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What somebody asks to release.

    `versions` are those of other environments that a hotfix reaches too, by environment.
    `content` is an earlier release of the source, `only` a part of it, `supersede` that a release
    which is merged but not live shall give way. `acknowledged` maps (code, subject text or None)
    to a reason.
    """

    to: str
    version: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    type: ReleaseType = ReleaseType.REGULAR
    description: str = ""
    content: str | None = None
    only: tuple[ResourceKey, ...] = ()
    supersede: bool = False
    acknowledged: Mapping[tuple[str, str | None], str] = field(default_factory=dict)


def default_version(
    live: Live | None, source: Source, kind: ReleaseType, used: Container[str] = ()
) -> str:
    """Return the version that is meant when none is named; one that waits to be live is passed.

    The number of the source is taken as it is, even where it cannot be the next one.
    """
    is_regular = kind is ReleaseType.REGULAR
    following = versions.next_minor if is_regular else versions.next_patch
    current = None if live is None else live.version
    if is_regular and source.version is not None:
        found, following = source.version, versions.next_patch
    else:
        found = FIRST_VERSION if current is None else following(current)
    while found in used and (current is None or versions.higher(found, current)):
        found = following(found)
    return found


def refuse_version(name: ReleaseName, live: Live | None, releases: Releases) -> None:
    """Refuse a version that is none, is used, or is not higher than what is live.

    Raises:
        UsageError: it is no version.
        ReconcilerError: it cannot be the next one.
    """
    problem = versions.problem(name.version)
    if problem is not None:
        raise UsageError(problem)
    if name.version in releases:
        raise ReconcilerError(
            f"{name} is used already: a release is never changed once it is merged.",
            hint="Take a higher version.",
        )
    if live is None or live.version is None or versions.higher(name.version, live.version):
        return
    raise ReconcilerError(
        f"{name.version} is not higher than {live.version}, which is live in {name.environment}.",
        hint=f"Take a higher version, such as {versions.next_patch(live.version)}.",
    )


def merged(standing: Standing, releases: Releases) -> tuple[ReleaseName, ...]:
    """Return the releases that are merged, not live yet and not superseded, the newest first."""
    gone = {seen.name for seen in standing.seen if seen.state == "superseded"}
    form = standing.authority.tip.tag_format
    return tuple(
        release.name
        for release in releases.values()
        if standing.is_above(release.name) and names.tag_name(form, release.name) not in gone
    )


def refuse_pending(standing: Standing, releases: Releases) -> None:
    """Refuse a second release while one is merged and not live.

    Raises:
        Held: names it.
    """
    found = merged(standing, releases)
    if not found:
        return
    instead = "say with --supersede that this one takes its place."
    hint = f"Tag it (`reconciler release tag {found[0]} --push`), or {instead}"
    if standing.tag(found[0]) is not None:
        hint = f"It is tagged: `reconciler gates {found[0]}` says what holds it; or {instead}"
    raise Held(f"{found[0]} is merged and not live yet.", hint=hint)


def refuse_text(description: str) -> None:
    """Refuse a description that nobody could read in a list.

    Raises:
        UsageError: it is too long or holds characters that cannot be seen.
    """
    problem = texts.problem(description)
    if problem is not None:
        raise UsageError(problem)
