"""An HTTP server on this machine that can be stopped at once, for the fakes behind HTTP."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_POLL = 0.01
# What something in between answers instead of the server that was meant.
PAGE = b"<html><body><h1>Welcome</h1> Please log in to the proxy.</body></html>"


class Dropped(Exception):
    """The connection ends here."""


class Http(ThreadingHTTPServer):
    """Listens on this machine only; `stopping` is set when it ends."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, handler: type[Handler], port: int) -> None:
        """Listen on a port (0: a free one)."""
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), handler)

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


class Serving:
    """A server that answers in a thread of its own until it is ended."""

    def __init__(self, http: Http, name: str) -> None:
        """Start."""
        self._http = http
        self._thread = threading.Thread(
            target=http.serve_forever, args=(_POLL,), name=name, daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._http.server_address[1])

    def end(self) -> None:
        """Answer no more, and end the connections that hang."""
        self._http.stopping.set()
        self._http.shutdown()
        self._http.server_close()
        self._http.drop_all()
        self._thread.join()


class Handler(BaseHTTPRequestHandler):
    """Answers every method by `reply`, which may raise `Dropped`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one segment for head and body

    def reply(self) -> None:
        """Answer one request."""
        raise NotImplementedError

    def do_GET(self) -> None:
        """Answer."""
        self._answer()

    def do_POST(self) -> None:
        """Answer."""
        self._answer()

    def do_PUT(self) -> None:
        """Answer."""
        self._answer()

    def do_PATCH(self) -> None:
        """Answer."""
        self._answer()

    def do_DELETE(self) -> None:
        """Answer."""
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing to stderr: the log is kept in memory."""

    def read_body(self) -> bytes:
        """Return the body of the request.

        Raises:
            Dropped: the sender is gone: half a request asks for nothing.
        """
        length = int(self.headers.get("Content-Length") or 0)
        data = self.rfile.read(length) if length else b""
        if len(data) < length:
            raise Dropped
        return data

    def deliver(
        self, status: int, kind: str, data: bytes, headers: Mapping[str, str], *, cut: bool
    ) -> None:
        """Send an answer, or (`cut`) one half of it.

        Raises:
            Dropped: it was cut.
        """
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if cut else data)
        self.wfile.flush()
        if cut:
            raise Dropped

    def _answer(self) -> None:
        try:
            self.reply()
        except Dropped:
            self.close_connection = True
            _drop(self.connection)


def _drop(connection: socket.socket) -> None:
    """End a connection at once, whatever is still on its way."""
    with contextlib.suppress(OSError):  # it is gone already
        connection.shutdown(socket.SHUT_RDWR)
