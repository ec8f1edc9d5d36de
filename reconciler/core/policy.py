"""Environment and Pipeline manifests as the values that the core works with; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from reconciler.core.canonical import Json
from reconciler.core.model import Environment, Mode, Pipeline, RemovalBudget

_DURATION = re.compile(r"([0-9]{1,6})([dhms])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def environment(content: Mapping[str, Json], *, name: str) -> Environment:
    """Return the environment that a normalised manifest in the folder `name` describes."""
    spec = content["spec"]
    promotion = spec.get("promotion", {})
    return Environment(
        name=name,
        mode=Mode(spec["mode"]),
        promotes_from=spec.get("promotesFrom"),
        platform=spec["platform"],
        values=spec["values"],
        secrets=spec["secrets"],
        app_configuration=spec["appConfiguration"],
        removal_budget=RemovalBudget(**promotion.get("removalBudget", {})),
        self_heal=promotion.get("selfHeal", False),
        raw=spec,
    )


def pipeline(content: Mapping[str, Json]) -> Pipeline:
    """Return the pipeline that a normalised manifest describes."""
    spec = content["spec"]
    return Pipeline(
        name=content["metadata"]["name"],
        environments=tuple(spec["environments"]),
        protected_branch=spec["protectedBranch"],
        tag_format=spec["tagFormat"],
        branch_format=spec["branchFormat"],
        signatures=spec["signatures"],
        raw=spec,
    )


def duration(text: str) -> timedelta | None:
    """Return the time that `7d`, `12h`, `10m` or `30s` means, None for anything else."""
    found = _DURATION.fullmatch(text)
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None
