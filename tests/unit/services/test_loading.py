"""From a snapshot to what is desired, with the real reader of manifests."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from reconciler.adapters.cache.sqlite import NullCache
from reconciler.core import canonical
from reconciler.core.errors import Invalid
from reconciler.core.model import Environment, Facts, Kind, Location, ResourceKey
from reconciler.services.loading import environment as loading
from reconciler.services.loading import index
from reconciler.testing import MemoryCache, MemorySnapshot
from tests.unit.services.shop import (
    CREATED_KEY,
    DEFINITION,
    FILES,
    FOLDER,
    HEAD,
    HUBSPOT_KEY,
    REPORT_KEY,
    SYNC,
    SYNC_KEY,
    Shop,
)

RELEASE = HEAD.format("Release", "1.4.0") + (
    "spec:\n"
    "  version: 1.4.0\n"
    "  environment: staging\n"
    "  type: regular\n"
    f"  source: {{environment: development, commit: {'c' * 40}}}\n"
    f"  contentDigest: sha256:{'d' * 64}\n"
)


@pytest.fixture
def shop() -> Shop:
    """A repository in memory."""
    return Shop()


@pytest.fixture(params=["remembering", "forgetting"])
def either(request: pytest.FixtureRequest) -> Shop:
    """A repository with a cache, and one without."""
    return Shop(cache=MemoryCache() if request.param == "remembering" else NullCache())


# --- what is loaded -----------------------------------------------------------------------------


def test_every_resource_is_loaded(either: Shop) -> None:
    """Each manifest is an entry under its kind and name, with path, blob and facts."""
    entries = either.load().desired.entries

    assert set(entries) == {SYNC_KEY, REPORT_KEY, HUBSPOT_KEY, CREATED_KEY}
    assert entries[SYNC_KEY].path == "workflows/sync.yaml"
    assert entries[SYNC_KEY].facts.event == "contact-created"
    assert entries[REPORT_KEY].facts.definition == "n8n:definitions/report.json"


def test_contents_are_those_to_deploy(either: Shop) -> None:
    """Contents are normalised, values are filled in with their type, other references stay."""
    spec = either.load().content(SYNC_KEY)["spec"]

    assert spec["title"] == "sync"
    assert spec["steps"][0]["with"] == {
        "url": "https://api.example.com/contacts",
        "limit": 5,
        "key": "${{ secrets.API_KEY }}",
    }


def test_a_definition_file_is_part_of_its_workflow(either: Shop) -> None:
    """The engine's file is included as the JSON it holds."""
    definition = either.load().content(REPORT_KEY)["spec"]["definition"]

    assert definition == {
        "format": "n8n",
        "file": "definitions/report.json",
        "content": json.loads(DEFINITION),
    }


def test_an_opaque_definition_is_text(either: Shop) -> None:
    """A definition that is not read is kept as text."""
    either.replace(
        "workflows/report.yaml",
        "format: n8n, file: definitions/report.json",
        "format: opaque, file: r.txt",
    )
    either.write("workflows/r.txt", "a: [\n")

    assert either.load().content(REPORT_KEY)["spec"]["definition"]["content"] == "a: [\n"


def test_digests_are_those_of_the_contents(either: Shop) -> None:
    """The digest of an entry is the canonical one of what would be deployed."""
    loaded = either.load()
    contents = loaded.contents(loaded.desired.entries)

    assert loaded.desired.digests == {key: canonical.digest(c) for key, c in contents.items()}


def test_contents_come_for_known_keys_only(shop: Shop) -> None:
    """Asking for what is not desired gives nothing."""
    assert shop.load().contents([ResourceKey(Kind.WORKFLOW, "other")]) == {}


def test_commit_ref_and_values_are_told(shop: Shop) -> None:
    """What was loaded knows where it comes from."""
    desired = shop.load().desired

    assert desired.commit == shop.git.branches["main"]
    assert desired.ref == "refs/heads/main"
    assert desired.values["portal"] == "https://portal.example.com"


def test_an_empty_environment_is_loaded_as_empty(shop: Shop) -> None:
    """An environment without manifests is no finding here."""
    assert shop.load("staging").desired.entries == {}


# --- remembering --------------------------------------------------------------------------------


def test_a_second_load_parses_nothing(shop: Shop) -> None:
    """What was loaded once is known by its tree; no manifest is read again."""
    first = shop.load()
    shop.reader.parsed.clear()
    second = shop.load()

    assert shop.reader.parsed == []
    assert second.desired == first.desired
    assert second.contents(first.desired.entries) == first.contents(first.desired.entries)


def test_one_changed_file_is_parsed_alone(shop: Shop) -> None:
    """Another tree with the same blobs parses only the blob that is new."""
    shop.load()
    shop.reader.parsed.clear()
    shop.replace("workflows/sync.yaml", "name: send", "name: post")
    shop.load()

    assert shop.reader.parsed == [f"{FOLDER}/workflows/sync.yaml"]


def test_one_changed_definition_is_parsed_alone(shop: Shop) -> None:
    """Another definition makes another digest, and its manifest is not parsed again."""
    before = shop.load().desired.digests
    shop.reader.parsed.clear()
    shop.write("workflows/definitions/report.json", DEFINITION.replace("Start", "Begin"))
    after = shop.load().desired.digests

    assert shop.reader.parsed == [f"{FOLDER}/workflows/definitions/report.json"]
    assert {key for key in after if after[key] != before[key]} == {REPORT_KEY}


def test_without_a_cache_everything_is_parsed_again() -> None:
    """A cache that forgets costs time and nothing else."""
    shop = Shop(cache=NullCache())
    first = shop.load().desired
    shop.reader.parsed.clear()

    assert shop.load().desired == first
    assert f"{FOLDER}/workflows/sync.yaml" in shop.reader.parsed


def test_the_working_tree_uses_what_is_remembered_of_blobs(shop: Shop) -> None:
    """A working tree has no tree id; its files are known by the ids of their bytes."""
    shop.load()
    shop.reader.parsed.clear()
    chosen = shop.workspace.choose(worktree=True)

    assert shop.load(chosen=chosen).desired.digests == shop.load().desired.digests
    assert shop.reader.parsed == []


def test_findings_are_not_remembered_as_nothing(shop: Shop) -> None:
    """A folder with findings has them again each time it is loaded."""
    shop.workflow("broken", more="  speed: fast\n")

    assert shop.findings() == shop.findings() != []


def test_a_lost_cache_is_no_loss(shop: Shop) -> None:
    """Contents are there when the index is remembered and the contents are not."""
    keys = list(shop.load().desired.entries)
    remembered = {k: v for k, v in shop.cache._values.items() if k.startswith("index")}
    shop.cache = MemoryCache()
    for key, text in remembered.items():
        shop.cache.remember_value(key, text)
    loaded = shop.load()

    assert {key: canonical.digest(loaded.content(key)) for key in keys} == loaded.desired.digests


def test_the_index_reads_what_it_wrote(shop: Shop) -> None:
    """Entries survive the text that they are remembered as, with every fact."""
    desired = shop.load().desired
    text = index.dump(desired.entries, desired.content_digest)

    assert index.load(text) == (desired.entries, desired.content_digest)
    every = Facts(
        integration="a",
        event="b",
        workflows=("c",),
        secrets=("D",),
        declared_secrets=("D",),
        settings=("e",),
        needs_settings=("f",),
        values=("g.h",),
        app=("i",),
        app_configuration=("j",),
        definition="n8n:k",
    )
    entries = {SYNC_KEY: replace(desired.entries[SYNC_KEY], facts=every)}
    assert index.load(index.dump(entries, "x")) == (entries, "x")


# --- values -------------------------------------------------------------------------------------


def test_another_value_changes_only_those_that_use_it(either: Shop) -> None:
    """A change of values changes the digests of the manifests that name them, and no other."""
    before = either.load().desired.digests
    either.replace("environment.yaml", "limit: 5", "limit: 6")
    after = either.load().desired.digests

    assert {key for key in after if after[key] != before[key]} == {SYNC_KEY}


def test_a_missing_value_is_not_remembered_as_null(shop: Shop) -> None:
    """What was looked at while a value was missing says nothing of a value that is null."""
    shop.replace("workflows/sync.yaml", "values.api.limit", "values.extra")
    assert len(shop.findings()) == 1
    shop.replace("environment.yaml", "    portal:", "    extra: null\n    portal:")

    assert shop.load().content(SYNC_KEY)["spec"]["steps"][0]["with"]["limit"] is None


def test_a_value_that_nothing_uses_changes_the_content_digest_alone(either: Shop) -> None:
    """Values are content even where no manifest names them."""
    before = either.load().desired
    either.replace("environment.yaml", "portal.example", "gate.example")
    after = either.load().desired

    assert after.digests == before.digests
    assert after.content_digest != before.content_digest


def test_bindings_change_nothing(either: Shop) -> None:
    """Secrets and app configuration are no content."""
    before = either.load().desired
    either.replace("environment.yaml", "clientId: dev-1", "clientId: dev-2")
    after = either.load().desired

    assert (after.digests, after.content_digest) == (before.digests, before.content_digest)


def test_the_content_digest_follows_bytes_and_definitions(either: Shop) -> None:
    """A comment and a blank in a definition are other bytes, though nothing else is deployed."""
    before = either.load().desired
    either.write("workflows/definitions/report.json", DEFINITION + "\n")
    between = either.load().desired
    either.write("workflows/sync.yaml", SYNC + "# checked\n")
    after = either.load().desired

    assert before.digests == between.digests == after.digests
    assert len({before.content_digest, between.content_digest, after.content_digest}) == 3


def test_files_that_nothing_reads_do_not_count(either: Shop) -> None:
    """Notes and definitions without a manifest are no content."""
    before = either.load().desired
    either.write("workflows/definitions/unused.json", "{}")
    either.write("README.md", "# Development\n")

    assert either.load().desired.content_digest == before.content_digest


# --- findings -----------------------------------------------------------------------------------


def test_all_findings_come_at_once(either: Shop) -> None:
    """Bad fields, references, definitions, names and places are told together, sorted by file."""
    either.workflow("broken", more="  speed: fast\n")
    either.replace("workflows/sync.yaml", "integration: hubspot", "integration: hubspt")
    either.replace("workflows/report.yaml", "report.json", "missing.json")
    either.write(
        "events/order-paid.yaml", either.git.files[f"{FOLDER}/events/contact-created.yaml"]
    )
    either.write("workflow/a.yaml", "x")
    either.write("workflows/b.yml", "x")

    found = either.findings()
    told = [line.removeprefix(f"{FOLDER}/").split(" ")[0] for line in found]
    assert told == [
        "events/order-paid.yaml:4:3:",
        "workflow/a.yaml:1:1:",
        "workflows/b.yml:1:1:",
        "workflows/broken.yaml:10:3:",
        "workflows/report.yaml:7:29:",
        "workflows/sync.yaml:6:3:",
    ]
    assert 'unknown integration "hubspt" (did you mean "hubspot"?)' in found[-1]


@pytest.mark.parametrize(
    ("old", "new", "place", "text"),
    [
        (
            "values.api.url",
            "values.api.uri",
            "13:9",
            'unknown value "api.uri" (did you mean "url"',
        ),
        ("secrets.API_KEY", "secrets.API_KEI", "15:9", 'unknown secret "API_KEI"'),
        ("requires: {", "requires: {workflows: [reprot], ", "8:14", 'did you mean "report"'),
        ("requires: {", "requires: {settings: [regoin], ", "8:14", 'did you mean "region"'),
        ("values.api.url", "app.clientID", "13:9", 'did you mean "clientId"'),
    ],
)
def test_references_are_found_where_they_stand(
    either: Shop, old: str, new: str, place: str, text: str
) -> None:
    """A reference that leads nowhere is told with the line and column of its field."""
    either.replace("workflows/sync.yaml", old, new)
    (finding,) = either.findings()

    assert finding.startswith(f"{FOLDER}/workflows/sync.yaml:{place}: ")
    assert text in finding


def test_a_missing_app_event_is_told_beside_the_rest(either: Shop) -> None:
    """Loading only says so: whether it is a mistake is seen against what was applied."""
    either.replace("workflows/sync.yaml", "event: contact-created", "event: contact-made")
    (dangling,) = either.load().dangling

    assert (dangling.workflow, dangling.event.name) == (SYNC_KEY, "contact-made")
    assert str(dangling.finding) == (
        f"{FOLDER}/workflows/sync.yaml:7:29: "
        'unknown app event "contact-made" (did you mean "contact-created"?)'
    )


def test_one_bad_manifest_does_not_make_others_wrong(either: Shop) -> None:
    """A reference to a manifest that has findings of its own is not one more finding."""
    either.replace("integrations/hubspot.yaml", "scopes: [contacts.read]", "scope: x")
    either.replace("events/contact-created.yaml", "example:", "examples:")

    assert {finding.split(":")[0] for finding in either.findings()} == {
        f"{FOLDER}/integrations/hubspot.yaml",
        f"{FOLDER}/events/contact-created.yaml",
    }


def test_a_circle_is_found_once(either: Shop) -> None:
    """Workflows that require one another are one finding at the first of them."""
    requires = "  requires: {{workflows: [{}]}}\n"
    either.workflow("b", more=requires.format("a"))
    either.workflow("a", more=requires.format("b"))
    (finding,) = either.findings()

    assert finding.startswith(f"{FOLDER}/workflows/a.yaml:10:14: ")
    assert "a → b → a" in finding


def test_a_file_is_named_after_its_manifest(either: Shop) -> None:
    """Another name inside than outside is found at the name."""
    either.write("workflows/other.yaml", SYNC)
    (finding,) = either.findings()

    assert finding == (
        f'{FOLDER}/workflows/other.yaml:4:3: metadata.name is "sync" but the file is named '
        '"other.yaml"; give both one name'
    )


def test_releases_are_looked_at_too(either: Shop) -> None:
    """A manifest below releases/ is checked like any other, and is no resource."""
    either.put("environments/staging/releases/1.4.0.yaml", "kind: Release\n")
    found = either.findings("staging")

    assert {finding.split(":")[0] for finding in found} == {
        "environments/staging/releases/1.4.0.yaml"
    }
    either.put(
        "environments/staging/releases/1.4.0.yaml",
        RELEASE.replace("1.4.0", "1.4.1"),
    )
    assert [finding.split(" ")[0] for finding in either.findings("staging")] == [
        "environments/staging/releases/1.4.0.yaml:4:3:"
    ]
    either.put("environments/staging/releases/1.4.0.yaml", RELEASE)
    assert either.load("staging").desired.entries == {}


def test_a_broken_definition_is_found(either: Shop) -> None:
    """What cannot be read in an engine's file is told with its own line."""
    either.write("workflows/definitions/report.json", '{"nodes": [,]}')
    (finding,) = either.findings()

    assert finding.startswith(f"{FOLDER}/workflows/definitions/report.json:1:")


def test_a_value_that_would_make_a_reference_is_found(either: Shop) -> None:
    """Filling in is one pass: a value that brings a reference along is refused where it is used."""
    either.replace("environment.yaml", "https://api.example.com", "$")
    either.replace("workflows/sync.yaml", "}}/contacts", "}}{{ secrets.API_KEY }}")
    found = either.findings()

    assert [finding.split(" ")[0] for finding in found] == [f"{FOLDER}/workflows/sync.yaml:13:9:"]
    assert "take ${{ out of the value" in found[0]


@pytest.mark.parametrize("mode", ["120000", "160000"])
def test_symlinks_and_submodules_are_refused_and_not_read(shop: Shop, mode: str) -> None:
    """What is no file of its own is a finding by its name, for manifests and definitions alike."""
    paths = [f"{FOLDER}/workflows/sync.yaml", f"{FOLDER}/workflows/definitions/report.json"]
    snapshot = MemorySnapshot(FILES, modes=dict.fromkeys(paths, mode))
    environment = shop.choose().repository.environment("development")

    with pytest.raises(Invalid) as caught:
        loading.load(shop.reader, shop.cache, snapshot, environment)
    assert [finding.file for finding in caught.value.findings] == sorted(paths)
    assert not set(paths) & set(snapshot.reads)


def test_names_that_collide_are_found(either: Shop) -> None:
    """Two files that are one on some systems are a finding."""
    either.write("workflows/Sync.yaml", SYNC)

    assert any("collides with" in finding for finding in either.findings())


def test_two_of_a_name_are_found(either: Shop) -> None:
    """The second manifest of a kind and name is a finding."""
    either.write("workflows/crm/sync.yaml", SYNC)

    assert any("names are unique by kind" in finding for finding in either.findings())


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe", b"a: *b", b"- 1", b"%YAML 1.1\n---\n", b"{" * 2000, b"\0", b"a: 1\na: 2"],
)
def test_bad_bytes_are_one_environment_s_findings(either: Shop, data: bytes) -> None:
    """Whatever a file holds, loading ends with findings in that file alone."""
    either.write("workflows/bad.yaml", data)
    found = either.findings()

    assert found
    assert {finding.split(":")[0] for finding in found} == {f"{FOLDER}/workflows/bad.yaml"}


def test_reading_findings_reads_each_file_once(shop: Shop) -> None:
    """Places are looked up together: the number of reads does not grow with that of findings."""
    for number in range(20):
        shop.workflow(f"w{number}", more="  integration: slack\n  requires: {workflows: [x]}\n")
    snapshot = MemorySnapshot(shop.git.files)
    environment = shop.choose().repository.environment("development")
    calls: list[int] = []
    read = snapshot.read
    snapshot.read = lambda files: calls.append(1) or read(files)

    with pytest.raises(Invalid) as caught:
        loading.load(shop.reader, shop.cache, snapshot, environment)
    assert len(caught.value.findings) == 40
    assert len(calls) < 10


def test_a_survey_counts_and_collects(shop: Shop) -> None:
    """A survey tells every finding and how many manifests it looked at, and raises nothing."""
    shop.workflow("broken", more="  speed: fast\n")
    chosen = shop.choose()
    documents = loading.Documents(shop.reader, shop.cache, chosen.snapshot)
    environment = chosen.repository.environment("development")

    findings, count = loading.survey(documents, environment)
    assert ([f.file for f in findings], count) == ([f"{FOLDER}/workflows/broken.yaml"], 5)


def test_a_survey_alone_leaves_references_out(shop: Shop) -> None:
    """Where nothing is known of the environment, each manifest is looked at by itself."""
    shop.workflow("broken", more="  speed: fast\n")
    documents = loading.Documents(shop.reader, shop.cache, shop.choose().snapshot)
    bare = Environment(name="development")

    assert len(loading.survey(documents, bare, alone=True)[0]) == 1
    assert len(loading.survey(documents, bare)[0]) > 1


# --- places -------------------------------------------------------------------------------------


def test_places_of_fields(shop: Shop) -> None:
    """A field has file, line and column; what git does not hold has no place."""
    loaded = shop.load()
    wanted: list[tuple[ResourceKey, str]] = [
        (SYNC_KEY, "/spec/trigger"),
        (ResourceKey(Kind.WORKFLOW, "gone"), "/spec"),
        (HUBSPOT_KEY, "/spec/auth/scopes"),
        (SYNC_KEY, "/spec/nothing/here"),
    ]

    assert loaded.locations(wanted) == [
        Location(f"{FOLDER}/workflows/sync.yaml", 7, 3),
        None,
        Location(f"{FOLDER}/integrations/hubspot.yaml", 10, 5),
        Location(f"{FOLDER}/workflows/sync.yaml", 5, 1),
    ]


@pytest.mark.parametrize(
    ("kind", "name", "pointer", "line"),
    [
        ("Secret", "API_KEY", "/spec/secrets/API_KEY", 11),
        ("Secret", "UNKNOWN", "/spec/secrets/UNKNOWN", 9),
        ("Environment", "development", "/spec/values/portal", 8),
    ],
)
def test_places_in_environment_yaml(
    shop: Shop, kind: str, name: str, pointer: str, line: int
) -> None:
    """Secrets and what concerns the environment stand in its own manifest."""
    [place] = shop.load().locations([(ResourceKey(kind, name), pointer)])

    assert place is not None
    assert (place.file, place.line) == (f"{FOLDER}/environment.yaml", line)


def test_no_place_reads_nothing(shop: Shop) -> None:
    """Without messages no file is listed or read."""
    loaded = shop.load()
    snapshot: Any = loaded.reading.documents.snapshot
    before = len(snapshot.reads)

    assert loaded.locations([]) == []
    assert len(snapshot.reads) == before
