"""In-memory fakes of every port and small factories, for tests here and of those who build on this.

They keep the contracts of `reconciler.ports` (one suite in `tests/contract` runs on them and on
the real adapters). They must not touch files, the network, the clock or a database; only
`remote` and `github`, which are imported by their own names, are servers.
"""

from __future__ import annotations

from reconciler.testing.factories import (
    app_event,
    deployment,
    desired,
    entry,
    integration,
    manifest,
    operation,
    removal,
    user,
    workflow,
)
from reconciler.testing.forge import MemoryForge
from reconciler.testing.notices import FakeMessenger
from reconciler.testing.platform import MemoryPlatform
from reconciler.testing.repository import MemoryRepository
from reconciler.testing.signing import MemoryVerifier, signed
from reconciler.testing.sources import (
    FakeClock,
    FakeInterruptions,
    FakeProcesses,
    FakeSealer,
    MemoryCache,
    MemoryManifests,
    MemorySecrets,
    MemorySnapshot,
)
from reconciler.testing.stepwise import StepwisePlatform
from reconciler.testing.store import MemoryStore
from reconciler.testing.unit import MemoryUnit
from reconciler.testing.users import MemoryStaging

__all__ = [
    "FakeClock",
    "FakeInterruptions",
    "FakeMessenger",
    "FakeProcesses",
    "FakeSealer",
    "MemoryCache",
    "MemoryForge",
    "MemoryManifests",
    "MemoryPlatform",
    "MemoryRepository",
    "MemorySecrets",
    "MemorySnapshot",
    "MemoryStaging",
    "MemoryStore",
    "MemoryUnit",
    "MemoryVerifier",
    "StepwisePlatform",
    "app_event",
    "deployment",
    "desired",
    "entry",
    "integration",
    "manifest",
    "operation",
    "removal",
    "signed",
    "user",
    "workflow",
]
