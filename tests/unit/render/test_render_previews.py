"""A Release Preview as Markdown: made of the same pieces as the comment."""

from __future__ import annotations

from reconciler.core.render import cutting, previews
from tests.unit.render import build_reports


def test_a_preview_reads_like_the_comment() -> None:
    """Name, origin, messages, changes, commits and gates are there, in this order."""
    text = previews.as_markdown(build_reports.live().releases[0].preview)
    order = [
        "## Release Preview production/1.4.0 (regular)\n\n> Contacts are fresh",
        "**Plan: 1 to add, 2 to modify, 1 to remove.** From staging/1.4.0 at `9d3b5f10aa2c`",
        "> [!WARNING]",
        "**Changes**",
        "### Configuration still to be given\n\n- Secret `WAREHOUSE_TOKEN`: a value",
        "### Commits since the last release\n\n3 commits by 2 authors.",
        "### Gates\n\n| gate | state |",
        "Plan digest `sha256:",
    ]
    assert [text.index(each) for each in order] == sorted(text.index(each) for each in order)


def test_a_huge_preview_is_cut() -> None:
    """A preview keeps to the limit of a comment."""
    plan = build_reports.huge().plans[0]
    made = build_reports.page(plan=plan, commits=build_reports.commits() * 900)
    text = previews.as_markdown(made.preview)
    assert 50_000 < cutting.size(text) <= 65_000
    assert "more\n" in text
