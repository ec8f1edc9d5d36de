"""What may be shown: secret values, in every form in which they travel, become `***`.

All output passes through one `Redactor`. It masks the values it was given (also encoded, escaped
or wrapped over lines) and whatever looks like a credential. Time grows linearly with the text.
It knows neither where secrets come from nor where text goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.core import credentials, encodings

MASK = "***"

# A shorter value is masked only where it is the whole text: anywhere else it would mask ordinary
# words and digits, and what is masked would tell it.
SHORTEST = 4

# Text may be wrapped inside a value of at least this length.
_SHORTEST_WRAPPED = 8


class Redactor:
    """Masks known secret values and credential patterns in text and in JSON-like values."""

    __slots__ = ("_forms", "_secrets", "_whole")

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Take the secret values; empty ones are ignored."""
        self._secrets = frozenset(secret for secret in secrets if secret.strip())
        self._whole = frozenset(
            text for secret in self._secrets for text in (secret, secret.strip())
        )
        long = [secret for secret in self._secrets if len(secret.strip()) >= SHORTEST]
        self._forms = tuple(sorted({form for secret in long for form in encodings.forms(secret)}))

    def __repr__(self) -> str:
        """Return a text without any of the values."""
        return f"Redactor({len(self._secrets)} secrets)"

    def knowing(self, secrets: Iterable[str]) -> Redactor:
        """Return a redactor that knows these values too."""
        more = frozenset(secrets)
        return self if more <= self._secrets else Redactor(self._secrets | more)

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
        if self._clean(value):
            return value
        if isinstance(value, Mapping):
            return {self.value(key): self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(item) for item in value]
        return value

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
        if self._forms and ("\n" in text or "\\n" in text):
            unwrapped = encodings.Unwrapped(text)
            for form in self._forms:
                if len(form) >= _SHORTEST_WRAPPED:
                    spans.extend(map(unwrapped.span, _occurrences(unwrapped.text, form)))
        return sorted(spans)


def _texts(value: Any) -> Iterator[str]:
    """Yield every string inside a JSON-like value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(key)
            yield from _texts(item)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _texts(item)


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
