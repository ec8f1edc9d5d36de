"""Environment and Pipeline manifests as values."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from reconciler.core import policy
from reconciler.core.model import Environment, Mode, Pipeline, RemovalBudget
from reconciler.core.normalise import normalise


def environment(spec: dict[str, Any]) -> Environment:
    """Return the environment of a spec, in the folder `staging`."""
    content = normalise({"kind": "Environment", "metadata": {"name": "x"}, "spec": spec})
    return policy.environment(content, name="staging")


def test_an_environment_without_anything() -> None:
    """An environment is named after its folder, editable, built in, and not healed."""
    found = environment({})
    assert found.name == "staging"
    assert found.mode is Mode.EDITABLE
    assert found.platform == {"type": "builtin"}
    assert not found.self_heal
    assert found.removal_budget == RemovalBudget(count=3, percent=20)


def test_an_environment_with_everything() -> None:
    """What the manifest says is taken over; the whole spec stands beside it."""
    spec = {
        "mode": "release-only",
        "promotesFrom": "development",
        "platform": {"type": "n8n", "url": "https://n8n.example.com"},
        "values": {"a": 1},
        "secrets": {"K": {"from": "env", "name": "K"}},
        "appConfiguration": {"hub": {"clientId": "c"}},
        "promotion": {"selfHeal": True, "removalBudget": {"percent": 5}, "soak": "7d"},
    }
    found = environment(spec)
    assert found.mode is Mode.RELEASE_ONLY
    assert found.promotes_from == "development"
    assert (found.platform, found.values) == (spec["platform"], {"a": 1})
    assert (found.secrets, found.app_configuration) == (spec["secrets"], spec["appConfiguration"])
    assert found.removal_budget == RemovalBudget(count=3, percent=5)
    assert found.self_heal
    assert found.raw == spec


def test_a_pipeline() -> None:
    """A pipeline has its environments in order and the usual names unless it says otherwise."""
    content = {
        "kind": "Pipeline",
        "metadata": {"name": "shop"},
        "spec": {"environments": ["b", "a"]},
    }
    found = policy.pipeline(normalise(content))
    assert found == Pipeline(name="shop", environments=("b", "a"), raw=found.raw)
    content["spec"] = {"environments": ["a"], "protectedBranch": "trunk", "signatures": "required"}
    found = policy.pipeline(normalise(content))
    assert (found.protected_branch, found.signatures) == ("trunk", "required")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("7d", timedelta(days=7)),
        ("12h", timedelta(hours=12)),
        ("10m", timedelta(minutes=10)),
        ("30s", timedelta(seconds=30)),
        ("0s", timedelta()),
        ("999999d", timedelta(days=999_999)),
        ("1w", None),
        ("-1d", None),
        ("1.5h", None),
        ("1d\n", None),
        ("1 d", None),
        ("\u0661d", None),
        ("1000000d", None),
        ("", None),
    ],
)
def test_durations(text: str, wanted: timedelta | None) -> None:
    """A duration is a whole number with one unit; anything else is none."""
    assert policy.duration(text) == wanted
