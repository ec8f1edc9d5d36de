"""Puts the values of one environment.yaml into another, and leaves the rest as it stands."""

from __future__ import annotations

from reconciler.core import layout
from reconciler.core.errors import ReconcilerError
from reconciler.core.model import Environment
from reconciler.ports import Snapshot
from reconciler.services.loading.environment import Loaded
from reconciler.services.releases.reading.files import read_file
from reconciler.services.workspace import Workspace


def with_values(
    workspace: Workspace, tip: Snapshot, old: Snapshot, environment: Environment, wanted: Loaded
) -> bytes | None:
    """Return the tip's environment.yaml with the values that a content had in another commit.

    None where the environment has these values already.

    Raises:
        ReconcilerError: the two cannot be put together.
    """
    if wanted.desired.values == environment.values:
        return None
    path = layout.environment_file(environment.name)
    now, then = (read_file(snapshot, path) or b"" for snapshot in (tip, old))
    mixed = workspace.manifests.with_member(now, then, "/spec/values")
    if mixed is None:
        raise ReconcilerError(
            f"The values of {path} cannot be put back by themselves.",
            hint=f"Give spec.values the form it had at {(old.commit or '')[:12]}, and try again.",
        )
    return mixed
