"""The comment for each kind of pull request, as files that a person has looked at."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reconciler.core.render import comment
from reconciler.core.render.comment import Report
from tests.unit.render import build_reports, golden


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("development", build_reports.development),
        ("release", build_reports.proposed),
        ("release-live", build_reports.live),
        ("hotfix", build_reports.hotfix),
        ("invalid", build_reports.invalid),
        ("nothing", lambda: build_reports.report(plans=[])),
        ("huge", build_reports.huge),
    ],
)
def test_a_comment_as_reviewers_read_it(name: str, make: Callable[[], Report]) -> None:
    """The comment for each kind of pull request reads well from top to bottom."""
    golden.check(f"comment-{name}.md", comment.body(make()) + "\n")
