"""The manifests of a small shop, and changes to them, as text."""

from __future__ import annotations


def manifest(kind: str, name: str, spec: str) -> str:
    """Return a manifest; the lines of its spec need no indentation."""
    body = "".join(f"  {line}\n" for line in spec.splitlines())
    return f"apiVersion: reconciler/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n{body}"


PIPELINE = manifest("Pipeline", "shop", "environments: [development, staging]")


def development(*, self_heal: bool = False, more: str = "") -> str:
    """Return the manifest of the editable environment."""
    spec = (
        "values: {api: https://api.example.com}\n"
        "secrets:\n"
        "  SLACK_SECRET: {from: store}\n"
        "  SIGNING_KEY: {from: env, name: SHOP_SIGNING_KEY}\n"
        "appConfiguration:\n"
        "  slack: {clientId: '4021', clientSecret: SLACK_SECRET}\n"
        f"promotion: {{selfHeal: {str(self_heal).lower()}}}\n"
    )
    return manifest("Environment", "development", spec + more)


STAGING = manifest(
    "Environment",
    "staging",
    "mode: release-only\npromotesFrom: development\nvalues: {api: https://api.staging.example.com}",
)

SLACK = manifest(
    "Integration",
    "slack",
    """\
title: Slack
auth:
  type: oauth2
  authorizationUrl: https://slack.com/oauth/v2/authorize
  tokenUrl: https://slack.com/api/oauth.v2.access
  scopes: [chat:write]
userSettings:
  - {name: channel, title: Channel, type: text}
  - {name: language, title: Language, type: enum, options: [en, de], default: en}
""",
)

ORDER_PLACED = manifest(
    "AppEvent", "order-placed", "title: Order placed\nexample: {id: o-1, total: 12.5}"
)
STOCK_LOW = manifest("AppEvent", "stock-low", "title: Stock low\nexample: {sku: a-1, left: 2}")


def workflow(name: str, *, title: str = "", event: str = "order-placed", more: str = "") -> str:
    """Return a workflow that an app event starts."""
    spec = (
        f"title: {title or name}\n"
        "integration: slack\n"
        f"trigger: {{type: appEvent, event: {event}}}\n"
        "requires: {scopes: [chat:write], settings: [channel]}\n"
        f"{more}"
        "steps:\n"
        "  - name: post\n"
        "    type: request\n"
        "    with: {method: POST, url: '${{ values.api }}/post', text: '${{ event.id }}'}\n"
        "  - {name: answer, type: response}\n"
    )
    return manifest("Workflow", name, spec)


VERIFY = manifest(
    "Workflow",
    "verify",
    """\
title: Verify a signature
trigger: {type: request}
requires: {secrets: [SIGNING_KEY]}
steps: [{name: compare, type: function}]
""",
)

RESOURCES = {
    "integrations/slack.yaml": SLACK,
    "events/order-placed.yaml": ORDER_PLACED,
    "events/stock-low.yaml": STOCK_LOW,
    "workflows/news.yaml": workflow("news", title="News in Slack"),
    "workflows/verify.yaml": VERIFY,
}

SHOP = {
    "environments/pipeline.yaml": PIPELINE,
    "environments/development/environment.yaml": development(),
    "environments/staging/environment.yaml": STAGING,
    **{f"environments/development/{name}": text for name, text in RESOURCES.items()},
}
