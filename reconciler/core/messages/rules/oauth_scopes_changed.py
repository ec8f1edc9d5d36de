"""OAuthScopesChanged: an integration asks its users for other permissions."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.affected import LackingScopes
from reconciler.core.messages.reading import Pair, Spec, modified, pointer
from reconciler.core.messages.review import Message, Review, Severity, fingerprint
from reconciler.core.messages.words import listed
from reconciler.core.model import Kind

CODE = "OAuthScopesChanged"


def rule(review: Review) -> Iterator[Message]:
    """Yield one message for each integration with other scopes, or with OAuth only now."""
    for pair in modified(review, Kind.INTEGRATION):
        before, after = _scopes(pair.before), _scopes(pair.after)
        if after is not None and before != after:
            yield _message(review, pair, before, after)


def _scopes(spec: Spec) -> list[str] | None:
    """Return the scopes, None without OAuth."""
    auth = spec.get("auth") or {}
    return sorted(set(auth.get("scopes", ()))) if auth.get("type") == "oauth2" else None


def _message(review: Review, pair: Pair, before: list[str] | None, after: list[str]) -> Message:
    name, where = pair.key.name, review.environment.name
    more = [scope for scope in after if scope not in (before or ())]
    less = [scope for scope in before or () if scope not in after]
    return Message(
        code=CODE,
        severity=Severity.INFO,
        subject=pair.key,
        text=f"{_what(name, where, before)}{_scope_list(more, less)}. {_effect(more, before)}",
        action=_action(name, more, before),
        fingerprint=fingerprint(CODE, pair.key, before, after),
        affected=LackingScopes(integration=name, scopes=tuple(after)),
        pointer=pointer("auth", "scopes"),
    )


def _what(name: str, where: str, before: list[str] | None) -> str:
    if before is None:
        return f"The integration {name} connects its users by OAuth now in {where}"
    return f"The integration {name} asks for other OAuth scopes in {where}"


def _scope_list(more: list[str], less: list[str]) -> str:
    added = f"added {listed(more, 20)}" if more else ""
    removed = f"removed {listed(less, 20)}" if less else ""
    both = "; ".join(filter(None, [added, removed]))
    return f": {both}" if both else ""


def _effect(more: list[str], before: list[str] | None) -> str:
    if before is None:
        return "Connections that were made in another way do not work with it."
    if more:
        return "Users who connected before do not grant the added scopes until they reconnect."
    return "Users who connected before need not do anything."


def _action(name: str, more: list[str], before: list[str] | None) -> str:
    if more or before is None:
        allow = f"Allow {listed(more, 20)} in the app at the provider first. " if more else ""
        return f"{allow}Ask the affected users to disconnect {name} and connect it again."
    return "Check that no workflow relies on what the removed scopes allowed."
