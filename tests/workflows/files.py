"""The CI files that are tested: this project's own, and those that `init` renders for users."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from reconciler.adapters import starter
from reconciler.core.ci import Ci
from tests import project

OWN_FOLDER = Path(".github/workflows")
# This project installs itself where its users install a released version.
OWN_INSTALL = "python -m pip install --constraint .ci/constraints.txt ."


def own() -> dict[str, str]:
    """Return this project's own workflow files by path."""
    found = [path for path in project.files() if path.parent == OWN_FOLDER]
    return {str(path): project.read(path) for path in found}


def rendered(ci: Ci, branch: str = "main") -> dict[str, str]:
    """Return what `init` renders for a forge, by path."""
    return dict(starter.ci_files(ci, branch).files)


def workflows() -> dict[str, str]:
    """Return all files in the language of Actions by the forge and path they are for."""
    kinds = {ci: rendered(ci) for ci in (Ci.GITHUB, Ci.GITEA, Ci.FORGEJO)}
    named = {f"{ci}/{path}": text for ci, files in kinds.items() for path, text in files.items()}
    return {**{f"own/{path}": text for path, text in own().items()}, **named}


def read(text: str) -> dict[str, Any]:
    """Return a workflow; YAML 1.1 takes its key `on` for a boolean, this does not."""
    document = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 texts and nothing else
    assert isinstance(document, dict)
    return document


def jobs(text: str) -> Mapping[str, Any]:
    """Return the jobs of a workflow by id."""
    found: Mapping[str, Any] = read(text)["jobs"]
    return found


def steps(text: str) -> Iterator[Mapping[str, Any]]:
    """Yield every step of a workflow."""
    for job in jobs(text).values():
        yield from job["steps"]
