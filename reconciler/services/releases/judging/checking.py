"""What must be true of a release's commit and manifest, worded for those who read the refusal."""

from __future__ import annotations

from collections.abc import Collection

from reconciler.core.errors import Conflict, Invalid, ReconcilerError
from reconciler.core.model import Environment
from reconciler.core.releases import texts
from reconciler.core.releases.model import Release, ReleaseName, ReleaseType
from reconciler.services.releases.reading.catalog import Catalog
from reconciler.services.releases.reading.grounds import Grounds

_FROM_BEFORE = (ReleaseType.REGULAR, ReleaseType.WARMFIX)


def refuse_rewritten(grounds: Grounds, commit: str, what: str, environment: Environment) -> None:
    """Refuse to go on when the protected branch no longer holds a commit that it held.

    Raises:
        Conflict: it was force-pushed, or the history here is cut off.
    """
    git, branch = grounds.workspace.git, grounds.pipeline.protected_branch
    there = git.is_ancestor(commit, grounds.tip)
    if there:
        return
    if there is None:
        raise Conflict(
            f"The history of {branch} is cut off here, so it cannot be proven that it still holds "
            f"{commit[:12]}, {what} {environment.name}.",
            hint="Fetch the whole history (`git fetch --unshallow`).",
        )
    raise Conflict(
        f"{branch} was rewritten: it no longer holds {commit[:12]}, {what} {environment.name}. "
        "Nothing is promoted.",
        hint=f"Find out who force-pushed {branch} and put it back; if it was meant, run "
        f"`reconciler trust accept {grounds.tip[:12]} --environment {environment.name}`.",
    )


def at_commit(
    catalog: Catalog,
    grounds: Grounds,
    environment: Environment,
    name: ReleaseName,
    commit: str,
) -> tuple[Release | None, str | None]:
    """Return the release that a commit holds, and what is wrong with it or its folder."""
    where = f"environments/{name.environment}"
    try:
        snapshot = catalog.at(commit)
        release = catalog.release(snapshot, name)
        if release is None:
            return None, f"{where}/releases/{name.version}.yaml is not in commit {commit[:12]}."
        content = catalog.content(snapshot, environment)
    except Invalid as error:
        return None, f"The manifests at {commit[:12]} have findings, first {error.findings[0]}."
    except ReconcilerError as error:
        return None, error.text
    if content.desired.content_digest != release.content_digest:
        return release, (
            f"{where} at {commit[:12]} does not hold what the manifest of {name} says: its content "
            f"digest is {content.desired.content_digest}, the manifest's {release.content_digest}."
        )
    unreadable = texts.problem(release.description)
    if unreadable is not None:
        return release, f"{where}/releases/{name.version}.yaml is refused. {unreadable}"
    return release, source_problem(catalog, grounds, environment, release)


def source_problem(
    catalog: Catalog, grounds: Grounds, environment: Environment, release: Release
) -> str | None:
    """Say why a release cannot come from where its manifest says."""
    source, git = release.source, grounds.workspace.git
    before = environment.promotes_from
    if release.type in _FROM_BEFORE and source.environment != before:
        return (
            f"{release.name} was made from {source.environment}, but {environment.name} promotes "
            f"from {before or 'no environment'}."
        )
    if release.type is ReleaseType.ROLLBACK:
        problem = _rollback_problem(catalog, grounds, release)
        if problem is not None:
            return problem
    if not git.exists(source.commit) or git.is_ancestor(source.commit, grounds.tip) is False:
        return (
            f"The source of {release.name}, commit {source.commit[:12]}, is not on "
            f"{grounds.pipeline.protected_branch}."
        )
    return None


def _rollback_problem(catalog: Catalog, grounds: Grounds, release: Release) -> str | None:
    """Say why a release is no rollback: its content is that of no older release there."""
    source = release.source
    if source.environment == release.environment and source.version is not None:
        older = catalog.readable(grounds.snapshot, release.environment)[0].get(source.version)
        if older is not None and older.content_digest == release.content_digest:
            return None
    return (
        f"{release.name} says that it is a rollback, but its content is not that of the release "
        f"{source.environment}/{source.version or '?'} that it names."
    )


def never_live(environment: str, version: str | None, lived: Collection[str | None]) -> str | None:
    """Say why a content cannot be rolled back to, None when it was live."""
    if version in lived:
        return None
    return f"{environment}/{version} was never live there, so nothing can be rolled back to it."
