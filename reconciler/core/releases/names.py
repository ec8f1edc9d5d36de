"""The names of tags and branches of releases, approvals, acknowledgements and holds.

Names are without `refs/tags/` and `refs/heads/`. It must not know what stands behind a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from reconciler.core.errors import UsageError
from reconciler.core.names import nearest, quoted
from reconciler.core.releases import versions
from reconciler.core.releases.model import ReleaseName

APPROVALS = "approvals/"
ACKNOWLEDGEMENTS = "acknowledgements/"
HOLDS = "holds/"

_TAGS = "refs/tags/"
_NAME = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_NUMBER = r"[1-9][0-9]{0,8}"
_APPROVAL = re.compile(rf"approvals/({_NAME})/v([^/]+)/({_NAME})(?:/(.+))?", re.DOTALL)
_ACKNOWLEDGEMENT = re.compile(rf"acknowledgements/({_NAME})/v([^/]+)/({_NUMBER})")
_HOLD = re.compile(rf"holds/({_NAME})/({_NUMBER})")


class ApprovalName(NamedTuple):
    """What the name of an approval tag says; `rest` is what follows the role, mostly nothing."""

    release: ReleaseName
    role: str
    rest: str | None = None


class AcknowledgementName(NamedTuple):
    """What the name of an acknowledgement tag says; numbers count from 1."""

    release: ReleaseName
    number: int


class HoldName(NamedTuple):
    """What the name of a tag that holds or resumes says; numbers count from 1."""

    environment: str
    number: int


def tag_name(tag_format: str, name: ReleaseName) -> str:
    """Return the name of a release's tag, like `staging/v1.4.0`."""
    return _filled(tag_format, name)


def branch_name(branch_format: str, name: ReleaseName) -> str:
    """Return the name of a release's branch, like `release/staging/1.4.0`."""
    return _filled(branch_format, name)


def parse_tag(tag_format: str, name: str, environments: Iterable[str]) -> ReleaseName | None:
    """Return the release that a tag names, None when it names none of these environments.

    A name that fits two environments names none: it could be taken for the other one's.
    """
    if name.startswith((APPROVALS, ACKNOWLEDGEMENTS, HOLDS)):
        return None
    found = {_parsed(tag_format, name, environment) for environment in environments} - {None}
    return found.pop() if len(found) == 1 else None


def parse_release(text: str, tag_format: str, environments: Iterable[str]) -> ReleaseName:
    """Return the release that a person names: `staging/1.4.0`, or its tag.

    Raises:
        UsageError: the text names no release; says which part is wrong and what is near.
    """
    known = tuple(environments)
    tagged = parse_tag(tag_format, text.removeprefix(_TAGS), known)
    if tagged is not None:
        return tagged
    environment, slash, version = text.removeprefix(_TAGS).partition("/")
    if not slash:
        raise UsageError(f"{quoted(text)} names no release.", hint=_wanted(known))
    if environment not in known:
        raise UsageError(
            f"There is no environment {quoted(environment)} in the pipeline"
            f"{nearest(environment, known)}.",
            hint=_wanted(known),
        )
    return _checked(ReleaseName(environment, version))


def approval_prefix(name: ReleaseName) -> str:
    """Return how the names of a release's approval tags begin, up to the role."""
    return f"{APPROVALS}{name.environment}/v{name.version}/"


def approval_tag(name: ReleaseName, role: str, rest: str | None = None) -> str:
    """Return the name of an approval tag; `rest` tells several of one role apart."""
    return approval_prefix(name) + (role if rest is None else f"{role}/{rest}")


def parse_approval(name: str) -> ApprovalName | None:
    """Return what an approval tag approves and as which role, None for any other name."""
    found = _APPROVAL.fullmatch(name)
    if found is None or versions.parse(found[2]) is None:
        return None
    return ApprovalName(ReleaseName(found[1], found[2]), found[3], found[4])


def acknowledgement_prefix(name: ReleaseName) -> str:
    """Return how the names of a release's acknowledgement tags begin, up to the number."""
    return f"{ACKNOWLEDGEMENTS}{name.environment}/v{name.version}/"


def acknowledgement_tag(name: ReleaseName, number: int) -> str:
    """Return the name of an acknowledgement tag."""
    return f"{acknowledgement_prefix(name)}{number}"


def parse_acknowledgement(name: str) -> AcknowledgementName | None:
    """Return whose warnings a tag acknowledges and its number, None for any other name."""
    found = _ACKNOWLEDGEMENT.fullmatch(name)
    if found is None or versions.parse(found[2]) is None:
        return None
    return AcknowledgementName(ReleaseName(found[1], found[2]), int(found[3]))


def hold_prefix(environment: str) -> str:
    """Return how the names of an environment's holds begin, up to the number."""
    return f"{HOLDS}{environment}/"


def hold_tag(environment: str, number: int) -> str:
    """Return the name of a tag that holds or resumes."""
    return f"{hold_prefix(environment)}{number}"


def parse_hold(name: str) -> HoldName | None:
    """Return what a tag holds or resumes and its number, None for any other name."""
    found = _HOLD.fullmatch(name)
    return None if found is None else HoldName(found[1], int(found[2]))


def next_number(numbers: Iterable[int]) -> int:
    """Return the number of the next tag beside those that there are."""
    return max(numbers, default=0) + 1


def is_release_matter(name: str, tag_format: str, environments: Iterable[str]) -> bool:
    """Say whether a tag is a release, approval, acknowledgement or hold of these environments."""
    known = tuple(environments)
    if parse_tag(tag_format, name, known) is not None:
        return True
    about = parse_approval(name) or parse_acknowledgement(name)
    if about is not None:
        return about.release.environment in known
    hold = parse_hold(name)
    return hold is not None and hold.environment in known


def _filled(pattern: str, name: ReleaseName) -> str:
    """Return a format with both names filled in."""
    filled = {"{environment}": name.environment, "{version}": name.version}
    return re.sub(r"\{(?:environment|version)\}", lambda found: filled[found[0]], pattern)


def _parsed(tag_format: str, name: str, environment: str) -> ReleaseName | None:
    """Return the release of this environment that a tag names."""
    before, _, after = tag_format.replace("{environment}", environment).partition("{version}")
    if len(name) <= len(before) + len(after):
        return None
    if not (name.startswith(before) and name.endswith(after)):
        return None
    version = name[len(before) : len(name) - len(after)]
    return None if versions.parse(version) is None else ReleaseName(environment, version)


def _checked(name: ReleaseName) -> ReleaseName:
    """Return the name when its version is one."""
    problem = versions.problem(name.version)
    if problem is not None:
        raise UsageError(problem, hint="Write the release as ENVIRONMENT/VERSION.")
    return name


def _wanted(known: tuple[str, ...]) -> str:
    """Return the sentence that says how a release is written."""
    example = f"{known[-1] if known else 'staging'}/1.4.0"
    listed = f" Environments: {', '.join(known)}." if known else ""
    return f"Write ENVIRONMENT/VERSION, like {example}.{listed}"
