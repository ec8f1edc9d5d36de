"""From the rows of a table to records of users, in one pass.

The rows of one user stand together. What a row leaves out of a connection, another may say; what
two rows say differently is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.core import strict_json, users
from reconciler.core.canonical import Json
from reconciler.core.names import nearest, quoted
from reconciler.core.strict_json import NotJson
from reconciler.core.user_lines import Line, Problem, Row, text_of
from reconciler.core.user_tables import COLUMNS, split, unsafe
from reconciler.core.users import Known

_OF_CONNECTION = ("status", "scopes", "settings")
_OF_WORKFLOW = {"enabled": "enabled", "disabledBy": "disabledBy", "workflowSettings": "settings"}


def read(lines: Iterable[Line], known: Known) -> Iterator[Row]:
    """Yield a row for each user, and one for each line that is wrong.

    The first line names the columns; without it nothing else is read.
    """
    lines = iter(lines)
    header = _header(next(lines, Line(1, b"")))
    if isinstance(header, Problem):
        yield Row(line=1, problems=(header,))
        return
    group: _Group | None = None
    for line in lines:
        row = _row(line, header, known)
        if row.problems:
            yield Row(line=row.line, problems=row.problems)
        if row.user is None:
            continue
        if group is None or group.user != row.user:
            if group is not None:
                yield group.whole()
            group = _Group(row.user, row.line)
        yield from group.add(row)
    if group is not None:
        yield group.whole()


# --- one line -------------------------------------------------------------------------------------


def _header(line: Line) -> tuple[str, ...] | Problem:
    text = text_of(line)
    if isinstance(text, Problem):
        return text
    cells = split(text)
    wrong = cells if isinstance(cells, str) else _header_problem(cells)
    return tuple(cells) if wrong is None else Problem(line.number, 1, wrong)


def _header_problem(cells: list[str]) -> str | None:
    listed = f"the columns are {', '.join(COLUMNS)}"
    for cell in cells:
        if cell not in COLUMNS:
            return f"there is no column {quoted(cell)}{nearest(cell, COLUMNS)}; {listed}"
        if cells.count(cell) > 1:
            return f"the column {cell} stands twice"
    return None if "user" in cells else f"the first line names the columns, also user; {listed}"


def _row(line: Line, header: tuple[str, ...], known: Known) -> Row:
    """Return what one line tells of a user; a blank one tells of nobody."""
    text = text_of(line)
    if isinstance(text, Problem):
        return Row(line=line.number, problems=(text,))
    cells = split(text)
    if not any(cells):
        return Row(line=line.number)
    if isinstance(cells, list) and len(cells) != len(header):
        cells = f"this row has {len(cells)} cells, the first line {len(header)}"
    if isinstance(cells, str):
        return Row(line=line.number, problems=(Problem(line.number, 1, cells),))
    given = {name: unsafe(cell) for name, cell in zip(header, cells, strict=True) if cell}
    return _checked(line.number, given, known)


def _checked(number: int, given: Mapping[str, str], known: Known) -> Row:
    read, wrong = _meant(given)
    value = _value(read)
    wrong += [*_lonely(given), *users.problems(value, known), *_foreign(given, known)]
    user = given.get("user")
    return Row(
        line=number,
        user=None if any(users.id_problems(user)) else user,
        record=None if wrong else value,
        problems=tuple(Problem(number, 1, text) for text in wrong),
    )


def _meant(given: Mapping[str, str]) -> tuple[dict[str, Json], list[str]]:
    """Return what the cells mean, and what is wrong with them."""
    found: dict[str, Json] = {}
    wrong = []
    for column, cell in given.items():
        value = _MEANINGS.get(column, str)(cell)
        if isinstance(value, NotJson):
            wrong.append(f"{column}: {value.text}")
        else:
            found[column] = value
    return found, wrong


def _scopes(cell: str) -> Json | NotJson:
    return sorted(set(cell.split()))


def _flag(cell: str) -> Json | NotJson:
    return {"true": True, "false": False}.get(cell.lower(), NotJson("write true or false"))


def _object(cell: str) -> Json | NotJson:
    value = strict_json.read(cell)
    if isinstance(value, NotJson | Mapping):
        return value
    return NotJson('write a JSON object, such as {"region": "eu"}')


_MEANINGS: Mapping[str, Callable[[str], Json | NotJson]] = {
    "scopes": _scopes,
    "settings": _object,
    "enabled": _flag,
    "workflowSettings": _object,
    "metadata": _object,
}


def _lonely(given: Mapping[str, str]) -> list[str]:
    """Return which cells say something of a connection or workflow that the row does not name."""
    return [
        f"{column} is given, but no {owner}"
        for owner, columns in (("integration", _OF_CONNECTION), ("workflow", _OF_WORKFLOW))
        for column in columns
        if column in given and owner not in given
    ]


def _foreign(given: Mapping[str, str], known: Known) -> list[str]:
    """Return what is wrong where a workflow stands beside an integration that it is not of."""
    integration, owners = given.get("integration"), known.owners.get(given.get("workflow", ""))
    if integration is None or owners is None or integration in owners:
        return []
    whose = " or ".join(sorted(owners)) or "no integration"
    return [f"{quoted(given['workflow'])} is a workflow of {whose}, not of {quoted(integration)}"]


def _value(read: Mapping[str, Json]) -> dict[str, Json]:
    """Return the record that a row alone tells; what it leaves out is left out."""
    value: dict[str, Json] = {"id": read.get("user")}
    if "metadata" in read:
        value["metadata"] = read["metadata"]
    if "integration" in read:
        kept = {column: read[column] for column in _OF_CONNECTION if column in read}
        value["connections"] = [{"integration": read["integration"]} | kept]
    if "workflow" in read:
        kept = {name: read[column] for column, name in _OF_WORKFLOW.items() if column in read}
        value["workflows"] = [{"name": read["workflow"]} | kept]
    return value


# --- the rows of one user -------------------------------------------------------------------------


@dataclass(slots=True)
class _Group:
    """What the rows of one user say together; `line` is the first of them."""

    user: str
    line: int
    metadata: dict[str, Json] = field(default_factory=dict)
    connections: dict[str, dict[str, Json]] = field(default_factory=dict)
    workflows: dict[str, Mapping[str, Json]] = field(default_factory=dict)

    def add(self, row: Row) -> Iterator[Row]:
        """Take what a row tells; yield what it says differently from the rows before."""
        found = [Problem(row.line, 1, text) for text in self._merged(row.record or {})]
        if found:
            yield Row(line=row.line, problems=tuple(found))

    def whole(self) -> Row:
        """Return the user of these rows."""
        record = {
            "id": self.user,
            "metadata": self.metadata.get("metadata"),
            "connections": [*self.connections.values()],
            "workflows": [*self.workflows.values()],
        }
        return Row(line=self.line, user=self.user, record=users.normalised(record))

    def _merged(self, record: Mapping[str, Json]) -> Iterator[str]:
        if "metadata" in record:
            yield from _differing("", self.metadata, {"metadata": record["metadata"]})
        for connection in record.get("connections", ()):
            name = connection["integration"]
            yield from _differing(name, self.connections.setdefault(name, {}), connection)
        for workflow in record.get("workflows", ()):
            if workflow["name"] in self.workflows:
                yield f"{quoted(workflow['name'])} stands on another row of this user already"
            self.workflows[workflow["name"]] = workflow


def _differing(name: str, there: dict[str, Json], given: Mapping[str, Json]) -> Iterator[str]:
    """Add what is given to what is there; yield each key that another row gave differently."""
    for key, value in given.items():
        if there.setdefault(key, value) != value:
            of = f" of {quoted(name)}" if name else ""
            yield f"{key}{of} is not what another row of this user says"
