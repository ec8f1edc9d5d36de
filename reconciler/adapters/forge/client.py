"""Requests to the forge's API: bounded in time, and repeated only where that is safe."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reconciler import telemetry
from reconciler.adapters.forge.answers import (
    Answer,
    Asked,
    Garbled,
    NoAnswer,
    garbage,
    later,
    pause,
    refusal,
)
from reconciler.core.errors import ForgeError

if TYPE_CHECKING:
    from github.Requester import HTTPSRequestsConnectionClass, Requester

TIMEOUT = 15
PAGE = 100
_ACCEPT = "application/vnd.github+json, application/json"
_ATTEMPTS = 4
_PAUSE = 0.5  # doubled after each attempt
_PATIENCE = 60.0  # seconds of waiting, in one run, that the forge may ask for
LONG = 2_000


class Client:
    """Speaks as the holder of one token with one API."""

    def __init__(
        self,
        api: str,
        token: str,
        *,
        timeout: int = TIMEOUT,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Take the API's address and a token; nothing is opened yet."""
        self._api = api
        self._token = token
        self._timeout = timeout
        self._sleep = sleep
        self._now = now
        self._patience = _PATIENCE
        self._opened: tuple[Requester, HTTPSRequestsConnectionClass] | None = None

    def get(self, path: str, asked: Asked, **query: str) -> Any:
        """Read something.

        Raises:
            ForgeError: there is no answer, or it says no.
        """
        return self._settled("GET", path, asked, query=query, repeat=True).value()

    def pages(
        self, path: str, asked: Asked, most: int = LONG, /, *, inside: str = "", **query: str
    ) -> Iterator[Any]:
        """Read a list of at most so many to its end; `inside` is the field that holds it.

        Raises:
            ForgeError: it cannot be read, or it is too long to be read.
        """
        before: Sequence[Any] = ()
        for number in range(1, most // PAGE + 1):
            told = {**query, "per_page": str(PAGE), "page": str(number)}
            answer = self._settled("GET", path, asked, query=told, repeat=True)
            found = _items(answer.value(), inside)
            if found == before:  # what has no pages answers the same again
                return
            yield from found
            if not answer.has_more:
                return
            before = found
        raise ForgeError(
            f"There is more than {most:,} of what was asked for to {asked.doing}.",
            hint="Nothing is decided on a part of it.",
        )

    def send(
        self, method: str, path: str, asked: Asked, body: Mapping[str, Any] | None = None
    ) -> Any:
        """Write something that does no harm if it is written twice.

        Raises:
            ForgeError: it says no, or there is no answer.
        """
        return self._settled(method, path, asked, body=body, repeat=True).value()

    def send_once(self, path: str, asked: Asked, body: Mapping[str, Any]) -> Any:
        """Add something.

        Raises:
            NoAnswer: it may have been added or not.
            Garbled: the same.
            ForgeError: it says no, or takes nothing for a while.
        """
        return self._settled("POST", path, asked, body=body, repeat=False).value()

    def query(self, text: str, asked: Asked) -> Any:
        """Ask the API's other half, GraphQL.

        Raises:
            ForgeError: there is no answer, or it says no.
        """
        url = self._open()[0].graphql_url
        return self._settled("POST", url, asked, body={"query": text}, repeat=True).value()

    def breathe(self, attempt: int) -> bool:
        """Wait a moment before one more attempt; False if there were enough."""
        if attempt + 1 >= _ATTEMPTS:
            return False
        self._sleep(_PAUSE * 2**attempt)
        return True

    def _settled(
        self,
        method: str,
        path: str,
        asked: Asked,
        *,
        repeat: bool,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Return the answer to a request that was done."""
        attempt = 0
        masked = None if body is None else telemetry.redactor().value(body)
        while True:
            try:
                answer = self._patiently(method, path, asked, query, masked)
                if not answer.is_done:
                    raise refusal(answer, asked)
                answer.value()
            except (NoAnswer, Garbled):
                if not repeat or not self.breathe(attempt):
                    raise
                attempt += 1
            else:
                return answer

    def _patiently(
        self,
        method: str,
        path: str,
        asked: Asked,
        query: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
    ) -> Answer:
        """Return an answer, waiting as the forge asks; what it puts off it has not done."""
        while True:
            answer = self._exchange(method, path, query, body)
            seconds = pause(answer, self._now())
            if seconds is None:
                return answer
            if seconds > self._patience:
                raise later(asked, seconds)
            self._patience -= max(seconds, 1.0)
            self._sleep(seconds)

    def _exchange(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
    ) -> Answer:
        from reconciler.adapters.forge.connection import SetAside, TooLong

        requester, connection = self._open()
        try:
            status, headers, text = requester.requestJson(
                method,
                path,
                dict(query or {}),
                {"Accept": _ACCEPT},
                None if body is None else dict(body),
                connection,
            )
        except SetAside as answered:
            return Answer(503 if answered.status == 202 else answered.status, {}, "")
        except TooLong:
            raise ForgeError(
                "The forge's answer is too long to be read.", hint="Nothing is decided on a part."
            ) from None
        except (OSError, ValueError) as error:
            # The library's text may hold what was sent: the kind of error says enough.
            raise _unanswered(error) from None
        return Answer(status, {name: str(value) for name, value in headers.items()}, text)

    def _open(self) -> tuple[Requester, HTTPSRequestsConnectionClass]:
        """Return what requests go through; importing it takes longer than most commands."""
        if self._opened is None:
            from reconciler.adapters.forge.connection import connection, requester

            self._opened = (
                requester(self._api, self._token, self._timeout),
                connection(self._api, self._timeout),
            )
        return self._opened


def _items(found: Any, inside: str) -> Sequence[Any]:
    """Return the items of one page of a list."""
    items = found.get(inside) if inside and isinstance(found, dict) else found
    if not isinstance(items, list):
        raise garbage()
    return items


def _unanswered(error: Exception) -> ForgeError:
    """Return the error of a request without an answer; nothing of what was sent is in it."""
    kind = type(error).__name__
    if isinstance(error, UnicodeDecodeError):
        return garbage()
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        text = "The forge's certificate is not trusted here."
        return NoAnswer(text, hint="Name its authority in REQUESTS_CA_BUNDLE.")
    if "SSL" in kind:
        text = "No encrypted connection to the forge can be made."
        return NoAnswer(text, hint="Look whether GITHUB_API_URL or a proxy leads elsewhere.")
    why = " in time" if "Timeout" in kind else ""
    return NoAnswer(f"The forge does not answer{why}.", hint="Run it again later.")
