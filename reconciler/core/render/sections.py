"""The pieces of which everything in Markdown about a plan is made, as parts that can be cut.

What is long is folded; everything foreign goes through `escape`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from reconciler.core.changelog import Author, by_author
from reconciler.core.commits import CommitInfo
from reconciler.core.messages.review import Message, Severity
from reconciler.core.model import Change, Finding, ResourceKey
from reconciler.core.releases.model import Acknowledgement
from reconciler.core.render import places, wording
from reconciler.core.render.cutting import Item, Part
from reconciler.core.render.escape import code, fenced, html, html_prose, prose, words
from reconciler.core.render.fields import fields
from reconciler.core.render.foreign import shown
from reconciler.core.render.lines import Line
from reconciler.core.render.outline import outline, title
from reconciler.core.render.places import Places
from reconciler.core.render.style import SYMBOLS
from reconciler.core.rules import RuleChange

# What is cut last has the lowest number.
TABLE, ERRORS, WARNINGS, INFOS, DRIFT, CHANGES, COMMITS = range(7)

_WIDTH = 110
_TEXT = 2_000
_NAME = 200
_OPEN_INFOS = 3
# In a difference a forge gives `!` the colour of what changed, and none to `~`.
SIGNS = {"~": "!"}
_ALERTS = {Severity.ERROR: "CAUTION", Severity.WARNING: "WARNING", Severity.INFO: "NOTE"}
_PRIORITIES = {Severity.ERROR: ERRORS, Severity.WARNING: WARNINGS, Severity.INFO: INFOS}
_RULES = "Rules or configuration change: this acts as soon as it is merged, without a release"
TO_RESOLVE = " to resolve, or to acknowledge before a promotion"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What messages are shown with.

    `commands` acknowledge a warning, by its fingerprint; `given` are acknowledgements. `asks` is
    what warnings ask of people.
    """

    places: Places = field(default_factory=Places)
    commands: Mapping[str, str] = field(default_factory=dict)
    given: Sequence[Acknowledgement] = ()
    asks: str = TO_RESOLVE

    def acknowledgement(self, message: Message) -> Acknowledgement | None:
        """Return what somebody said of a message, if they did."""
        about = (message.code, message.subject, message.fingerprint)
        return next((each for each in self.given if each.about == about), None)


# --- findings and messages ----------------------------------------------------------------------


def findings(many: Sequence[Finding], where: Places, head: str) -> list[Part]:
    """Return what is wrong in files, with its place."""
    items = tuple(Item(partial(_finding, one, where)) for one in many)
    head = f"> [!CAUTION]\n> **{head}**"
    part = Part(head=head, items=items, joiner="\n", more="> - ", priority=ERRORS)
    return [part] if many else []


def _finding(one: Finding, where: Places) -> str:
    return f"> - {where.line(one.file, one.line)} {words(one.text, _TEXT)}"


def messages(many: Sequence[Message], about: About) -> list[Part]:
    """Return messages, the gravest first; infos are folded when there are many."""
    parts = [_severity(each, many, about) for each in wording.SEVERITIES]
    return [part for part in parts if part.items]


def _severity(severity: Severity, many: Sequence[Message], about: About) -> Part:
    found = [message for message in many if message.severity is severity]
    count = wording.counted(len(found), severity.value)
    folded = severity is Severity.INFO and len(found) > _OPEN_INFOS
    quote = "" if folded else "> "
    head = f"> [!{_ALERTS[severity]}]\n> **{count}{_asks(severity, found, about)}**"
    if folded:
        head = f"<details><summary><b>{count}</b></summary>\n"
    return Part(
        head=head,
        items=tuple(Item(partial(message, each, about, quote)) for each in found),
        foot="</details>" if folded else "",
        joiner="\n",
        more=f"{quote}- ",
        priority=_PRIORITIES[severity],
    )


def _asks(severity: Severity, found: Sequence[Message], about: About) -> str:
    if severity is not Severity.WARNING:
        return ""
    done = sum(about.acknowledgement(each) is not None for each in found)
    if not done:
        return about.asks
    left = len(found) - done
    return f", {done} acknowledged" + (f"; {left}{about.asks}" if left else "")


def message(each: Message, about: About, quote: str = "") -> str:
    """Return a message as a list item: what, whom it concerns, where, and what to do."""
    facts = [f"**{prose(each.code)}** {code(str(each.subject))}", wording.affected(each)]
    if each.location:
        facts.append(about.places.line(*each.location[:2], within=True))
    lines = [", ".join(filter(None, facts)), words(each.text, _TEXT)]
    if each.action:
        lines.append(f"*To do:* {words(each.action, _TEXT)}")
    lines += _responsibility(each, about)
    # Some places break lines where the source does and some do not.
    return f"{quote}- {'<br>'.join(lines)}"


def _responsibility(each: Message, about: About) -> list[str]:
    """Return who took responsibility for a message, or how to."""
    given = about.acknowledgement(each)
    if given is not None:
        who = f" by {prose(given.by)}" if given.by else ""
        until = f" until {prose(given.until)}" if given.until else ""
        return [f"*Acknowledged{who}{until}:* {prose(given.reason, _TEXT)}"]
    command = about.commands.get(each.fingerprint)
    return [f"*Or acknowledge:* {code(command)}"] if command else []


# --- changes and drift --------------------------------------------------------------------------


def rules(many: Sequence[RuleChange]) -> list[Part]:
    """Return what acts as soon as it is merged: nothing of it is folded."""
    head = f"> [!WARNING]\n> **{_RULES}**\n"
    items = tuple(Item(partial(_rule, each), partial(_file, each)) for each in many)
    return [Part(head=head, items=items, priority=WARNINGS)] if many else []


def _rule(change: RuleChange) -> str:
    lines = [*_signed(fields(change.fields, _WIDTH)), *(f"! {shown(one)}" for one in change.texts)]
    return f"{_file(change)}\n\n{fenced(lines)}"


def _file(change: RuleChange) -> str:
    return code(change.file)


def drift(many: Sequence[Change]) -> list[Part]:
    """Return what was changed outside, apart from the changes, with who wins."""
    if not many:
        return []
    head = f"> [!IMPORTANT]\n> **{wording.drift_title(many)}**<br>{wording.APART}"
    return [_listed(many, head, DRIFT, _drifted)]


def changes(many: Sequence[Change], told: Sequence[Message] = (), head: str = "") -> list[Part]:
    """Return what changes, one fold for each resource, marked with what is `told` of it."""
    by_subject: dict[ResourceKey, list[Message]] = defaultdict(list)
    for each in told:
        by_subject[each.subject].append(each)

    def whole(change: Change) -> str:
        return _fold(change, notes=wording.message_counts(by_subject[change.key]))

    return [_listed(many, head, CHANGES, whole)] if many else []


def _listed(
    many: Sequence[Change], head: str, priority: int, whole: Callable[[Change], str]
) -> Part:
    items = (Item(partial(whole, one), partial(_line, one), partial(_name, one)) for one in many)
    return Part(head=head, items=tuple(items), block=fenced, priority=priority)


def _drifted(change: Change) -> str:
    return _fold(change, comment=f"{wording.happened(change)} {wording.who_wins(change)}")


def _fold(change: Change, *, comment: str = "", notes: str = "") -> str:
    """Return one resource, folded: what it is, what happened to it and its difference."""
    lines = fields(change.fields, _WIDTH) if change.fields else outline(change, _WIDTH)
    body = [words(comment)] if comment else []
    if lines:
        body.append(fenced(_signed(lines)))
    summary = _summary(change, notes)
    if not body:
        return f"<p>{summary}</p>"
    return "\n\n".join([f"<details><summary>{summary}</summary>", *body, "</details>"])


def _summary(change: Change, notes: str) -> str:
    called, count = title(change), _count(change)
    return " ".join(
        filter(
            None,
            [
                f"<code>{SYMBOLS[change.action]} {html(str(change.key))}</code>",
                f"“{html_prose(called)}”" if called else "",
                f"({count})" if count else "",
                f"<b>{notes}</b>" if notes else "",
            ],
        )
    )


def _count(change: Change) -> str:
    return wording.counted(len(change.fields), "field") if change.fields else ""


def _line(change: Change) -> str:
    """Return a resource as one line of a difference."""
    called = title(change)
    rest = [f"“{called}”" if called else "", f"({_count(change)})" if change.fields else ""]
    return " ".join(filter(None, [_name(change), *rest]))


def _name(change: Change) -> str:
    symbol = SYMBOLS[change.action]
    return f"{SIGNS.get(symbol, symbol)} {shown(str(change.key), _NAME)}"


def _signed(lines: Iterable[Line]) -> Iterable[str]:
    """Return lines whose symbol stands in column one, where it gives the colour."""
    for line in lines:
        sign = SIGNS.get(line.sign, line.sign)
        yield f"{sign} {'  ' * (line.depth - 1)}{line.text}".rstrip()


# --- what a release brings ----------------------------------------------------------------------


def listed(many: Sequence[str], head: str, priority: int = INFOS) -> list[Part]:
    """Return sentences as a list."""
    items = tuple(Item(partial(_sentence, each)) for each in many)
    part = Part(head=f"{head}\n", items=items, joiner="\n", more="- ", priority=priority)
    return [part] if many else []


def _sentence(text: str) -> str:
    return f"- {words(text, _TEXT)}"


def missing(many: Sequence[tuple[str, str, tuple[str, ...]]], head: str) -> list[Part]:
    """Return configuration that is still to be given."""
    items = tuple(Item(partial(_missing, *each)) for each in many)
    part = Part(head=f"{head}\n", items=items, joiner="\n", more="- ", priority=INFOS)
    return [part] if many else []


def _missing(kind: str, name: str, what: Sequence[str]) -> str:
    return f"- {prose(kind)} {code(name, _NAME)}: {prose(', '.join(what), _TEXT)}"


def commits(many: Sequence[CommitInfo], where: Places) -> list[Part]:
    """Return who brought what since the last release."""
    if not many:
        return []
    authors = by_author(many)
    head = (
        f"### Commits since the last release\n\n{wording.counted(len(many), 'commit')} by "
        f"{wording.counted(len(authors), 'author')}.\n"
    )
    items = tuple(Item(partial(_author, each, where)) for each in authors)
    return [Part(head=head, items=items, joiner="\n", more="- ", priority=COMMITS)]


def _author(author: Author, where: Places) -> str:
    count = wording.counted(len(author.commits), "commit")
    rows = (
        f"  - {prose(each.subject, _NAME)} ({where.revision(each.commit)})"
        for each in author.commits
    )
    return "\n".join([f"- {prose(author.name, _NAME)}: {count}", *rows])


def monitors(many: Sequence[tuple[str, str]]) -> list[Part]:
    """Return what to watch while it ships."""
    items = tuple(Item(partial(_monitor, *each)) for each in many)
    head = "### Monitors to watch, during and after\n"
    part = Part(head=head, items=items, joiner="\n", more="- ", priority=INFOS)
    return [part] if many else []


def _monitor(called: str, url: str) -> str:
    return f"- {places.link(called, url)}"
