"""Plans as Markdown for job summaries and for forges that have no adapter: as in the comment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.core.plan import Plan
from reconciler.core.render import comment
from reconciler.core.render.comment import LIMIT, Report


def plans(
    many: Sequence[Plan],
    *,
    limit: int = LIMIT,
    link: str | None = None,
    commands: Mapping[str, str] | None = None,
) -> str:
    """Return Markdown of at most about `limit` characters.

    `link` is where the whole is to be seen. `commands` gives the next command of an environment;
    without one it is the `reconcile` that applies what was merged.
    """
    report = Report(plans=many, live=True, merged=True, link=link, commands=commands or {})
    return comment.body(report, limit)
