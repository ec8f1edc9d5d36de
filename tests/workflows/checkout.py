"""`actions/checkout` as the action does it, from a bare remote in a folder.

What matters of it here: a pull request is checked out as a detached merge commit, one commit deep
unless asked, without `refs/remotes/origin/HEAD`; and in a run for a tag the ref of an annotated tag
is replaced by one that points to its commit, so that the tag object is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.repositories import Repository
from tests.workflows.expressions import UnknownForm

_OPTIONS = {"ref", "fetch-depth", "fetch-tags", "persist-credentials"}
_ALL = ("+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")


def checkout(
    folder: Path, remote: Path, event_ref: str, event_commit: str, options: Mapping[str, Any]
) -> Repository:
    """Fill an empty folder; with `options` as the step's `with:`, filled in."""
    if unknown := set(options) - _OPTIONS:
        raise UnknownForm(f"options of checkout not known to this runner: {sorted(unknown)}")
    assert options.get("persist-credentials") is False, "the token must not stay in the clone"
    clone = Repository(folder, branch="main")
    clone.git("remote", "add", "origin", str(remote))
    ref, commit = _wanted(options.get("ref"), event_ref, event_commit)
    if int(options.get("fetch-depth", 1)) == 0:
        pull = [f"+{commit}:{_tracked(ref)}"] if ref.startswith("refs/pull/") else []
        _fetch(clone, *_ALL, *pull)
        if not _fits(clone, ref, commit):
            _fetch(clone, _single(ref, commit))
    else:
        depth = f"--depth={options.get('fetch-depth', 1)}"
        tags = _ALL[1:] if options.get("fetch-tags") else ()
        _fetch(clone, depth, _single(ref, commit), *tags)
    _check_out(clone, ref, commit)
    return clone


def _wanted(asked: str | None, ref: str, commit: str) -> tuple[str, str]:
    """Return which ref (may be empty) and commit (may be empty) are meant."""
    if not asked:
        return ref, commit
    if re.fullmatch(r"[0-9a-f]{40}", asked):
        return "", asked
    return (asked if asked.startswith("refs/") else f"refs/heads/{asked}"), ""


def _tracked(ref: str) -> str:
    """Return where a ref is kept in the clone."""
    if ref.startswith("refs/heads/"):
        return f"refs/remotes/origin/{ref.removeprefix('refs/heads/')}"
    if ref.startswith("refs/pull/"):
        return f"refs/remotes/pull/{ref.removeprefix('refs/pull/')}"
    return ref


def _single(ref: str, commit: str) -> str:
    return f"+{commit or ref}:{_tracked(ref)}" if ref else commit


def _fits(clone: Repository, ref: str, commit: str) -> bool:
    """Say whether a ref stands where the event saw it; an annotated tag never does."""
    if not ref or not commit:
        return True
    return clone.git("for-each-ref", "--format=%(objectname)", _tracked(ref)) == commit


def _fetch(clone: Repository, *asked: str) -> None:
    options = ("--quiet", "--prune", "--no-recurse-submodules", "--no-tags", "--force")
    # A runner may fetch any commit of the forge by its id.
    clone.git("fetch", *options, "origin", *asked)


def _check_out(clone: Repository, ref: str, commit: str) -> None:
    if ref.startswith("refs/heads/"):
        branch = ref.removeprefix("refs/heads/")
        clone.git("checkout", "--quiet", "--force", "-B", branch, _tracked(ref))
    else:
        clone.git("checkout", "--quiet", "--force", "--detach", _tracked(ref) if ref else commit)
