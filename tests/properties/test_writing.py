"""What holds for every manifest that the program writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.adapters.manifests.writing import YamlWriter
from reconciler.adapters.manifests.yaml_files import read_value
from reconciler.core import canonical
from reconciler.core.model import ResourceKey
from reconciler.core.normalise import normalise
from reconciler.core.releases import manifest
from reconciler.core.releases.model import (
    Acknowledgement,
    Base,
    Release,
    ReleaseName,
    ReleaseType,
    Source,
)
from tests.properties.environments import environments
from tests.unit.manifest_files import parsed

KINDS = {"integrations": "Integration", "events": "AppEvent", "workflows": "Workflow"}
WRITING = YamlWriter()

# Texts that look like something else in YAML get further than others.
ODD = st.text(st.sampled_from(list("an:-?[]{},#&*!|>'\"%@` \n\t019.~$\\\r\x85é\xa0\u2028😀=<")))
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")) | ODD
SCALARS = TEXTS | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.none()
VALUES = st.recursive(
    SCALARS, lambda of: st.lists(of, max_size=4) | st.dictionaries(TEXTS, of, max_size=4)
)


@settings(max_examples=40)
@given(environments())
def test_reading_what_was_written_gives_the_same(files: Mapping[str, str]) -> None:
    """A manifest written from its normalised content reads as that content, and is short."""
    for path, text in files.items():
        if (kind := KINDS.get(path.split("/")[-2])) is not None:
            content = parsed(text, kind).content
            written = WRITING.write(content)

            assert canonical.dumps(parsed(written, kind).content) == canonical.dumps(content)
            assert WRITING.write(parsed(written, kind).content) == written


@settings(max_examples=300)
@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4))
def test_any_value_is_kept_character_by_character(value: dict[str, Any]) -> None:
    """Whatever texts, numbers and collections a content holds, the strict reader gets them back."""
    assert canonical.dumps(read_value(WRITING.write(value))) == canonical.dumps(value)


@settings(max_examples=50)
@given(TEXTS, st.sampled_from(ReleaseType), st.booleans(), st.lists(TEXTS.filter(bool)))
def test_a_release_is_read_as_it_was_written(
    description: str, type: ReleaseType, first: bool, reasons: list[str]
) -> None:
    """The manifest of a release has no finding and describes that release."""
    digest = canonical.digest(description)
    release = Release(
        name=ReleaseName("staging", "1.4.0"),
        type=type,
        source=Source(environment="development", commit="a" * 40, version=None),
        base=None if first else Base(version="1.3.0", content_digest=digest),
        description=description,
        content_digest=digest,
        plan_digest=digest,
        changes=({"action": "add", "kind": "Workflow", "name": "sync", "fields": []},),
        acknowledgements=tuple(
            Acknowledgement(
                code="EnvironmentSecretMissing",
                subject=ResourceKey("Secret", "API_KEY"),
                fingerprint=digest,
                reason=reason,
                until="2026-12-31" if first else None,
            )
            for reason in reasons
        ),
    )
    content = parsed(WRITING.write_release(release), "Release").content

    assert manifest.from_content(content) == release
    assert normalise(content) == content
