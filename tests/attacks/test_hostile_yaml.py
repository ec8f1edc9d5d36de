"""Hostile manifests: whatever a file holds, one finding or a result, quickly and in little memory.

Every file is read by a process of its own, which is watched: it may take two seconds and 200 MB.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest

from reconciler.adapters.manifests import schemas
from reconciler.adapters.manifests.reader import ManifestReader
from reconciler.core.model import Kind
from reconciler.ports import Parsed, ParseRequest

SECONDS = 2.0
MEGABYTES = 200
MEBIBYTE = 1 << 20

READER = """
import json, sys, time
from pathlib import Path
from reconciler.adapters.manifests.reader import ManifestReader
from reconciler.ports import Parsed, ParseRequest
data = Path(sys.argv[1]).read_bytes()
begun = time.process_time()
if sys.argv[2] in ("n8n", "opaque"):
    answer = ManifestReader().parse_definition("x", data, sys.argv[2])
else:
    [answer] = ManifestReader().parse([ParseRequest("x", data, sys.argv[2])])
seconds = time.process_time() - begun
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
findings = [f.text for f in answer] if isinstance(answer, tuple) else None
print(json.dumps({"seconds": seconds, "kilobytes": int(peak.split()[1]), "findings": findings}))
"""

TOP = "apiVersion: reconciler/v1\nkind: Workflow\nmetadata: {name: "
HEAD = TOP + "a}\nspec:\n  trigger: {type: manual}\n"
STEP = HEAD + "  steps:\n  - name: a\n    type: request\n    with:\n      x: "
EVENT = "apiVersion: reconciler/v1\nkind: AppEvent\nmetadata: {name: a}\nspec:\n  schema: "


class Outcome(NamedTuple):
    """What a file cost, and what was found; None when it was read."""

    seconds: float
    megabytes: float
    findings: list[str] | None


@pytest.fixture
def watched(tmp_path: Path, checkout: Path) -> Callable[[str | bytes, str], Outcome]:
    """Return what reads a file in a process of its own."""

    def read(text: str | bytes, kind: str = "Workflow") -> Outcome:
        """Read a file and judge its cost."""
        path = tmp_path / "file"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        command = [sys.executable, "-c", READER, str(path), kind]
        run = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr[-500:] or f"ended by signal {-run.returncode}"
        found = json.loads(run.stdout)
        outcome = Outcome(found["seconds"], found["kilobytes"] / 1024, found["findings"])
        assert outcome.seconds < SECONDS
        assert outcome.megabytes < MEGABYTES
        return outcome

    return read


def filling(before: str, unit: str, after: str = "") -> str:
    """Return a text of nearly the largest size."""
    return before + unit * ((MEBIBYTE - len(before) - len(after)) // len(unit)) + after


def aliases(levels: int, width: int) -> str:
    """Return a bomb of aliases: each level names the one below several times."""
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


def merges(levels: int) -> str:
    """Return a bomb of merge keys."""
    lines = ["m0: &m0 {a: 1}"]
    lines += [f"m{n}: &m{n}\n  <<: [*m{n - 1}, *m{n - 1}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


TOO_DEEP, TOO_MANY, TOO_LONG = "levels deep", "100,000 values", "bytes long"
REFUSED = {
    "36 key twice": ("a: 1\n" * 200_000, TOO_MANY),
    "36 keys twice": ("".join(f"k{n}: 1\n" for n in range(20_000)) * 2, "stands twice"),
    "37 alias bomb": (aliases(10, 9), TOO_MANY),
    "37 wide alias bomb": ("a: &a [" + "x," * 400 + "]\nb: [" + "*a," * 99_000 + "]\n", TOO_MANY),
    "37 merge bomb": (merges(30), TOO_MANY),
    "37 small merge bomb": (merges(12), "merge keys"),
    "37 alias of itself": ("&a [*a]", "alias of itself"),
    "37 merge of itself": ("a: &a\n  <<: *a\n", "alias of itself"),
    "38 number of 5,000 digits": ("a: " + "1" * 5_000, "would not be kept"),
    "38 number of a megabyte": (filling("a: ", "1"), "would not be kept"),
    "38 fraction of a megabyte": (filling("a: 1.", "1"), "would not be kept"),
    "39 tags": (filling("a: [", "!a b,", "]"), TOO_MANY),
    "40 NUL": ("\0" * MEBIBYTE, "NUL"),
    "40 controls": ("\x01" * MEBIBYTE, "U+0001"),
    "40 UTF-16": (("a: 1\n" * 100_000).encode("utf-16"), "UTF-16"),
    "40 no UTF-8": (b"a: " + b"\xff" * 900_000, "0xff"),
    "41 flow of 2,000": ("[" * 2_000, TOO_DEEP),
    "41 flow of a megabyte": ("[" * MEBIBYTE, TOO_DEEP),
    "41 flow mappings": (filling("", "{a: "), TOO_DEEP),
    "41 closed flow": ("[" * 500_000 + "]" * 500_000, TOO_DEEP),
    "41 block of 1,200": ("".join(f"{' ' * n}a:\n" for n in range(1_200)), TOO_DEEP),
    "41 dashes": (filling("", "- "), TOO_DEEP),
    "41 few dashes": ("- " * 90 + "a", TOO_DEEP),
    "41 question marks": (filling("", "? "), TOO_DEEP),
    "41 line of 100 MB": (b"x" * 100_000_000, TOO_LONG),
    "41 file of 10 MB": (b"a: b\n" * 2_000_000, TOO_LONG),
    "41 million keys": (b"".join(b"%x:\n" % n for n in range(1_000_000)), TOO_LONG),
    "41 keys in a megabyte": (
        "".join(f"{n:x}:\n" for n in range(0xA0000, 0xA0000 + 140_000)),
        TOO_MANY,
    ),
    "41 list of a megabyte": (filling(STEP + "[", "a,", "]"), TOO_MANY),
    "41 lists in a list": (filling(STEP + "[", "[],", "]"), TOO_MANY),
    "41 unknown fields": (HEAD + "".join(f"  k{n}: 1\n" for n in range(45_000)), "unknown field"),
    "41 wrong items": (HEAD + "  steps: [" + "1," * 99_000 + "]\n", "wanted a mapping"),
    "41 wrong settings": (
        HEAD + "  userSettings: [" + "{name: a, type: enum, default: 1}," * 14_000 + "]\n",
        "missing field",
    ),
    "41 equal steps": (
        HEAD + "  steps: [" + "{name: a, type: request}," * 19_000 + "]\n",
        "stands twice",
    ),
    "42 blank": ("\n" * MEBIBYTE, "is empty"),
    "42 comments": ("#\n" * 500_000, "is empty"),
    "42 documents": ("---\n" * 200_000, "more than one document"),
    "42 directives": ("%a\n" * 300_000, "directive"),
    "45 long name": (filling(TOP, "a-", "}\nspec: {}\n"), "/metadata/name"),
    "48 wrong references": (filling(STEP + "'", "${{a}}", "'"), "unknown reference"),
    "48 open references": (filling(STEP + "'", "${{", "'"), "never ends"),
    "48 near references": (STEP + "[" + "'${{ valu.a }}'," * 40_000 + "]", "did you mean"),
}
READ = {
    "many items": STEP + "[" + "a," * 99_900 + "]",
    "many references": filling(STEP + "'", "${{ values.a }}", "'"),
    "sixty-four levels": STEP + "[" * 59 + "]" * 59,
    "folded lines": STEP + ">\n" + "       a\n" * 100_000,
    "aliases": STEP + "\n        a: &a [1, 2]\n        b: [" + "*a," * 30_000 + "]\n",
    "signs in text": filling(STEP + "'", " !a &b *c ?d", "'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_files_are_refused(name: str, watched: Callable[..., Outcome]) -> None:
    """A hostile file is refused within its limits, and said why."""
    text, says = REFUSED[name]
    outcome = watched(text)
    assert outcome.findings is not None
    assert any(says in found for found in outcome.findings)
    assert all(len(found) < 500 for found in outcome.findings)
    assert len(outcome.findings) <= 101


@pytest.mark.parametrize("name", READ)
def test_large_files_are_read(name: str, watched: Callable[..., Outcome]) -> None:
    """A file that is only large is read, within the same limits."""
    assert watched(READ[name]).findings is None


NESTED = {
    "open": "[" * 4_000_000,
    "closed": "[" * 2_000_000 + "]" * 2_000_000,
    "objects": '{"a":' * 800_000,
}
DEFINITIONS = {
    **NESTED,
    "lists": "[" + "[]," * 1_300_000 + "1]",
    "quotes": '"' * 4_000_000,
    "escapes": '"' + '\\"' * 2_000_000,
    "keys": "{" + '"a":1,' * 240_000 + '"a":1}',
    "digits": "1" * 4_000_000,
    "blanks": " " * 4_000_000,
    "too long": "x" * 50_000_000,
}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_hostile_definitions_are_refused(name: str, watched: Callable[..., Outcome]) -> None:
    """A hostile definition file is refused within the same limits."""
    assert watched(DEFINITIONS[name], "n8n").findings


def json_schema(**parts: Any) -> str:
    """Return an app event with a schema."""
    return EVENT + json.dumps(parts) + "\n"


BOMB = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 9} for n in range(50)} | {"d50": {}}
EVENTS = {
    "44 remote": json_schema(**{"$ref": "http://127.0.0.1:9/schema.json"}),
    "44 file": json_schema(**{"$ref": "file:///etc/passwd"}),
    "44 relative": json_schema(**{"$ref": "../../../etc/passwd"}),
    "44 circle": json_schema(**{"$ref": "#"}),
    "44 base": json_schema(**{"$id": "http://127.0.0.1:9/", "$ref": "x"}),
    "44 dialect": json_schema(**{"$schema": "http://127.0.0.1:9/meta"}),
    "44 dynamic": json_schema(**{"$dynamicRef": "http://127.0.0.1:9/#a"}),
    "44 bomb": json_schema(**{"$defs": BOMB, "$ref": "#/$defs/d0"}),
    "44 wide": json_schema(anyOf=[{"enum": list(range(500))}] * 150) + "  example: -1\n",
}


@pytest.mark.parametrize("name", EVENTS)
def test_hostile_event_schemas_are_refused(name: str, watched: Callable[..., Outcome]) -> None:
    """A schema that leaves its file, goes in circles or explodes is refused."""
    assert watched(EVENTS[name], "AppEvent").findings


def test_no_reference_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """While schemas are judged and errors explained, no connection and no file is opened."""
    list(_answers())
    opened: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda *_: opened.append("connect"))
    monkeypatch.setattr("builtins.open", lambda *names, **_: opened.append(names))
    assert all(isinstance(answer, tuple) for answer in _answers())
    assert opened == []


def _answers() -> list[object]:
    requests = [ParseRequest("x", text.encode(), "AppEvent") for text in EVENTS.values()]
    return list(ManifestReader().parse(requests))


def test_patterns_of_users_cost_nothing(watched: Callable[..., Outcome]) -> None:
    """A pattern that would take a year is not executed, in schema or explanation."""
    text = json_schema(pattern="^(a+)+$") + f"  example: {'a' * 60}!\n"
    assert watched(text, "AppEvent").findings is None


def patterns(schema: Any) -> set[str]:
    """Return every pattern in a schema."""
    if isinstance(schema, dict):
        own = {schema["pattern"]} if isinstance(schema.get("pattern"), str) else set()
        return own.union(*map(patterns, schema.values()))
    return set().union(*map(patterns, schema)) if isinstance(schema, list) else set()


PATTERNS = sorted(set().union(*(patterns(schemas.schema(kind)) for kind in Kind)))
UNITS = [
    "a",
    "0",
    "1.",
    "-",
    "a-",
    "/a",
    "a/",
    "{environment}",
    "${{",
    "1-",
    "0.0.0-",
    "\n",
    " ",
    "=;",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_our_own_patterns_take_linear_time(pattern: str) -> None:
    """A megabyte against any pattern of the schemas takes no time, in the slow validator too."""
    begun = time.process_time()
    for unit in UNITS:
        text = unit * (MEBIBYTE // len(unit))
        re.search(pattern, text)
        re.search(pattern, text + "\0")
    assert time.process_time() - begun < SECONDS


@pytest.mark.parametrize("pattern", PATTERNS)
def test_our_own_patterns_take_no_line_end(pattern: str) -> None:
    """No pattern of the schemas accepts a line end behind what it accepts."""
    for text in (
        "a",
        "1.0.0",
        "2026-01-01",
        "7d",
        "10:00",
        "DE",
        "#fff",
        "https://a",
        "sha256:" + "0" * 64,
    ):
        assert re.search(pattern, text + "\n") is None


def test_one_parser_decides() -> None:
    """The quick validator and the one that explains agree on samples changed a little."""
    sample = schemas.schema(Kind.WORKFLOW)["examples"][0]
    slow = jsonschema.Draft202012Validator(schemas.schema(Kind.WORKFLOW))
    changed = [{**sample, key: value} for key in sample for value in (None, 1, "x\n", [], {}, True)]
    for value in [*changed, sample]:
        assert slow.is_valid(value) == schemas.quick(Kind.WORKFLOW).is_valid(value)


def test_findings_never_echo_a_file(tmp_path: Path) -> None:
    """A file that is no manifest is not repeated in its findings."""
    secret = "root:x:0:0:correct-horse-battery-staple"
    for text in (f"{secret}\n" * 50, f"a: b: {secret}\n", f"- [{secret}\n", f"? {secret} : [\n"):
        [answer] = ManifestReader().parse([ParseRequest("x", text.encode(), "Workflow")])
        assert not isinstance(answer, Parsed)
        assert all(len(found.text) < 200 for found in answer)
        assert sum(found.text.count("correct-horse") for found in answer) <= 1
