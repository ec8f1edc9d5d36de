"""Options that several commands share, worded once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli import completing
from reconciler.core import policy

Environments = Annotated[
    list[str] | None,
    typer.Option(
        "--environment",
        "-e",
        metavar="E",
        help="An environment; repeatable. Default: all.",
        autocompletion=completing.environments,
    ),
]
Environment = Annotated[
    str,
    typer.Option(
        "--environment",
        "-e",
        metavar="E",
        help="The environment.",
        autocompletion=completing.environments,
    ),
]
OnlyEnvironment = Annotated[
    str | None,
    typer.Option(
        "--environment",
        "-e",
        metavar="E",
        help="Only this environment. Default: all.",
        autocompletion=completing.environments,
    ),
]
Ref = Annotated[
    str | None,
    typer.Option(metavar="REF", help="Read this commit, branch or tag instead."),
]
Worktree = Annotated[
    bool, typer.Option("--worktree", help="Read the files as they are, committed or not.")
]
AllowEmpty = Annotated[
    bool, typer.Option("--allow-empty", help="An empty folder means that all shall be removed.")
]
Detailed = Annotated[
    bool, typer.Option("--detailed-exitcode", help="Exit with 2 when there are differences.")
]
Out = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the plan to a file for `apply --plan`.")
]


class TextFormat(StrEnum):
    """For people, or for machines."""

    TEXT = "text"
    JSON = "json"


class PlanFormat(StrEnum):
    """How plans and findings can be shown."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    GITHUB = "github"
    SARIF = "sarif"


def seconds(text: str | float) -> float:
    """Read a duration such as `10m`; `0` is none."""
    found = policy.duration(str(text))
    if found is None and str(text) not in ("0", "0.0"):
        raise typer.BadParameter(f"{text!r} is no duration; write 30s, 10m or 2h")
    return 0 if found is None else found.total_seconds()


FORMAT_HELP = "How to show the answer."
TextFormats = Annotated[TextFormat, typer.Option("--format", help=FORMAT_HELP)]
PlanFormats = Annotated[PlanFormat, typer.Option("--format", help=FORMAT_HELP)]
AllowRemovals = Annotated[
    bool,
    typer.Option("--allow-removals", help="Apply although the removal budget is exceeded."),
]
LockTimeout = Annotated[
    float,
    typer.Option(
        parser=seconds,
        metavar="10m",
        help="Wait so long for another deployment of the environment.",
    ),
]
AutoApprove = Annotated[bool, typer.Option("--auto-approve", help="Go on without asking.")]
