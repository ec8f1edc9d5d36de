"""PyGithub's requester, with connections that end: in time, in length, and at a redirect.

Of PyGithub no more than that: its objects cannot tell a lost reply from a refusal, its lists have
no end, and it follows a moved repository without the filter and page of a list.
"""

from __future__ import annotations

import time
from collections.abc import ItemsView
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from github.Requester import (
        HTTPRequestsConnectionClass,
        HTTPSRequestsConnectionClass,
        Requester,
    )

_VERSION = "2022-11-28"
_PIECE = 2**12
_LONGEST = 64 * 2**20
_TIMES = 4  # so much longer than for one piece it may take for all of them


class Received(NamedTuple):
    """An answer, as PyGithub reads one."""

    status: int
    headers: dict[str, str]
    text: str

    def getheaders(self) -> ItemsView[str, str]:
        """Return the headers."""
        return self.headers.items()

    def read(self) -> str:
        """Return the text."""
        return self.text


class SetAside(Exception):
    """An answer that PyGithub would act on by itself: a redirect, or "not yet"."""

    def __init__(self, status: int) -> None:
        """Take its status."""
        self.status = status
        super().__init__(f"answered {status}")


class TooLong(Exception):
    """An answer with more than is ever read: it did answer, so this is no outage."""


class Connection:
    """One of PyGithub's connections, whose answers end."""

    def __init__(self, inner: HTTPRequestsConnectionClass | HTTPSRequestsConnectionClass) -> None:
        """Take the one that knows host, port and certificates."""
        self._inner = inner
        self._asked: tuple[Any, ...] = ()

    def request(self, *asked: Any) -> None:
        """Take what is asked next: verb, path with query, body, headers, a flag that is unused."""
        self._asked = asked

    def getresponse(self) -> Received:
        """Ask, and return the answer.

        Raises:
            SetAside: it is one that PyGithub must not act on.
            TooLong: it is longer than anything that is asked for.
            TimeoutError: it does not end.
        """
        verb, path, data, headers, *_ = self._asked
        inner, pieces, length = self._inner, list[bytes](), 0
        until = time.monotonic() + _TIMES * (inner.timeout or 1)
        with inner.session.request(
            verb,
            f"{inner.protocol}://{inner.host}:{inner.port}{path}",
            headers=headers,
            data=data,
            timeout=inner.timeout,
            verify=inner.verify,
            allow_redirects=False,
            stream=True,
        ) as answer:
            status = answer.status_code
            if 300 <= status < 400 or (status == 202 and verb == "GET"):
                raise SetAside(status)
            for piece in answer.iter_content(_PIECE):
                pieces.append(piece)
                length += len(piece)
                if length > _LONGEST:
                    raise TooLong
                if time.monotonic() > until:
                    raise TimeoutError
        return Received(status, dict(answer.headers), b"".join(pieces).decode())


def requester(api: str, token: str, timeout: int) -> Requester:
    """Return what puts requests together: addresses, token, headers."""
    from github.Auth import Token
    from github.Requester import Requester

    return Requester(
        auth=Token(token),
        base_url=api,
        timeout=timeout,
        user_agent="reconciler",
        per_page=100,
        verify=True,
        retry=None,
        pool_size=None,
        api_version=_VERSION,
    )


def connection(api: str, timeout: int) -> HTTPSRequestsConnectionClass:
    """Return a connection to the API's host, not opened yet, as PyGithub takes one."""
    from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass

    where = urlsplit(api)
    kind = HTTPSRequestsConnectionClass if where.scheme == "https" else HTTPRequestsConnectionClass
    inner = kind(where.hostname or "", where.port, timeout=timeout)
    if where.scheme != "https":
        # Only this machine is spoken with unencrypted: a proxy has no part in it.
        inner.session.trust_env = False
    return cast("HTTPSRequestsConnectionClass", Connection(inner))
