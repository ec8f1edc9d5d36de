"""What the messages of acknowledgement, hold and resume tags say, written and read.

A message is a line for people, then lines `Key: value`. It must not know who signed it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from reconciler.core.model import ResourceKey
from reconciler.core.releases import versions
from reconciler.core.releases.model import Acknowledgement, ReleaseName

_LINE = re.compile(r"([A-Z][a-z]+): (\S.*)")
_ESCAPE = re.compile(r"\\(?:\\|n|u[0-9a-f]{4}|U000[0-9a-f]{5}|U0010[0-9a-f]{4}|)")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_WHOLE = "environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why and until when nothing is promoted; `version` None holds the whole environment.

    `until` is a day, YYYY-MM-DD and inclusive, or a moment, RFC 3339 with its offset.
    """

    reason: str
    until: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Which holds end, by the names of their tags."""

    holds: tuple[str, ...]
    reason: str | None = None


def acknowledgement_message(name: ReleaseName, said: Acknowledgement) -> str:
    """Return the message of an acknowledgement tag."""
    return _message(
        f"Acknowledge {said.code} of {said.subject} for {name}",
        {
            "Statement": "acknowledgement",
            "Code": said.code,
            "Kind": said.subject.kind,
            "Name": said.subject.name,
            "Fingerprint": said.fingerprint,
            "Reason": said.reason,
            "Until": said.until,
        },
    )


def hold_message(environment: str, hold: Hold) -> str:
    """Return the message of a tag that holds."""
    return _message(
        f"Hold {_scope(environment, hold.version)}",
        {
            "Statement": "hold",
            "Scope": hold.version or _WHOLE,
            "Reason": hold.reason,
            "Until": hold.until,
        },
    )


def resume_message(environment: str, resume: Resume) -> str:
    """Return the message of a tag that resumes."""
    return _message(
        f"Resume {environment}",
        {"Statement": "resume", "Holds": " ".join(resume.holds), "Reason": resume.reason},
    )


def parse_acknowledgement(message: str) -> Acknowledgement | str:
    """Return what an acknowledgement tag says, or the reason why it cannot be understood."""
    said = _read(message)
    if isinstance(said, str):
        return said
    wanted = ("Code", "Kind", "Name", "Fingerprint", "Reason")
    reason = _wrong(said, "acknowledgement", wanted, ("Until",)) or _no_day(said.get("Until"))
    if reason is not None:
        return reason
    return Acknowledgement(
        code=said["Code"],
        subject=ResourceKey(said["Kind"], said["Name"]),
        fingerprint=said["Fingerprint"],
        reason=said["Reason"],
        until=said.get("Until"),
    )


def parse_hold(message: str) -> Hold | Resume | str:
    """Return what a tag below `holds/` says, or the reason why it cannot be understood."""
    said = _read(message)
    if isinstance(said, str):
        return said
    return _resume(said) if said.get("Statement") == "resume" else _hold(said)


def until_problem(until: str) -> str | None:
    """Say why a text is neither a day nor a moment until which something can be held."""
    if _is_day(until) or _is_moment(until):
        return None
    return "its Until is neither a day like 2026-01-31 nor a moment like 2026-01-31T09:00:00Z"


def _hold(said: dict[str, str]) -> Hold | str:
    """Return the hold in these lines, or what is wrong with them."""
    reason = _wrong(said, "hold", ("Scope", "Reason"), ("Until",))
    if reason is None and "Until" in said:
        reason = until_problem(said["Until"])
    if reason is not None:
        return reason
    version = None if said["Scope"] == _WHOLE else said["Scope"]
    if version is not None and versions.parse(version) is None:
        return f"its Scope is neither {_WHOLE} nor a version"
    return Hold(reason=said["Reason"], until=said.get("Until"), version=version)


def _resume(said: dict[str, str]) -> Resume | str:
    """Return the resume in these lines, or what is wrong with them."""
    reason = _wrong(said, "resume", ("Holds",), ("Reason",))
    if reason is not None:
        return reason
    return Resume(holds=tuple(said["Holds"].split()), reason=said.get("Reason"))


def _message(first: str, said: dict[str, str | None]) -> str:
    """Return a line for people and one for each value that is given."""
    values = {key: _written(value) for key, value in said.items() if value is not None}
    lines = [f"{key}: {value}" for key, value in values.items() if value]
    return "\n".join([_written(first), "", *lines]) + "\n"


def _read(message: str) -> dict[str, str] | str:
    """Return the lines `Key: value` of a message's last paragraph, or why they cannot be read."""
    said: dict[str, str] = {}
    for line in message.strip("\n").rpartition("\n\n")[2].split("\n"):
        found = _LINE.fullmatch(line)
        value = None if found is None else _meant(found[2])
        if found is None or value is None:
            return "its last paragraph is not made of lines `Key: value`"
        if found[1] in said:
            return f"it says {found[1]} twice"
        said[found[1]] = value
    return said


def _wrong(
    said: dict[str, str], statement: str, wanted: Iterable[str], allowed: Iterable[str]
) -> str | None:
    """Return which line is missing, unknown or says that it is another statement."""
    wanted = ("Statement", *wanted)
    missing = [key for key in wanted if key not in said]
    if missing:
        return f"it does not say {missing[0]}"
    if said["Statement"] != statement:
        return f"its Statement is not {statement}"
    unknown = sorted(set(said) - {*wanted, *allowed})
    return f"nobody knows what its line {unknown[0]} means" if unknown else None


def _scope(environment: str, version: str | None) -> str:
    return environment if version is None else str(ReleaseName(environment, version))


def _no_day(until: str | None) -> str | None:
    if until is None or _is_day(until):
        return None
    return "its Until is no day like 2026-01-31"


def _is_day(text: str) -> bool:
    return _DAY.fullmatch(text) is not None and _parses(date.fromisoformat, text)


def _is_moment(text: str) -> bool:
    return _MOMENT.fullmatch(text) is not None and _parses(datetime.fromisoformat, text)


def _parses(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def _written(value: str) -> str:
    """Return a value as one line; what cannot be seen is written as an escape."""
    text = value.strip().encode("utf-8", "replace").decode("utf-8").replace("\\", "\\\\")
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(character: str) -> str:
    if character == "\n":
        return "\\n"
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _meant(value: str) -> str | None:
    """Return the value that was written, None when something in it is no text."""
    found = _ESCAPE.findall(value)
    text = _ESCAPE.sub(lambda match: _character(match[0]), value)
    hidden = "\\" in found or not value.isprintable()
    if hidden or any("\ud800" <= c <= "\udfff" for c in text):
        return None
    return text


def _character(escape: str) -> str:
    if escape in {"\\\\", "\\n"}:
        return {"\\\\": "\\", "\\n": "\n"}[escape]
    return chr(int(escape[2:] or "0", 16))
