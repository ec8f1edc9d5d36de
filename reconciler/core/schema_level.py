"""What a change of one keyword means, at one level of two schemas.

Each judge takes a level and yields what differs there: nothing below it, no references.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.core.canonical import Json
from reconciler.core.flat_schema import (
    ANYTHING,
    COUNTED_FROM_ZERO,
    LOWER,
    TYPES,
    UPPER,
    identity,
    is_number,
    same,
    types_of,
)
from reconciler.core.names import quoted

Path = tuple[str, ...]
Flat = Mapping[str, Json]

# Beyond this a bound is no number that anyone meant, and may not fit a float.
_LARGEST = 10**300


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class SchemaChange:
    """One difference: where, what in words, and whom it breaks (nobody: it is compatible)."""

    path: Path
    text: str
    breaks_readers: bool = False
    breaks_senders: bool = False

    @property
    def breaking(self) -> bool:
        """True when readers or senders must change too."""
        return self.breaks_readers or self.breaks_senders

    @property
    def place(self) -> str:
        """The path as people write it: `contact.emails[].address`, empty for the event itself."""
        return ".".join(self.path).replace(".[", "[")


def unjudged(path: Path, text: str) -> SchemaChange:
    """Return a difference that everyone must look at."""
    return SchemaChange(path=path, text=text, breaks_readers=True, breaks_senders=True)


class Level(NamedTuple):
    """One level of both schemas, flat."""

    path: Path
    before: Flat
    after: Flat

    def fine(self, text: str) -> SchemaChange:
        """Return a compatible difference."""
        return SchemaChange(path=self.path, text=text)

    def refuses(self, text: str) -> SchemaChange:
        """Return a difference by which something that was sent is refused now."""
        return SchemaChange(path=self.path, text=text, breaks_senders=True)

    @property
    def types(self) -> tuple[frozenset[str], frozenset[str]]:
        """The types that are taken, before and after."""
        return types_of(self.before), types_of(self.after)


# --- one keyword --------------------------------------------------------------------------------


def judge_types(level: Level) -> Iterator[SchemaChange]:
    """Judge `type`, and the types that all of several forms take together."""
    left, right = level.types
    if left == right:
        return
    if not right:
        yield unjudged(level.path, "is not taken any more")
    elif not left & right:
        yield unjudged(level.path, f"changes from {_words(left)} to {_words(right)}")
    elif left < right:
        new = "any type" if right == TYPES else _words(right - left)
        yield level.fine(f"also takes {new}")
    else:
        lost = "" if left == TYPES else f", no longer {_words(left - right)}"
        yield level.refuses(f"takes only {_words(right)} now{lost}")


def _words(types: frozenset[str]) -> str:
    shown = types - {"integer"} if "number" in types else types
    return "any type" if types == TYPES else " or ".join(sorted(shown))


def judge_values(level: Level) -> Iterator[SchemaChange]:
    """Judge `enum` and `const`."""
    before, after = _allowed(level.before), _allowed(level.after)
    if before is None and after is not None:
        yield level.refuses(f"takes only {_some(after)} now")
    elif before is not None and after is None:
        yield level.fine("takes any value now")
    elif before is not None and after is not None:
        if gone := before - after:
            yield level.refuses(f"no longer takes {_some(gone)}")
        if new := after - before:
            yield level.fine(f"also takes {_some(new)}")


def _allowed(flat: Flat) -> frozenset[str] | None:
    if "const" in flat:
        return frozenset({identity(flat["const"])})
    found = flat.get("enum")
    return frozenset(map(identity, found)) if isinstance(found, list) else None


def _some(values: frozenset[str]) -> str:
    shown = [quoted(value)[1:-1] for value in sorted(values)[:5]]
    return ", ".join(shown) + (f" and {len(values) - 5} more" if len(values) > 5 else "")


def judge_bounds(level: Level) -> Iterator[SchemaChange]:
    """Judge the smallest and largest values, lengths and numbers of members."""
    for keyword in (*LOWER, *UPPER):
        before, after = _bound(level.before, keyword), _bound(level.after, keyword)
        if before == after:
            continue
        if after is None:
            yield level.fine(f"has no {keyword} any more")
        elif before is None:
            yield level.refuses(f"has a new {keyword} of {after:g}")
        else:
            tighter = (after > before) == (keyword in LOWER)
            text = f"has another {keyword}: {before:g} became {after:g}"
            yield level.refuses(text) if tighter else level.fine(text)


def _bound(flat: Flat, keyword: str) -> float | None:
    found = flat.get(keyword)
    if not is_number(found) or abs(found) > _LARGEST:
        return None
    return None if keyword in COUNTED_FROM_ZERO and found <= 0 else found


def judge_formats(level: Level) -> Iterator[SchemaChange]:
    """Judge `format`, `pattern`, `multipleOf` and `uniqueItems`."""
    for keyword in ("format", "pattern", "multipleOf", "uniqueItems"):
        before, after = level.before.get(keyword, False), level.after.get(keyword, False)
        if same(before, after):
            continue
        if after is False or (keyword == "multipleOf" and _divides(after, before)):
            yield level.fine(f"has a looser {keyword}")
        else:
            which = "a new" if before is False else "another"
            yield level.refuses(f"has {which} {keyword}: {quoted(identity(after))[1:-1]}")


def _divides(part: Json, whole: Json) -> bool:
    both = isinstance(part, int) and isinstance(whole, int) and part > 0
    return both and bool(whole % part == 0)


def judge_required(level: Level) -> Iterator[SchemaChange]:
    """Judge `required`; what is new or removed as a whole is told with its property."""
    before, after = required_of(level.before), required_of(level.after)
    was, stays = properties_of(level.before), properties_of(level.after)
    for name in sorted(after - before):
        if name in was or name not in stays:
            path = (*level.path, name)
            yield SchemaChange(path=path, text="must be sent now", breaks_senders=True)
    for name in sorted(before - after):
        if name in stays or name not in was:
            yield SchemaChange(path=(*level.path, name), text="may be left out now")


# --- reading keywords of any shape --------------------------------------------------------------


def properties_of(flat: Flat) -> Mapping[str, Json]:
    """Return the schemas of properties by name."""
    found = flat.get("properties")
    return found if isinstance(found, Mapping) else ANYTHING


def required_of(flat: Flat) -> frozenset[str]:
    """Return the names that must be there."""
    return frozenset(name for name in list_of(flat, "required") if isinstance(name, str))


def list_of(flat: Flat, keyword: str) -> list[Json]:
    """Return a keyword's list, empty when it has none."""
    found = flat.get(keyword)
    return found if isinstance(found, list) else []


def schema_of(value: Json) -> Json:
    """Return a nested schema, the one that takes anything when there is none."""
    return value if value is False or isinstance(value, Mapping) else ANYTHING


def items_of(flat: Flat) -> tuple[list[Json], Json]:
    """Return the schemas of the first items and that of the rest, in the old form or the new."""
    if isinstance(flat.get("items"), list):
        return flat["items"], schema_of(flat.get("additionalItems"))
    return list_of(flat, "prefixItems"), schema_of(flat.get("items"))
