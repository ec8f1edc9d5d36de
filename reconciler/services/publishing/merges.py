"""Which head a commit stands for: itself, or the merge that a forge made of it."""

from __future__ import annotations

from reconciler.ports import GitRepository


def brings_exactly(git: GitRepository, tip: str, head: str, commit: str) -> bool:
    """Say whether a commit is a head, or the merge of this head, and of no other, into a tip.

    Neither a head nor a merge is here where the history is cut off: then it cannot be said.
    """
    if commit == head:
        return True
    if not (git.is_ancestor(tip, commit) and git.is_ancestor(head, commit)):
        return False
    return git.ahead(commit, tip) == git.ahead(head, tip) + 1
