"""The wiring of `import`, `copy` and `init --adopt`, beside the rest of `bootstrap`."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.adapters.clock import SystemClock
from reconciler.bootstrap.platforms import Platforms
from reconciler.bootstrap.services import Services
from reconciler.core.ci import Ci
from reconciler.core.errors import UsageError
from reconciler.services.adopting.copying import Copier
from reconciler.services.adopting.importing import Importer
from reconciler.services.adopting.starting import Started, Starter
from reconciler.services.initialising import BRANCH, encoded
from reconciler.services.planning import Planner

if TYPE_CHECKING:
    from reconciler.settings import Settings


def importer(services: Services) -> Importer:
    """Return `import`."""
    from reconciler.adapters.manifests.writing import YamlWriter

    return Importer(
        workspace=services.workspace,
        planner=services.planner,
        store=services.store,
        platform=services.platforms.reader,
        writer=YamlWriter(),
        git=services.git,
        clock=SystemClock(),
    )


def copier(services: Services) -> Copier:
    """Return `copy`.

    Raises:
        UsageError: there is no checkout to copy in.
    """
    from reconciler.adapters import checkout

    root = services.git.root
    if root is None:
        raise UsageError(
            "copy works on the files of a checkout, and there is none.",
            hint="Name a checkout with --repo DIR.",
        )
    return Copier(workspace=services.workspace, write=lambda files: checkout.write_all(root, files))


def adopt(settings: Settings, directory: Path, name: str, ci: Ci = Ci.GITHUB) -> Started:
    """Make a repository of what an environment's platform runs."""
    from reconciler.adapters import starter
    from reconciler.adapters.git.starting import NewRepositories
    from reconciler.adapters.manifests.reader import ManifestReader
    from reconciler.adapters.manifests.writing import YamlWriter
    from reconciler.adapters.secrets.keys import EnvironmentKeys
    from reconciler.adapters.secrets.sealer import AesSealer
    from reconciler.adapters.secrets.sources import standard_sources
    from reconciler.adapters.sql.database import Database
    from reconciler.adapters.store.sql import SqlStore

    folder = Path(os.path.realpath(directory))
    if settings.store_path == settings.state_folder / "state.db":
        # The default store is that of the repository, which is yet to be made.
        settings = replace(settings, root=folder, store=_default_store(settings, folder))
    database, clock = Database.from_url(settings.store), SystemClock()
    store, sealer = SqlStore(database), AesSealer(EnvironmentKeys(os.environ, None))
    secrets = standard_sources(os.environ, folder, store, sealer)
    platforms = Platforms(database=lambda: database, now=clock.now, secrets=lambda: secrets)
    started = Starter(
        manifests=ManifestReader(),
        writer=YamlWriter(),
        planner=Planner(store=store, platform=platforms.reader, secrets=secrets, clock=clock),
        store=store,
        platform=platforms.reader,
        git=NewRepositories(),
        write=starter.write,
        clock=clock,
    )
    files = {**starter.files(), **encoded(starter.ci_files(ci, BRANCH))}
    return started.start(folder, name, files)


def _default_store(settings: Settings, folder: Path) -> str:
    there = replace(settings, root=folder).state_folder / "state.db"
    return f"sqlite:///{there}" if there.exists() else settings.store
