"""Where a release's own branch stands: here, or at the remote where that has gone further.

It must not know what the branch holds.
"""

from __future__ import annotations

from reconciler.core.errors import RepositoryError
from reconciler.ports import GitWriter
from reconciler.services.releases.reading.grounds import Grounds


def head(grounds: Grounds, writer: GitWriter, branch: str) -> str | None:
    """Return a branch's commit, None where there is no such branch.

    What somebody else pushed counts when the remote was asked and nothing here is lost by it.
    """
    here, there = writer.branch_commit(branch), _remote(grounds, branch)
    if here is None or there is None:
        return here or there
    return there if grounds.workspace.git.is_ancestor(here, there) else here


def _remote(grounds: Grounds, branch: str) -> str | None:
    if not grounds.chosen.fetched:
        return None
    try:
        return grounds.workspace.git.fetch(branch)
    except RepositoryError:
        return None
