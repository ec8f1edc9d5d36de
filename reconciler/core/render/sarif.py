"""Findings and messages as a SARIF 2.1.0 log, for code scanning and editors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.core.canonical import Json
from reconciler.core.messages.review import Message, Severity
from reconciler.core.model import Finding, ResourceKey
from reconciler.core.render.foreign import shown

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_UNRESERVED = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/")


def report(
    findings: Sequence[Finding] = (),
    messages: Sequence[Message] = (),
    *,
    rules: Mapping[str, str],
    version: str,
) -> dict[str, Json]:
    """Return a SARIF log object; messages without a location are left out, as readers want one.

    `rules` says in one sentence what each code means; codes without a sentence are listed bare.
    """
    located = [message for message in messages if message.location]
    found = {finding.code for finding in findings} | {message.code for message in located}
    codes = sorted(found | set(rules))
    order = {code: number for number, code in enumerate(codes)}
    driver = {
        "name": "reconciler",
        "version": version,
        "rules": [_rule(code, rules.get(code)) for code in codes],
    }
    results = [*map(_finding, findings), *map(_message, located)]
    for result in results:
        result["ruleIndex"] = order[result["ruleId"]]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def uri(path: str) -> str:
    """Return a relative path as a URI reference: what is not plain is percent-encoded."""
    return "".join(
        chr(byte) if byte in _UNRESERVED else f"%{byte:02X}"
        for byte in path.encode("utf-8", "surrogatepass")
    )


def _rule(code: str, text: str | None) -> dict[str, Json]:
    rule: dict[str, Json] = {"id": code}
    if text:
        rule["shortDescription"] = {"text": shown(text)}
    return rule


def _finding(finding: Finding) -> dict[str, Json]:
    place = _place(finding.file, finding.line, finding.column)
    return _result(finding.code, "error", [finding.text], [{"physicalLocation": place}])


def _message(message: Message) -> dict[str, Json]:
    location = {
        "physicalLocation": _place(*(message.location or ("", 1, 1))),
        "logicalLocations": [_logical(message.subject)],
    }
    texts = [message.text, message.action]
    result = _result(message.code, _LEVELS[message.severity], texts, [location])
    result["partialFingerprints"] = {"message/v1": message.fingerprint}
    return result


def _result(code: str, level: str, texts: Iterable[str], locations: list[Json]) -> dict[str, Json]:
    text = "\n".join(shown(text) for text in texts if text)
    return {"ruleId": code, "level": level, "message": {"text": text}, "locations": locations}


def _place(file: str, line: int, column: int) -> dict[str, Json]:
    return {
        "artifactLocation": {"uri": uri(file), "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": line, "startColumn": column},
    }


def _logical(key: ResourceKey) -> dict[str, Json]:
    return {"name": key.name, "fullyQualifiedName": str(key), "kind": "resource"}
