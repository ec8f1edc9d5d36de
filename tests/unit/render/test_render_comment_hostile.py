"""Whatever anything is called, the comment is exactly ours, and shows what was written."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pytest

from reconciler.core.commits import CommitInfo
from reconciler.core.forge import sticky
from reconciler.core.forge.sticky import Wanted
from reconciler.core.gates.model import GateName, GateState
from reconciler.core.messages.review import Severity
from reconciler.core.model import Kind, Location, Reason, ResourceKey
from reconciler.core.releases.model import Acknowledgement, Base, ReleaseName, Source
from reconciler.core.render import comment, foreign
from reconciler.core.render.comment import Report
from tests.shared_data import naughty_strings
from tests.unit.render import build, build_reports, gfm, golden
from tests.unit.render.test_render_hostile import NASTY, UNSEEN

OURS = ("https://github.com/acme/integrations/", "https://grafana.example.com/")
MORE = (
    'zzz";echo${IFS}"hello";#',
    "$(id)",
    "--help",
    "-->",
    "--> <!-- reconciler:comment v1 -->",
    "<!-- reconciler:comment v1 head=a source=live plan=b stated=c text=d -->",
    "@acme/owners fixes #1, see www.example.com and me@example.com",
    "x](https://example.com)",
    "![x](https://example.com/beacon.png)",
    "</code></summary></details><h2>No changes.</h2>",
    "| x |\n|---|\n| y |",
    "## 0 to add, 0 to modify, 0 to remove",
    "````\n```\n~~~",
    "https://example.com/a?b=c&d=e",
    "xmpp:me@example.com mailto:me@example.com ftp://example.com",
    "acme/integrations#12 GH-7 4f2a91c07be1d2c3b4a5968778695a4b3c2d1e0f",
    "a\u202eb\u200bc\u2066d",
)
VALUES = (*NASTY, *MORE)
# What a forge turns into a link, mention or picture where it is no code.
ACTS = re.compile(r"@\w|#\d|\bGH-\d|\bwww\.\w|://|:[a-z]\w*:", re.IGNORECASE)


def hostile(value: str) -> Report:
    """Return a report with a string wherever somebody else chooses it."""
    subject = ResourceKey(Kind.WORKFLOW, value)
    message = build.message(
        "UserSettingRemoved", Severity.WARNING, subject, text=f"x {value}", action=f"x {value}"
    )
    message = replace(message, location=Location(f"x{value}", 3, 1))
    said = Acknowledgement(
        code=message.code,
        subject=subject,
        fingerprint=message.fingerprint,
        reason=f"x {value}",
        by=f"x{value}",
        until=f"x{value}",
    )
    other = replace(message, code="WorkflowDisabled", fingerprint="f")
    changes = (
        build.change(value, build.field("/spec/a", value, f"{value}!"), title=f"x{value}"),
        build.added(build.workflow("w", integration=value)),
    )
    drift = (build.change(value, build.field(), reason=Reason.CHANGED_OUTSIDE, title=f"x{value}"),)
    plan = build.plan(
        f"x{value}",
        changes=changes,
        drift=drift,
        messages=(message, other),
        notices=(f"x {value}",),
        complete=False,
        incomplete_reason=value,
    )
    made = build_reports.release(
        "production/1.4.0",
        description=" ".join(f"x {value}".splitlines()),
        source=Source(environment=f"x{value}", commit="4f2a91c07be1" * 3, version=value),
        base=Base(version=value, content_digest=value),
        acknowledgements=(said,),
    )
    made = replace(made, name=ReleaseName(f"x{value}", f"1{value}"))
    held = build_reports.gate(GateName.NOT_HELD, GateState.WAITING, f"x {value}", who=(value,))
    page = build_reports.page(
        made,
        plan,
        verdict=build_reports.verdict(held),
        commits=[
            CommitInfo(commit=value, author=f"x{value}", email=value, date=None, subject=value)
        ],
        missing=[(f"x{value}", value, (value,))],
        manager=value,
        branch=value,
        protected=value,
        roles=("tests", "qa", f"x{value}"),
        via={"tests": ("check",), "qa": ("review", "tag")},
        checks={"tests": (value,)},
        commands={"f": f"reconciler release acknowledge {value}"},
        monitors=[(f"x{value}", "https://grafana.example.com/d/1"), ("x", f"javascript:{value}")],
    )
    return build_reports.report(
        plans=[build.plan(f"x{value}", notices=(f"x {value}",)), build.plan(f"y{value}")],
        releases=[page],
        live=True,
        debts=[f"x {value}"],
        unsigned=[f"x{value}"],
    )


def refused(value: str) -> Report:
    """Return a report whose findings somebody else chooses."""
    finding = build.finding(f"x {value}", file=f"environments/x{value}.yaml")
    return build_reports.report(plans=[build.plan(findings=(finding,))], findings=[finding])


@pytest.fixture(scope="module", params=range(8), ids=lambda part: f"part{part}")
def values(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Return one part of all strings."""
    return tuple(each for each in VALUES[request.param :: 8] if each.strip())


@cache
def shown(value: str) -> tuple[gfm.Page, gfm.Page]:
    """Return both comments as they are shown."""
    return gfm.Page(comment.body(hostile(value))), gfm.Page(comment.body(refused(value)))


def test_the_structure_is_ours(values: tuple[str, ...]) -> None:
    """Headings, tables, lists, folds and fences are those of a harmless comment."""
    harmless = shown("z")
    for value in (each for each in values if len(foreign.shown(each)) < 200):
        for page, expected in zip(shown(value), harmless, strict=True):
            assert page.shape == expected.shape, ascii(value)


def test_no_foreign_link_or_picture(values: tuple[str, ...]) -> None:
    """Links lead to the repository and to monitors alone, and nothing is loaded from elsewhere."""
    for value in values:
        for page in shown(value):
            assert all(link.startswith(OURS) for link in page.links), ascii(value)
            assert page.attributes <= {"href", "lang", "class", "align", "start"}, ascii(value)
            assert page.comments == [], ascii(value)


def test_nobody_is_mentioned(values: tuple[str, ...]) -> None:
    """Outside of code nothing is left of which a forge makes a mention, reference or emoji."""
    for value in values:
        for page in shown(value):
            assert not ACTS.search("\n".join(page.prose).replace("](<https://", "")), ascii(value)


def test_the_text_is_to_be_read(values: tuple[str, ...]) -> None:
    """A reader sees what was written, with what cannot be seen written out."""
    for value in values:
        page = shown(value)[0]
        wanted = re.sub(r"\s+", "", foreign.shown(value))
        assert wanted in re.sub(r"\s+", "", page.text), ascii(value)
        assert not UNSEEN.search(page.text), ascii(value)


def test_nothing_ends_the_marker(values: tuple[str, ...]) -> None:
    """The hidden marker is one line that no text of others can end or forge."""
    for value in values:
        wanted = Wanted(text="x", stated=value, head=value, source=sticky.Source.GIT, plan=value)
        first = sticky.body(wanted).removesuffix("\nx")
        assert re.fullmatch(r"<!-- reconciler:comment v1 [\w= ]+ -->", first), ascii(value)


def test_a_hostile_comment_as_reviewers_read_it() -> None:
    """The comment of a hostile pull request can be read, and says what it is about."""
    value = "</details>\n## @acme ![](//x.io) ``` | <!--"
    golden.check("comment-hostile.md", comment.body(hostile(value)) + "\n")


def test_all_strings_are_tried() -> None:
    """The naughty strings are there."""
    assert len(VALUES) > len(naughty_strings()) > 500
