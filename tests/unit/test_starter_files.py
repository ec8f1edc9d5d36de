"""The repository that `init` writes: fits the schemas, runs at once, shows the strict form."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[2]
FILES = ROOT / "reconciler" / "starter" / "files"
MANIFESTS = sorted(FILES.rglob("*.yaml"))


def text_of(path: Path) -> str:
    """Return a file's text as `init` writes it."""
    return path.read_text("utf-8").replace("{{name}}", "my-shop")


def spec(path: str) -> Any:
    """Return the spec of a manifest."""
    return yaml.safe_load(text_of(FILES / "environments" / path))["spec"]


def errors(document: Any) -> list[str]:
    """Return what its schema has against a manifest; both validators must agree."""
    schema = json.loads(
        (ROOT / "schemas" / f"{document['kind'].lower()}.v1.json").read_text("utf-8")
    )
    found = [error.message for error in Draft202012Validator(schema).iter_errors(document)]
    assert jsonschema_rs.Draft202012Validator(schema).is_valid(document) is (not found)
    return found


def strict_form(text: str) -> Any:
    """Return a manifest with the commented lines after its last `strict form` taken in."""
    head, mark, tail = text.rpartition("strict form")
    introduction, _, block = tail.partition(":\n")
    taken_in = re.sub(r"(?m)^( *)# ", r"\1", block)
    document = yaml.safe_load(f"{head}{mark}{introduction}:\n{taken_in}")
    return json.loads(json.dumps(document, default=str))  # dates as texts again


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: str(path.relative_to(FILES)))
def test_manifest_fits_its_schema(path: Path) -> None:
    """Every manifest of the starter is valid, is named as its file and points to its schema."""
    document = yaml.safe_load(text_of(path))
    assert errors(document) == []
    assert document["metadata"]["name"] in (path.stem, path.parent.name, "my-shop")
    depth = len(path.relative_to(FILES).parts) - 1
    schema = f"{'../' * depth}schemas/{document['kind'].lower()}.v1.json"
    assert text_of(path).startswith(f"# yaml-language-server: $schema={schema}\n")


def test_name_stands_in_the_pipeline_only() -> None:
    """`{{name}}` is the pipeline's name, once, and stands in no other file."""
    counts = {
        p.name: p.read_text("utf-8").count("{{name}}") for p in FILES.rglob("*") if p.is_file()
    }
    assert {name: count for name, count in counts.items() if count} == {"pipeline.yaml": 1}


def test_no_file_is_lost_in_packaging() -> None:
    """Dotfiles are stored as `dot-…`, since packaging tools leave dotfiles out."""
    names = [path.name for path in FILES.rglob("*")]
    assert not [name for name in names if name.startswith(".")]
    assert (FILES / "dot-gitignore").read_text("utf-8").splitlines()[-1] == ".reconciler/"


def test_tour_runs_at_once() -> None:
    """Nothing holds the first promotion: no signatures, approvals, soak, windows or calendar."""
    pipeline = spec("pipeline.yaml")
    assert pipeline["signatures"] == "optional"
    assert set(pipeline) == {"environments", "protectedBranch", "signatures"}
    for name in pipeline["environments"]:
        assert set(spec(f"{name}/environment.yaml")["promotion"]) == {"selfHeal"}


def test_first_run_shows_no_warning() -> None:
    """Nothing is missing: no secret is declared or needed, and each app has what it requires."""
    for path in FILES.rglob("*.yaml"):
        assert "${{ secrets." not in re.sub(r"(?m)^ *#.*$", "", text_of(path))
    for name in ("development", "staging", "production"):
        environment = spec(f"{name}/environment.yaml")
        assert "secrets" not in environment
        for path in (FILES / "environments/development/integrations").glob("*.yaml"):
            integration = yaml.safe_load(text_of(path))["spec"]
            default = (
                ["clientId", "clientSecret"] if integration["auth"]["type"] == "oauth2" else []
            )
            required = set(integration.get("requiredAppConfiguration", default))
            assert required <= set(environment["appConfiguration"].get(path.stem, {}))


def test_release_only_environments_are_empty() -> None:
    """Staging and production wait for their first release, and know where it comes from."""
    for name, source in (("staging", "development"), ("production", "staging")):
        folder = FILES / "environments" / name
        assert [path.name for path in folder.rglob("*")] == ["environment.yaml"]
        environment = spec(f"{name}/environment.yaml")
        assert (environment["mode"], environment["promotesFrom"]) == ("release-only", source)


def test_environments_share_no_value() -> None:
    """Each environment has its own addresses and apps, so that nothing is shared by mistake."""
    names = ("development", "staging", "production")
    specs = [spec(f"{name}/environment.yaml") for name in names]
    values = [value for item in specs for value in item["values"].values()]
    apps = [item["appConfiguration"]["salesforce"]["clientId"] for item in specs]
    assert len(set(values)) == len(values)
    assert len(set(apps)) == len(apps)


def test_strict_pipeline_is_valid() -> None:
    """What stands in comments as the strict pipeline is valid as soon as it is taken in."""
    document = strict_form(text_of(FILES / "environments" / "pipeline.yaml"))
    assert errors(document) == []
    assert document["spec"]["signatures"] == "required"
    assert set(document["spec"]["roles"]) == {"release-manager", "qa", "tests"}
    assert {"cadence", "holidays", "freezes"} <= set(document["spec"]["calendar"])


@pytest.mark.parametrize("name", ["staging", "production"])
def test_strict_environment_is_valid(name: str) -> None:
    """What stands in comments as the strict policy is valid as soon as it is taken in."""
    document = strict_form(text_of(FILES / "environments" / name / "environment.yaml"))
    assert errors(document) == []
    assert "tests" in document["spec"]["promotion"]["approvals"]


def test_example_of_the_readme_is_valid() -> None:
    """The roles that the README shows fit the schema, and those that count by more than a tag."""
    readme = text_of(FILES / "environments" / "README.md")
    (example,) = re.findall(r"```yaml\n(.*?)```", readme, flags=re.DOTALL)
    document = yaml.safe_load(text_of(FILES / "environments" / "pipeline.yaml"))
    document["spec"] |= yaml.safe_load(example)["spec"]
    assert errors(document) == []
    assert {"accounts", "checks"} <= {key for r in document["spec"]["roles"].values() for key in r}
