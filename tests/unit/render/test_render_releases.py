"""Releases, changelogs and reports as text, Markdown and JSON."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from reconciler.core.changelog import Changelog, by_author
from reconciler.core.commits import CommitInfo
from reconciler.core.errors import NotFound
from reconciler.core.model import ResourceKey
from reconciler.core.releases.approvals import Approval
from reconciler.core.releases.listed import Listed, ListedTag
from reconciler.core.releases.model import Acknowledgement, Base, Release, ReleaseName, Source
from reconciler.core.releases.model import ReleaseType as Type
from reconciler.core.render import changelog, json, release_page, releases, report, text
from reconciler.core.reporting import Figures, Report, Times
from tests.unit.render.test_render_json import valid

HOSTILE = "evil\x1b[2J\u202e ::error::x @everyone <b> | `code`"
DIGEST = "sha256:" + "0" * 64
HUBSPOT = ResourceKey("Integration", "hubspot")
MESSAGE: dict[str, Any] = {
    "code": "OAuthScopesChanged",
    "severity": "warning",
    "subject": {"kind": "Integration", "name": "hubspot"},
    "text": "hubspot asks for more.",
    "fingerprint": DIGEST,
}
ACKNOWLEDGED = Acknowledgement(
    code="OAuthScopesChanged", subject=HUBSPOT, fingerprint=DIGEST, reason="Told", by="ana"
)
RELEASE = Release(
    name=ReleaseName("staging", "1.4.0"),
    type=Type.REGULAR,
    source=Source(environment="development", commit="c" * 40),
    base=Base(version="1.3.0", content_digest=DIGEST),
    description="More contacts",
    content_digest=DIGEST,
    plan_digest=DIGEST,
    changes=(
        {
            "action": "modify",
            "kind": "Integration",
            "name": "hubspot",
            "fields": [{"path": "/spec/title", "before": "a", "after": "b"}],
        },
        {"action": "add", "kind": "Workflow", "name": "sync"},
    ),
    messages=(MESSAGE,),
)
QA = Approval(role="qa", by="ben", signed=True, evidence="tag", name="approvals/staging/v1.4.0/qa")
LISTED = Listed(
    release=RELEASE,
    commit="d" * 40,
    tag=ListedTag(name="staging/v1.4.0", accepted=True, reason="It is signed.", by="ana"),
    live=True,
    acknowledgements=(ACKNOWLEDGED,),
    approvals={"qa": QA, "tests": None},
)
UNMERGED = Listed(release=RELEASE, commit=None, branch="release/staging/1.4.0")


def commit(author: str, subject: str = "Sync", email: str | None = None) -> CommitInfo:
    """Return a commit."""
    address = email or f"{author}@example.com"
    return CommitInfo(
        commit="e" * 40, author=author, email=address, date="2026-01-06T09:00:00Z", subject=subject
    )


LOG = Changelog(
    environment="staging",
    version=None,
    base="1.3.0",
    origin="development",
    since="a" * 40,
    until="b" * 40,
    commits=(commit("ana"), commit("ben"), commit("ben", "Other")),
)
FIGURES = Figures(
    environment="staging",
    from_store=True,
    releases={"regular": 3, "hotfix": 1},
    deployments=5,
    failed=1,
    lead=Times(count=7, median=timedelta(days=1, hours=2), p90=timedelta(minutes=5)),
    restore=Times(),
    unrestored=1,
)


def test_release_answers_fit_their_schema() -> None:
    """A full release, an unmerged one, one without a base, and errors beside them fit."""
    bare = replace(UNMERGED, release=replace(RELEASE, base=None, plan_digest=""))
    answer = releases.answer([LISTED, UNMERGED, bare], [NotFound("gone")])
    valid("releases", answer)
    assert answer["releases"][0]["approvals"][0]["by"] == "ben"
    assert len(answer["releases"][0]["approvals"]) == 1


def test_evidence_of_the_forge_is_told_with_its_link() -> None:
    """A review or check stands in JSON with link and time, and on the page with its link."""
    link, at = "https://forge.example/7", "2026-01-06T10:00:00Z"
    review = Approval(
        role="qa", by="quinn", signed=False, evidence="review", name="q", link=link, at=at
    )
    check = replace(review, role="tests", by="an-app", evidence="check", name="it")
    listed = replace(LISTED, approvals={"qa": review, "tests": check})
    answer = releases.answer([listed])
    valid("releases", answer)
    rows = answer["releases"][0]["approvals"]
    assert [(row["evidence"], row["link"], row["at"]) for row in rows] == [
        ("review", link, at),
        ("check", link, at),
    ]
    page = release_page.page(listed)
    assert f"qa: quinn (review {link})" in page
    assert f"tests: an-app (check it {link})" in page


def test_history_of_git_alone_fits_its_schema() -> None:
    """What became of a release that only git knows is null; its changes are counted."""
    answer = json.history([LISTED])
    valid("history", answer)
    (row,) = answer["deployments"]
    assert (row["phase"], row["live"], row["startedAt"]) == (None, None, None)
    assert row["summary"] == {"add": 1, "modify": 1, "remove": 0}


def test_history_of_git_alone_as_text() -> None:
    """A dash stands for what is not known."""
    assert text.history([LISTED]).splitlines()[1].split()[:6] == [
        *("-", "staging", "1.4.0", "dddddddddddd", "-", "-")
    ]


def test_table_marks_the_live_release() -> None:
    """Live is marked, what is not known is a dash."""
    refused = replace(LISTED, live=False, tag=ListedTag(name="t", accepted=False, reason="No."))
    _, live, other, unmerged = releases.table([LISTED, refused, UNMERGED]).splitlines()
    assert live.split()[:5] == ["Live", "staging", "1.4.0", "regular", "accepted"]
    assert other.split()[:4] == ["staging", "1.4.0", "regular", "refused"]
    assert unmerged.split()[:6] == ["-", "staging", "1.4.0", "regular", "-", "-"]
    assert releases.table([]) == releases.NOTHING


def test_page_tells_everything() -> None:
    """Tag, approvals, what is missing, and the acknowledgement below its message stand there."""
    page = release_page.page(LISTED)
    for part in (
        "staging/v1.4.0, accepted, signed by ana: It is signed.",
        "acknowledged by ana: Told",
        "qa: ben (tag approvals/staging/v1.4.0/qa)",
        "tests: missing",
        "/spec/title: a → b",
        "development at cccccccccccc",
    ):
        assert part in page
    assert "not merged yet; on the branch release/staging/1.4.0" in release_page.page(UNMERGED)
    assert "not acknowledged" in release_page.page(UNMERGED)


def test_authors_are_grouped_by_address() -> None:
    """One address is one author, under the newest name; whoever has most comes first."""
    many = [commit("ana"), commit("Ben B", email="ben@x"), commit("ben", email="BEN@x")]
    found = by_author(many)
    assert [(author.name, len(author.commits)) for author in found] == [("Ben B", 2), ("ana", 1)]


def test_changelog_fits_its_schema() -> None:
    """A changelog fits, also with a commit that has no date."""
    undated = replace(LOG, version="1.4.0", commits=(replace(LOG.commits[0], date=None),))
    valid("changelog", changelog.answer(LOG))
    valid("changelog", changelog.answer(undated))


def test_changelog_as_text() -> None:
    """The last line counts commits and authors, and says when there are more."""
    found = changelog.text(LOG)
    assert found.startswith("The next staging would bring from development since 1.3.0\n")
    assert found.endswith("\n3 commits by 2 authors.")
    assert changelog.text(replace(LOG, complete=False)).endswith(", and there are more.")
    assert changelog.text(replace(LOG, commits=())).endswith("No commits.")


def test_report_fits_its_schema() -> None:
    """Figures from the store and from git alone fit."""
    alone = Figures(environment="production", from_store=False, releases={"regular": 1})
    answer = report.answer(Report(figures=(FIGURES, alone), since="2026-01-01", debts=("One.",)))
    valid("report", answer)
    assert answer["reports"][1]["leadTime"] is None
    assert answer["debt"] == {"open": 1, "texts": ["One."]}


def test_report_as_text() -> None:
    """Shares are in percent, durations in their two largest units, debt is told."""
    found = report.text(Report(figures=(FIGURES,), debts=("1.4.1 is open.",)))
    for part in ("1 (25%)", "1 (20%)", "1d 2h median, 5m for 90% (7 commits)", "! 1.4.1 is open."):
        assert part in found
    assert "1 outage not restored" in found
    assert report.text(Report(figures=())).endswith(report.NO_ENVIRONMENT)
    assert report.NO_DEBT in report.markdown(Report(figures=(FIGURES,)))


@pytest.mark.parametrize(
    "shown",
    [
        release_page.page(replace(LISTED, release=replace(RELEASE, description=HOSTILE))),
        releases.table([replace(LISTED, release=replace(RELEASE, description=HOSTILE))]),
        changelog.text(replace(LOG, commits=(commit(HOSTILE, HOSTILE),))),
        changelog.markdown(replace(LOG, commits=(commit(HOSTILE, HOSTILE),))),
        report.text(Report(figures=(FIGURES,), debts=(HOSTILE,))),
        report.markdown(Report(figures=(FIGURES,), debts=(HOSTILE,))),
    ],
)
def test_foreign_text_is_harmless(shown: str) -> None:
    """Nothing that others wrote reaches a terminal or build server as it was written."""
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert " ::error" not in shown


@pytest.mark.parametrize("render", [changelog.markdown])
def test_markdown_has_no_mentions(render: Any) -> None:
    """In Markdown, foreign text makes no mention and no element."""
    shown = render(replace(LOG, commits=(commit(HOSTILE, HOSTILE),)))
    assert "@everyone" not in shown
    assert "<b>" not in shown
