"""The notes of a release on the forge, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from reconciler.core.canonical import Json
from reconciler.core.model import Deployment
from reconciler.core.releases.model import Release
from reconciler.core.render import cutting
from reconciler.core.render import text as render_text
from reconciler.core.render.cutting import Item, Part
from reconciler.core.render.escape import code, prose, words

LIMIT = 60_000

_TEXT = 1_000


def title(deployment: Deployment) -> str:
    """Return the title of a release."""
    return f"{deployment.environment} {deployment.version}"


def description(deployment: Deployment) -> str:
    """Return how a deployment ended, in one line for a list of deployments."""
    name = deployment.environment
    if deployment.version is not None:
        name = f"{name}/{deployment.version}"
    totals = render_text.applied(deployment.summary) if deployment.summary else ""
    return " ".join(filter(None, [f"{name}: {deployment.phase.value}.", totals]))


def notes(deployment: Deployment, release: Release) -> str:
    """Return what a deployment did: by its own record, not by what a manifest says of itself."""
    when = f", live since {deployment.finished_at}" if deployment.finished_at else ""
    head = [prose(release.description, _TEXT)] if release.description else []
    totals = render_text.applied(deployment.summary) if deployment.summary else ""
    head.append(" ".join(filter(None, [f"A {release.type.value} release{when}.", totals])))
    parts = [Part(head="\n\n".join(head)), *_messages(deployment)]
    parts.append(Part(foot=f"Content {code(release.content_digest)}"))
    return cutting.fit(parts, LIMIT)


def _messages(deployment: Deployment) -> Iterator[Part]:
    if deployment.messages:
        items = tuple(Item(partial(_message, each)) for each in deployment.messages)
        yield Part(head="### Messages\n", items=items, joiner="\n", more="- ")


def _message(row: Mapping[str, Json]) -> str:
    subject = row.get("subject") or {}
    about = code(f"{subject.get('kind')}/{subject.get('name')}")
    return f"- **{prose(str(row['code']))}** {about} {words(str(row.get('text') or ''), _TEXT)}"
