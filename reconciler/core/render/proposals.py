"""Proposed releases as Markdown for their pull request, and as a few lines for a terminal.

Markdown also becomes the message of the release's commit. Everything foreign goes through `escape`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from reconciler.core.messages.review import Severity
from reconciler.core.model import Action, Change
from reconciler.core.render import cutting, environments, sections, shipping, wording
from reconciler.core.render.cutting import Item, Part
from reconciler.core.render.escape import code, prose
from reconciler.core.render.foreign import shown
from reconciler.core.render.pages import Page
from reconciler.core.render.places import Places
from reconciler.core.render.sections import About
from reconciler.core.render.style import BOLD, PLAIN, SYMBOLS, Style

LIMIT = 60_000

_TEXT = 1_000
_PATHS = 8
# Words by which a build server skips a commit; a message of a commit must never hold them.
_SKIPS = re.compile(r"\[(?=\s*(?:skip|no|ci|actions)\b)|\*\*\*(?=no_ci)", re.IGNORECASE)
_TITLES = {Action.ADD: "Added", Action.MODIFY: "Modified", Action.REMOVE: "Removed"}


# --- Markdown -----------------------------------------------------------------------------------


def body(
    page: Page, limit: int = LIMIT, branch: str | None = None, edited: Iterable[str] = ()
) -> str:
    """Return Markdown of at most about `limit` characters that no build server obeys.

    `branch` is the one to be merged where it is not the release's own; `edited` are environments
    without releases that it changes as well.
    """
    preview, where = page.preview, Places()
    requirements = shipping.requirements(page, live=True)
    parts = [
        Part(head=_head(page)),
        Part(head=f"### Requirements\n\n{requirements}"),
        *_changes(page.plan.changes),
        *_messages(page),
        *_configuration(page),
        *sections.commits(preview.commits, where),
        *sections.monitors(page.monitors),
        Part(head=_steps(page, branch or page.branch, edited)),
    ]
    return _SKIPS.sub(lambda match: f"{match.group()} ", cutting.fit(parts, limit))


def bodies(pages: Sequence[Page], edited: Iterable[str] = ()) -> str:
    """Return the Markdown of one pull request with several releases; each gets an equal share.

    It is from the branch of the first of them, and changes the `edited` environments as well.
    """
    limit, branch = LIMIT // len(pages), pages[0].branch
    texts = [body(page, limit, branch) for page in pages[:-1]]
    return "\n\n".join([*texts, body(pages[-1], limit, branch, edited)])


def _head(page: Page) -> str:
    blocks = [
        f"## Release {prose(str(page.release.name))}",
        *environments.what(page.preview, Places()),
    ]
    blocks.append(f"**Release manager:** {prose(shipping.manager(page))}")
    if not page.plan.complete:
        blocks.append(prose(wording.incomplete(page.plan), _TEXT))
    return "\n\n".join(blocks)


def _changes(changes: Sequence[Change]) -> Iterator[Part]:
    head = "### Changes"
    if not changes:
        yield Part(head=f"{head}\n\nNo resource changes; the environment's values do.")
    for action, title in _TITLES.items():
        found = [change for change in changes if change.action is action]
        if found:
            yield Part(
                head="\n\n".join(filter(None, [head, f"**{title}: {len(found):,}**"])) + "\n",
                items=tuple(Item(partial(_change, each)) for each in found),
                joiner="\n",
                more="- ",
                priority=sections.CHANGES,
            )
            head = ""


def _change(change: Change) -> str:
    paths = [code(field.path, _TEXT) for field in change.fields[:_PATHS]]
    if len(change.fields) > _PATHS:
        paths.append(wording.and_more(len(change.fields) - _PATHS))
    return ": ".join(filter(None, [f"- {code(str(change.key))}", ", ".join(paths)]))


def _messages(page: Page) -> Iterator[Part]:
    """Yield messages, warnings first, each with the command that takes responsibility."""
    about = About(commands=page.commands or {}, given=page.release.acknowledgements)
    many = wording.by_severity(page.plan.messages)
    loud = [each for each in many if each.severity is not Severity.INFO]
    quiet = [each for each in many if each.severity is Severity.INFO]
    groups = (("Warnings", loud, sections.WARNINGS), ("Notes", quiet, sections.INFOS))
    for title, found, priority in groups:
        if found:
            items = tuple(Item(partial(sections.message, each, about)) for each in found)
            head = f"### {title}: {len(found):,}\n"
            yield Part(head=head, items=items, joiner="\n", more="- ", priority=priority)


def _configuration(page: Page) -> list[Part]:
    head = "### Configuration changes"
    still = "Still to be given where the environment is promoted:"
    none = Part(head=f"{head}\n\nNone is still to be given.")
    return sections.missing(page.preview.missing, f"{head}\n\n{still}") or [none]


def _steps(page: Page, branch: str, edited: Iterable[str]) -> str:
    """Return what people do."""
    when = "  \n".join(prose(line, _TEXT) for line in shipping.when(page.preview.verdict))
    merging = shipping.merging(branch, page.protected)
    deployed = map(shipping.first_step, edited)
    steps = shipping.numbered(
        [*shipping.approvals(page), merging, *shipping.promoting(page), *deployed]
    )
    return f"### How to ship it\n\n{when}\n\n{steps}"


# --- text ---------------------------------------------------------------------------------------


def text(page: Page, style: Style = PLAIN) -> str:
    """Return what a person at a terminal needs next."""
    return "\n".join(f"  {line}" for line in _lines(page, style))


def _lines(page: Page, style: Style) -> Iterator[str]:
    for change in page.plan.changes[:_PATHS]:
        yield f"{SYMBOLS[change.action]} {shown(str(change.key))}"
    if len(page.plan.changes) > _PATHS:
        yield wording.and_more(len(page.plan.changes) - _PATHS)
    warnings = [m for m in page.plan.messages if m.severity is Severity.WARNING]
    for message in warnings:
        yield shown(f"warning {message.code} {message.subject}: {message.text}", _TEXT)
    for kind, name, what in page.preview.missing:
        yield shown(f"still to be given: {kind} {name}: {', '.join(what)}")
    yield shown(f"Release manager: {shipping.manager(page)}")
    yield from (style.paint(shown(line), BOLD) for line in shipping.when(page.preview.verdict))
