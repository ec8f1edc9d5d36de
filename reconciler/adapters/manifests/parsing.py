"""One request to a manifest or its findings; what is read depends on bytes and kind alone."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence

from yaml.nodes import Node

from reconciler.adapters.manifests import checks, event_schemas, explaining, places, schemas
from reconciler.adapters.manifests.findings import capped, placed, problem
from reconciler.adapters.manifests.yaml_files import read
from reconciler.core import references
from reconciler.core.canonical import Json
from reconciler.core.errors import Invalid
from reconciler.core.facts import facts
from reconciler.core.model import Finding, Kind
from reconciler.core.normalise import normalise
from reconciler.core.pointers import unescaped
from reconciler.core.references import Problem
from reconciler.ports import Parsed, ParseRequest

# Up to this size a file that does not fit its schema is looked at once more for other problems.
_WORTH_MORE = 64 * 1024


def parse(request: ParseRequest) -> Parsed | tuple[Finding, ...]:
    """Return the manifest, normalised and with references in place, or every finding in it."""
    data, kind = request.data, request.expected
    try:
        value, wrong, root = read(data)
    except Invalid as error:
        return placed(request.path, error.findings)
    problems: Sequence[Problem]
    if wrong or not schemas.quick(kind).is_valid(value):
        problems = _of_unfit(value, kind, len(data))
    else:
        # References are looked for only where one can stand: an escape may hide the signs of it.
        answer = _of_fitting(value, may_refer=b"${{" in data or b"\\" in data)
        if isinstance(answer, Parsed):
            return answer
        problems = answer
    return placed(request.path, _with_places(root, wrong, problems))


def _of_fitting(value: Json, *, may_refer: bool = True) -> Parsed | Sequence[Problem]:
    """Judge what fits its schema by everything that a schema cannot say."""
    problems = checks.problems(value)
    if value["kind"] == Kind.APP_EVENT:
        problems += event_schemas.problems(value["spec"])
    if problems:
        return [*problems, *references.scan(value).problems]
    content = normalise(value)
    scan = references.scan(content) if may_refer else references.NOTHING
    return scan.problems or Parsed(content, facts(content, scan))


def _of_unfit(value: Json, kind: str, size: int) -> list[Problem]:
    """Say why it does not fit, and what else is wrong with the fields that do."""
    fits = schemas.quick(kind).is_valid(value)
    found = [] if fits else explaining.problems(value, kind)
    if size <= _WORTH_MORE and isinstance(value, dict):
        rest = value if fits else _without(value, found)
        if fits or schemas.quick(kind).is_valid(rest):
            answer = _of_fitting(rest)
            found += () if isinstance(answer, Parsed) else answer
    return found


def _without(value: Json, problems: Iterable[Problem]) -> Json:
    """Return a copy without the fields that have problems; lists keep their members."""
    rest = copy.deepcopy(value)
    for problem_ in problems:
        *way, last = [unescaped(part) for part in problem_.pointer.split("/")[1:]] or [""]
        parent = rest
        for part in way:
            parent = parent[int(part)] if isinstance(parent, list) else parent.get(part, {})
        if isinstance(parent, dict):
            parent.pop(last, None)
    return rest


def _with_places(
    root: Node, known: tuple[Finding, ...], problems: Iterable[Problem]
) -> tuple[Finding, ...]:
    """Give each problem its line and column; a line that has a finding already gets no other."""
    taken = {finding.line for finding in known}
    found = [problem(*places.of(root, p.pointer), p.text) for p in problems]
    return capped(sorted({*known, *(f for f in found if f.line not in taken)}))
