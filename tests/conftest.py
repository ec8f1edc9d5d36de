"""What holds for every test: a clean environment, no network, and nothing remembered."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from reconciler import telemetry
from tests.shared_data import pytest_terminal_summary  # noqa: F401 pytest finds the hook by its name here

# The same examples on every machine, and no limit that a busy one could break.
hypothesis.settings.register_profile("project", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("project")

# What a developer or a build server may have set, and would change what the program does.
_OURS = ("RECONCILER_", "GITHUB_", "GIT_", "CI", "GITLAB_", "NO_COLOR", "FORCE_COLOR", "COLUMNS")

_GIT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Ana Example",
    "GIT_AUTHOR_EMAIL": "ana@example.com",
    "GIT_COMMITTER_NAME": "Ana Example",
    "GIT_COMMITTER_EMAIL": "ana@example.com",
}

_LOCAL = ("127.", "::1", "localhost")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start each test with neither our variables nor anyone's git configuration."""
    for name in os.environ:
        if name.startswith(_OURS):
            monkeypatch.delenv(name)
    for name, value in _GIT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test connect to this machine only."""
    connect = socket.socket.connect

    def local_only(self: socket.socket, address: Any) -> None:
        """Refuse other machines."""
        host = address[0] if isinstance(address, tuple) else ""
        if self.family in (socket.AF_INET, socket.AF_INET6) and not host.startswith(_LOCAL):
            raise AssertionError(f"a test connects to {host}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", local_only)


@pytest.fixture(autouse=True)
def fresh_telemetry() -> Iterator[None]:
    """Forget log options and secrets after each test."""
    yield
    telemetry.forget()


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Return the top folder of this project."""
    return Path(__file__).resolve().parent.parent
