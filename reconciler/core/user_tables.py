"""Users as rows of a table, and cells that are safe in a spreadsheet.

One row for each connection, and for each workflow of it. `user_rows` reads them again.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping

from reconciler.core import canonical
from reconciler.core.canonical import Json
from reconciler.core.users import Known

COLUMNS = (
    "user",
    "integration",
    "workflow",
    "status",
    "scopes",
    "settings",
    "enabled",
    "disabledBy",
    "workflowSettings",
    "metadata",
)

# --- cells ----------------------------------------------------------------------------------------

# What a spreadsheet takes for a formula; and what would look like one that was made safe.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def safe(cell: str) -> str:
    """Return a cell that no spreadsheet calculates: with a `'` before what would be a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unsafe(cell: str) -> str:
    """Return a cell as it was before it was made safe."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def row(cells: Iterable[str | None]) -> str:
    """Return one line of CSV, safe to open in a spreadsheet; None is an empty cell."""
    return ",".join(_quoted(safe(cell or "")) for cell in cells)


def _quoted(cell: str) -> str:
    # A build server takes a line that begins with two colons for a command.
    needed = any(character in cell for character in ',"\r\n') or cell.lstrip().startswith("::")
    return f'"{cell.replace(chr(34), chr(34) * 2)}"' if needed else cell


def split(text: str) -> list[str] | str:
    """Return the cells of a line, or what is wrong with it."""
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        reasons = (reason for words, reason in _REASONS if words in str(error))
        return next(reasons, f"this is not a row of CSV: {error}")


_REASONS = (
    ("end of data", "a cell's quote is not closed; a row is one line"),
    ("new-line", "a carriage return stands in the row; a row is one line"),
    ("field limit", "a cell is longer than 128 KiB"),
)


# --- records to rows ------------------------------------------------------------------------------


def rows(record: Mapping[str, Json], known: Known) -> Iterator[tuple[str | None, ...]]:
    """Yield the rows of a record.

    A workflow stands beside the connection that it belongs to; without one, alone.
    """
    metadata = _json(record["metadata"])
    left = {workflow["name"]: workflow for workflow in record["workflows"]}
    table: list[dict[str, str | None]] = []
    for connection in record["connections"]:
        name = connection["integration"]
        mine = [each for each in left if name in known.owners.get(each, ())]
        table += [_cells_of(connection, left.pop(each)) for each in mine]
        table += [] if mine else [_cells_of(connection, None)]
    table += [_cells_of(None, workflow) for workflow in left.values()]
    for cells in table or [{}]:
        whole = cells | {"user": record["id"], "metadata": metadata}
        yield tuple(whole.get(column) for column in COLUMNS)
        metadata = None


def _cells_of(
    connection: Mapping[str, Json] | None, workflow: Mapping[str, Json] | None
) -> dict[str, str | None]:
    cells: dict[str, str | None] = {}
    if connection is not None:
        cells |= {"integration": connection["integration"], "status": connection["status"]}
        cells |= {"scopes": " ".join(connection["scopes"])}
        cells |= {"settings": _json(connection["settings"])}
    if workflow is not None:
        cells |= {"workflow": workflow["name"], "disabledBy": workflow.get("disabledBy")}
        cells |= {"enabled": canonical.dumps(workflow["enabled"])}
        cells |= {"workflowSettings": _json(workflow["settings"])}
    return cells


def _json(value: Json) -> str | None:
    return canonical.dumps(value) if value else None


def told(record: Mapping[str, Json]) -> str:
    """Return one line for people: connections with their status, and which workflows are on."""
    connections = [f"{each['integration']} ({each['status']})" for each in record["connections"]]
    parts = [", ".join(connections) or "not connected"]
    for word, enabled in (("on", True), ("off", False)):
        names = [each["name"] for each in record["workflows"] if each["enabled"] is enabled]
        parts += [f"{word}: {', '.join(names)}"] if names else []
    return f"{record['id']}  {'; '.join(parts)}"
