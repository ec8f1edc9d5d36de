"""The forge as an HTTP server on this machine, for as long as a test needs it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from reconciler.testing import loopback
from reconciler.testing.github import control
from reconciler.testing.github.answers import DOCUMENTATION, Refused, Reply, Request
from reconciler.testing.github.faults import Fault, Faults, Planned
from reconciler.testing.github.routes import Routes
from reconciler.testing.github.state import GitHubState
from reconciler.testing.loopback import PAGE, Dropped, Serving

BOT = "github-actions[bot]"
_BEFORE = (Fault.DELETED, Fault.EDITED, Fault.TWIN)


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
        self._serving: Serving | None = None

    def __enter__(self) -> Self:
        """Start."""
        self._serving = Serving(_Http(self, self._port), "github")
        self._port = self._serving.port
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
        serving, self._serving = self._serving, None
        if serving is not None:
            serving.end()

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


class _Http(loopback.Http):
    def __init__(self, forge: GitHubServer, port: int) -> None:
        """Take whose requests it answers."""
        self.forge = forge
        super().__init__(_Handler, port)


class _Handler(loopback.Handler):
    server: _Http

    def reply(self) -> None:
        """Answer a test, or a request to the API."""
        where, data = urlsplit(self.path), self.read_body()
        body = json.loads(data) if data else {}
        if where.path.startswith("/_test/"):
            self._send(control.answer(self.server.forge, self._request(where.path[7:], body)))
        else:
            self._api(where.path, body)

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
            raise Dropped
        self._send(reply, cut=fault is not None and fault.fault is Fault.CUT_REPLY)

    def _told_to_fail(self, fault: Planned | None) -> Reply | None:
        """Return the reply of a fault that leaves no effect, None if there is none."""
        match None if fault is None else fault.fault:
            case Fault.LOST_REQUEST:
                raise Dropped
            case Fault.HANG:
                self.server.stopping.wait(fault.seconds if fault else 0)
                raise Dropped
            case Fault.GARBAGE:
                return Reply(status=fault.status if fault else 200, body=PAGE)
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
        kind = "application/json; charset=utf-8" if is_json else "text/html"
        self.deliver(reply.status, kind, data, reply.headers, cut=cut)


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
