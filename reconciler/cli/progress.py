"""A bar on stderr for what takes long, and nothing where stderr is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.services.user_files import Progress


def _silent(_doing: str, _done: int, _total: int | None) -> None:
    """Show nothing."""


@contextmanager
def bars(*, colour: bool) -> Iterator[Progress]:
    """Show one bar after another, each gone when all is done."""
    if not sys.stderr.isatty():
        yield _silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True, no_color=not colour)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
    )
    with Bars(*columns, TimeRemainingColumn(), console=console, transient=True) as shown:
        tasks: dict[str, TaskID] = {}

        def progress(doing: str, done: int, total: int | None) -> None:
            if doing not in tasks:
                tasks[doing] = shown.add_task(doing, total=total)
            shown.update(tasks[doing], completed=done)

        yield progress
