"""Facts as one line of text: fields and list items apart by separators that no name can hold.

Reading ten thousand of them back is what a warm plan waits for, so this is not JSON.
"""

from __future__ import annotations

import dataclasses

from reconciler.core.model import Facts

_FIELD = "\x1f"
_ITEM = "\x1e"

# Each field with whether it is a list. The order is the layout of the text; `unpacked` repeats it,
# which is three times as fast as a loop over it.
FIELDS = tuple((field.name, field.default == ()) for field in dataclasses.fields(Facts))


def packed(facts: Facts) -> str | None:
    """Return the text of facts, None where it could not be read back."""
    texts = []
    for name, many in FIELDS:
        value = getattr(facts, name)
        items = value if many else (value or "",)
        if any(_ITEM in item or _FIELD in item or (many and not item) for item in items):
            return None
        texts.append(_ITEM.join(items))
    return _FIELD.join(texts).rstrip(_FIELD)


def unpacked(text: str) -> Facts:
    """Return the facts of a text."""
    parts = text.split(_FIELD)
    parts += [""] * (len(FIELDS) - len(parts))
    return Facts(
        integration=parts[0] or None,
        event=parts[1] or None,
        workflows=_items(parts[2]),
        secrets=_items(parts[3]),
        declared_secrets=_items(parts[4]),
        settings=_items(parts[5]),
        needs_settings=_items(parts[6]),
        values=_items(parts[7]),
        app=_items(parts[8]),
        app_configuration=_items(parts[9]),
        definition=parts[10] or None,
    )


def _items(part: str) -> tuple[str, ...]:
    """Return the items of a list."""
    return tuple(part.split(_ITEM)) if part else ()
