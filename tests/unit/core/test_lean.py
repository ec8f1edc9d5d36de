"""Manifests without their defaults."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.core.lean import lean
from reconciler.core.normalise import normalise

SETTING = {"name": "region", "type": "enum", "options": ["eu", {"value": "us", "title": "US"}]}
OAUTH = {"type": "oauth2", "authorizationUrl": "https://a", "tokenUrl": "https://t"}
SPECS: list[tuple[str, dict[str, Any]]] = [
    ("Integration", {}),
    ("Integration", {"auth": OAUTH, "userSettings": [SETTING]}),
    ("Integration", {"auth": OAUTH, "requiredAppConfiguration": ["key"], "enabled": False}),
    ("Workflow", {"trigger": {"type": "manual"}, "steps": []}),
    ("Workflow", {"trigger": {"type": "schedule", "cron": "0 6 * * *"}, "steps": []}),
    ("Workflow", {"trigger": {"type": "manual"}, "requires": {"scopes": ["b"]}, "steps": []}),
    ("AppEvent", {"example": {"id": 1}}),
    ("AppEvent", {"schema": {"type": "object"}, "deprecated": True}),
    ("Environment", {"mode": "release-only", "promotesFrom": "development"}),
    ("Pipeline", {"environments": ["development"]}),
]


def content(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest."""
    return {
        "apiVersion": "reconciler/v1",
        "kind": kind,
        "metadata": {"name": "thing"},
        "spec": spec,
    }


@pytest.mark.parametrize(("kind", "spec"), SPECS)
def test_a_default_is_left_out_and_nothing_else(kind: str, spec: dict[str, Any]) -> None:
    """What a person would have written comes out of its normal form again."""
    assert lean(normalise(content(kind, spec))) == content(kind, spec)


def test_a_content_in_another_form_keeps_every_field() -> None:
    """What was not normalised is left as it is, since its fields may mean more."""
    odd = content("Workflow", {"trigger": {"type": "manual"}, "enabled": True, "steps": []})

    assert lean(odd) == odd
