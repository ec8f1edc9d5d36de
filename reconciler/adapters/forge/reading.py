"""What the API answers, as values of ours; an answer without what it promises is an error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.adapters.forge.answers import garbage
from reconciler.core.forge.model import (
    CheckRun,
    Comment,
    PullRequest,
    Review,
    State,
    Status,
    Verdict,
)

# Whose account was deleted is shown as this by the forge.
_GONE = "ghost"
_VERDICTS: Mapping[str, Verdict] = {
    "APPROVED": Verdict.APPROVED,
    "CHANGES_REQUESTED": Verdict.CHANGES_REQUESTED,
    "COMMENTED": Verdict.COMMENTED,
    "DISMISSED": Verdict.DISMISSED,
}


def text(found: Any, *path: str) -> str:
    """Return a text at a path of names.

    Raises:
        Garbled: there is none.
    """
    value = _at(found, path)
    if not isinstance(value, str):
        raise garbage()
    return value


def number(found: Any, *path: str) -> int:
    """Return a number at a path of names.

    Raises:
        Garbled: there is none.
    """
    value = _at(found, path)
    if not isinstance(value, int):
        raise garbage()
    return value


def optional(found: Any, *path: str) -> str | None:
    """Return a text at a path of names, None where there is none."""
    value = _at(found, path)
    return value if isinstance(value, str) else None


def pull_request(found: Any) -> PullRequest:
    """Return a pull request, from a list or by itself."""
    return PullRequest(
        number=number(found, "number"),
        url=text(found, "html_url"),
        title=text(found, "title"),
        author=_login(found),
        head=text(found, "head", "ref"),
        head_commit=text(found, "head", "sha"),
        head_repository=optional(found, "head", "repo", "full_name"),
        base=text(found, "base", "ref"),
        is_open=text(found, "state") == "open",
        is_merged=optional(found, "merged_at") is not None,
    )


def comment(found: Any) -> Comment:
    """Return a comment."""
    return Comment(
        number(found, "id"), _login(found), optional(found, "body") or "", text(found, "html_url")
    )


def review(found: Any) -> Review | None:
    """Return a review; None of one that is still being written."""
    verdict = _VERDICTS.get(text(found, "state").upper())
    at = optional(found, "submitted_at")
    if verdict is None or at is None:
        return None
    return Review(
        id=number(found, "id"),
        author=_login(found),
        verdict=verdict,
        commit=optional(found, "commit_id"),
        at=at,
        url=text(found, "html_url"),
    )


def checks(found: Iterable[Any]) -> Sequence[CheckRun]:
    """Return the newest check of each name and app, of those that ended.

    One that runs again says nothing until it ends, whatever the one before it said.
    """
    newest: dict[tuple[str, str], Any] = {}
    for each in sorted(found, key=lambda each: number(each, "id")):
        newest[text(each, "name"), optional(each, "app", "slug") or ""] = each
    return tuple(
        CheckRun(
            id=number(each, "id"),
            name=name,
            app=app,
            commit=text(each, "head_sha"),
            passed=optional(each, "conclusion") == "success",
            at=text(each, "completed_at"),
            url=optional(each, "html_url") or "",
        )
        for (name, app), each in newest.items()
        if optional(each, "status") == "completed"
    )


def status(found: Any) -> Status:
    """Return the status of one context."""
    try:
        state = State(text(found, "state"))
    except ValueError as error:
        raise garbage() from error
    description = optional(found, "description") or ""
    return Status(text(found, "context"), state, description, optional(found, "target_url"))


def _login(found: Any) -> str:
    return optional(found, "user", "login") or _GONE


def _at(found: Any, path: Sequence[str]) -> Any:
    for name in path:
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found
