"""The remote platform as an HTTP server on this machine, for as long as a test needs it.

Below `/environments/E` there are `resources` (a list in pages, a look-up by kind and name, and
each one by its id, with its version as ETag) and `secrets`. `/faults`, `/log`, `/hand` and
`/health` are for tests: no fault strikes them.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from reconciler.core.canonical import Json
from reconciler.testing import loopback
from reconciler.testing.loopback import PAGE, Dropped, Serving
from reconciler.testing.remote import routes
from reconciler.testing.remote.faults import Fault, Faults, Planned
from reconciler.testing.remote.routes import Reply, Request
from reconciler.testing.remote.state import RemoteState, utc_now


class RemoteServer:
    """A running server; it ends with its block, or when it is told to `stop`.

    `state` is what it remembers, `faults` what will go wrong. Stopped, it refuses connections;
    started again it is at the same address, and remembers everything.
    """

    def __init__(
        self,
        *,
        path: Path | None = None,
        port: int = 0,
        page: int = 100,
        now: Callable[[], str] = utc_now,
    ) -> None:
        """Take a file to remember in, a port (0: a free one), and how long a page of a list is."""
        self.state = RemoteState(path, now)
        self.faults = Faults()
        self.requests: list[dict[str, Json]] = []
        self.page = page
        self._port = port
        self._serving: Serving | None = None
        self._away: threading.Thread | None = None
        self._ended = threading.Event()
        self._closing = threading.Lock()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Listen, and answer from now on."""
        self._ended.clear()
        self._listen()

    def stop(self) -> None:
        """Answer no more: connections are refused, and those that hang are ended."""
        self._ended.set()
        if self._away is not None:
            self._away.join()
        self._close()

    def refuse(self, seconds: float) -> None:
        """Refuse connections for some time, and end those that there are."""

        def come_back() -> None:
            if not self._ended.wait(seconds):
                self._listen()

        self._close()
        self._away = threading.Thread(target=come_back, name="remote-away", daemon=True)
        self._away.start()

    def _listen(self) -> None:
        self._serving = Serving(_Http(self, self._port), "remote")
        self._port = self._serving.port

    def _close(self) -> None:
        with self._closing:
            serving, self._serving = self._serving, None
        if serving is not None:
            serving.end()


class _Http(loopback.Http):
    def __init__(self, remote: RemoteServer, port: int) -> None:
        """Take whose requests it answers."""
        self.remote = remote
        super().__init__(_Handler, port)


class _Handler(loopback.Handler):
    server: _Http

    def reply(self) -> None:
        """Answer a test, or a request about an environment."""
        request = self._request()
        if request.parts[:1] == ["environments"]:
            self._hindered(request)
        else:
            self._send(routes.control(self.server.remote, request))

    def _request(self) -> Request:
        body = self.read_body()
        where = urlsplit(self.path)
        return Request(
            method=self.command,
            parts=[unquote(part, errors="strict") for part in where.path.split("/") if part],
            query=dict(parse_qsl(where.query, keep_blank_values=True, errors="strict")),
            body=json.loads(body) if body else None,
            match=self.headers.get("If-Match"),
        )

    def _hindered(self, request: Request) -> None:
        """Answer a request, with everything that was told to go wrong with it."""
        remote = self.server.remote
        faults = remote.faults.take(request.kinds)
        told: dict[str, Json] = {
            "method": request.method,
            "path": self.path,
            "faults": sorted(map(str, faults)),
        }
        remote.requests.append(told)
        self._before(faults)
        with remote.state.lock:
            reply = routes.answer(remote, request, faults)
        told["status"] = reply.status
        self._after(faults, reply)

    def _before(self, faults: Mapping[Fault, Planned]) -> None:
        """Do what goes wrong before there is an effect."""
        if Fault.LATENCY in faults:
            self._wait(faults[Fault.LATENCY])
        if Fault.HANG in faults:
            self._wait(faults[Fault.HANG])
            raise Dropped
        if Fault.REFUSE in faults:
            self.server.remote.refuse(faults[Fault.REFUSE].seconds)
        if {Fault.REFUSE, Fault.LOST_REQUEST} & faults.keys():
            raise Dropped

    def _after(self, faults: Mapping[Fault, Planned], reply: Reply) -> None:
        """Do what goes wrong when the effect has happened."""
        if Fault.LOST_REPLY in faults:
            raise Dropped
        if Fault.SLOW_REPLY in faults:
            self._wait(faults[Fault.SLOW_REPLY])
        self._send(reply, cut=Fault.CUT_REPLY in faults)

    def _wait(self, planned: Planned) -> None:
        if self.server.stopping.wait(planned.seconds):
            raise Dropped

    def _send(self, reply: Reply, *, cut: bool = False) -> None:
        garbage = reply.body is routes.GARBAGE
        data = PAGE if garbage else json.dumps(reply.body).encode()
        kind = "text/html" if garbage else "application/json"
        self.deliver(reply.status, kind, data, reply.headers, cut=cut)
