"""Manifests as a team would write them, as many as wanted, the same ones each time.

    files = repository_files(10_000)      # {"environments/pipeline.yaml": b"…", …}
    later = changed_workflows(10_000, 10)  # the same paths with other bytes

One workflow has about 1.2 kB; there is an integration for every 50 and an app event for every 100.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

FOLDER = "environments/development"
WORKFLOWS_PER_INTEGRATION = 50
WORKFLOWS_PER_EVENT = 100

# Where the secrets of the generated environment come from; the measured programs get these.
SECRETS = {"BENCHMARK_CLIENT_SECRET": "not-a-secret", "BENCHMARK_SIGNING_KEY": "not-one-either"}

_TEAMS = ("growth", "engagement", "payments", "support", "logistics")
_THINGS = ("contacts", "orders", "invoices", "tickets", "deals", "shipments", "returns", "reviews")
_CRONS = ("0 6 * * 1-5", "*/15 * * * *", "30 2 * * *", "0 8,17 * * *")

_PIPELINE = """\
apiVersion: reconciler/v1
kind: Pipeline
metadata: {name: benchmark}
spec:
  environments: [development, staging, production]
  protectedBranch: main
  signatures: optional
"""

_RELEASE_ONLY = """\
apiVersion: reconciler/v1
kind: Environment
metadata: {name: <name>}
spec:
  mode: release-only
  promotesFrom: <source>
  platform: {type: builtin}
  values: {apiBase: "https://api.<name>.shop.example.com", timeoutSeconds: 15}
"""

_DEVELOPMENT = """\
apiVersion: reconciler/v1
kind: Environment
metadata: {name: development}
spec:
  mode: editable
  platform: {type: builtin}
  values: {apiBase: "https://api.dev.shop.example.com", timeoutSeconds: 10}
  secrets:
    CLIENT_SECRET: {from: env, name: BENCHMARK_CLIENT_SECRET}
    SIGNING_KEY: {from: env, name: BENCHMARK_SIGNING_KEY}
  promotion: {selfHeal: true}
  appConfiguration:
"""

_EVENT = """\
# yaml-language-server: $schema=../../../schemas/appevent.v1.json
apiVersion: reconciler/v1
kind: AppEvent
metadata:
  name: <event>
  description: Something happened to <things> in the shop.
  labels: {team: <team>}
spec:
  title: Change of <things> number <number>
  schema:
    type: object
    required: [id, createdAt]
    properties:
      id: {type: string, description: The id in the shop.}
      email: {type: string, format: email}
      amount: {type: number}
      state: {type: string, enum: [open, paid, closed]}
      createdAt: {type: string, format: date-time}
    additionalProperties: false
  example:
    id: "<number>"
    email: jo.miller@example.com
    amount: 12.5
    state: open
    createdAt: 2026-02-03T10:15:00Z
"""

_INTEGRATION = """\
# yaml-language-server: $schema=../../../schemas/integration.v1.json
apiVersion: reconciler/v1
kind: Integration
metadata:
  name: <integration>
  description: Keeps the <things> of the shop and of the provider the same.
  labels: {team: <team>, category: crm}
spec:
  title: Provider <number>
  provider: provider-<number>
  auth:
    type: oauth2
    authorizationUrl: https://login.provider-<number>.example.com/oauth/authorize
    tokenUrl: https://login.provider-<number>.example.com/oauth/token
    scopes: [<things>.read, <things>.write, offline_access]
    pkce: true
  userSettings:
    - name: region
      title: Where your account is hosted
      type: enum
      options:
        - {value: us, title: North America}
        - {value: eu, title: European Union}
      default: eu
    - {name: folder, title: Folder, type: text, default: inbox}
  portal:
    description: The <things> of your shop, wherever you work.
    overview: |
      New <things> arrive within seconds.
      What your team changes there comes back to the shop.
    accentColor: "#ff7a59"
    order: <number>
"""

_HEAD = """\
apiVersion: reconciler/v1
kind: Workflow
metadata:
  name: <name>
  description: Makes <things> of the shop known to the provider.
  labels: {team: <team>, area: <things>}
spec:
  title: Send <things> to provider <number>
  integration: <integration>
  enabledByDefault: <default>
"""

_SETTINGS = """\
  userSettings:
    - name: onlyOpen
      title: Only <things> that are open
      type: boolean
      default: true
    - name: pageSize
      title: How many at a time
      type: number
      default: <page>
"""

_TRIGGERS = (
    "  trigger: {type: appEvent, event: <event>}\n",
    '  trigger: {type: schedule, cron: "<cron>", timezone: Europe/Berlin}\n',
    "  trigger: {type: request}\n",
    """\
  trigger:
    type: webhook
    subscription:
      subscribe:
        method: POST
        url: https://api.provider.example.com/hooks
        headers: {Authorization: "Bearer ${{ connection.accessToken }}"}
        body: {url: "${{ values.apiBase }}/hooks/${{ user.id }}"}
      unsubscribe:
        method: DELETE
        url: https://api.provider.example.com/hooks/${{ subscription.id }}
""",
    "  trigger: {type: integrationEnabled}\n",
    "  trigger: {type: manual}\n",
)

_STEPS = """\
  requires:
    scopes: [<things>.write, <things>.read]
    settings: [folder, region]
<requirements>  steps:
    - name: open
      type: condition
      with:
        any:
          - {left: "${{ settings.onlyOpen }}", operator: equals, right: false}
          - {left: "${{ trigger.body.state }}", operator: equals, right: open}
    - name: fetch
      type: request
      with:
        method: GET
        url: <base>/v1/<things>/${{ user.id }}
        query: {limit: "${{ settings.pageSize }}"}
    - name: send
      type: action
      with:
        action: <things>.upsert
        items: ${{ steps.fetch.body.items }}
        attempts: 3
"""

# Two of three fetch from the address that the environment gives.
_BASES = ("${{ values.apiBase }}", "${{ values.apiBase }}", "https://api.shop.example.com")


class Place(NamedTuple):
    """Which integration and event a workflow belongs to."""

    integration: int
    event: int


def repository_files(workflows: int) -> dict[str, bytes]:
    """Return every file of a repository with so many workflows, by path."""
    integrations = _rounded_up(workflows, WORKFLOWS_PER_INTEGRATION)
    texts = {"environments/pipeline.yaml": _PIPELINE}
    for name, source in (("staging", "development"), ("production", "staging")):
        text = _filled(_RELEASE_ONLY, {"name": name, "source": source})
        texts[f"environments/{name}/environment.yaml"] = text
    texts[f"{FOLDER}/environment.yaml"] = _development(integrations)
    for number in range(integrations):
        place = f"{FOLDER}/integrations/{_integration(number)}.yaml"
        texts[place] = _filled(_INTEGRATION, _words(number, Place(number, 0)))
    for number in range(_rounded_up(workflows, WORKFLOWS_PER_EVENT)):
        words = _words(number, Place(0, number))
        texts[f"{FOLDER}/events/{_event(number)}.yaml"] = _filled(_EVENT, words)
    for number in range(workflows):
        texts[workflow_path(number)] = workflow(number)
    return {path: text.encode() for path, text in texts.items()}


def changed_workflows(workflows: int, count: int) -> dict[str, bytes]:
    """Return so many workflows, spread evenly, as somebody edited them."""
    numbers = [place * workflows // count for place in range(count)]
    return {workflow_path(number): _edited(workflow(number)).encode() for number in numbers}


def workflow_path(number: int) -> str:
    """Return where a workflow stands."""
    return f"{FOLDER}/workflows/{_workflow(number)}.yaml"


def workflow(number: int) -> str:
    """Return one workflow's manifest."""
    place = Place(number // WORKFLOWS_PER_INTEGRATION, number // WORKFLOWS_PER_EVENT)
    parts = (_HEAD, _TRIGGERS[number % len(_TRIGGERS)], _SETTINGS, _STEPS)
    return _filled("".join(parts), _words(number, place))


def _development(integrations: int) -> str:
    rows = (
        f"    {_integration(number)}: {{clientId: app-{number}, clientSecret: CLIENT_SECRET}}\n"
        for number in range(integrations)
    )
    return _DEVELOPMENT + "".join(rows)


def _words(number: int, place: Place) -> Mapping[str, str]:
    things = _THINGS[place.integration % len(_THINGS)]
    return {
        "name": _workflow(number),
        "number": str(number),
        "integration": _integration(place.integration),
        "event": _event(place.event),
        "things": things,
        "team": _TEAMS[place.integration % len(_TEAMS)],
        "default": "true" if number % 10 == 3 else "false",
        "cron": _CRONS[number % len(_CRONS)],
        "page": str(25 + number % 4 * 25),
        "base": _BASES[number % len(_BASES)],
        "requirements": _requirements(number),
    }


def _requirements(number: int) -> str:
    """Every fifth workflow calls the one before it, every tenth uses a secret."""
    calls = f"    workflows: [{_workflow(number - 1)}]\n" if number % 5 == 4 else ""
    return calls + ("    secrets: [SIGNING_KEY]\n" if number % 10 == 0 else "")


def _edited(text: str) -> str:
    return text.replace("attempts: 3", "attempts: 5").replace("title: Send", "title: Always send")


def _workflow(number: int) -> str:
    things = _THINGS[number // WORKFLOWS_PER_INTEGRATION % len(_THINGS)]
    return f"provider-{number // WORKFLOWS_PER_INTEGRATION}-send-{things}-{number:05}"


def _integration(number: int) -> str:
    return f"provider-{number}"


def _event(number: int) -> str:
    return f"change-{number:03}"


def _filled(template: str, words: Mapping[str, str]) -> str:
    for word, text in words.items():
        template = template.replace(f"<{word}>", text)
    return template


def _rounded_up(number: int, by: int) -> int:
    return -(-number // by)
