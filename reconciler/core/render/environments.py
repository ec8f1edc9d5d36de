"""What Markdown says of one environment: its plan, or the release that is proposed for it.

Everything foreign goes through `escape`.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.messages.review import Severity
from reconciler.core.plan import Plan
from reconciler.core.releases.model import Release, ReleaseType
from reconciler.core.render import sections, shipping, wording
from reconciler.core.render.cutting import Part
from reconciler.core.render.escape import code, lines, prose
from reconciler.core.render.pages import Page, Preview
from reconciler.core.render.places import Places
from reconciler.core.render.sections import About

_TEXT = 2_000
_TYPES = {
    ReleaseType.HOTFIX: "Hotfix: it waits for no release day, soak or window.",
    ReleaseType.WARMFIX: "Warmfix: it replaces the release of this cycle.",
    ReleaseType.ROLLBACK: "Rollback: this content was live here before.",
    ReleaseType.ADOPTION: "Adoption: it takes over what runs, and its tag must plan no changes.",
}
_RESOLVE = " to resolve or to acknowledge before the promotion"


def says_more(one: Plan) -> bool:
    """Say whether there is anything to tell of an environment."""
    return bool(
        one.has_differences or one.messages or one.notices or one.errored or not one.complete
    )


def plan(one: Plan, where: Places, *, titled: bool) -> list[Part]:
    """Return what a plan says that is proposed."""
    head = [f"### {prose(one.environment)}"] if titled else []
    head += [f"**{wording.verdict(one)}**"] if titled or one.errored else []
    top = Part(head="\n\n".join(head))
    return [top, *content(one, About(places=where)), Part(foot=foot(one))]


def merged(one: Plan, where: Places, *, titled: bool, following: str | None) -> list[Part]:
    """Return what a plan says of what was merged; `following` is the next command."""
    head = [f"### {prose(one.environment)}"] if titled else []
    head.append(f"**{wording.verdict(one)}** {_stands(one, where)}")
    return [
        Part(head="\n\n".join(head)),
        *sections.findings(one.findings, where, wording.NOT_APPLICABLE),
        *content(one, About(places=where)),
        Part(foot=foot(one, following)),
    ]


def _stands(one: Plan, where: Places) -> str:
    if one.waiting:
        return prose(wording.waiting(one))
    if one.commit is None:
        return "At working tree."
    ref = f" ({code(wording.short_ref(one.ref))})" if one.ref else ""
    return f"At commit {where.revision(one.commit)}{ref}."


def content(one: Plan, about: About) -> Iterator[Part]:
    """Yield what a plan says: alarms, then messages, drift and changes."""
    if not one.complete:
        yield Part(head=f"> [!CAUTION]\n> {prose(wording.incomplete(one), _TEXT)}")
    yield from sections.messages(one.messages, about)
    yield from sections.listed(one.notices, "**Configuration changes**")
    yield from sections.drift(one.drift)
    loud = [each for each in one.messages if each.severity is not Severity.INFO]
    yield from sections.changes(one.changes, loud, "**Changes**")


def foot(one: Plan, following: str | None = None) -> str:
    """Return the last lines of a plan."""
    return "<br>".join(_foot(one, following))


def _foot(one: Plan, following: str | None) -> Iterator[str]:
    if one.unmanaged:
        yield wording.unmanaged(one.unmanaged)
    if one.digest:
        yield f"Plan digest {code(one.digest)}"
    if following:
        yield f"Next: {code(following)}"


def release(page: Page, where: Places, *, titled: bool, live: bool) -> list[Part]:
    """Return a release preview; `stated` leaves out what another moment alone changes."""
    made, preview = page.release, page.preview
    about = About(
        places=where,
        commands=page.commands or {},
        given=made.acknowledgements,
        asks=_RESOLVE,
    )
    verdict = preview.verdict if live else None
    head = [f"### Release {prose(str(made.name))}"] if titled else []
    head += what(preview, where, told=titled or page.plan.errored)
    head.append(f"Release manager: {prose(shipping.manager(page))}.")
    head.append(shipping.requirements(page, live=live))
    when = [prose(line, _TEXT) for line in shipping.when(verdict, lasting=True)]
    head.append("<br>".join([f"**{when[0]}**", *when[1:]]))
    if verdict is not None:
        head.append(shipping.open_gates(verdict))
    return [
        Part(head="\n\n".join(head)),
        *content(page.plan, about),
        *sections.missing(preview.missing, "**Configuration still to be given**"),
        *sections.commits(preview.commits, where),
        *sections.monitors(page.monitors),
        Part(foot=foot(page.plan)),
    ]


def what(preview: Preview, where: Places, *, told: bool = True) -> Iterator[str]:
    """Yield what a release is: its description, kind, source, and what it replaces."""
    release = preview.release
    if release.description:
        yield f"> {lines(release.description, _TEXT)}"
    kind = _TYPES.get(release.type)
    counts = f"**{wording.verdict(preview.plan)}**" if told else ""
    yield " ".join(filter(None, [counts, kind, origin(release, where)]))


def origin(release: Release, where: Places) -> str:
    """Return where a release comes from, and what it replaces."""
    source, base = release.source, release.base
    version = f"/{source.version}" if source.version else ""
    over = "nothing is live yet" if base is None else f"live is {base.version or 'no release'}"
    content = prose(f"From {source.environment}{version}")
    return f"{content} at {where.revision(source.commit)}; {prose(over)}."
