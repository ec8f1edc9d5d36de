"""The few forms of `${{ }}` that our workflow files use, evaluated as a runner does.

A form, name or function that is not known here is an error of the test, never an empty string.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_FILLED = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_TOKENS = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<name>[A-Za-z_][\w-]*)|(?P<sign>&&|\|\||==|!=|[!().,\[\]*]))"
)
# What a context lacks is empty on a runner. Only these and outputs may lack something: which ones
# there are differs, while any other missing name is a mistake of whoever wrote it.
_OPEN = ("github.event", "secrets", "vars", "inputs")
_WORDS = {"true": True, "false": False, "null": None}

Function = Callable[..., Any]


class UnknownForm(AssertionError):
    """A workflow file says something that this runner does not know."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What expressions may name: contexts by name, and functions that depend on the job's state."""

    contexts: Mapping[str, Any]
    functions: Mapping[str, Function] = field(default_factory=dict)

    def value(self, text: str) -> Any:
        """Evaluate one expression, without its braces."""
        return _Reader(text, self).whole()

    def fill(self, text: str) -> str:
        """Replace each `${{ }}` of a text by its value as a string."""
        return _FILLED.sub(lambda found: string(self.value(found[1])), text)

    def filled(self, value: Any) -> Any:
        """Fill every text of a YAML value; one that is a single expression keeps its type."""
        if isinstance(value, str):
            whole = _FILLED.fullmatch(value.strip())
            return self.value(whole[1]) if whole else self.fill(value)
        if isinstance(value, Mapping):
            return {key: self.filled(item) for key, item in value.items()}
        return [self.filled(item) for item in value] if isinstance(value, list) else value

    def holds(self, condition: object) -> bool:
        """Judge an `if:`, which succeeds by default and need not be in braces."""
        text = str(condition).strip()
        whole = _FILLED.fullmatch(text)
        inner = whole[1] if whole else text
        states = ("success", "failure", "always", "cancelled")
        asks = any(f"{name}(" in inner.replace(" ", "") for name in states)
        return truth(self.value(inner)) and (asks or truth(self.functions["success"]()))


def string(value: Any) -> str:
    """Return how a value stands in a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def truth(value: Any) -> bool:
    """Say whether a value counts as true: all but false, 0, an empty text and nothing."""
    return value not in (False, 0, "", None)


def _equal(one: Any, other: Any) -> bool:
    """Compare as a runner does: texts without regard to case, null equal to an empty text."""
    if isinstance(one, str) and isinstance(other, str):
        return one.casefold() == other.casefold()
    if {type(one), type(other)} <= {str, type(None)}:
        return (one or "") == (other or "")
    return bool(one == other)


def _within(holder: Any, wanted: Any) -> bool:
    if isinstance(holder, list):
        return any(_equal(item, wanted) for item in holder)
    return string(wanted).casefold() in string(holder).casefold()


_FUNCTIONS: Mapping[str, Function] = {
    "contains": _within,
    "startsWith": lambda text, part: string(text).casefold().startswith(string(part).casefold()),
    "endsWith": lambda text, part: string(text).casefold().endswith(string(part).casefold()),
    "format": lambda text, *parts: text.format(*map(string, parts)),
    "fromJSON": json.loads,
    "toJSON": lambda value: json.dumps(value, indent=2),
}


class _Reader:
    """Reads one expression by recursive descent."""

    def __init__(self, text: str, scope: Scope) -> None:
        self._text, self._scope = text.strip(), scope
        self._tokens = list(_tokens(self._text))

    def whole(self) -> Any:
        value = self._either()
        if self._tokens:
            raise self._unknown()
        return value

    def _either(self) -> Any:
        value = self._both()
        while self._took("||"):
            other = self._both()
            value = value if truth(value) else other
        return value

    def _both(self) -> Any:
        value = self._compared()
        while self._took("&&"):
            other = self._compared()
            value = other if truth(value) else value
        return value

    def _compared(self) -> Any:
        value = self._negated()
        for sign in ("==", "!="):
            if self._took(sign):
                return _equal(value, self._negated()) == (sign == "==")
        return value

    def _negated(self) -> Any:
        if self._took("!"):
            return not truth(self._negated())
        if self._took("("):
            value = self._either()
            self._take(")")
            return value
        return self._single()

    def _single(self) -> Any:
        kind, text = self._next()
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return float(text) if "." in text else int(text)
        if kind != "name":
            raise self._unknown()
        if self._took("("):
            return self._called(text)
        return _WORDS[text] if text in _WORDS else self._reached(text)

    def _called(self, name: str) -> Any:
        function = {**_FUNCTIONS, **self._scope.functions}.get(name)
        if function is None:
            raise self._unknown()
        arguments = []
        while not self._took(")"):
            arguments.append(self._either())
            self._took(",")
        return function(*arguments)

    def _reached(self, name: str) -> Any:
        """Follow a path of names from a context."""
        if name not in self._scope.contexts:
            raise self._unknown()
        value, path = self._scope.contexts[name], name
        while self._tokens and self._tokens[0][1] in {".", "["}:
            key = self._key()
            path = f"{path}.{key}"
            if value is not None and not isinstance(value, Mapping):
                raise self._unknown()
            is_open = path.startswith(_OPEN) or ".outputs." in path
            if value is not None and key not in value and not is_open:
                raise self._unknown()
            value = None if value is None else value.get(key)
        return value

    def _key(self) -> Any:
        if self._took("["):
            key = self._either()
            self._take("]")
            return key
        self._take(".")
        kind, text = self._next()
        if kind != "name":
            raise self._unknown()
        return text

    def _next(self) -> tuple[str, str]:
        if not self._tokens:
            raise self._unknown()
        return self._tokens.pop(0)

    def _took(self, sign: str) -> bool:
        if self._tokens and self._tokens[0] == ("sign", sign):
            del self._tokens[0]
            return True
        return False

    def _take(self, sign: str) -> None:
        if not self._took(sign):
            raise self._unknown()

    def _unknown(self) -> UnknownForm:
        return UnknownForm(f"not known to this runner: ${{{{ {self._text} }}}}")


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(text):
        token = _TOKENS.match(text, at)
        if token is None:
            raise UnknownForm(f"not known to this runner: ${{{{ {text} }}}}")
        at = token.end()
        assert token.lastgroup is not None
        found.append((token.lastgroup, token[token.lastgroup]))
    return found
