"""What a change of an event's JSON Schema means for those who send it and those who read it.

The application sends events, workflows read them. What is removed or becomes something else breaks
readers; what must be sent now, or may not be sent any more, breaks senders. Every difference is
told with its path. Texts such as titles and examples are no difference.
What cannot be judged counts as breaking. It must not know manifests or messages, never fails on
any JSON value, and stops after a bounded amount of work.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from reconciler.core.canonical import Json
from reconciler.core.flat_schema import (
    ANYTHING,
    MAX_DEPTH,
    Budget,
    Document,
    depth_within,
    same,
)
from reconciler.core.schema_level import (
    Flat,
    Level,
    Path,
    SchemaChange,
    items_of,
    judge_bounds,
    judge_formats,
    judge_required,
    judge_types,
    judge_values,
    list_of,
    properties_of,
    required_of,
    schema_of,
    unjudged,
)

__all__ = ["SchemaChange", "bare", "compare"]

ITEMS = "[]"

# Compared as they stand, without texts and with references followed.
_OPAQUE = (
    *("not", "if", "then", "else", "oneOf", "contains", "minContains", "maxContains"),
    *("dependentRequired", "dependentSchemas", "dependencies", "propertyNames", "$ref"),
    *("patternProperties", "unevaluatedProperties", "unevaluatedItems", "$dynamicRef"),
)


def compare(before: Json, after: Json) -> tuple[SchemaChange, ...]:
    """Return every difference between two schemas, sorted by path; equal ones have none."""
    if same(before, after):
        return ()
    if not (depth_within(before) and depth_within(after)):
        return (unjudged((), "is nested too deeply to be compared"),)
    budget = Budget()
    comparison = _Comparison(Document(before, budget), Document(after, budget))
    found = set(comparison.nodes(before, after, ()))
    if budget.steps < 0:
        found.add(unjudged((), "is too large to be compared completely"))
    return tuple(sorted(found))


def bare(schema: Json) -> Json:
    """Return a schema as what it demands, so that only a change of meaning changes it."""
    return Document(schema, Budget()).bare(schema)


_Row = list[list[SchemaChange]]


@dataclass(slots=True)
class _Comparison:
    """Two documents that are compared level by level; `open` are the pairs being compared."""

    before: Document
    after: Document
    open: set[tuple[int, int]] = field(default_factory=set)

    def nodes(self, before: Json, after: Json, path: Path) -> Iterator[SchemaChange]:
        """Yield the differences of two schemas at a path and below it."""
        pair = (id(before), id(after))
        if pair in self.open or not self._goes_on() or before is after is ANYTHING:
            return  # a schema that contains itself, or nothing to compare
        if len(path) > MAX_DEPTH:
            yield unjudged(path, "is nested too deeply to be compared")
            return
        self.open.add(pair)
        yield from self._level(Level(path, self.before.flat(before), self.after.flat(after)))
        self.open.discard(pair)

    def _level(self, level: Level) -> Iterator[SchemaChange]:
        yield from judge_types(level)
        left, right = level.types
        if not left & right:
            return  # nothing below is what it was
        for judge in (judge_values, judge_bounds, judge_formats, judge_required):
            yield from judge(level)
        yield from self._properties(level)
        yield from self._other_fields(level)
        yield from self._items(level)
        yield from self._forms(level)
        yield from self._opaque(level)

    def _properties(self, level: Level) -> Iterator[SchemaChange]:
        before, after = properties_of(level.before), properties_of(level.after)
        must = required_of(level.after)
        for name in sorted(before.keys() | after.keys()):
            path = (*level.path, name)
            if name in before and name in after:
                yield from self.nodes(before[name], after[name], path)
            elif name in before:
                refused = level.after.get("additionalProperties") is False
                yield SchemaChange(
                    path=path, text="is removed", breaks_readers=True, breaks_senders=refused
                )
            elif name in must:
                yield SchemaChange(path=path, text="is new and must be sent", breaks_senders=True)
            else:
                yield SchemaChange(path=path, text="is new")

    def _other_fields(self, level: Level) -> Iterator[SchemaChange]:
        """Judge what may be sent beside the listed properties."""
        before = schema_of(level.before.get("additionalProperties"))
        after = schema_of(level.after.get("additionalProperties"))
        if before is not False and after is False:
            yield level.refuses("no longer takes fields that are not listed")
        elif before is False and after is not False:
            yield level.fine("takes fields that are not listed")
        elif before is not False:
            yield from self.nodes(before, after, (*level.path, "*"))

    def _items(self, level: Level) -> Iterator[SchemaChange]:
        first_before, rest_before = items_of(level.before)
        first_after, rest_after = items_of(level.after)
        for index in range(max(len(first_before), len(first_after))):
            left = first_before[index] if index < len(first_before) else rest_before
            right = first_after[index] if index < len(first_after) else rest_after
            yield from self.nodes(left, right, (*level.path, f"[{index}]"))
        yield from self.nodes(rest_before, rest_after, (*level.path, ITEMS))

    def _forms(self, level: Level) -> Iterator[SchemaChange]:
        """Judge `anyOf`: whatever was taken must still be taken by one of the forms."""
        before, after = list_of(level.before, "anyOf"), list_of(level.after, "anyOf")
        if not before and not after:
            return
        rows = self._rows(level, before, after)
        lost = [row for row in rows if all(any(c.breaking for c in fit) for fit in row)]
        left, right = level.types
        if lost and left <= right:
            yield from _lost_forms(level, lost, fewer=len(after) < len(before))
        elif left == right and (len(before) != len(after) or not all([] in row for row in rows)):
            yield level.fine("takes other forms")

    def _rows(self, level: Level, before: list[Json], after: list[Json]) -> list[_Row]:
        """Return, for each form that was taken, its differences from each that is taken now."""
        if not before or not after:  # one side has a single form, which is all of its level
            before, after = _whole(level.before, before), _whole(level.after, after)
        return [
            [list(self.nodes(form, other, level.path)) for other in after if self._goes_on()]
            for form in before
        ]

    def _goes_on(self) -> bool:
        return self.before.budget.steps >= 0

    def _opaque(self, level: Level) -> Iterator[SchemaChange]:
        """Judge keywords that are not understood path by path: any other value is breaking."""
        for keyword in _OPAQUE:
            if keyword not in level.before and keyword not in level.after:
                continue
            left = self.before.bare({k: v for k, v in level.before.items() if k == keyword})
            right = self.after.bare({k: v for k, v in level.after.items() if k == keyword})
            if right and not same(left, right):
                yield level.refuses(f"has {'another' if left else 'a new'} rule ({keyword})")
            elif not right:
                yield level.fine(f"has no rule of its own any more ({keyword})")


def _whole(flat: Flat, forms: list[Json]) -> list[Json]:
    """Return each form together with what holds beside it."""
    beside = {key: value for key, value in flat.items() if key != "anyOf"}
    return [{"allOf": [beside, form]} for form in forms] or [beside]


def _lost_forms(level: Level, lost: list[_Row], *, fewer: bool) -> Iterator[SchemaChange]:
    """Tell what was lost by the form that is nearest to it, or that a whole form is gone."""
    if fewer:
        yield level.refuses("no longer takes one of its forms")
        return
    for row in lost:
        yield from min(row, key=lambda fit: sum(change.breaking for change in fit), default=[])
