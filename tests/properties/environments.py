"""Generated environments: integrations, app events and workflows that refer to one another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from tests.unit.services.shop import DEVELOPMENT, FOLDER, PIPELINE, STAGING

Spec = dict[str, Any]

INTEGRATIONS = ("hubspot", "jira", "slack")
EVENTS = ("contact-created", "order-paid", "ticket-opened")
WORKFLOWS = ("a", "b-2", "c", "sync", "z")
FOLDERS = {"Integration": "integrations", "AppEvent": "events", "Workflow": "workflows"}

TITLES = st.sampled_from(["Sync", "NO", "1.10", "😀 “x”", "a: b # c", "${{ not.here }}", "'\"\\"])
SCOPES = st.lists(st.sampled_from(["read", "write", "admin"]), unique=True)
SETTINGS = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["region", "limit", "mode"]),
            "type": st.sampled_from(["text", "number"]),
        },
        optional={"title": TITLES, "required": st.booleans()},
    ),
    unique_by=lambda setting: setting["name"],
    max_size=2,
)
VALUES = st.sampled_from(
    [
        "plain",
        7,
        True,
        None,
        [1, "two"],
        {"deep": {"er": ["x"]}},
        "${{ values.api.url }}",
        "at ${{ values.api.limit }} of ${{ values.portal }}",
        "${{ secrets.API_KEY }}",
        "${{ user.id }}",
    ]
)
OAUTH = {
    "type": "oauth2",
    "authorizationUrl": "https://example.com/authorize",
    "tokenUrl": "https://example.com/token",
}


def integrations() -> st.SearchStrategy[Spec]:
    """Return specs of integrations; what has a default is often left out."""
    oauth = SCOPES.map(lambda scopes: {**OAUTH, "scopes": scopes})
    return st.fixed_dictionaries(
        {},
        optional={
            "title": TITLES,
            "enabled": st.booleans(),
            "auth": oauth | st.just({"type": "none"}),
            "userSettings": SETTINGS,
        },
    )


def events() -> st.SearchStrategy[Spec]:
    """Return specs of app events, with a schema or only an example."""
    schema = st.lists(st.sampled_from(["id", "email", "total"]), unique=True).map(
        lambda names: {
            "schema": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in names},
                "required": names,
            }
        }
    )
    example = st.dictionaries(st.sampled_from(["id", "total"]), st.integers(0, 9) | TITLES).map(
        lambda found: {"example": found}
    )
    return st.tuples(schema | example, st.booleans()).map(
        lambda both: {**both[0], "deprecated": both[1]} if both[1] else both[0]
    )


@st.composite
def workflows(draw: st.DrawFn, name: str, names: Mapping[str, list[str]]) -> Spec:
    """Return the spec of a workflow that refers only to what is there, never in a circle."""
    triggers: list[Spec] = [
        {"type": "manual"},
        {"type": "request"},
        {"type": "schedule", "cron": "0 6 * * *"},
        *({"type": "appEvent", "event": event} for event in names["AppEvent"]),
    ]
    later = [other for other in names["Workflow"] if other > name]
    steps = draw(st.lists(st.sampled_from(["one", "two", "three"]), unique=True, min_size=1))
    spec: Spec = {
        "trigger": draw(st.sampled_from(triggers)),
        "steps": [{"name": s, "type": "request", "with": {"x": draw(VALUES)}} for s in steps],
    }
    if names["Integration"] and draw(st.booleans()):
        spec["integration"] = draw(st.sampled_from(names["Integration"]))
    if later and draw(st.booleans()):
        spec["requires"] = {"workflows": draw(st.lists(st.sampled_from(later), unique=True))}
    if draw(st.booleans()):
        spec["title"] = draw(TITLES)
    if draw(st.booleans()):
        spec["enabledByDefault"] = draw(st.booleans())
    return spec


@st.composite
def environments(draw: st.DrawFn) -> dict[str, str]:
    """Return the files of a repository with one generated environment."""
    pools = {"Integration": INTEGRATIONS, "AppEvent": EVENTS, "Workflow": WORKFLOWS}
    names = {
        kind: sorted(draw(st.lists(st.sampled_from(pool), unique=True)))
        for kind, pool in pools.items()
    }
    specs = {("Integration", name): draw(integrations()) for name in names["Integration"]}
    specs |= {("AppEvent", name): draw(events()) for name in names["AppEvent"]}
    specs |= {("Workflow", name): draw(workflows(name, names)) for name in names["Workflow"]}
    limit = draw(st.integers(1, 3))
    files = {
        "environments/pipeline.yaml": PIPELINE,
        "environments/staging/environment.yaml": STAGING,
        f"{FOLDER}/environment.yaml": DEVELOPMENT.replace("limit: 5", f"limit: {limit}"),
    }
    return files | {
        f"{FOLDER}/{FOLDERS[kind]}/{name}.yaml": manifest(kind, name, spec)
        for (kind, name), spec in specs.items()
    }


def manifest(kind: str, name: str, spec: Spec) -> str:
    """Return a manifest as JSON, which is YAML too."""
    whole = {
        "apiVersion": "reconciler/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": spec,
    }
    return json.dumps(whole, indent=1, ensure_ascii=False)
