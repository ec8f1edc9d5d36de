"""Platforms without transactions behind the handle of the others: in memory, and behind HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from reconciler.core.canonical import Json
from reconciler.core.model import ResourceKey
from reconciler.testing import FakeClock, MemoryStore, StepwisePlatform
from reconciler.testing.remote import RemoteControl, RemotePlatform, RemoteServer
from reconciler.testing.remote.client import Client
from tests.contract.worlds import MemoryWorld, World, open_world

WITHOUT_TRANSACTIONS = ("stepwise", "remote")
_PAGE = 3  # a list of four resources has two pages


class StepwiseWorld(MemoryWorld):
    """Everything in memory; the platform is written one resource after another."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__()
        self._stepwise: dict[str, StepwisePlatform] = {}

    def platform(self, environment: str) -> StepwisePlatform:
        """Return the platform of an environment."""
        return self._stepwise.setdefault(environment, StepwisePlatform())


class RemoteWorld:
    """A store in memory, and a platform behind HTTP: `server` is its other end, if it is here."""

    def __init__(self, url: str, server: RemoteServer | None = None) -> None:
        """Take the address of a running server."""
        self._url = url
        self._server = server
        self.store = MemoryStore()
        self.control = RemoteControl(url)

    @property
    def server(self) -> RemoteServer:
        """The server, in this process."""
        assert self._server is not None
        return self._server

    def platform(
        self, environment: str, *, timeout: float = 5.0, attempts: int = 4
    ) -> RemotePlatform:
        """Return the platform of an environment."""
        client = Client(self._url, timeout=timeout, attempts=attempts)
        return RemotePlatform(client, environment)

    def edit(self, environment: str, content: Mapping[str, Json]) -> None:
        """Change or add a resource from outside."""
        self.control.edit(environment, content)

    def delete(self, environment: str, key: ResourceKey) -> None:
        """Take a resource away from outside."""
        self.control.delete(environment, key)


@contextmanager
def remote_world(page: int = _PAGE) -> Iterator[RemoteWorld]:
    """Yield an empty remote world."""
    with RemoteServer(page=page, now=FakeClock().now) as server:
        yield RemoteWorld(server.url, server)


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[World | RemoteWorld]:
    """Yield an empty world of a kind, with or without transactions."""
    if kind == "remote":
        with remote_world() as world:
            yield world
    elif kind == "stepwise":
        yield StepwiseWorld()
    else:
        with open_world(kind, folder) as world:
            yield world
