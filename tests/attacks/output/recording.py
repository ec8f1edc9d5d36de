"""A proxy before the forge that keeps every request as it came: line, headers and body."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import urlsplit

_HOP = ("host", "connection", "content-length", "transfer-encoding")


class Sent(NamedTuple):
    """One request."""

    line: str
    headers: dict[str, str]
    body: bytes


class Recorder(ThreadingHTTPServer):
    """Passes requests on, and keeps them."""

    def __init__(self, to: str) -> None:
        """Take the address of the server."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.to = urlsplit(to)
        self.sent: list[Sent] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}{self.to.path}"


class _Handler(BaseHTTPRequestHandler):
    server: Recorder

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.sent.append(Sent(self.requestline, dict(self.headers.items()), body))
        kept = {k: v for k, v in self.headers.items() if k.lower() not in _HOP}
        where = self.server.to
        connection = HTTPConnection(where.hostname or "", where.port, timeout=20)
        connection.request(self.command, self.path, body or None, kept)
        answer = connection.getresponse()
        data = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        connection.close()

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = _pass_on  # noqa: N815 - the library's names

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def recording(to: str) -> Iterator[Recorder]:
    """Yield a running proxy before a server."""
    proxy = Recorder(to)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
