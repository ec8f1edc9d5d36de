"""A deployed shop of which another deployment has to be made, and calls of which may fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.core.errors import ReconcilerError
from reconciler.core.model import Deployment
from reconciler.testing import MemoryPlatform
from tests.unit.services.faults import Fate, Fated
from tests.unit.services.shop import Shop

DEV = "development"


class Shown(list[tuple[str, str]]):
    """Progress that something looks at."""

    def __init__(self, look: Callable[[str, str], object]) -> None:
        super().__init__()
        self.look = look

    def append(self, shown: tuple[str, str]) -> None:
        """Look."""
        super().append(shown)
        self.look(*shown)


class Failing(Shop):
    """A deployed shop of which another deployment has to be made, and calls of which may fail."""

    def __init__(self, platform: type[MemoryPlatform] = MemoryPlatform) -> None:
        super().__init__()
        self.platforms[DEV] = platform()
        self.apply()
        self.before = self.state
        self.workflow("new")
        self.replace("workflows/sync.yaml", "integration:", "title: Contacts\n  integration:")
        self.remove("workflows/report.yaml", "workflows/definitions/report.json")
        self.fate = Fate()
        self.memory = self.platform
        self.store = Fated(self.store, self.fate)
        self.platforms[DEV] = Fated(self.memory, self.fate)
        self.progress.clear()

    @property
    def state(self) -> tuple[Any, ...]:
        """Return what runs, and what is recorded of it."""
        applied = self.store.applied(DEV)
        keys = self.platform.observe().digests
        return (
            dict(keys),
            self.platform.contents(keys),
            applied.digests,
            applied.content_digest,
            self.store.applied_contents(DEV, applied.digests),
            self.store.adopted(DEV),
        )

    @property
    def last(self) -> Deployment:
        """Return the newest deployment."""
        return self.store.deployments(DEV)[0]

    def fails(self, kind: type[ReconcilerError], **options: Any) -> ReconcilerError:
        """Apply, and return how it failed."""
        with pytest.raises(kind) as caught:
            self.apply(**options)
        assert type(caught.value) is kind
        return caught.value

    def at(self, step: str, error: Exception, call: str) -> None:
        """Let the first call of a name within a step fail."""

        def show(name: str, state: str) -> None:
            if (name, state) == (step, "running"):
                self.fate.named[call] = error

        self.progress = Shown(show)

    def assert_open(self) -> None:
        """Nobody holds the environment, and it is not in maintenance."""
        assert (self.store.locks(DEV), self.store.maintenance(DEV)) == ([], None)
        assert self.store.effects(self.last.id) == []
