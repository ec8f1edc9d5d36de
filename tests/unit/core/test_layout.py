"""Where things stand in a GitOps repository."""

from __future__ import annotations

import pytest

from reconciler.core import layout
from reconciler.core.layout import Slot
from reconciler.core.model import Kind

FOLDER = "environments/development"


def text_of(path: str) -> str:
    """Return the one finding for a file of the environment."""
    (finding,) = layout.sort_out("development", [f"{FOLDER}/{path}"]).findings
    assert (finding.file, finding.line, finding.column) == (f"{FOLDER}/{path}", 1, 1)
    return finding.text


@pytest.mark.parametrize(
    ("folder", "kind"),
    [("integrations", "Integration"), ("workflows", "Workflow"), ("events", "AppEvent")],
)
def test_a_folder_holds_one_kind(folder: str, kind: str) -> None:
    """Manifests are resources of the kind of their folder, named after the file."""
    path = f"{FOLDER}/{folder}/a-b.yaml"
    found = layout.sort_out("development", [path])

    assert found == layout.Layout((Slot(path, Kind(kind), "a-b"),), (), ())


def test_manifests_may_stand_in_subfolders() -> None:
    """Every .yaml below a folder is a manifest, named by its last segment."""
    (slot,) = layout.sort_out("development", [f"{FOLDER}/workflows/crm/sync.yaml"]).resources

    assert (slot.kind, slot.name) == (Kind.WORKFLOW, "sync")


def test_releases_are_no_resources() -> None:
    """What stands below releases/ is a release."""
    found = layout.sort_out("development", [f"{FOLDER}/releases/1.4.0.yaml"])

    assert [slot.name for slot in found.releases] == ["1.4.0"]
    assert found.resources == found.findings == ()


@pytest.mark.parametrize(
    "path",
    [
        "environment.yaml",
        "README.md",
        "notes/plan.txt",
        "workflows/definitions/sync.json",
        "workflows",
        "workflows/sync.yaml.bak",
        "workflows/yaml",
    ],
)
def test_other_files_are_nobody_s_business(path: str) -> None:
    """What looks like no manifest is left alone without a word."""
    assert layout.sort_out("development", [f"{FOLDER}/{path}"]) == layout.Layout((), (), ())


@pytest.mark.parametrize(
    "path", ["workflows/a.yml", "workflows/a.YAML", "workflows/a.Yml", "environment.yml"]
)
def test_another_ending_is_found(path: str) -> None:
    """A file that would be left out for its ending is a finding that says so."""
    assert ".yaml" in text_of(path)
    assert "rename" in text_of(path)


def test_an_unknown_folder_is_found_with_a_hint() -> None:
    """A manifest in a misspelt folder is a finding that names the nearest one and all others."""
    text = text_of("workflow/a.yaml")

    assert 'unknown folder "workflow" (did you mean "workflows"?)' in text
    assert "wanted events/, integrations/, workflows/, releases/" in text


def test_a_manifest_beside_environment_yaml_is_found() -> None:
    """A manifest in no folder at all is a finding that says where they stand."""
    assert "a manifest stands in one of events/" in text_of("sync.yaml")


def test_an_environment_file_in_a_folder_is_a_manifest_there() -> None:
    """`environment.yaml` means the environment only directly in its folder."""
    (slot,) = layout.sort_out("development", [f"{FOLDER}/workflows/environment.yaml"]).resources

    assert slot.name == "environment"


def test_every_misplaced_file_is_found() -> None:
    """All are told at once."""
    paths = [f"{FOLDER}/{name}" for name in ("a.yaml", "flows/b.yaml", "events/c.yml")]

    assert [finding.file for finding in layout.sort_out("development", paths).findings] == paths


def test_a_name_stands_once_for_each_kind() -> None:
    """The second manifest of a kind and name is a finding that names the first."""
    paths = ["workflows/a.yaml", "workflows/crm/a.yaml", "events/a.yaml"]
    slots = layout.sort_out("development", [f"{FOLDER}/{path}" for path in paths]).resources
    (finding,) = layout.twice(slots)

    assert finding.file == f"{FOLDER}/workflows/crm/a.yaml"
    assert f"Workflow a stands in {FOLDER}/workflows/a.yaml too" in finding.text


def test_definitions_stand_beside_their_manifest() -> None:
    """A definition file is named relative to the manifest's folder."""
    assert layout.resolve_beside(f"{FOLDER}/workflows/a.yaml", "d/a.json") == (
        f"{FOLDER}/workflows/d/a.json"
    )


@pytest.mark.parametrize("name", ["a", "mine-2", "x" * 63])
def test_names_of_environments(name: str) -> None:
    """A name has lower case letters, digits and dashes."""
    assert layout.may_be_environment(name)


@pytest.mark.parametrize(
    "name", ["", "../x", "/etc", "a/b", "A", "-a", "a-", "a\n", "é", "a.b", "--", "x" * 64]
)
def test_what_is_no_name_of_an_environment(name: str) -> None:
    """A path, an option or a line end is never taken for a folder's name."""
    assert not layout.may_be_environment(name)


def test_paths_of_an_environment() -> None:
    """Folder and manifest follow from the name."""
    assert layout.environment_folder("staging") == "environments/staging"
    assert layout.environment_file("staging") == "environments/staging/environment.yaml"


def test_environments_are_folders_with_a_manifest() -> None:
    """Only a folder directly below the root with an environment.yaml is one."""
    paths = [
        "environments/pipeline.yaml",
        "environments/b/environment.yaml",
        "environments/a/environment.yaml",
        "environments/c/workflows/environment.yaml",
        "other/d/environment.yaml",
        "environments/environment.yaml",
    ]

    assert list(layout.environments_in(paths)) == ["b", "a"]


def test_a_folder_with_manifests_and_no_environment_is_found() -> None:
    """Manifests that no environment reads are one finding for each folder."""
    paths = [
        "environments/a/workflows/x.yaml",
        "environments/b/workflows/x.yaml",
        "environments/b/events/y.yaml",
        "environments/docs/notes/x.md",
    ]
    (finding,) = layout.strays(paths, ["a"])

    assert finding.file == "environments/b"
    assert "no environment.yaml" in finding.text
