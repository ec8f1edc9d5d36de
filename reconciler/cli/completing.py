"""What the shell completes beside commands and options; never fails, never asks git."""

from __future__ import annotations

from pathlib import Path

from reconciler.core.layout import ROOT


def environments(incomplete: str) -> list[str]:
    """Return the environments of the checkout around here that begin like this."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / ROOT).is_dir():
            return sorted(
                file.parent.name
                for file in (folder / ROOT).glob("*/environment.yaml")
                if file.parent.name.startswith(incomplete)
            )
    return []
