"""The remote platform as an HTTP server on this machine, for as long as a test needs it.

Below `/environments/E` there are `resources` (a list in pages, a look-up by kind and name, and
each one by its id, with its version as ETag) and `secrets`. `/faults`, `/log`, `/hand` and
`/health` are for tests: no fault strikes them.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from reconciler.core.canonical import Json
from reconciler.testing.remote import routes
from reconciler.testing.remote.faults import Fault, Faults, Planned
from reconciler.testing.remote.routes import Reply, Request
from reconciler.testing.remote.state import RemoteState, utc_now

_POLL = 0.01
_GARBAGE = b"<html><body><h1>Welcome</h1> Please log in to the proxy.</body></html>"


class _Dropped(Exception):
    """The connection ends here."""


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
        self._serving: tuple[_Http, threading.Thread] | None = None
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
        http = _Http(self, self._port)
        self._port = http.server_address[1]
        serving = threading.Thread(
            target=http.serve_forever, args=(_POLL,), name="remote", daemon=True
        )
        self._serving = (http, serving)
        serving.start()

    def _close(self) -> None:
        with self._closing:
            if self._serving is None:
                return
            http, serving = self._serving
            self._serving = None
        http.stopping.set()
        http.shutdown()
        http.server_close()
        http.drop_all()
        serving.join()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, remote: RemoteServer, port: int) -> None:
        """Listen on this machine only."""
        self.remote = remote
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that stopping ends it."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget it again."""
        self._open.discard(request)
        super().shutdown_request(request)

    def drop_all(self) -> None:
        """End every connection."""
        for each in list(self._open):
            _drop(each)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that went away is no news here."""


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one segment for head and body

    def do_GET(self) -> None:
        """Answer."""
        self._answer()

    def do_POST(self) -> None:
        """Answer."""
        self._answer()

    def do_PUT(self) -> None:
        """Answer."""
        self._answer()

    def do_DELETE(self) -> None:
        """Answer."""
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing to stderr: the log is kept in memory."""

    def _answer(self) -> None:
        try:
            request = self._request()
            if request.parts[:1] == ["environments"]:
                self._hindered(request)
            else:
                self._send(routes.control(self.server.remote, request))
        except _Dropped:
            self.close_connection = True
            _drop(self.connection)

    def _request(self) -> Request:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        if len(body) < length:  # the sender is gone: half a request asks for nothing
            raise _Dropped
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
            raise _Dropped
        if Fault.REFUSE in faults:
            self.server.remote.refuse(faults[Fault.REFUSE].seconds)
        if {Fault.REFUSE, Fault.LOST_REQUEST} & faults.keys():
            raise _Dropped

    def _after(self, faults: Mapping[Fault, Planned], reply: Reply) -> None:
        """Do what goes wrong when the effect has happened."""
        if Fault.LOST_REPLY in faults:
            raise _Dropped
        if Fault.SLOW_REPLY in faults:
            self._wait(faults[Fault.SLOW_REPLY])
        self._send(reply, cut=Fault.CUT_REPLY in faults)

    def _wait(self, planned: Planned) -> None:
        if self.server.stopping.wait(planned.seconds):
            raise _Dropped

    def _send(self, reply: Reply, *, cut: bool = False) -> None:
        garbage = reply.body is routes.GARBAGE
        data = _GARBAGE if garbage else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", "text/html" if garbage else "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if cut else data)
        self.wfile.flush()
        if cut:
            raise _Dropped


def _drop(connection: socket.socket) -> None:
    """End a connection at once, whatever is still on its way."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is gone already
