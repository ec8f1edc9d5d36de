"""Wires `users`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.adapters.platforms.builtin.staging import open_staging
from reconciler.services.activities import Activities
from reconciler.services.users import UserKeeper

if TYPE_CHECKING:
    from reconciler.bootstrap.services import Services


def user_keeper(services: Services) -> UserKeeper:
    """Return what imports and lists connected users."""
    return UserKeeper(
        workspace=services.workspace,
        viewer=services.viewer,
        store=services.store,
        platform=services.platforms.user_platform,
        reader=services.platforms.user_reader,
        staging=open_staging,
        activities=Activities(
            store=services.store, clock=services.clock, processes=services.processes
        ),
        actor=services.actor,
        preview=services.releases.planner.preview,
    )
