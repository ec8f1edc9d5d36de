"""HTTP to a remote platform: bounded in time, retried only where that is safe."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import SplitResult, urlsplit

from reconciler.core.canonical import Json
from reconciler.core.errors import PlatformError

TIMEOUT = 5.0
ATTEMPTS = 4
LONGEST_PAUSE = 2.0
_MAY_HAVE = " What was sent may have arrived."
_TRY_AGAIN = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered, and what a `Retry-After` says of the next attempt."""

    status: int
    body: Json
    retry_after: float | None


class Client:
    """Speaks with one server; it waits at most `timeout` seconds for each piece of an answer."""

    def __init__(self, url: str, *, timeout: float = TIMEOUT, attempts: int = ATTEMPTS) -> None:
        """Take the address; nothing is opened yet.

        Raises:
            ValueError: it is no address of a server.
        """
        self._where = _parsed(url)
        self._name = f"http://{self._where.netloc.rpartition('@')[2]}"
        self._timeout = timeout
        self._attempts = attempts
        self._kept: HTTPConnection | None = None
        self._depth = 0

    @contextmanager
    def session(self) -> Iterator[None]:
        """Keep one connection for the requests inside, and close it at the end."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth:
                self._close()

    def get(self, path: str) -> Json:
        """Read something; what fails on the way is tried again.

        Raises:
            PlatformError: there is no answer, or none that can be understood.
        """
        for attempt in range(1, self._attempts + 1):
            last = attempt == self._attempts
            try:
                reply = self._exchange("GET", path, None, {})
            except PlatformError:
                if last:
                    raise
                pause = None
            else:
                if reply.status not in _TRY_AGAIN or last:
                    return self._read(reply)
                pause = reply.retry_after
            time.sleep(min(pause or 0.02 * 2**attempt, LONGEST_PAUSE))
        raise AssertionError("the last attempt returns or raises")

    def send(self, method: str, path: str, body: Json = None, version: Json = None) -> Reply:
        """Write something, once.

        Raises:
            PlatformError: it did not arrive, or there is no answer: then it may have arrived.
        """
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        reply = self._exchange(method, path, body, headers)
        if reply.status >= 500:
            raise PlatformError(f"The platform at {self._name} answered {reply.status}.{_MAY_HAVE}")
        return reply

    def refusal(self, reply: Reply) -> PlatformError:
        """Return the error of an answer that says no."""
        told = reply.body.get("error") if isinstance(reply.body, dict) else None
        why = f": {told}" if isinstance(told, str) else ""
        return PlatformError(f"The platform at {self._name} answered {reply.status}{why}.")

    def _read(self, reply: Reply) -> Json:
        if reply.status != 200:
            raise self.refusal(reply)
        return reply.body

    def _exchange(self, method: str, path: str, body: Json, headers: Mapping[str, str]) -> Reply:
        with self.session():
            connection = self._connected()
            data = None if body is None else json.dumps(body).encode()
            try:
                connection.request(method, self._where.path + path, data, dict(headers))
                response = connection.getresponse()
                reply = self._understood(response, response.read())
            except (OSError, HTTPException, ValueError) as error:
                self._close()
                doubt = "" if method == "GET" else _MAY_HAVE
                raise PlatformError(f"{self._unanswered(error)}{doubt}") from error
            if response.will_close:
                self._close()
            return reply

    def _connected(self) -> HTTPConnection:
        if self._kept is None:
            where = self._where
            connection = HTTPConnection(where.hostname or "", where.port, timeout=self._timeout)
            try:
                connection.connect()
            except OSError as error:
                connection.close()
                text = f"The platform at {self._name} cannot be reached: {_reason(error)}."
                raise PlatformError(text, hint="Run again when it answers.") from error
            self._kept = connection
        return self._kept

    def _close(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _understood(self, response: HTTPResponse, data: bytes) -> Reply:
        after = response.headers.get("Retry-After", "")
        body = json.loads(data) if response.status < 500 else None
        return Reply(response.status, body, float(after) if after.isdecimal() else None)

    def _unanswered(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            why = f"no answer within {self._timeout:g} s"
        elif isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
            why = "its answer is not JSON"
        else:
            why = _reason(error)
        return f"The platform at {self._name} did not answer as it should: {why}."


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error).rstrip(".") or "the connection was lost"


def _parsed(url: str) -> SplitResult:
    try:
        where = urlsplit(url)
        usable = where.scheme == "http" and where.hostname and where.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("`url` is not an address such as http://HOST:PORT")
    return where._replace(path=where.path.rstrip("/"))
