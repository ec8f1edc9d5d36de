"""A review made of two small environments, written as specs by `Kind/name`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from reconciler.core import canonical
from reconciler.core.facts import facts
from reconciler.core.messages.registry import BY_CODE
from reconciler.core.messages.review import Message, Review
from reconciler.core.model import Action, Change, Entry, Environment, Reason, ResourceKey
from reconciler.core.normalise import normalise

Specs = Mapping[str, Mapping[str, Any]]
MakeReview = Callable[..., Review]
Find = Callable[..., list[Message]]


def _contents(specs: Specs) -> dict[ResourceKey, dict[str, Any]]:
    keys = [ResourceKey(*identity.split("/")) for identity in specs]
    return {
        key: normalise(
            {
                "apiVersion": "reconciler/v1",
                "kind": key.kind,
                "metadata": {"name": key.name},
                "spec": dict(spec),
            }
        )
        for key, spec in zip(keys, specs.values(), strict=True)
    }


def _entry(key: ResourceKey, content: Mapping[str, Any]) -> Entry:
    digest = canonical.digest(content)
    path = f"{key.kind}/{key.name}.yaml"
    return Entry(
        key=key, path=path, blob=digest, bytes_digest=digest, digest=digest, facts=facts(content)
    )


def _change(key: ResourceKey, before: Any, after: Any) -> Change:
    action = Action.ADD if before is None else Action.REMOVE if after is None else Action.MODIFY
    return Change(action=action, key=key, reason=Reason.PENDING, before=before, after=after)


@pytest.fixture
def review() -> MakeReview:
    """Return a function that makes a review of what was there and what shall be there."""

    def make(before: Specs, after: Specs, **parts: Any) -> Review:
        left, right = _contents(before), _contents(after)
        return Review(
            environment=parts.pop("environment", Environment(name="staging")),
            changes=tuple(
                _change(key, left.get(key), right.get(key))
                for key in sorted(left.keys() | right.keys())
                if left.get(key) != right.get(key)
            ),
            desired={key: _entry(key, content) for key, content in right.items()},
            base={key: canonical.digest(content) for key, content in left.items()},
            content=right.__getitem__,
            **parts,
        )

    return make


@pytest.fixture
def find(review: MakeReview) -> Find:
    """Return a function that runs the rule of one code over two environments."""

    def run(code: str, before: Specs, after: Specs, **parts: Any) -> list[Message]:
        rule = BY_CODE[code].rule
        assert rule is not None
        return list(rule(review(before, after, **parts)))

    return run
