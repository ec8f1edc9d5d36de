"""Wires what needs no repository: `init`, and telling a plan from another file."""

from __future__ import annotations

import os
from pathlib import Path

from reconciler.services import initialising
from reconciler.services.initialising import Initialised


def is_plan(answer: object) -> bool:
    """Say whether something has the shape of the answer of `plan`.

    Raises:
        ValueError: it holds what no JSON of ours can.
    """
    from reconciler.adapters.manifests import schemas

    return schemas.quick("plan").is_valid(answer)


def initialise(directory: Path) -> Initialised:
    """Write the starter repository into a folder."""
    from reconciler.adapters import starter
    from reconciler.adapters.git.starting import NewRepositories

    folder = Path(os.path.realpath(directory))
    return initialising.initialise(folder, starter.files(), starter.write, NewRepositories())
