"""The forge as an HTTP server on this machine, for as long as a test needs it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from reconciler.testing.github import control
from reconciler.testing.github.answers import DOCUMENTATION, Refused, Reply, Request
from reconciler.testing.github.faults import Fault, Faults, Planned
from reconciler.testing.github.routes import Routes
from reconciler.testing.github.state import GitHubState

BOT = "github-actions[bot]"
_POLL = 0.01
_GARBAGE = b"<html><body><h1>Welcome</h1> Please log in to the proxy.</body></html>"
_BEFORE = (Fault.DELETED, Fault.EDITED, Fault.TWIN)


class _Dropped(Exception):
    """The connection ends here."""


class GitHubServer:
    """A running server; it ends with its block, or when it is told to `stop`.

    `state` is what the forge holds, `faults` what will go wrong, `requests` what was asked.
    `logins` says who writes with which token; any other token is `login`'s, or not accepted if
    that is None.
    """

    def __init__(
        self,
        state: GitHubState | None = None,
        *,
        port: int = 0,
        login: str | None = BOT,
        logins: Mapping[str, str] | None = None,
    ) -> None:
        """Take what it holds, and a port (0: a free one)."""
        self.state = state or GitHubState()
        self.faults = Faults()
        self.requests: list[dict[str, Any]] = []
        self._login = login
        self._logins = dict(logins or {})
        self._port = port
        self._serving: tuple[_Http, threading.Thread] | None = None

    def __enter__(self) -> Self:
        """Start."""
        http = _Http(self, self._port)
        self._port = http.server_address[1]
        serving = threading.Thread(
            target=http.serve_forever, args=(_POLL,), name="github", daemon=True
        )
        self._serving = (http, serving)
        serving.start()
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
        """The address of its API."""
        return f"http://127.0.0.1:{self._port}"

    def stop(self) -> None:
        """Answer no more, and end the connections that hang."""
        if self._serving is None:
            return
        http, serving = self._serving
        self._serving = None
        http.stopping.set()
        http.shutdown()
        http.server_close()
        http.drop_all()
        serving.join()

    def whose(self, token: str | None) -> str:
        """Return who writes with a token.

        Raises:
            Refused: nobody does.
        """
        if token is None:
            raise Refused(401, "Requires authentication")
        login = self._logins.get(token, self._login)
        if login is None:
            raise Refused(401, "Bad credentials")
        return login


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, forge: GitHubServer, port: int) -> None:
        """Listen on this machine only."""
        self.forge = forge
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

    def do_PATCH(self) -> None:
        """Answer."""
        self._answer()

    def do_DELETE(self) -> None:
        """Answer."""
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing to stderr: the log is kept in memory."""

    def _answer(self) -> None:
        try:
            where = urlsplit(self.path)
            body = self._body()
            if where.path.startswith("/_test/"):
                self._send(control.answer(self.server.forge, self._request(where.path[7:], body)))
            else:
                self._api(where.path, body)
        except _Dropped:
            self.close_connection = True
            _drop(self.connection)

    def _body(self) -> Any:
        length = int(self.headers.get("Content-Length") or 0)
        data = self.rfile.read(length) if length else b""
        if len(data) < length:  # the sender is gone: half a request asks for nothing
            raise _Dropped
        return json.loads(data) if data else {}

    def _request(self, path: str, body: Any, login: str = "") -> Request:
        query = parse_qsl(urlsplit(self.path).query, keep_blank_values=True)
        return Request(
            method=self.command,
            path=path,
            parts=[unquote(part) for part in path.split("/") if part],
            query=dict(query),
            body=body,
            login=login,
        )

    def _api(self, path: str, body: Any) -> None:
        """Answer a request to the API, with what was told to go wrong with it."""
        forge = self.server.forge
        fault = forge.faults.take(self.command, path)
        told: dict[str, Any] = {"method": self.command, "path": self.path, "body": body}
        forge.requests.append(told)
        reply = self._told_to_fail(fault)
        if reply is None:
            with forge.state.lock:
                reply = self._answered(path, body, fault)
        told |= {"status": reply.status, "answer": None if _is_page(reply) else reply.body}
        if fault is not None and fault.fault is Fault.LOST_REPLY:
            raise _Dropped
        self._send(reply, cut=fault is not None and fault.fault is Fault.CUT_REPLY)

    def _told_to_fail(self, fault: Planned | None) -> Reply | None:
        """Return the reply of a fault that leaves no effect, None if there is none."""
        match None if fault is None else fault.fault:
            case Fault.LOST_REQUEST:
                raise _Dropped
            case Fault.HANG:
                self.server.stopping.wait(fault.seconds if fault else 0)
                raise _Dropped
            case Fault.GARBAGE:
                return Reply(status=fault.status if fault else 200, body=_GARBAGE)
            case Fault.STATUS:
                return _failed(fault)
        return None

    def _answered(self, path: str, body: Any, fault: Planned | None) -> Reply:
        forge = self.server.forge
        try:
            login = forge.whose(_token(self.headers.get("Authorization")))
        except Refused as refused:
            return refused.reply()
        request = self._request(path, body, login)
        if fault is not None and fault.fault in _BEFORE:
            _interfere(forge.state, request, fault.fault)
        reply = Routes(forge.state, forge.url).answer(request)
        return _failed(fault) if fault is not None and fault.fault is Fault.ARRIVED else reply

    def _send(self, reply: Reply, *, cut: bool = False) -> None:
        is_json = not _is_page(reply)
        data = json.dumps(reply.body).encode() if is_json else reply.body
        if reply.status == 204:
            data = b""
        self.send_response(reply.status)
        kind = "application/json; charset=utf-8" if is_json else "text/html"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if cut else data)
        self.wfile.flush()
        if cut:
            raise _Dropped


def _is_page(reply: Reply) -> bool:
    return isinstance(reply.body, bytes)


def _failed(fault: Planned | None) -> Reply:
    """Return the reply of a fault that says no."""
    if fault is None:
        return Reply(status=500)
    body = {"message": fault.message, "documentation_url": DOCUMENTATION}
    if fault.body is not None:
        body = fault.body
    return Reply(status=fault.status, body=body, headers=fault.headers)


def _interfere(state: GitHubState, request: Request, fault: Fault) -> None:
    """Let somebody else be faster with the comment that a request is about."""
    if fault is Fault.TWIN:
        state.comment(int(request.parts[-2]), request.login, request.body["body"])
        return
    found = state.one("comments", id=int(request.parts[-1]))
    if found is not None and fault is Fault.DELETED:
        state.remove("comments", found)
    elif found is not None:
        state.edit("comments", found, body="Edited by a person.")


def _token(header: str | None) -> str | None:
    kind, _, token = (header or "").partition(" ")
    return token if kind.lower() in {"token", "bearer"} and token else None


def _drop(connection: socket.socket) -> None:
    """End a connection at once, whatever is still on its way."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is gone already
