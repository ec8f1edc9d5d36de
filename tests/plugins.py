"""Packages that bring platforms, as if they were installed, and the remote platform as a process.

folder = install(tmp_path, {"remote-test": REMOTE})
shop.run("plan", PYTHONPATH=search_path(folder))
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from reconciler.testing.remote import RemoteControl
from tests import project

REMOTE = "reconciler.testing.remote:factory"


def install(folder: Path, platforms: Mapping[str, str], *, package: str = "extra") -> Path:
    """Write the metadata of an installed package that brings these platforms."""
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir(parents=True)
    metadata = f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n"
    info.joinpath("METADATA").write_text(metadata, encoding="utf-8")
    lines = [f"{name} = {value}\n" for name, value in platforms.items()]
    entries = "".join(["[reconciler.platforms]\n", *lines])
    info.joinpath("entry_points.txt").write_text(entries, encoding="utf-8")
    return folder


def search_path(folder: Path) -> str:
    """Return the PYTHONPATH with which the command finds what is installed in a folder."""
    return os.pathsep.join([str(project.ROOT), str(folder)])


class RemoteProcess:
    """The remote platform in a process of its own, which can be killed and started again."""

    def __init__(self, folder: Path, *, page: int = 100) -> None:
        """Start it; the folder keeps what it remembers."""
        self._state = folder / "remote.json"
        self._page = page
        self.url = ""
        self._process = self._started(0)

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""
        self.kill()

    @property
    def control(self) -> RemoteControl:
        """The hand on it."""
        return RemoteControl(self.url)

    @property
    def platform(self) -> str:
        """What `environment.yaml` says of it, as YAML on one line."""
        return f"{{type: remote-test, url: '{self.url}'}}"

    def kill(self) -> None:
        """End it at once, as a crash does."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def restart(self) -> None:
        """Start it again where it was, with what it remembered."""
        self.kill()
        self._process = self._started(int(self.url.rpartition(":")[2]))

    def _started(self, port: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-P", "-m", "reconciler.testing.remote", "--port", str(port)]
        command += ["--state", str(self._state), "--page", str(self._page)]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(project.ROOT), "PATH": os.defpath},
        )
        assert process.stdout is not None
        self.url = process.stdout.readline().strip()
        assert self.url, "the remote platform did not start"
        return process
