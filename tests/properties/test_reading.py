"""What holds for reading any manifest, and any bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core import canonical
from reconciler.core.errors import Invalid
from reconciler.core.normalise import normalise
from reconciler.ports import Parsed, ParseRequest
from reconciler.testing import MemoryCache
from tests.properties.environments import environments
from tests.unit.services.shop import FILES, FOLDER, REPORT, SYNC, CountingReader, Shop

READER = CountingReader()
KINDS = {"integrations": "Integration", "events": "AppEvent", "workflows": "Workflow"}

# Bytes that look like YAML get further than those that do not.
YAML = st.text(
    st.sampled_from(list("abn:-?[]{},#&*!|>'\"%@` \n\t0129.~${}\\\u0085é\x00😀")),
    max_size=60,
).map(str.encode)
BYTES = st.binary(max_size=60) | YAML


@settings(max_examples=25)
@given(environments())
def test_normalising_twice_is_normalising_once(files: Mapping[str, str]) -> None:
    """A normal form is its own normal form, and a manifest written out in it reads the same."""
    for path, text in files.items():
        if (kind := KINDS.get(path.split("/")[-2])) is not None:
            content = normalise(json.loads(text))
            assert canonical.dumps(normalise(content)) == canonical.dumps(content)
            assert _read(kind, content) == _read(kind, json.loads(text))


def _read(kind: str, manifest: object) -> object:
    (answer,) = READER.parse(
        [ParseRequest("x.yaml", json.dumps(manifest, ensure_ascii=False).encode(), kind)]
    )
    assert isinstance(answer, Parsed), answer
    return canonical.dumps(answer.content)


CACHE = MemoryCache()


def load(files: Mapping[str, str | bytes]) -> list[str]:
    """Load an environment; return the files that have findings, each of them at a place."""
    shop = Shop(files, cache=CACHE)
    try:
        shop.load()
    except Invalid as error:
        return [f.file for f in error.findings if f.line > 0 and f.column > 0] or ["nowhere"]
    return []


@settings(max_examples=120)
@given(BYTES)
def test_any_bytes_are_findings_of_their_file(data: bytes) -> None:
    """A manifest of arbitrary bytes ends in findings with a place in that file, nothing else."""
    path = f"{FOLDER}/workflows/bytes.yaml"

    assert set(load({**FILES, path: data})) == {path}


@settings(max_examples=60)
@given(BYTES, st.sampled_from(["n8n", "opaque"]))
def test_any_bytes_may_be_a_definition(data: bytes, format: str) -> None:
    """An engine's file of arbitrary bytes is read or has findings."""
    path = f"{FOLDER}/workflows/definitions/report.json"
    manifest = REPORT.replace("n8n", format)

    found = load({**FILES, path: data, f"{FOLDER}/workflows/report.yaml": manifest})
    assert set(found) <= {path}


@settings(max_examples=60)
@given(BYTES)
def test_any_bytes_may_be_the_environment_s_own_manifest(data: bytes) -> None:
    """An environment.yaml of arbitrary bytes breaks its environment and raises nothing else."""
    path = f"{FOLDER}/environment.yaml"

    assert set(load({**FILES, path: data})) == {path}


@settings(max_examples=40)
@given(BYTES)
def test_any_bytes_may_be_the_pipeline(data: bytes) -> None:
    """A pipeline.yaml of arbitrary bytes is an answer with findings."""
    shop = Shop({**FILES, "environments/pipeline.yaml": data}, cache=CACHE)

    with pytest.raises(Invalid):
        shop.choose()


@settings(max_examples=80)
@given(st.integers(0, len(SYNC) - 1), st.integers(0, 6), YAML)
def test_a_damaged_manifest_is_read_or_found(at: int, length: int, new: bytes) -> None:
    """A good manifest with a few bytes replaced is still one, or has findings of its own."""
    data = SYNC.encode()
    path = f"{FOLDER}/workflows/sync.yaml"

    assert set(load({**FILES, path: data[:at] + new[:6] + data[at + length :]})) <= {path}


@settings(max_examples=60)
@given(st.text(max_size=30))
def test_any_file_name_is_taken_or_found(name: str) -> None:
    """A file of any name below an environment is left alone, read, or a finding."""
    load({**FILES, f"{FOLDER}/workflows/{name}.yaml": SYNC, f"{FOLDER}/{name}": "x"})
