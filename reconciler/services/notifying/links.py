"""Addresses in and of notices: where a reader may look, and what of an address is secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from reconciler.core import layout
from reconciler.core.forge import web
from reconciler.core.model import Environment
from reconciler.core.notices import News, Occasion

# Where somebody is asked to watch what runs now.
_WATCHED = (Occasion.DONE, Occasion.RESTORED, Occasion.NOT_RESTORED)

# What stands between the parts of an address, and from which length a part may be a credential.
_BETWEEN = re.compile(r"[/?&=#@:,;\s]+")
_SHORTEST = 8


def found(
    environment: Environment, occasion: Occasion, news: News, remote: str | None
) -> tuple[tuple[str, str], ...]:
    """Return titles and URLs of the release, the commit and the monitors."""
    return tuple(_found(environment, occasion, news, remote))


def _found(
    environment: Environment, occasion: Occasion, news: News, remote: str | None
) -> Iterator[tuple[str, str]]:
    if news.version is not None:
        path = layout.release_file(environment.name, news.version)
        if (url := web.file_url(remote, news.commit, path)) is not None:
            yield "Release", url
    if (url := web.commit_url(remote, news.commit)) is not None:
        yield "Commit", url
    promotion = environment.raw.get("promotion")
    monitors = promotion.get("monitors") if isinstance(promotion, dict) else None
    for monitor in (monitors or ()) if occasion in _WATCHED else ():
        yield str(monitor.get("title")), str(monitor.get("url"))


def credentials(address: str) -> list[str]:
    """Return what must never be shown of an address: the whole, and each part that may be a token.

    Services put their tokens anywhere: as user, password, host, path or parameter.
    """
    parts = _BETWEEN.split(address.partition("://")[2])
    secret = [part for part in parts if len(part) >= _SHORTEST and _is_token(part)]
    user = address.partition("://")[2].rpartition("@")[0]
    password = user.partition(":")[2]
    return [each for part in (address, password, *secret) for each in (part, unquote(part)) if each]


def _is_token(part: str) -> bool:
    """Say whether a part may be secret: words and host names are none."""
    return any(c.isdigit() for c in part) or (part.lower() != part and "." not in part)
