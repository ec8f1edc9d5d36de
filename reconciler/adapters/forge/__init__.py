"""GitHub, which hosts the repository and its pull requests; only `client` speaks with it."""

from __future__ import annotations

from reconciler.adapters.forge.client import Client
from reconciler.adapters.forge.github import GitHubForge

__all__ = ["Client", "GitHubForge"]
