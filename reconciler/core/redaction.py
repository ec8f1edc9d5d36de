"""What may be shown: secret values, in every form in which they travel, become `***`.

All output passes through one `Redactor`. It masks the values it was given (also encoded, escaped
or wrapped over lines) and whatever looks like a credential. Time grows linearly with the text.
It knows neither where secrets come from nor where text goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

from reconciler.core import credentials, encodings

MASK = "***"

# A shorter value is masked only where it is the whole text: anywhere else it would mask ordinary
# words and digits, and what is masked would tell it.
SHORTEST = 4

# What names a header, and where its value stands then.
_NAMING = {"name": ("value",), "key": ("value",), "path": ("before", "after", "value")}

# Text may be wrapped inside a value of at least this length.
_SHORTEST_WRAPPED = 8


class Redactor:
    """Masks known secret values and credential patterns in text and in JSON-like values."""

    __slots__ = ("_found", "_known", "_whole")

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Take the secret values; empty ones are ignored."""
        self._known: dict[str, tuple[str, ...]] = {}
        self._found: tuple[str, ...] | None = None
        self._learn(secrets)

    def _learn(self, secrets: Iterable[str]) -> None:
        for secret in secrets:
            if secret.strip() and secret not in self._known:
                long = len(secret.strip()) >= SHORTEST
                self._known[secret] = tuple(encodings.forms(secret)) if long else ()
        self._whole = frozenset(text for secret in self._known for text in (secret, secret.strip()))

    @property
    def _forms(self) -> tuple[str, ...]:
        """Every form of every secret; found out when the first text is looked at."""
        if self._found is None:
            self._found = tuple(sorted({form for each in self._known.values() for form in each}))
        return self._found

    def __repr__(self) -> str:
        """Return a text without any of the values."""
        return f"Redactor({len(self._known)} secrets)"

    def knowing(self, secrets: Iterable[str]) -> Redactor:
        """Return a redactor that knows these values too."""
        more = frozenset(secrets) - self._known.keys()
        if not any(secret.strip() for secret in more):
            return self
        redactor = Redactor()
        redactor._known.update(self._known)
        redactor._learn(more)
        return redactor

    def text(self, text: str) -> str:
        """Return the text with every secret in it masked."""
        if text in self._whole:
            return MASK
        return credentials.masked(_masked(text, self._spans(text)), MASK)

    def value(self, value: Any) -> Any:
        """Return a JSON-like value with each string in it, keys too, masked on its own.

        Numbers and other values that are no text are returned as they are, and so is a whole
        branch without a secret in it.
        """
        if isinstance(value, str):
            return self.text(value)
        return self._value(self._without_headers(value))

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if self._clean(value):
            return value
        if isinstance(value, Mapping):
            return {self._value(key): self._value(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._value(item) for item in value]
        return value

    def record(self, value: Any) -> Any:
        """Return a record of frozen values with each text in it masked, and nothing else changed.

        What is laid out, wrapped, cut or escaped passes here first: afterwards a secret may have
        a form that nobody finds. A branch without a secret is the same object.
        """
        return self._record(self._without_headers(value))

    def _record(self, value: Any) -> Any:
        if isinstance(value, str):
            return value if isinstance(value, Enum) else self.text(value)
        return value if self._clean(value) else _rebuilt(value, self._record)

    def _without_headers(self, value: Any) -> Any:
        """Return a value in which nothing stands behind the names of headers for credentials."""
        return _bare(value) if credentials.holds_name("\0".join(_texts(value))) else value

    def _clean(self, value: Any) -> bool:
        """Say whether no text inside a value needs a mask, with one search over all of them."""
        texts = list(_texts(value))
        if not self._whole.isdisjoint(texts):
            return False
        joined = "\0".join(texts)
        return self.text(joined) == joined

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Return where secrets stand, sorted, possibly overlapping."""
        spans = [span for form in self._forms for span in _occurrences(text, form)]
        for unwrapped in encodings.unwrapped(text) if self._forms else ():
            for form in self._forms:
                if len(form) >= _SHORTEST_WRAPPED:
                    spans.extend(map(unwrapped.span, _occurrences(unwrapped.text, form)))
        return sorted(spans)


def _texts(value: Any) -> Iterator[str]:
    """Yield every string inside a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(key)
            yield from _texts(item)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _texts(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _texts(getattr(value, field.name))


def _rebuilt(value: Any, one: Callable[[Any], Any]) -> Any:
    """Return a value of the same type whose members, keys too, were each passed to a function."""
    if isinstance(value, Mapping):
        return {one(key): one(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        make = getattr(value, "_make", type(value))
        return make(map(one, value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{name: one(item) for name, item in _members(value).items()})
    return value


def _members(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _bare(value: Any) -> Any:
    """Return a value with what headers for credentials hold masked whole, the rest as it is."""
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, Mapping):
        return _bare_mapping(value)
    if is_dataclass(value) and not isinstance(value, type):
        known = _members(value)
        bare = _bare_mapping(known)
        return value if bare is known else replace(value, **bare)
    return _rebuilt(value, _bare)


def _bare_mapping(value: Mapping[Any, Any]) -> Mapping[Any, Any]:
    hidden = _hidden(value)
    bare = {k: _header(item) if k in hidden else _bare(item) for k, item in value.items()}
    return value if all(bare[key] is value[key] for key in value) else bare


def _hidden(value: Mapping[Any, Any]) -> set[str]:
    """Return the keys of an object behind which the value of a header for credentials stands.

    That is the header itself, and `value` beside its name, as a list of headers has it.
    """
    found = {key for key in value if isinstance(key, str) and credentials.is_name(key)}
    for label, beside in _NAMING.items():
        name = value.get(label)
        if isinstance(name, str) and credentials.is_name(name.rpartition("/")[2]):
            found.update(beside)
    return found


def _header(value: Any) -> Any:
    """Return the mask for what a header holds, unless it is a reference or no text."""
    if not isinstance(value, str) or credentials.is_reference(value):
        return value
    return MASK if value.strip() else value


def _occurrences(text: str, form: str) -> Iterator[tuple[int, int]]:
    """Yield every place of a form in a text, overlapping ones too."""
    start = text.find(form)
    while start >= 0:
        yield start, start + len(form)
        start = text.find(form, start + 1)


def _masked(text: str, spans: list[tuple[int, int]]) -> str:
    """Return the text with the sorted spans masked, adjoining ones by one mask."""
    if not spans:
        return text
    pieces: list[str] = []
    end = 0
    for start, stop in spans:
        if start > end or not pieces:
            pieces += (text[end:start], MASK)
        end = max(end, stop)
    return "".join((*pieces, text[end:]))
