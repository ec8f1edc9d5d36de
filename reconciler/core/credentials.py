"""What looks like a credential, whether or not anyone told us of it.

A rule is searched for only where one of its needles stands, and each search is linear: what
repeats in a pattern cannot contain the pattern's own start.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple


class Rule(NamedTuple):
    """One kind of credential: lower-case needles, one of which it holds, and its pattern.

    The first group, if any, is kept before the mask, the second after it.
    """

    needles: tuple[str, ...]
    pattern: str


_PRIVATE_KEY = Rule(
    ("private key",),
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY[A-Z ]{0,20}-----"
    r"(?:(?!-----BEGIN )[\s\S])*?(?:-----END [A-Z ]{0,80}-----|(?=-----BEGIN )|\Z)",
)

# Everything up to the last @ of the authority; `git` of an ssh address is no secret.
# `USER:PASSWORD` stands for one in our own hints.
_USERINFO = Rule(("://",), r"(://(?<!ssh://))(?!USER:PASSWORD@)[^\s/?#\"'<>\\]*(@)")

# A password may hold a slash that should have been encoded. What follows the colon of an http
# address may be a port.
_PASSWORD_WITH_SLASH = Rule(
    ("://",),
    r"(://(?!USER:PASSWORD@)(?:(?<!http://)(?<!https://)[^\s/:@\"'<>\\]*:|[^\s/:@\"'<>\\]*:(?!\d{1,5}[/?#])))"
    r"(?:(?!://)[^\s@\"'<>\\])*(?:@[^\s/@\"'<>\\]*)*(@)",
)

_HEADERS = ("authorization", "cookie", "x-", "private-token", "api-key")
_HEADER_NAME = (
    r"(?i:authorization|cookie|x-[a-z-]{0,30}(?:key|token|signature)|private-token|api-key)"
)

# A reference (`Bearer ${{ connection.accessToken }}`) is no secret: it stays readable. On the next
# line stands the value only where there is nothing but one long word: other lines are something
# else, whose sign of a difference must not go.
_HEADER = Rule(
    _HEADERS,
    rf"({_HEADER_NAME}"
    r"[\\\"']{0,4}+[ \t]{0,8}+[:=][ \t]{0,8}+"
    r"(?:\r?\n[ \t]{1,40}+(?=[\w.~+/=]{12,}[ \t]*+(?:[\r\n]|\Z)))?[\\\"']{0,4}+)"
    r"(?!(?:[A-Za-z]{1,20} )?\$\{\{)[^\s\"'\\][^\r\n\"'\\]*",
)

# After these words stands a token, unless it is an ordinary word ("Bearer authentication").
_SCHEME = Rule(
    ("bearer", "basic"),
    r"\b((?i:bearer|basic)[ \t]{1,8})"
    r"(?=[\w.~+/=-]{0,512}?(?:[\d_~+/=]|\.\w|[a-z][A-Z])|[\w-]{24})[\w.~+/=-]{6,}",
)

_PARAMETER = Rule(
    ("=",),
    r"(?<![\w-])((?i:[\w-]{0,40}(?:password|passwd|client_?secret|access_?token|refresh_?token|"
    r"id_token|api_?key|private_?key|signature)|(?<=[?&])(?:token|key|secret|sig))=)"
    r"(?!\$\{\{)[^\s&#\"'<>\\]+",
)

_JSON_WEB_TOKEN = Rule(("eyj",), r"(?<![\w-])eyJ[\w-]{6,}\.eyJ[\w-]{6,}(?:\.[\w-]*){1,4}")

# The forms that well-known services give their tokens, by what they begin with.
_SHAPES = {
    "gh": r"gh[opsru]_[A-Za-z0-9]{16,}",
    "github_pat_": r"github_pat_\w{16,}",
    "gl": r"gl[a-z]{2,6}-[\w-]{16,}",
    "xox": r"xox[a-z](?:\.xox[a-z])?-[\w-]{8,}",
    "xapp-": r"xapp-[\w-]{16,}",
    "k_": r"(?:sk|rk|pk)_(?:live|test)_\w{8,}",
    "whsec_": r"whsec_[\w+/=]{16,}",
    "akia": r"AKIA[0-9A-Z]{12,}",
    "asia": r"ASIA[0-9A-Z]{12,}",
    "aiza": r"AIza[\w-]{30,}",
    "ya29.": r"ya29\.[\w-]{16,}",
    "gocspx-": r"GOCSPX-[\w-]{16,}",
    "sg.": r"SG\.[\w-]{16,}\.[\w-]{16,}",
    "pat-": r"pat-[a-z]{2,3}\d-[0-9a-f-]{32,}",
    "shp": r"shp(?:at|ss|ca|pa)_[A-Za-z0-9]{24,}",
    "npm_": r"npm_[A-Za-z0-9]{24,}",
    "pypi-": r"pypi-[\w-]{32,}",
    "sk-": r"sk-[\w-]{20,}",
    "hv": r"hv[sbr]\.[\w-]{20,}",
    "key-": r"key-[0-9a-f]{32}",
    ":aa": r"\d{8,10}:AA[\w-]{30,}",
}


@cache
def _names() -> re.Pattern[str]:
    return re.compile(rf"(?:[\w-]{{0,20}}-)?{_HEADER_NAME}")


def holds_name(text: str) -> bool:
    """Say whether the name of a header for credentials stands anywhere in a text."""
    lower = text.lower()
    return any(header in lower for header in _HEADERS) and _names().search(lower) is not None


def is_name(text: str) -> bool:
    """Say whether a text is the name of a header whose value is a credential."""
    return _names().fullmatch(text.strip()) is not None


def is_reference(text: str) -> bool:
    """Say whether a value only says where the credential comes from."""
    return "${{" in text


@cache
def _rules() -> tuple[tuple[tuple[str, ...], re.Pattern[str]], ...]:
    """Return every rule, compiled."""
    shapes = (Rule((start,), f"(?<![A-Za-z0-9])(?:{shape})") for start, shape in _SHAPES.items())
    rules = (
        _PRIVATE_KEY,
        _USERINFO,
        _PASSWORD_WITH_SLASH,
        _HEADER,
        _SCHEME,
        _PARAMETER,
        _JSON_WEB_TOKEN,
        *shapes,
    )
    return tuple((rule.needles, re.compile(rule.pattern)) for rule in rules)


def masked(text: str, mask: str) -> str:
    """Return the text with what looks like a credential replaced by the mask."""

    def kept(match: re.Match[str]) -> str:
        """Put the mask between what tells what it was."""
        before, after = (*match.groups(""), "", "")[:2]
        return f"{before}{mask}{after}"

    lower = text.lower()
    for needles, pattern in _rules():
        if any(needle in lower for needle in needles):
            text = pattern.sub(kept, text)
    return text
