"""Proposed releases as Markdown for their pull request, and as a few lines for a terminal.

Markdown also becomes the message of the release's commit. Everything foreign goes through `escape`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from reconciler.core.changelog import Author, by_author
from reconciler.core.gates.model import Gate, GateName, Verdict
from reconciler.core.messages.review import Message, Severity
from reconciler.core.model import Action, Change, ResourceKey
from reconciler.core.plan import Plan
from reconciler.core.releases.model import Acknowledgement, Release
from reconciler.core.render import cutting, wording
from reconciler.core.render.cutting import Item, Part
from reconciler.core.render.escape import code, prose, words
from reconciler.core.render.foreign import shown
from reconciler.core.render.previews import Preview
from reconciler.core.render.style import BOLD, PLAIN, SYMBOLS, Style

LIMIT = 60_000

_TEXT = 1_000
_PATHS = 8
# Words by which a build server skips a commit; a message of a commit must never hold them.
_SKIPS = re.compile(r"\[(?=\s*(?:skip|no|ci|actions)\b)|\*\*\*(?=no_ci)", re.IGNORECASE)
_LINK = re.compile(r"https?://[\w.~:/?#@!$&'*+,;=%-]+", re.ASCII)
_TITLES = {Action.ADD: "Added", Action.MODIFY: "Modified", Action.REMOVE: "Removed"}
_ROLES = {
    GateName.TESTS_PASSED: ("tests", "Automated unit and integration tests pass"),
    GateName.QA_APPROVED: ("qa", "QA has not identified blockers via manual testing"),
    GateName.RELEASE_MANAGER_APPROVED: (
        "release-manager",
        "Release manager has determined that it is safe to release",
    ),
}
_HOLIDAY = "Release date is not a holiday"
# What is cut last has the lowest number.
_FIRST, _WARNINGS, _INFOS, _CHANGES, _COMMITS = range(5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What reviewers of a proposed release want to know.

    `manager` is the release manager whose turn it is, `managers` are all of them. `roles` must
    approve. `commands` acknowledge a warning, by its fingerprint. `monitors` are (title, URL).
    `protected` is the branch that it is merged into.
    """

    preview: Preview
    branch: str
    protected: str
    manager: str | None = None
    managers: Sequence[str] = ()
    roles: Sequence[str] = ()
    commands: Mapping[str, str] | None = None
    monitors: Sequence[tuple[str, str]] = ()

    @property
    def release(self) -> Release:
        """The release that is proposed."""
        return self.preview.release

    @property
    def plan(self) -> Plan:
        """What it would do."""
        return self.preview.plan


# --- Markdown -----------------------------------------------------------------------------------


def body(page: Page) -> str:
    """Return Markdown of at most about `LIMIT` characters that no build server obeys."""
    parts = [
        Part(head=_head(page)),
        Part(head=_requirements(page)),
        *_changes(page.plan.changes),
        *_messages(page),
        *_configuration(page.preview.missing),
        *_commits(page),
        *_monitors(page.monitors),
        Part(head=_steps(page)),
    ]
    return _SKIPS.sub(lambda match: f"{match.group()} ", cutting.fit(parts, LIMIT))


def _head(page: Page) -> str:
    release = page.release
    blocks = [f"## Release {prose(str(release.name))}"]
    if release.description:
        blocks.append(prose(release.description, _TEXT))
    blocks.append(f"{prose(_origin(release))}. **{wording.totals(page.plan.summary)}**")
    blocks.append(f"**Release manager:** {prose(_manager(page))}")
    if not page.plan.complete:
        blocks.append(prose(wording.incomplete(page.plan)))
    return "\n\n".join(blocks)


def _origin(release: Release) -> str:
    source, base = release.source, release.base
    version = f"/{source.version}" if source.version else ""
    over = "nothing is live yet" if base is None else f"live is {base.version or 'no release'}"
    return f"From {source.environment}{version} at {wording.short_commit(source.commit)}; {over}"


def _manager(page: Page) -> str:
    if page.manager is not None:
        return f"{page.manager} is asked"
    return f"any of {', '.join(page.managers)}" if page.managers else "nobody is named"


def _requirements(page: Page) -> str:
    head = ["### Requirements", "", "| requirement | required | state |", "|---|---|---|"]
    gates = _gates(page.preview.verdict)
    rows = []
    for name, (role, text) in _ROLES.items():
        state = _state(gates.get(name)) if role in page.roles else "not asked here"
        rows.append(f"| {text} | {'X' if role in page.roles else ''} | {state} |")
    rows.append(f"| {_HOLIDAY} | X | {_state(gates.get(GateName.NOT_A_HOLIDAY))} |")
    return "\n".join([*head, *rows])


def _gates(verdict: Verdict | None) -> Mapping[GateName, Gate]:
    return {} if verdict is None else {gate.name: gate for gate in verdict.gates}


def _state(gate: Gate | None) -> str:
    if gate is None:
        return "not known here"
    who = f" ({', '.join(gate.who)})" if gate.who and not gate.is_open else ""
    return f"**{gate.state.value}**: {prose(gate.reason + who, _TEXT)}"


def _changes(changes: Sequence[Change]) -> Iterator[Part]:
    head = "### Changes"
    if not changes:
        yield Part(head=f"{head}\n\nNo resource changes; the environment's values do.")
    for action, title in _TITLES.items():
        found = [change for change in changes if change.action is action]
        if found:
            yield Part(
                head="\n\n".join(filter(None, [head, f"**{title}: {len(found):,}**"])) + "\n",
                items=tuple(Item(partial(_change, each), partial(_short, each)) for each in found),
                joiner="\n",
                more="- ",
                priority=_CHANGES,
            )
            head = ""


def _change(change: Change) -> str:
    paths = [code(field.path, _TEXT) for field in change.fields[:_PATHS]]
    if len(change.fields) > _PATHS:
        paths.append(wording.and_more(len(change.fields) - _PATHS))
    return ": ".join(filter(None, [_short(change), ", ".join(paths)]))


def _short(change: Change) -> str:
    return f"- {code(str(change.key))}"


def _messages(page: Page) -> Iterator[Part]:
    """Yield messages, warnings first, each with the command that takes responsibility."""
    given = {each.about: each for each in page.release.acknowledgements}
    loud = [m for m in page.plan.messages if m.severity is not Severity.INFO]
    quiet = [m for m in page.plan.messages if m.severity is Severity.INFO]
    groups = (("Warnings", wording.by_severity(loud), _WARNINGS), ("Notes", quiet, _INFOS))
    for title, found, priority in groups:
        if found:
            items = tuple(Item(partial(_message, page, m, given)) for m in found)
            head = f"### {title}: {len(found):,}\n"
            yield Part(head=head, items=items, joiner="\n", more="- ", priority=priority)


def _message(
    page: Page,
    message: Message,
    given: Mapping[tuple[str, ResourceKey, str], Acknowledgement],
) -> str:
    facts = [f"**{prose(message.code)}** {code(str(message.subject))}", wording.affected(message)]
    lines = [f"- {', '.join(filter(None, facts))}", words(message.text, _TEXT)]
    if message.action:
        lines.append(f"*To do:* {words(message.action, _TEXT)}")
    said = given.get((message.code, message.subject, message.fingerprint))
    command = (page.commands or {}).get(message.fingerprint)
    if said is not None:
        lines.append(f"*Acknowledged:* {prose(said.reason, _TEXT)}")
    elif command is not None:
        lines.append(f"*Or acknowledge:* {code(command)}")
    return "<br>\n  ".join(lines)


def _configuration(missing: Sequence[tuple[str, str, tuple[str, ...]]]) -> Iterator[Part]:
    head = "### Configuration changes\n\n"
    if not missing:
        yield Part(head=f"{head}None is still to be given.")
        return
    items = tuple(Item(partial(_missing, *each)) for each in missing)
    head += "Still to be given where the environment is promoted:\n"
    yield Part(head=head, items=items, joiner="\n", more="- ", priority=_FIRST)


def _missing(kind: str, name: str, what: Sequence[str]) -> str:
    return f"- {prose(kind)} {code(name)}: {prose(', '.join(what), _TEXT)}"


def _commits(page: Page) -> Iterator[Part]:
    commits = page.preview.commits
    if not commits:
        return
    authors = by_author(commits)
    head = (
        f"### Commits since the last release\n\n{wording.counted(len(commits), 'commit')} by "
        f"{wording.counted(len(authors), 'author')}.\n"
    )
    items = tuple(Item(partial(_author, each), partial(_counted, each)) for each in authors)
    yield Part(head=head, items=items, joiner="\n", more="- ", priority=_COMMITS)


def _author(author: Author) -> str:
    rows = [
        f"  - {prose(each.subject, 200)} ({wording.short_commit(each.commit)})"
        for each in author.commits
    ]
    return "\n".join([_counted(author), *rows])


def _counted(author: Author) -> str:
    return f"- {prose(author.name, 200)}: {wording.counted(len(author.commits), 'commit')}"


def _monitors(monitors: Sequence[tuple[str, str]]) -> Iterator[Part]:
    rows = [f"- {_linked(title, url)}" for title, url in monitors]
    if rows:
        yield Part(head="\n".join(["### Monitors to watch, during and after", "", *rows]))


def _linked(title: str, url: str) -> str:
    return f"[{prose(title)}](<{url}>)" if _LINK.fullmatch(url) else f"{prose(title)}: {code(url)}"


def _steps(page: Page) -> str:
    lines = [f"{number}. {text}" for number, text in enumerate(_to_do(page), 1)]
    return "\n".join(["### How to ship it", "", _earliest(page.preview.verdict), "", *lines])


def _to_do(page: Page) -> Iterator[str]:
    name = str(page.release.name)
    yield f"Merge this branch, {code(page.branch)}, into {code(page.protected)}."
    for role in page.roles:
        # A release manager's tag is their approval too.
        if role != "release-manager":
            command = f"reconciler release approve {name} --role {role} --push"
            yield f"{code(command)} by {prose(role)}."
    yield f"{code(f'reconciler release tag {name} --push')} by a release manager."
    yield f"The next scheduled run promotes it, or {code(f'reconciler promote {name}')}."


def _earliest(verdict: Verdict | None) -> str:
    return "  \n".join(prose(line) for line in _when(verdict))


def _when(verdict: Verdict | None) -> Iterator[str]:
    if verdict is None or verdict.earliest is None:
        why = "nothing in sight opens every gate" if verdict is None else verdict.never
        yield f"Earliest: none; {why or 'it cannot ship'}"
    else:
        moment = verdict.earliest
        yield f"Earliest: {moment:%a %Y-%m-%d %H:%M} {moment.tzinfo}"
    if verdict is not None and verdict.who:
        yield f"Who must act: {', '.join(verdict.who)}"


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
    yield shown(f"Release manager: {_manager(page)}")
    yield from (style.paint(shown(line), BOLD) for line in _when(page.preview.verdict))
