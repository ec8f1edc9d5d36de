"""The page of a build server's job: a file that Markdown is appended to."""

from __future__ import annotations

from pathlib import Path

from reconciler import telemetry
from reconciler.core.errors import ForgeError


class FileSummary:
    """Appends to the file that the build server names; without one there is nothing to write."""

    def __init__(self, path: Path | None) -> None:
        """Take the file."""
        self._path = path

    def append(self, text: str) -> None:
        """Append a block of Markdown.

        Raises:
            ForgeError: the file cannot be written.
        """
        if self._path is None:
            return
        try:
            with self._path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(f"{telemetry.redactor().text(text)}\n\n")
        except OSError as error:
            raise ForgeError(f"{self._path} cannot be written: {error.strerror}.") from error
