"""The forge as a run needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.core.errors import ForgeRefused

if TYPE_CHECKING:
    from reconciler.ports.forge import Forge
    from reconciler.settings_forge import ForgeSettings


def open_forge(settings: ForgeSettings) -> Forge:
    """Return the repository on its forge; nothing is asked yet.

    Raises:
        ForgeRefused: there is no token.
    """
    from reconciler.adapters.forge import Client, GitHubForge
    from reconciler.adapters.forge.masked import MaskedForge

    if settings.token is None:
        raise ForgeRefused(
            "There is no token for the forge.",
            hint="Give one in GITHUB_TOKEN or RECONCILER_FORGE_TOKEN.",
        )
    forge = GitHubForge(
        Client(settings.api, settings.token),
        settings.repository,
        pages=settings.server,
        run=settings.run_url,
        login=settings.login,
        assumed_login=settings.assumed_login,
    )
    return MaskedForge(forge)
