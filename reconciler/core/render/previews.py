"""A Release Preview as text, Markdown and JSON: the plan, with the release and its gates beside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.core.canonical import Json
from reconciler.core.commits import CommitInfo
from reconciler.core.gates.model import Verdict
from reconciler.core.releases.model import Release
from reconciler.core.render import cutting, environments, sections
from reconciler.core.render import gates as render_gates
from reconciler.core.render import json as render_json
from reconciler.core.render import text as render_text
from reconciler.core.render.cutting import Part
from reconciler.core.render.escape import prose
from reconciler.core.render.foreign import shown
from reconciler.core.render.json import Answer
from reconciler.core.render.pages import Preview
from reconciler.core.render.places import Places
from reconciler.core.render.sections import About
from reconciler.core.render.style import BOLD, PLAIN, Style

_SHOWN_COMMITS = 20
_LIMIT = 65_000


def as_json(preview: Preview) -> Answer:
    """Return the member of `plans` for a preview."""
    release = preview.release
    row = render_json.plan(preview.plan)
    row["release"] = {
        "version": release.version,
        "type": release.type.value,
        "description": release.description,
        "source": _source(release),
        "base": _base(release),
        "contentDigest": release.content_digest,
        "commits": [_commit(commit) for commit in preview.commits],
        "configuration": [
            {"kind": kind, "name": name, "missing": list(what)}
            for kind, name, what in preview.missing
        ],
    }
    verdict = preview.verdict
    row["gates"] = [] if verdict is None else render_gates.gate_rows(verdict.gates)
    return row


def text(preview: Preview, style: Style = PLAIN) -> str:
    """Return a preview for a terminal; its last line is that of the plan."""
    blocks = [
        _head(preview.release, style),
        _commits(preview.commits, style),
        _missing(preview.missing, style),
        _gates(preview.verdict, style),
        [render_text.plan(preview.plan, style)],
    ]
    return "\n\n".join("\n".join(lines) for block in blocks if (lines := list(block)))


def as_markdown(preview: Preview) -> str:
    """Return a preview for a pull request."""
    release, verdict = preview.release, preview.verdict
    about, where = About(given=release.acknowledgements), Places()
    name = f"{prose(str(release.name))} ({release.type.value})"
    parts = [
        Part(head="\n\n".join([f"## Release Preview {name}", *environments.what(preview, where)])),
        *environments.content(preview.plan, about),
        *sections.missing(preview.missing, "### Configuration still to be given"),
        *sections.commits(preview.commits, where),
    ]
    if verdict is not None:
        parts.append(Part(head=f"### Gates\n\n{render_gates.gates_markdown(verdict)}"))
    return cutting.fit([*parts, Part(foot=environments.foot(preview.plan))], _LIMIT)


def _source(release: Release) -> Json:
    source = release.source
    return {"environment": source.environment, "version": source.version, "commit": source.commit}


def _base(release: Release) -> Json:
    base = release.base
    return None if base is None else {"version": base.version, "contentDigest": base.content_digest}


def _commit(commit: CommitInfo) -> Mapping[str, Json]:
    return {
        "commit": commit.commit,
        "author": commit.author,
        "date": commit.date,
        "subject": commit.subject,
    }


def _head(release: Release, style: Style) -> Iterator[str]:
    yield style.paint(f"Release Preview {shown(str(release.name))} ({release.type.value})", BOLD)
    if release.description:
        yield shown(release.description)
    source = release.source
    version = f"/{source.version}" if source.version else ""
    yield f"from {shown(source.environment + version)} at commit {shown(source.commit[:12])}"
    base = release.base
    if base is None:
        yield "over nothing: it is the first release"
    else:
        yield f"over {shown(base.version or 'content without a version')}"


def _commits(commits: Sequence[CommitInfo], style: Style) -> Iterator[str]:
    if not commits:
        return
    yield style.paint(f"Commits since what is live: {len(commits):,}", BOLD)
    for commit in commits[:_SHOWN_COMMITS]:
        yield f"  {commit.commit[:9]}  {shown(commit.author)}: {shown(commit.subject)}"
    if len(commits) > _SHOWN_COMMITS:
        yield f"  … and {len(commits) - _SHOWN_COMMITS:,} more"


def _missing(missing: Iterable[tuple[str, str, tuple[str, ...]]], style: Style) -> Iterator[str]:
    rows = [f"  {shown(kind)} {shown(name)}: {', '.join(what)}" for kind, name, what in missing]
    if rows:
        yield style.paint("Configuration still to be given", BOLD)
        yield from rows


def _gates(verdict: Verdict | None, style: Style) -> Iterator[str]:
    if verdict is not None:
        yield style.paint("Gates", BOLD)
        yield render_gates.gates_text(verdict, style)
