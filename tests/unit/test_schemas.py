"""The JSON Schemas: sound, helpful, safe, and the same for both validators."""

from __future__ import annotations

import copy
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[2]
SCHEMAS: dict[str, Any] = {
    path.name.partition(".")[0]: json.loads(path.read_text("utf-8"))
    for path in sorted((ROOT / "schemas").glob("*.json"))
}
KINDS = ("appevent", "environment", "integration", "pipeline", "release", "workflow")
ANSWERS = (
    "backups",
    "calendar",
    "changelog",
    "findings",
    "gates",
    "history",
    "locks",
    "plan",
    "promotions",
    "proposals",
    "releases",
    "report",
    "trust",
)
SAMPLES = sorted((ROOT / "environments").rglob("*.yaml"))
FOLDERS = {"events": "AppEvent", "integrations": "Integration", "workflows": "Workflow"}
GONE = object()


class CoreLoader(yaml.SafeLoader):
    """Reads dates, times and words such as `on` as texts, as YAML 1.2 does."""


CoreLoader.yaml_implicit_resolvers = {
    letter: [pair for pair in pairs if not pair[0].endswith((":timestamp", ":bool"))]
    for letter, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
CoreLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))


def load(path: Path) -> Any:
    """Return the value of a YAML file."""
    return CoreLoader(path.read_text("utf-8")).get_single_data()


def verdicts(schema: Any, value: Any) -> tuple[bool, bool]:
    """Return what jsonschema and jsonschema-rs say."""
    fast = jsonschema_rs.Draft202012Validator(schema)
    return Draft202012Validator(schema).is_valid(value), fast.is_valid(value)


def nodes(schema: Any, inside: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the path and schema of every subschema, but for the conditions of `if`."""
    if not isinstance(schema, dict):
        return
    yield "/".join(inside), schema
    for word in ("properties", "$defs"):
        for key, child in schema.get(word, {}).items():
            yield from nodes(child, (*inside, key))
    for word in ("items", "additionalProperties", "then", "else", "propertyNames"):
        yield from nodes(schema.get(word), (*inside, word))
    for child in schema.get("allOf", ()):
        yield from nodes(child, (*inside, "allOf"))


def everywhere(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a JSON value."""
    if isinstance(value, dict):
        yield value
    for child in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from everywhere(child)


def alone(name: str, node: Any) -> Any:
    """Return a subschema that can be used alone."""
    return {**node, "$defs": SCHEMAS[name].get("$defs", {})}


def changed(name: str, pointer: str, value: Any) -> Any:
    """Return the schema's example with the value at a pointer replaced, or taken out."""
    document = copy.deepcopy(SCHEMAS[name]["examples"][0])
    *path, last = pointer.split("/")
    at = document
    for key in path:
        at = at[int(key)] if isinstance(at, list) else at.setdefault(key, {})
    if value is GONE:
        del at[last]
    else:
        at[last] = value
    return document


def test_every_schema_is_here() -> None:
    """There is one schema for each kind and each answer, and nothing else."""
    assert tuple(sorted(SCHEMAS)) == tuple(sorted(KINDS + ANSWERS))


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_is_valid(name: str) -> None:
    """A schema says which draft it is, is valid in it, and has an id without a place."""
    schema = SCHEMAS[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"urn:reconciler:schema:{name}:v1"


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_is_self_contained(name: str) -> None:
    """References lead to the schema's own definitions, which all are used."""
    refs = {item["$ref"] for item in everywhere(SCHEMAS[name]) if isinstance(item.get("$ref"), str)}
    assert refs == {f"#/$defs/{key}" for key in SCHEMAS[name].get("$defs", {})}


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_property_is_described(name: str) -> None:
    """Every property has a description that ends as a sentence."""
    bare = [
        f"{path}/{key}"
        for path, node in nodes(SCHEMAS[name])
        for key, child in node.get("properties", {}).items()
        if isinstance(child, dict) and not child.get("description", "").endswith(".")
    ]
    assert bare == []


@pytest.mark.parametrize("name", KINDS)
def test_kind_is_closed(name: str) -> None:
    """Objects refuse unknown keys, but for those that belong to somebody else."""
    open_ones = {
        path
        for path, node in nodes(SCHEMAS[name])
        if "properties" in node
        and node.get("additionalProperties") is not False
        and not path.endswith(("allOf/then", "then"))
    }
    ours = {
        "environment": {"spec/platform", "spec/appConfiguration/additionalProperties", "source"}
    }
    assert open_ones == ours.get(name, set()) | ({"spec/roles"} if name == "pipeline" else set())


@pytest.mark.parametrize("name", SCHEMAS)
def test_defaults_and_examples_fit(name: str) -> None:
    """What the schema shows as default or example is accepted by the very part that shows it."""
    for path, node in nodes(SCHEMAS[name]):
        shown = [*node.get("examples", ()), *([node["default"]] if "default" in node else [])]
        for value in shown:
            assert verdicts(alone(name, node), value) == (True, True), (path, value)


@pytest.mark.parametrize("name", SCHEMAS)
def test_patterns_are_strict(name: str) -> None:
    """A pattern is bound at both ends, accepts no line break at the end, names digits as 0-9."""
    for item in everywhere(SCHEMAS[name]):
        pattern = item.get("pattern")
        if isinstance(pattern, str):
            assert pattern.startswith("^")
            assert pattern.endswith(r"$(?!\n)")
            assert r"\d" not in pattern


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_cannot_be_slow(name: str) -> None:
    """No word is used whose cost grows faster than the file, and no pattern backtracks."""
    used = {word for item in everywhere(SCHEMAS[name]) for word in item}
    assert used.isdisjoint({"uniqueItems", "oneOf", "patternProperties", "unevaluatedProperties"})
    patterns = {
        i["pattern"] for i in everywhere(SCHEMAS[name]) if isinstance(i.get("pattern"), str)
    }
    hostile = ["a" * 50_000 + "\n", "a-" * 25_000 + "!", "1.2.3-" + "1." * 25_000, "a/" * 25_000]
    start = time.process_time()
    for pattern in patterns:
        for text in hostile:
            verdicts({"pattern": pattern}, text)
    assert time.process_time() - start < 5


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: str(p.relative_to(ROOT / "environments")))
def test_sample_fits_its_schema(path: Path) -> None:
    """Both validators accept a manifest of the sample, which names its schema and itself."""
    text, document = path.read_text("utf-8"), load(path)
    name = document["kind"].lower()
    assert verdicts(SCHEMAS[name], document) == (True, True)
    modeline = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert modeline
    assert (path.parent / modeline[1]).resolve() == ROOT / "schemas" / f"{name}.v1.json"
    if path.parent.name in FOLDERS:
        assert document["kind"] == FOLDERS[path.parent.name]
        assert document["metadata"]["name"] == path.stem


@pytest.mark.parametrize("name", ["pipeline.yaml", "production/environment.yaml"])
def test_strict_form_of_the_sample_is_valid(name: str) -> None:
    """What stands in comments as the strict form is valid as soon as it is taken in."""
    text = (ROOT / "environments" / name).read_text("utf-8")
    head, mark, tail = text.rpartition("strict form")
    introduction, _, block = tail.partition(":\n")
    taken_in = re.sub(r"(?m)^( *)# ", r"\1", block)
    document = CoreLoader(f"{head}{mark}{introduction}:\n{taken_in}").get_single_data()
    assert block != taken_in
    assert verdicts(SCHEMAS[document["kind"].lower()], document) == (True, True)


def test_sample_shows_everything() -> None:
    """The sample uses every type of trigger, step and user setting, and enough of each kind."""
    specs = [load(path)["spec"] for path in SAMPLES]
    counts = {f: len(list((ROOT / "environments/development" / f).glob("*.yaml"))) for f in FOLDERS}
    settings = {s["type"] for spec in specs for s in spec.get("userSettings", ())}
    triggers = {spec["trigger"]["type"] for spec in specs if "trigger" in spec}
    steps = {step["type"] for spec in specs for step in spec.get("steps", ())}
    workflow = SCHEMAS["workflow"]
    spec_schema = workflow["properties"]["spec"]["properties"]
    assert settings == set(workflow["$defs"]["userSetting"]["properties"]["type"]["enum"])
    assert triggers == set(spec_schema["trigger"]["properties"]["type"]["enum"])
    assert steps == set(spec_schema["steps"]["items"]["properties"]["type"]["enum"])
    assert counts["events"] >= 9
    assert counts["integrations"] >= 7
    assert counts["workflows"] >= 16


def test_release_only_samples_wait() -> None:
    """Staging and production are release-only and hold nothing but their environment.yaml."""
    for name in ("staging", "production"):
        folder = ROOT / "environments" / name
        assert [path.name for path in folder.rglob("*")] == ["environment.yaml"]
        assert load(folder / "environment.yaml")["spec"]["mode"] == "release-only"


def test_definition_file_of_the_sample_is_there() -> None:
    """The engine's file stands where the workflow says, from the manifest's own folder."""
    for path in (ROOT / "environments/development/workflows").glob("*.yaml"):
        if definition := load(path)["spec"].get("definition"):
            assert json.loads((path.parent / definition["file"]).read_text("utf-8"))["nodes"]


PERMISSIONS = {"any": [{"all": [{"field": "plan", "operator": "in", "value": ["a"]}]}]}
REQUEST = {"method": "POST", "url": "https://api.example.com/hooks"}
GOOD: list[tuple[str, str, Any]] = [
    ("appevent", "spec", {"example": None}),
    ("appevent", "spec", {"schema": {}}),
    ("appevent", "spec/title", ""),
    ("appevent", "spec/title", "a\n\u202e\U0001f6d2\x7f"),
    ("appevent", "metadata/name", "a" * 63),
    ("environment", "spec", {}),
    ("environment", "spec/secrets", {"lower_case9": {"from": "store"}}),
    ("environment", "spec/secrets", {"A": {"from": "vault", "mount": "kv", "key": 1}}),
    ("environment", "spec/appConfiguration", {"hubspot": {"region": "eu"}}),
    ("environment", "spec/promotion/soak", "90s"),
    ("integration", "spec", {}),
    ("integration", "spec/auth", {"type": "oauth2"}),
    ("integration", "spec/auth/tokenUrl", "${{ values.loginUrl }}/token"),
    ("pipeline", "spec/calendar", {"freezes": [{"from": "2026-12-20", "to": "2027-01-03"}]}),
    ("pipeline", "spec/roles", {"support": {"members": ["a@example.com"]}}),
    ("release", "spec/version", "1.4.0-rc.1+build.5"),
    ("release", "spec/base", {"version": "1.3.9", "contentDigest": None}),
    ("workflow", "spec/trigger", {"type": "schedule", "cron": "${{ values.nightly }}"}),
    ("workflow", "spec/trigger", {"type": "manual", "event": "contact-created"}),
    ("workflow", "spec/trigger/subscription", {"subscribe": REQUEST, "unsubscribe": REQUEST}),
    ("workflow", "spec/permissions", PERMISSIONS),
    ("workflow", "spec/steps", []),
    ("workflow", "spec/userSettings", [{"name": "a", "type": "enum", "options": ["x"]}]),
]


@pytest.mark.parametrize(("name", "pointer", "value"), GOOD)
def test_good_value_is_accepted(name: str, pointer: str, value: Any) -> None:
    """Only what is really needed is required, and texts may hold anything."""
    assert verdicts(SCHEMAS[name], changed(name, pointer, value)) == (True, True)


BAD: list[tuple[str, str, Any]] = [
    *[(kind, "apiVersion", "reconciler/v2") for kind in KINDS],
    *[(kind, "kind", "Thing") for kind in KINDS],
    *[(kind, "spec", GONE) for kind in KINDS],
    *[(kind, "spec", None) for kind in KINDS],
    *[(kind, "spec/unknown", 1) for kind in KINDS],
    *[(kind, "metadata/unknown", 1) for kind in KINDS],
    *[(kind, "status", {}) for kind in KINDS],
    *[(kind, "metadata/name", GONE) for kind in KINDS],
    *[(kind, "metadata/labels", {"a": 1}) for kind in KINDS],
    *[
        (kind, "metadata/name", name)
        for kind in KINDS
        for name in ("", "-a", "a-", "A", "a_b", "a/b", "..", "ä", "a\n", "1.4.0\n", "a" * 64, 7)
    ],
    ("appevent", "spec", {"title": "nothing else"}),
    ("appevent", "spec/schema", "string"),
    ("appevent", "spec/deprecated", "yes"),
    ("environment", "spec/mode", "readonly"),
    ("environment", "spec/promotesFrom", "Staging"),
    ("environment", "spec/platform", {}),
    ("environment", "spec/values", {"a.b": 1}),
    ("environment", "spec/secrets", {"1A": {"from": "store"}}),
    ("environment", "spec/secrets", {"A-B": {"from": "store"}}),
    ("environment", "spec/secrets", {"A\n": {"from": "store"}}),
    ("environment", "spec/secrets", {"A": "hunter2"}),
    ("environment", "spec/secrets", {"A": {"from": "git"}}),
    ("environment", "spec/secrets", {"A": {"from": "env"}}),
    ("environment", "spec/secrets", {"A": {"from": "env", "name": "A B"}}),
    ("environment", "spec/secrets", {"A": {"from": "file"}}),
    ("environment", "spec/secrets", {"A": {"from": "store", "value": "hunter2"}}),
    ("environment", "spec/appConfiguration", {"hubspot": {"clientId": 5}}),
    ("environment", "spec/appConfiguration", {"hubspot": {"clientSecret": "not a name"}}),
    ("environment", "spec/promotion/soak", "1w"),
    ("environment", "spec/promotion/soak", "7d\n"),
    ("environment", "spec/promotion/soak", 7),
    ("environment", "spec/promotion/approvals", ["boss"]),
    (
        "environment",
        "spec/promotion/windows",
        [{"days": ["monday"], "from": "09:00", "to": "16:00"}],
    ),
    ("environment", "spec/promotion/windows", [{"from": "9:00", "to": "16:00"}]),
    ("environment", "spec/promotion/windows", [{"from": "24:00", "to": "24:00"}]),
    ("environment", "spec/promotion/windows", [{"from": "09:00", "to": "16:00\n"}]),
    ("environment", "spec/promotion/removalBudget", {"percent": 101}),
    ("environment", "spec/promotion/removalBudget", {"count": -1}),
    ("environment", "spec/promotion/selfHeal", "true"),
    ("environment", "spec/promotion/monitors", [{"title": "E", "url": "javascript:alert(1)"}]),
    ("environment", "spec/notifications", [{"to": "a@example.com"}]),
    ("environment", "spec/removal", {"keep": "month"}),
    ("integration", "spec/auth", {}),
    ("integration", "spec/auth/type", "oauth3"),
    ("integration", "spec/auth/scopes", "a b"),
    ("integration", "spec/auth/scopes", ["a b"]),
    ("integration", "spec/auth/scopes", ["a\n"]),
    ("integration", "spec/auth/authorizationUrl", "app.example.com"),
    ("integration", "spec/auth/tokenUrl", "https://example.com/token\n"),
    ("integration", "spec/auth/clientSecret", "hunter2"),
    ("integration", "spec/enabled", 1),
    ("integration", "spec/portal", {"accentColor": "red"}),
    ("integration", "spec/portal", {"accentColor": "#ff7a59\n"}),
    ("integration", "spec/portal", {"order": 1.5}),
    ("integration", "spec/requiredAppConfiguration", ["client id"]),
    ("pipeline", "spec/environments", GONE),
    ("pipeline", "spec/environments", []),
    ("pipeline", "spec/environments", ["../etc"]),
    ("pipeline", "spec/protectedBranch", "--upload-pack=x"),
    ("pipeline", "spec/protectedBranch", "main\n"),
    ("pipeline", "spec/tagFormat", "v{version}"),
    ("pipeline", "spec/tagFormat", "{environment}{version}"),
    ("pipeline", "spec/branchFormat", "release {environment} {version}"),
    ("pipeline", "spec/signatures", "maybe"),
    ("pipeline", "spec/roles", {"qa": {}}),
    ("pipeline", "spec/roles", {"qa": {"members": ["*"]}}),
    ("pipeline", "spec/roles", {"qa": {"members": ["*@example.com"]}}),
    ("pipeline", "spec/roles", {"qa": {"members": ["a b"]}}),
    ("pipeline", "spec/roles", {"qa": {"members": ["a@b.c"], "via": ["mail"]}}),
    ("pipeline", "spec/calendar", {"cadence": {"start": "2026-13-06", "rule": "FREQ=DAILY"}}),
    ("pipeline", "spec/calendar", {"cadence": {"start": "2026-01-06", "rule": "FREQ DAILY"}}),
    ("pipeline", "spec/calendar", {"freezes": [{"from": "2026-01-01\n", "to": "2026-01-02"}]}),
    ("pipeline", "spec/calendar", {"holidays": {"country": "Germany"}}),
    ("pipeline", "spec/calendar", {"onHoliday": "work"}),
    ("release", "metadata/name", "v1.4.0"),
    ("release", "spec/version", "1.4"),
    ("release", "spec/version", "01.4.0"),
    ("release", "spec/version", "1.4.0\n"),
    ("release", "spec/type", "big"),
    ("release", "spec/source", {"environment": "development"}),
    ("release", "spec/source/commit", "HEAD"),
    ("release", "spec/base", {"commit": "x"}),
    ("release", "spec/contentDigest", "sha256:abc"),
    ("release", "spec/contentDigest", GONE),
    ("release", "spec/changes", [{"action": "add", "kind": "Pipeline", "name": "a"}]),
    ("release", "spec/messages", [{"code": "x"}]),
    ("release", "spec/acknowledgements", [{"code": "X", "reason": "fine"}]),
    ("workflow", "spec/steps", GONE),
    ("workflow", "spec/definition", {"format": "n8n", "file": "a.json"}),
    ("workflow", "spec/trigger", GONE),
    ("workflow", "spec/trigger", {}),
    ("workflow", "spec/trigger", {"type": "timer"}),
    ("workflow", "spec/trigger", {"type": "appEvent"}),
    ("workflow", "spec/trigger", {"type": "appEvent", "event": "Contact"}),
    ("workflow", "spec/trigger", {"type": "schedule"}),
    ("workflow", "spec/trigger", {"type": "schedule", "cron": "0 6 * * *\n"}),
    ("workflow", "spec/trigger", {"type": "schedule", "cron": "0 6 * * *", "timezone": "../x"}),
    ("workflow", "spec/trigger/subscription", {"subscribe": REQUEST}),
    ("workflow", "spec/trigger/subscription", {"subscribe": REQUEST, "unsubscribe": {}}),
    ("workflow", "spec/integration", "hub spot"),
    ("workflow", "spec/enabledByDefault", None),
    ("workflow", "spec/requires", {"secrets": ["A B"]}),
    ("workflow", "spec/requires", {"secrets": "A"}),
    ("workflow", "spec/requires", {"users": []}),
    ("workflow", "spec/permissions", {"all": []}),
    ("workflow", "spec/permissions", {"any": [{"all": [{"field": "a", "operator": "is"}]}]}),
    ("workflow", "spec/permissions", {"any": [{"all": [{"field": "a", "operator": "in"}]}]}),
    ("workflow", "spec/steps", {}),
    ("workflow", "spec/steps", [{"type": "request"}]),
    ("workflow", "spec/steps", [{"name": "a/b", "type": "request"}]),
    ("workflow", "spec/steps", [{"name": "a\n", "type": "request"}]),
    ("workflow", "spec/steps", [{"name": "a", "type": "shell"}]),
    ("workflow", "spec/steps", [{"name": "a", "type": "request", "url": "x"}]),
    ("workflow", "spec/userSettings", [{"name": "a"}]),
    ("workflow", "spec/userSettings", [{"name": "a b", "type": "text"}]),
    ("workflow", "spec/userSettings", [{"name": "a", "type": "date"}]),
    ("workflow", "spec/userSettings", [{"name": "a", "type": "enum"}]),
    ("workflow", "spec/userSettings", [{"name": "a", "type": "enum", "options": [{"title": "x"}]}]),
    ("workflow", "spec/userSettings", [{"name": "a", "type": "number", "default": "5"}]),
    ("workflow", "spec/userSettings", [{"name": "a", "type": "boolean", "default": "on"}]),
    ("workflow", "spec/userSettings", [{"name": "a", "type": "text", "default": 5}]),
]


@pytest.mark.parametrize(("name", "pointer", "value"), BAD)
def test_bad_value_is_refused(name: str, pointer: str, value: Any) -> None:
    """What the design does not allow is refused, by both validators."""
    assert verdicts(SCHEMAS[name], changed(name, pointer, value)) == (False, False)


BAD_FILES = [
    *["/etc/passwd", "../a.json", "a/../b.json", "a/./b", "a//b", "./a", "a/", "", "a b", "a\n"],
    *["C:\\a", "ä.json", "a\x00", "~/a", "https://example.com/a", ".hidden", "a..json"],
]


@pytest.mark.parametrize("file", BAD_FILES)
def test_definition_file_stays_in_its_folder(file: str) -> None:
    """A definition file is named by a plain relative path without dots that lead elsewhere."""
    document = changed("workflow", "spec/steps", GONE)
    document["spec"]["definition"] = {"format": "n8n", "file": "definitions/a-b_c.v2.json"}
    assert verdicts(SCHEMAS["workflow"], document) == (True, True)
    document["spec"]["definition"]["file"] = file
    assert verdicts(SCHEMAS["workflow"], document) == (False, False)


@pytest.mark.parametrize("name", ANSWERS)
def test_answer_leaves_no_key_out(name: str) -> None:
    """An answer without any one of its keys is refused, and one with a new key is accepted."""
    example = SCHEMAS[name]["examples"][0]
    keys = set(example) - {"errors"}
    (rows,) = (key for key in keys if isinstance(example[key], list))
    for key in keys:
        assert verdicts(SCHEMAS[name], changed(name, key, GONE)) == (False, False), key
    for key in example[rows][0]:
        document = copy.deepcopy(example)
        del document[rows][0][key]
        assert verdicts(SCHEMAS[name], document) == (False, False), key
    newer = {**example, "formatVersion": "1.9", "later": True}
    assert verdicts(SCHEMAS[name], newer) == (True, True)


@pytest.mark.parametrize("name", ANSWERS)
def test_answer_of_another_major_version_is_refused(name: str) -> None:
    """A reader of version 1 does not take an answer of version 2 for its own."""
    document = changed(name, "formatVersion", "2.0")
    assert verdicts(SCHEMAS[name], document) == (False, False)


@pytest.mark.parametrize("name", ANSWERS)
def test_answer_of_a_failed_command(name: str) -> None:
    """Errors stand beside the rest, with nulls where they concern no file."""
    error = {"code": "RepositoryError", "text": "…", "file": None, "line": None, "column": None}
    assert verdicts(SCHEMAS[name], changed(name, "errors", [error])) == (True, True)
    assert verdicts(SCHEMAS[name], changed(name, "errors", ["…"])) == (False, False)


def test_waiting_plan() -> None:
    """A plan that waits for its first release tag has no desired side, and is a valid answer."""
    document = changed("plan", "plans/0/desired", None)
    document["plans"][0].update(changes=[], summary={"add": 0, "modify": 0, "remove": 0})
    assert verdicts(SCHEMAS["plan"], document) == (True, True)
