"""Wires what needs no repository: `init`, and telling a plan from another file."""

from __future__ import annotations

import os
from pathlib import Path

from reconciler.core.ci import Ci, Rendered, of_remote
from reconciler.services import initialising
from reconciler.services.initialising import Initialised


def is_plan(answer: object) -> bool:
    """Say whether something has the shape of the answer of `plan`.

    Raises:
        ValueError: it holds what no JSON of ours can.
    """
    from reconciler.adapters.manifests import schemas

    return schemas.quick("plan").is_valid(answer)


def needs(ci: Ci) -> tuple[str, ...]:
    """Return what a person has to set up on a forge for a new repository, once."""
    from reconciler.adapters import starter

    return starter.ci_files(ci, initialising.BRANCH).needs


def initialise(directory: Path, chosen: Ci | None = None) -> Initialised:
    """Write the starter repository into a folder, with the files for a forge.

    The forge is that of the remote where none is chosen.
    """
    from reconciler.adapters import starter
    from reconciler.adapters.git.starting import NewRepositories

    def rendered(branch: str, remote: str | None) -> Rendered:
        return starter.ci_files(chosen or of_remote(remote), branch)

    folder = Path(os.path.realpath(directory))
    files = starter.files()
    return initialising.initialise(folder, files, rendered, starter.write, NewRepositories())
