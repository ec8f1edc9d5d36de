"""What an answer of the forge means: how long to wait, or which error it is; pure.

A text that the forge sends is foreign: it is shown short, in one line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.core import printable
from reconciler.core.errors import ForgeError, ForgeRefused, ForgeUnreachable

_LONGEST = 300
# GitHub: without `Retry-After`, wait at least a minute after a secondary limit.
_WITHOUT_WORD = 60.0
_LIMITS = ("rate limit", "retry your request again later", "before you try again")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request in words: what it does ("read comments"), and which permission that needs."""

    doing: str
    permission: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers by lower-case name, and the text of an answer."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def is_done(self) -> bool:
        """Say whether it did what was asked."""
        return 200 <= self.status < 300

    @property
    def is_fault(self) -> bool:
        """Say whether the forge itself is at fault, so that it may work a moment later."""
        return self.status >= 500

    @property
    def has_more(self) -> bool:
        """Say whether a list goes on; the address that the forge names is never followed."""
        return 'rel="next"' in self.headers.get("link", "")

    def value(self) -> Any:
        """Return the answer as JSON, None for an empty one.

        Raises:
            Garbled: it is something else, as from a proxy on the way.
        """
        if not self.text:
            return None
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError) as error:
            raise garbage() from error


def garbage() -> Garbled:
    """Return the error of an answer that cannot be understood."""
    return Garbled(
        "The forge's answer is not what its API promises.",
        hint="Look whether GITHUB_API_URL or a proxy leads elsewhere.",
    )


def pause(answer: Answer, now: float) -> float | None:
    """Return for how many seconds the forge asks to wait; None if it asks for nothing."""
    if answer.status not in {403, 429}:
        return None
    headers = answer.headers
    if (after := headers.get("retry-after", "").strip()).isdecimal():
        return float(after)
    if headers.get("x-ratelimit-remaining") == "0":
        reset = headers.get("x-ratelimit-reset", "")
        return max(1.0, float(reset) - now) if reset.isdecimal() else _WITHOUT_WORD
    is_limit = any(each in _message(answer).lower() for each in _LIMITS)
    return _WITHOUT_WORD if is_limit or answer.status == 429 else None


def later(asked: Asked, seconds: float) -> Later:
    """Return the error of waiting that would take too long."""
    return Later(
        f"The forge takes no more requests for {_duration(seconds)}, so it could not be asked to "
        f"{asked.doing}.",
        hint=f"Run it again in {_duration(seconds)}.",
    )


def refusal(answer: Answer, asked: Asked) -> ForgeError:
    """Return the error of an answer that says no."""
    match answer.status:
        case 401:
            return NotAccepted(
                "The token is not accepted by the forge.",
                hint="Give a valid one in GITHUB_TOKEN or RECONCILER_FORGE_TOKEN.",
            )
        case 403:
            return ForgeRefused(
                f"The token may not {asked.doing}{_why(answer)}.",
                hint=f"Give it the permission `{asked.permission}`.",
            )
        case 404 | 410:
            return Missing(
                f"The forge has nothing there to {asked.doing}, or the token may not see it"
                f"{_why(answer)}.",
                hint=f"Check the repository's name and the permission `{asked.permission}`.",
            )
        case status if 300 <= status < 400:
            return ForgeError(
                "The forge says that the repository is at another address now.",
                hint="Set the remote, or GITHUB_REPOSITORY, to its new name.",
            )
        case status if status >= 500:
            return NoAnswer(
                f"The forge answered {status} when asked to {asked.doing}.",
                hint="Run it again later.",
            )
    return Unfit(
        f"The forge refused to {asked.doing}{_why(answer)}.",
        hint="Nothing was written by this request.",
    )


class NoAnswer(ForgeUnreachable):
    """Nothing came back, or the forge itself is at fault: it may have been done or not."""


class Later(ForgeUnreachable):
    """The forge takes no more requests for a while: this one was not done."""


class Garbled(ForgeError):
    """Something came back that cannot be understood: it may have been done or not.

    It is no outage, since whoever can have the forge answer so could end what counts there.
    """


class NotAccepted(ForgeRefused):
    """The forge does not know the token."""


class Missing(ForgeError):
    """The forge has nothing there."""


class Unfit(ForgeError):
    """The forge refused what it was given."""


def _why(answer: Answer) -> str:
    told = [_message(answer), *_details(answer)]
    text = "; ".join(filter(None, (each.strip().rstrip(".") for each in told)))
    return f": {printable.one_line(text, _LONGEST)}" if text else ""


def _message(answer: Answer) -> str:
    found = _object(answer).get("message")
    return found if isinstance(found, str) else ""


def _details(answer: Answer) -> list[str]:
    """Return what a validation says of each field."""
    errors = _object(answer).get("errors")
    if not isinstance(errors, list):
        return [errors] if isinstance(errors, str) else []
    return [_detail(each) for each in errors[:5]]


def _detail(error: Any) -> str:
    if not isinstance(error, dict):
        return error if isinstance(error, str) else ""
    if isinstance(error.get("message"), str):
        return str(error["message"])
    told = (error.get(name) for name in ("field", "code"))
    return " ".join(each for each in told if isinstance(each, str))


def _object(answer: Answer) -> Mapping[str, Any]:
    try:
        found = json.loads(answer.text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _duration(seconds: float) -> str:
    return f"{max(1, round(seconds))} s" if seconds < 120 else f"{round(seconds / 60)} min"
