"""Bare scripts that do the least that could give each answer, written for one measured command."""

from __future__ import annotations

import marshal
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from tests.benchmarks import measuring
from tests.benchmarks.measuring import Command, python

OWN = "reconciler"

_ALL_OF = 'SELECT * FROM "{}"'
_INTO = 'INSERT INTO "{}" VALUES ({})'

_FLOOR = '''\
"""List a tree, read as many ids from SQLite, compare the two."""
import sqlite3
import subprocess
{imports}
argv = ["git", "-C", {repository!r}, "ls-tree", "-r", "-z", "--full-tree", "main", "--", {folder!r}]
listed = subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout.decode()
desired = {{}}
for record in listed.split("\\0")[:-1]:
    meta, _, path = record.partition("\\t")
    desired[path] = meta.rpartition(" ")[2]
known = dict(sqlite3.connect({database!r}).execute("SELECT path, id FROM digests"))
print(sum(1 for path, id in desired.items() if known.get(path) != id))
'''

_YAML = '''\
"""Parse every file."""
import marshal
import yaml
with open({corpus!r}, "rb") as stream:
    files = marshal.load(stream)
for data in files:
    yaml.load(data, Loader=yaml.CSafeLoader)
'''

_INSERT = '''\
"""Insert every row in one transaction."""
import marshal
import os
import sqlite3
with open({corpus!r}, "rb") as stream:
    statements, tables = marshal.load(stream)
if os.path.exists({database!r}):
    os.remove({database!r})
connection = sqlite3.connect({database!r}, isolation_level=None)
for statement in statements:
    connection.execute(statement)
connection.execute("BEGIN IMMEDIATE")
for insert, rows in tables:
    connection.executemany(insert, rows)
connection.execute("COMMIT")
'''


def floor(folder: Path, repository: Path, command: Command) -> Command:
    """Write the floor of a command: the same libraries, `git ls-tree`, ids from SQLite."""
    database = folder / "digests.db"
    tree = "environments/development"
    if not database.exists():
        _write_ids(database, repository, tree)
    imports = "\n".join(
        f"try:\n    import {name}\nexcept ImportError:\n    pass" for name in libraries(command)
    )
    text = _FLOOR.format(
        imports=imports, repository=str(repository), folder=tree, database=str(database)
    )
    return _script(folder, f"floor of {command.title}", text)


def yaml_load(folder: Path, files: Mapping[str, bytes]) -> Command:
    """Write the script that only parses the files, on one processor."""
    corpus = folder / "files.marshal"
    corpus.write_bytes(marshal.dumps(list(files.values())))
    return _script(folder, "yaml.load(CSafeLoader)", _YAML.format(corpus=str(corpus)))


def bulk_insert(folder: Path, store: Path) -> Command:
    """Write the script that inserts the rows of a store into a new one with the same tables."""
    corpus = folder / "rows.marshal"
    corpus.write_bytes(marshal.dumps(_rows(store)))
    text = _INSERT.format(corpus=str(corpus), database=str(folder / "inserted.db"))
    return _script(folder, "bulk insert", text)


def libraries(command: Command) -> list[str]:
    """Return the modules that a command imports and that are not its own, in their order.

    A module that another library imports is left out: it comes with that one. Names that were
    looked for in vain are in it.
    """
    program, *arguments = command.argv
    command.prepare()
    done = subprocess.run(
        [program, "-X", "importtime", *arguments],
        cwd=measuring.PROJECT,
        env=measuring.environment(command.variables),
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    entries = [line.split("|", 2)[2] for line in lines[1:]]
    return list(dict.fromkeys(reversed(list(outermost(reversed(entries))))))


def outermost(entries: Iterator[str]) -> Iterator[str]:
    """Yield foreign names that no foreign module imported; a parent comes before its children."""
    covered = 1 << 16
    for entry in entries:
        name = entry.strip()
        depth = len(entry) - len(entry.lstrip())
        if depth > covered:
            continue
        own = name.partition(".")[0] == OWN
        covered = 1 << 16 if own else depth
        if not own:
            yield name


def _write_ids(database: Path, repository: Path, tree: str) -> None:
    argv = ["git", "-C", str(repository), "ls-tree", "-r", "-z", "main", "--", tree]
    listed = subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout.decode()
    records = [record.partition("\t") for record in listed.split("\0")[:-1]]
    rows = [(path, meta.rpartition(" ")[2]) for meta, _, path in records]
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE digests (path TEXT PRIMARY KEY, id TEXT) WITHOUT ROWID")
        connection.executemany("INSERT INTO digests VALUES (?, ?)", rows)


def _rows(store: Path) -> tuple[list[str], list[tuple[str, list[tuple[object, ...]]]]]:
    """Return the statements that make a store's tables, and each table's insert with its rows."""
    made = "SELECT sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL"
    named = "SELECT name FROM sqlite_master WHERE type = 'table'"
    internal = " AND name NOT LIKE 'sqlite_%'"
    with closing(sqlite3.connect(store)) as connection:
        statements = [str(row[0]) for row in connection.execute(made + internal)]
        tables = []
        for (name,) in connection.execute(named + internal).fetchall():
            rows = connection.execute(_ALL_OF.format(name)).fetchall()
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                tables.append((_INTO.format(name, marks), rows))
    return statements, tables


def _script(folder: Path, title: str, text: str) -> Command:
    path = folder / f"{title.translate(_PLAIN)}.py"
    path.write_text(text, encoding="utf-8")
    return Command(title=title, argv=python(str(path)))


_PLAIN = str.maketrans({" ": "-", ",": "", "(": "-", ")": "", "/": "-"})
