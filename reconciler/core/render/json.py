"""The stable JSON answers: one object with `formatVersion`, absent values null, never left out.

Their shapes are the contract of the schemas in `schemas/`. Times come as RFC 3339 and stay so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from reconciler.core import printable
from reconciler.core.canonical import Json
from reconciler.core.errors import Invalid, ReconcilerError
from reconciler.core.messages.review import Message
from reconciler.core.model import Action, Change, Deployment, Finding, ResourceKey, Step
from reconciler.core.plan import Plan

if TYPE_CHECKING:
    from reconciler.core.releases.listed import Listed

FORMAT_VERSION = "1.0"
Answer = dict[str, Json]

# Valid in JSON as they are, and still nothing that a terminal should get.
_UNSEEN = re.compile(
    f"[{printable.UNSEEN}\u200d]"
    # A build server takes `##[group]` for a command wherever it stands.
    r"|(?<=#)#(?=[A-Za-z]{0,16}\[)"
)


def one_line(value: Json) -> str:
    """Return a value as one line of JSON; unseen characters are escaped, not lost."""
    return _shown(json.dumps(value, ensure_ascii=False))


def dumps(answer: Answer) -> str:
    """Return an answer as indented JSON text; unseen characters are escaped, not lost."""
    text = json.dumps(answer, indent=2, ensure_ascii=False)
    return _shown(text)


def _shown(text: str) -> str:
    escaped = _UNSEEN.sub(lambda match: _escaped(match.group()), text)
    return printable.thinned(escaped, _escaped)


def _escaped(character: str) -> str:
    return "\\u0023" if character == "#" else json.dumps(character)[1:-1]


def plans(many: Sequence[Plan], errors: Iterable[ReconcilerError] = ()) -> Answer:
    """Return the answer of `plan` and `drift`; findings of errored plans stand among the errors."""
    found = [_finding(finding) for one in many for finding in one.findings]
    return _answer("plans", [plan(one) for one in many], errors, found)


def history(rows: Iterable[Deployment | Listed], errors: Iterable[ReconcilerError] = ()) -> Answer:
    """Return the answer of `history`, in the order given (newest first).

    Of a release that git alone knows, what became of it is null.
    """
    return _answer("deployments", [_history_row(one) for one in rows], errors)


def promotions(
    rows: Iterable[Mapping[str, Json]], errors: Iterable[ReconcilerError] = ()
) -> Answer:
    """Return the answer of `promote` and `reconcile`.

    Rows have environment and outcome; version, tag, reason and gates may be left out.
    """
    empty = {"environment": None, "version": None, "tag": None, "outcome": None, "reason": None}
    return _answer("promotions", [{**empty, "gates": [], **row} for row in rows], errors)


def findings(many: Iterable[Finding], errors: Iterable[ReconcilerError] = ()) -> Answer:
    """Return the answer of `validate`."""
    return _answer("findings", [_finding(one) for one in many], errors)


def errors(many: Iterable[ReconcilerError]) -> list[Json]:
    """Return what stands under `errors`; those that carry findings are told by these."""
    return [row for one in many for row in _error(one)]


def plan(one: Plan) -> Answer:
    """Return one member of `plans`."""
    return {
        "environment": one.environment,
        "desired": None if one.waiting else {"commit": one.commit, "ref": one.ref},
        "actual": {"complete": one.complete},
        "summary": one.summary,
        "changes": [_change(change) for change in one.changes],
        "messages": [message(row) for row in one.messages],
        "drift": [_change(change) for change in one.drift],
        "unmanaged": one.unmanaged,
        "digest": one.digest,
        "errored": one.errored,
    }


def message(one: Message) -> Answer:
    """Return one message, as it stands in a plan and is kept with a deployment."""
    at = one.location
    return {
        "code": one.code,
        "severity": one.severity.value,
        "subject": _key(one.subject),
        "text": one.text,
        "action": one.action,
        "affectedUsers": one.affected_users,
        "asOf": one.as_of,
        "fingerprint": one.fingerprint,
        "location": None if at is None else {"file": at.file, "line": at.line},
    }


def _answer(
    key: str,
    rows: list[Json],
    failures: Iterable[ReconcilerError],
    found: Sequence[Json] = (),
) -> Answer:
    answer: Answer = {"formatVersion": FORMAT_VERSION, key: rows}
    if rows_of_errors := [*found, *errors(failures)]:
        answer["errors"] = rows_of_errors
    return answer


def _change(change: Change) -> Json:
    # What is added or removed is whole: its content is not told field by field.
    fields = change.fields if change.action is Action.MODIFY else ()
    return {
        "action": change.action.value,
        **_key(change.key),
        "reason": change.reason.value,
        "fields": [{"path": f.path, "before": f.before, "after": f.after} for f in fields],
    }


def _key(key: ResourceKey) -> dict[str, Json]:
    return {"kind": str(key.kind), "name": key.name}


def _finding(finding: Finding) -> Json:
    return {
        "code": finding.code,
        "text": finding.text,
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
    }


def _error(error: ReconcilerError) -> list[Json]:
    if isinstance(error, Invalid):
        return [_finding(finding) for finding in error.findings]
    return [{"code": error.code, "text": str(error), "file": None, "line": None, "column": None}]


def _history_row(one: Deployment | Listed) -> Json:
    if isinstance(one, Deployment):
        return _deployment(one)
    # Only here: every command imports this module, and few know releases.
    from reconciler.core.render import releases

    return releases.as_deployment(one)


def _deployment(one: Deployment) -> Json:
    return {
        "environment": one.environment,
        "version": one.version,
        "tag": one.tag,
        "commit": one.commit,
        "type": one.type,
        "description": one.description,
        "phase": one.phase.value,
        "live": one.live,
        "startedAt": one.started_at,
        "finishedAt": one.finished_at,
        "actor": one.actor,
        "planDigest": one.plan_digest,
        "backup": one.backup,
        "summary": {action.value: one.summary.get(action.value, 0) for action in Action},
        "messages": [dict(message) for message in one.messages],
        "steps": [_step(step) for step in one.steps],
    }


def _step(step: Step) -> Json:
    return {
        "name": step.name,
        "state": step.state,
        "startedAt": step.started_at,
        "finishedAt": step.finished_at,
        "reason": step.reason,
        "log": list(step.log),
    }
