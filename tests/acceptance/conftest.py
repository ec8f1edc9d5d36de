"""Ready repositories: made once for each test process, copied for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.manifests import SHOP
from tests.acceptance.program import Shop
from tests.repositories import Repository


@pytest.fixture(scope="session")
def committed_once(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return the small shop as committed, never deployed; nobody changes it."""
    repository = Repository(tmp_path_factory.mktemp("committed") / "shop")
    repository.commit({**SHOP, ".gitignore": ".reconciler/\n"})
    return Shop(repository)


@pytest.fixture(scope="session")
def deployed_once(committed_once: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return the small shop with development deployed; nobody changes it."""
    shop = committed_once.copy(tmp_path_factory.mktemp("deployed") / "shop")
    shop.run("reconcile")
    return shop


@pytest.fixture
def committed(committed_once: Shop, tmp_path: Path) -> Shop:
    """Return a small shop of one's own, as committed."""
    return committed_once.copy(tmp_path / "committed")


@pytest.fixture
def deployed(deployed_once: Shop, tmp_path: Path) -> Shop:
    """Return a small shop of one's own with development deployed."""
    return deployed_once.copy(tmp_path / "shop")
