"""Requests and replies of the forge, and how it says no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

DOCUMENTATION = "https://docs.github.com/rest"
_PAGE, _LONGEST_PAGE = 30, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request: its path in parts, its query, its body as JSON, and whose it is."""

    method: str
    path: str
    parts: Sequence[str]
    query: Mapping[str, str]
    body: Any
    token: str | None = None
    login: str = ""

    def text(self, name: str) -> str | None:
        """Return a text of the body, None if it has none."""
        found = self.body.get(name) if isinstance(self.body, dict) else None
        return found if isinstance(found, str) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Status, body and headers."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """A request that is refused, with its status and what the forge says."""

    def __init__(self, status: int, message: str, errors: Sequence[Any] = ()) -> None:
        """Take what is answered."""
        self.status, self.message, self.errors = status, message, errors
        super().__init__(message)

    def reply(self) -> Reply:
        """Return it as a reply."""
        errors = {"errors": list(self.errors)} if self.errors else {}
        body = {"message": self.message, **errors, "documentation_url": DOCUMENTATION}
        return Reply(status=self.status, body={**body, "status": str(self.status)})


def missing() -> Refused:
    """Return the refusal of what is not there, or may not be seen."""
    return Refused(404, "Not Found")


def invalid(resource: str, field: str, message: str, code: str = "custom") -> Refused:
    """Return the refusal of a field."""
    error = {"resource": resource, "code": code, "field": field, "message": message}
    return Refused(422, "Validation Failed", [error])


def paged(request: Request, url: str, items: Sequence[Any]) -> tuple[Sequence[Any], dict[str, str]]:
    """Return one page of a list, with the header that says whether it goes on."""
    size = min(_LONGEST_PAGE, max(1, int(request.query.get("per_page", _PAGE))))
    page = max(1, int(request.query.get("page", "1")))
    found = items[(page - 1) * size : page * size]
    if page * size >= len(items):
        return found, {}
    query = "&".join(f"{k}={v}" for k, v in {**request.query, "page": str(page + 1)}.items())
    return found, {"Link": f'<{url}{request.path}?{query}>; rel="next"'}
