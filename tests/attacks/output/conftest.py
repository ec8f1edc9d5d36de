"""One world for each test process, in which everything was run once; nobody changes it."""

from __future__ import annotations

import pytest

from tests.attacks.output.living import lived
from tests.attacks.output.world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return the world in which every command was run."""
    return lived(tmp_path_factory.mktemp("canaries"))
