"""What a forge tells and is told, as values; pure.

Texts from a forge are foreign: whoever opens a pull request chooses its title, branch and name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """A pull request: from `head` (a branch of `head_repository`) into `base`.

    `head_commit` is the newest commit of the branch. `head_repository` is `owner/name`, None when
    the fork is gone.
    """

    number: int
    url: str
    title: str
    author: str
    head: str
    head_commit: str
    head_repository: str | None
    base: str
    is_open: bool = True
    is_merged: bool = False


class Comment(NamedTuple):
    """A comment of a pull request, with the login of who wrote it."""

    id: int
    author: str
    body: str
    url: str


class Verdict(StrEnum):
    """What a review says; only the first gives an approval."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes-requested"
    COMMENTED = "commented"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What somebody said of a commit of a pull request; `at` is RFC 3339, as all moments."""

    id: int
    author: str
    verdict: Verdict
    commit: str | None
    at: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRun:
    """A check of a commit: its name, the slug of the app that ran it, and how it ended."""

    id: int
    name: str
    app: str
    commit: str
    passed: bool
    at: str
    url: str


class State(StrEnum):
    """What a commit's status says."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"


class Status(NamedTuple):
    """One line at a commit; `context` tells it from others."""

    context: str
    state: State
    description: str
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """A deployment that ended, as it is told to a forge.

    `deployment` is our id of it, by which it is found again. `tag` and `notes` are those of the
    release, None in an editable environment.
    """

    deployment: str
    environment: str
    commit: str
    succeeded: bool
    description: str
    tag: str | None = None
    title: str | None = None
    notes: str | None = None


class Rule(StrEnum):
    """What protects a repository; `doctor` asks for each."""

    BRANCH_PULL_REQUEST = "branch-pull-request"
    BRANCH_NO_FORCE = "branch-no-force"
    BRANCH_CHECKS = "branch-checks"
    TAGS_NO_UPDATE = "tags-no-update"
    TAGS_NO_DELETION = "tags-no-deletion"
    ENVIRONMENT_BRANCH = "environment-branch"


class Protection(NamedTuple):
    """Whether a rule holds: None where it cannot be read; `detail` says what was found."""

    rule: Rule
    subject: str
    holds: bool | None
    detail: str
