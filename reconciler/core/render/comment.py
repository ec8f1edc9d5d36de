"""The one comment of a pull request, as Markdown; everything foreign goes through `escape`.

Verdict and counts stand outside of any fold. What is long is folded, and cut on the boundary of a
resource when it is too long.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain

from reconciler.core.forge.sticky import Source, Wanted
from reconciler.core.model import Action, Finding
from reconciler.core.plan import Plan
from reconciler.core.releases.model import ReleaseType
from reconciler.core.render import cutting, environments, places, sections, shipping, wording
from reconciler.core.render.cutting import Item, Part
from reconciler.core.render.escape import prose
from reconciler.core.render.pages import Page
from reconciler.core.render.places import Places
from reconciler.core.rules import RuleChange

LIMIT = 65_000

_TEXT = 2_000
_GIT_ALONE = (
    "*From git alone: the scheduled run adds how many users are affected, drift and gates.*"
)
_MEND = "Correct it and push again; `reconciler validate` shows the same."
_NOTHING = "Nothing changes in any environment."


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What reviewers of a pull request want to know.

    `plans` are of the environments that it changes by itself, `releases` the releases that it
    brings, `rules` what acts when it is merged, `findings` what is invalid beside those of the
    plans. `live` says that platforms and store were read; else git alone. `commit` is the head that
    was looked at, `against` the commit it was compared with. `remote` is the repository's address:
    with it places become links. `link` is where the whole is to be seen. `commands` gives the next
    command of an environment. `debts` are hotfixes that environments before still lack. `unsigned`
    are environments where signatures are optional. `merged` says that nothing is proposed. `at` is
    told, and counts for nothing.
    """

    plans: Sequence[Plan] = ()
    releases: Sequence[Page] = ()
    rules: Sequence[RuleChange] = ()
    findings: Sequence[Finding] = ()
    live: bool = False
    commit: str | None = None
    against: str | None = None
    remote: str | None = None
    link: str | None = None
    commands: Mapping[str, str] = field(default_factory=dict)
    debts: Sequence[str] = ()
    unsigned: Sequence[str] = ()
    merged: bool = False
    at: str | None = None

    @property
    def is_hotfix(self) -> bool:
        """Whether it brings a hotfix, which ships from the last environment down."""
        return any(page.release.type is ReleaseType.HOTFIX for page in self.releases)

    @property
    def every(self) -> list[Plan]:
        """All plans, those of releases behind the others."""
        return [*self.plans, *(page.plan for page in self.releases)]

    @property
    def broken(self) -> list[Finding]:
        """All findings."""
        return [*self.findings, *(each for plan in self.every for each in plan.findings)]


def body(report: Report, limit: int = LIMIT) -> str:
    """Return the comment without its hidden marker, of at most about `limit` characters."""
    return "\n\n".join(filter(None, _parts(report, limit)))


def stated(report: Report) -> str:
    """Return the beginning of the comment that counts: without what it was made from, and when."""
    return _parts(report)[0]


def plan_digest(report: Report) -> str:
    """Return what was planned, for `Wanted.plan`: the same from git alone and with a platform."""
    told = {f"{one.environment} {one.digest}" for one in report.every if one.changes}
    return "\n".join(sorted(told))


def wanted(report: Report) -> Wanted:
    """Return the comment that shall stand for a report."""
    main, end = _parts(report)
    return Wanted(
        text="\n\n".join(filter(None, (main, end))),
        stated=main,
        head=report.commit or "",
        source=Source.LIVE if report.live else Source.GIT,
        plan=plan_digest(report),
    )


def _parts(report: Report, limit: int = LIMIT) -> tuple[str, str]:
    """Return what counts, and what it was made from; the second is empty for what is merged."""
    end = "\n\n".join(_end(report))
    return _main(report, limit - cutting.size(end)), end


def _main(report: Report, limit: int) -> str:
    report = replace(report, releases=report.releases[::-1]) if report.is_hotfix else report
    moving = [one for one in report.plans if environments.says_more(one)]
    if not (moving or report.releases or report.rules or report.findings or report.merged):
        return f"**{_NOTHING}**"
    titled = len(report.plans if report.merged else moving) + len(report.releases) > 1
    where = Places(report.remote, report.commit)
    groups = [
        environments.plan(one, where, titled=titled)
        if not report.merged
        else environments.merged(
            one, where, titled=titled, following=shipping.following(one, report.commands)
        )
        for one in moving
    ]
    released = [
        environments.release(page, where, titled=titled, live=report.live)
        for page in report.releases
    ]
    groups = [*released, *groups] if report.is_hotfix else [*groups, *released]
    shown, hidden = cutting.bounded(groups, limit // 2)
    parts = [
        *_top(report, moving, where),
        *shown,
        *([Part(head=wording.and_more(hidden, "environment"))] if hidden else []),
        *_shipping(report, moving),
    ]
    return cutting.fit(parts, limit)


# --- the top ------------------------------------------------------------------------------------


def _top(report: Report, moving: Sequence[Plan], where: Places) -> list[Part]:
    rows = report.plans if report.merged else moving
    quiet = [one.environment for one in report.plans if one not in rows]
    notes = []
    if quiet:
        notes.append(f"Unchanged: {prose(', '.join(quiet), _TEXT)}.")
    if not report.live:
        notes.append(_GIT_ALONE)
    if report.unsigned and report.releases:
        names = prose(", ".join(report.unsigned), _TEXT)
        notes.append(f"*Signatures are optional in {names}: unsigned tags and approvals count.*")
    found = report.findings if report.merged else report.broken
    return [
        Part(head=f"## {_verdict(report, moving)}"),
        *sections.findings(found, where, wording.INVALID),
        _table(report, rows),
        *([Part(head="\n\n".join(notes))] if notes else []),
        *sections.rules(report.rules),
        *_debts(report.debts),
    ]


def _verdict(report: Report, moving: Sequence[Plan]) -> str:
    """Return the verdict over all environments; where there is one to name, its name."""
    if report.broken:
        errored = [one.environment for one in report.every if one.errored]
        where = f" in {_named(errored)}" if errored and not report.findings else ""
        return f"Cannot be planned: {wording.counted(len(report.broken), 'finding')}{where}"
    changed = [one for one in report.every if one.changes] or report.every
    total = wording.totals(wording.summed(report.every)).removeprefix("Plan: ").rstrip(".")
    text = f"{total} in {_named([one.environment for one in changed])}"
    if report.releases:
        names = ", ".join(str(page.release.name) for page in report.releases)
        also = f" and {_named([one.environment for one in moving])}" if moving else ""
        text = f"Release {prose(names, _TEXT)}{also}: {total}"
    return "; ".join([text, *_alarms(report)])


def _named(names: Sequence[str]) -> str:
    return prose(names[0]) if len(names) == 1 else f"{len(names):,} environments"


def _alarms(report: Report) -> Iterator[str]:
    """Yield what a reader must know beside the counts."""
    if drifted := sum(len(one.drift) for one in report.every):
        yield f"drift in {wording.counted(drifted, 'resource')}"
    if report.rules:
        yield f"rules change in {wording.counted(len(report.rules), 'file')}"
    if loud := wording.message_counts(wording.loud(report.every)):
        yield loud
    closed = [page.preview.verdict for page in report.releases if report.live]
    if count := sum(len(verdict.closed) for verdict in closed if verdict is not None):
        yield f"{wording.counted(count, 'gate')} closed"


def _table(report: Report, moving: Sequence[Plan]) -> Part:
    drift = report.live or any(one.drift for one in report.every)
    names = ["environment", "add", "modify", "remove", *(["drift"] if drift else [])]
    names += ["messages", *([] if report.merged else ["gates"])]
    rule = "|".join(
        "---:" if each in ("add", "modify", "remove", "drift") else "---" for each in names
    )
    gates = "" if report.merged else "none"
    rows = [Item(partial(_row, one, None, gates, drift=drift)) for one in moving]
    released = [Item(partial(_page_row, report, page, drift=drift)) for page in report.releases]
    rows = [*released, *rows] if report.is_hotfix else [*rows, *released]
    head = f"| {' | '.join(names)} |\n|{rule}|"
    return Part(head=head, items=tuple(rows), joiner="\n", more="| ", priority=sections.TABLE)


def _page_row(report: Report, page: Page, *, drift: bool) -> str:
    gates = shipping.cell(page.preview.verdict if report.live else None)
    return _row(page.plan, page.release.version, gates, drift=drift)


def _row(one: Plan, version: str | None, gates: str, *, drift: bool) -> str:
    counts = [str(one.summary[action.value]) for action in Action]
    notes = wording.message_counts(one.messages)
    if one.errored:
        notes = f"**{wording.counted(len(one.findings), 'finding')}**"
    elif one.waiting:
        notes = "waits for its first release tag"
    name = f"{one.environment} {version}" if version else one.environment
    cells = [prose(name), *counts, *([str(len(one.drift))] if drift else []), notes]
    cells += [gates] if gates else []
    return f"| {' | '.join(cells)} |"


def _debts(debts: Sequence[str]) -> list[Part]:
    if not debts:
        return []
    items = tuple(Item(partial(_debt, each)) for each in debts)
    head = "> [!IMPORTANT]\n> **Open hotfix debt**"
    return [Part(head=head, items=items, joiner="\n", more="> - ", priority=sections.WARNINGS)]


def _debt(text: str) -> str:
    return f"> - {prose(text, _TEXT)}"


# --- the end ------------------------------------------------------------------------------------


def _shipping(report: Report, moving: Sequence[Plan]) -> list[Part]:
    """Return what people do next, in its order."""
    if report.merged:
        return []
    if report.broken:
        return [Part(head=f"### What to do\n\n{_MEND}")]
    items = tuple(Item(partial(str, text)) for text in _numbered(report, moving))
    head = "### How to ship it\n"
    return [Part(head=head, items=items, joiner="\n", priority=sections.TABLE)] if items else []


def _numbered(report: Report, moving: Sequence[Plan]) -> Iterator[str]:
    for number, text in enumerate(_steps(report, moving), 1):
        yield f"{number}. {text}"


def _steps(report: Report, moving: Sequence[Plan]) -> Iterator[str]:
    for page in report.releases:
        yield from shipping.approvals(page)
    if report.releases:
        yield shipping.merging()
    elif moving:
        yield "Merge this pull request."
    deployed = (shipping.deployed(one, report.commands.get(one.environment)) for one in moving)
    released = chain.from_iterable(map(shipping.promoting, report.releases))
    yield from chain(released, deployed) if report.is_hotfix else chain(deployed, released)


def _end(report: Report) -> Iterator[str]:
    """Yield what the comment was made from, and where the whole is."""
    if not report.merged:
        yield _provenance(report)
    if report.link:
        yield places.link("The whole plan", report.link)


def _provenance(report: Report) -> str:
    where = Places(report.remote, report.commit)
    told = []
    if report.commit:
        told.append(f"Head {where.revision(report.commit)}")
    if report.against:
        told.append(f"compared with {where.revision(report.against)}")
    told.append("from platforms and store" if report.live else "from git alone")
    if report.at:
        told.append(prose(wording.short_time(report.at)))
    return f"<sub>{', '.join(told)}</sub>"
