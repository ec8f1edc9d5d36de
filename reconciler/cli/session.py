"""What one run of the program holds: options, settings and, once asked for, the services."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from reconciler import settings as settings_module
from reconciler import telemetry
from reconciler.cli import process
from reconciler.core import printable
from reconciler.core.errors import ReconcilerError, UsageError
from reconciler.core.render import json as render_json
from reconciler.core.render.style import Style

if TYPE_CHECKING:
    from reconciler.bootstrap.services import Services


Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalOptions:
    """The options before the command."""

    repo: str | None
    store: str | None
    no_color: bool
    log_format: str
    verbose: int
    offline: bool


class Session:
    """Settings, services and output of one command."""

    def __init__(self, options: GlobalOptions) -> None:
        """Take the global options; nothing is opened yet."""
        self.options = options
        # What breaks before the settings are known is logged too.
        log_format = "json" if options.log_format == "json" else "text"
        telemetry.configure(log_format=log_format, verbosity=options.verbose)

    @cached_property
    def settings(self) -> settings_module.Settings:
        """The settings of this run, with logging configured."""
        telemetry.redact(settings_module.secret_values(os.environ))
        telemetry.redact(settings_module.url_passwords(self.options.repo, self.options.store))
        found = settings_module.load(
            settings_module.Options(
                repo=self.options.repo,
                store=self.options.store,
                log_format=self.options.log_format,
                verbosity=self.options.verbose,
                no_color=self.options.no_color,
            ),
            os.environ,
            cwd=_current_folder(),
            is_terminal=sys.stdout.isatty(),
        )
        telemetry.configure(
            log_format=found.log_format, verbosity=found.verbosity, colour=found.colour
        )
        return found

    @cached_property
    def services(self) -> Services:
        """The wired services."""
        from reconciler.bootstrap.services import open_services

        return open_services(self.settings, offline=self.options.offline)

    def renew(self) -> None:
        """Open everything anew before the next run of the agent."""
        services = self.__dict__.pop("services", None)
        if services is not None:
            services.close()

    @property
    def style(self) -> Style:
        """How text is shown on this terminal."""
        width = os.get_terminal_size().columns if sys.stdout.isatty() else 100
        return Style(colour=self.settings.colour, width=max(60, width))

    def masked(self, value: Value) -> Value:
        """Return what is to be shown without its secrets; always before it is laid out."""
        found: Value = telemetry.redactor().record(value)
        return found

    def show(self, text: str) -> None:
        """Write an answer to stdout; nothing in it is obeyed by a terminal or a build server."""
        masked = telemetry.redactor().text(text)
        colour = self.settings.colour
        _write(printable.coloured(masked) if colour else printable.plain(masked), colour=colour)

    def show_commands(self, text: str) -> None:
        """Write our own commands to a build server, whose data is escaped, to stdout."""
        _write(printable.visible(telemetry.redactor().text(text)))

    def command(self, text: str) -> None:
        """Write our own commands to a build server beside the answer, on stderr."""
        typer.echo(printable.visible(telemetry.redactor().text(text)), err=True)

    def show_file(self, text: str) -> None:
        """Write a file whose lines end with CR and LF to stdout; else as `show` does."""
        lines = telemetry.redactor().text(text).removesuffix("\r\n").split("\r\n")
        _write("".join(f"{printable.plain(line)}\r\n" for line in lines).removesuffix("\n"))

    def show_json(self, answer: Mapping[str, Any]) -> None:
        """Write an answer for machines to stdout."""
        _write(render_json.dumps(telemetry.redactor().value(answer)))

    def note(self, text: str) -> None:
        """Say something beside the answer, on stderr."""
        typer.echo(printable.plain(telemetry.redactor().text(text)), err=True)


def _write(text: str, *, colour: bool | None = None) -> None:
    """Write to stdout; a reader that has gone does not decide what becomes of a deployment."""
    try:
        typer.echo(text, color=colour)
    except BrokenPipeError:
        process.give_up_stdout()
    except OSError as error:
        process.give_up_stdout()
        raise ReconcilerError(
            f"The answer cannot be written: {error.strerror or error}."
        ) from error


def _current_folder() -> Path:
    """Return the current folder, which somebody may have removed."""
    try:
        return Path.cwd()
    except OSError as error:
        raise UsageError(
            f"The current folder cannot be read: {error.strerror}.", hint="Change into another one."
        ) from error
