"""Workflow commands that put findings and messages beside the YAML line of a pull request."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.core.messages.review import Message, Severity
from reconciler.core.model import Finding
from reconciler.core.printable import one_line, uncommanded
from reconciler.core.render import wording

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def annotate(findings: Iterable[Finding] = (), messages: Iterable[Message] = ()) -> str:
    """Return one command a line: errors for findings, then the messages that have a location."""
    lines = [_finding(finding) for finding in findings]
    lines += [_message(message) for message in messages if message.location]
    return "\n".join(lines)


def escaped(text: str) -> str:
    """Return text as the data of a command."""
    return "".join(_DATA.get(character, character) for character in text)


def escaped_property(text: str) -> str:
    """Return text as a property of a command."""
    return "".join(_PROPERTY.get(character, character) for character in text)


def _finding(finding: Finding) -> str:
    place = (finding.file, finding.line, finding.column)
    return _command("error", place, finding.code, one_line(finding.text))


def _message(message: Message) -> str:
    title = f"{message.code} {message.subject}"
    affected = wording.affected(message)
    facts = f"{message.text} ({affected})" if affected else message.text
    text = "\n".join(one_line(line) for line in (facts, message.action) if line)
    return _command(_COMMANDS[message.severity], message.location or ("", 1, 1), title, text)


def _command(command: str, place: tuple[str, int, int], title: str, text: str) -> str:
    file, line, column = place
    properties = {"file": file, "line": str(line), "col": str(column), "title": title}
    listed = ",".join(f"{k}={escaped_property(one_line(v))}" for k, v in properties.items())
    # Some runners obey `##[…]` anywhere in a line, so within one of ours too.
    return uncommanded(f"::{command} {listed}::{escaped(text)}")
