"""What protects the repository on its forge, and what `doctor` says of what does not.

Reviews and signatures are worth as much as the branch and the tags that hold them. Nothing here
changes a setting: only people do that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.core.errors import ForgeError, ForgeRefused
from reconciler.core.forge.model import Protection, Rule
from reconciler.core.model import Pipeline
from reconciler.core.printable import one_line
from reconciler.core.releases import names
from reconciler.core.releases.model import ReleaseName
from reconciler.ports import ForgeReader
from reconciler.services.examining import LOOK, OK, Check

# The job of plan.yml, by which the forge knows it.
CHECK = "plan"

_DETAIL = 200
_UNKNOWN = "not readable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where people set it: the address of the repository on its forge, None where it is unknown."""

    address: str | None = None

    @property
    def rulesets(self) -> str:
        """Where rules for branches and tags are set."""
        if self.address is None:
            return "In the settings of the repository, at Rules, Rulesets"
        return f"At {self.address}/settings/rules"

    @property
    def environments(self) -> str:
        """Where environments are set."""
        if self.address is None:
            return "In the settings of the repository, at Environments"
        return f"At {self.address}/settings/environments"


@dataclass(frozen=True, slots=True, kw_only=True)
class Protected:
    """What needs protection: a branch, tags of these forms, an environment of the forge each."""

    branch: str
    tags: Sequence[str]
    environments: Sequence[str]


def needed(pipeline: Pipeline) -> Protected:
    """Return what of a repository with this pipeline needs protection."""
    release = names.tag_name(pipeline.tag_format, ReleaseName("*", "*"))
    kinds = (names.APPROVALS, names.ACKNOWLEDGEMENTS, names.HOLDS)
    return Protected(
        branch=pipeline.protected_branch,
        tags=(release, *(f"{kind}**" for kind in kinds)),
        environments=pipeline.environments,
    )


def look(forge: ForgeReader, wanted: Protected, place: Place) -> Iterator[Check]:
    """Say of the branch, the tags and the environments whether they are protected."""
    try:
        found = forge.protections(wanted.branch, wanted.tags, wanted.environments)
    except ForgeRefused as error:
        yield Check(name="forge", state=LOOK, text=error.text.rstrip("."), next=error.hint)
        return
    except ForgeError as error:
        yield from advise(wanted, place, error.text.rstrip("."))
        return
    for subject, rules, step in _asked(wanted, place):
        told = [(words, [e for e in found if e.rule is rule]) for rule, words in rules.items()]
        texts = [text for words, many in told if (text := _lacking(words, many)) is not None]
        yield Check(
            name=f"protection of {subject}",
            state=LOOK if texts else OK,
            text=", ".join(texts or rules.values()),
            next=step if texts else None,
        )


def advise(wanted: Protected, place: Place, why: str) -> Iterator[Check]:
    """Say what is needed where nothing can be looked at; `why` is the reason."""
    for subject, rules, step in _asked(wanted, place):
        yield Check(
            name=f"protection of {subject}",
            state=LOOK,
            text=f"needed, and not looked at ({why}): {', '.join(rules.values())}",
            next=step,
        )


# --- what was found -----------------------------------------------------------------------------

_BRANCH = {
    Rule.BRANCH_PULL_REQUEST: "pull requests only",
    Rule.BRANCH_NO_FORCE: "no force push and no deletion",
    Rule.BRANCH_CHECKS: f"the check `{CHECK}` required",
}
_TAGS = {Rule.TAGS_NO_UPDATE: "no update", Rule.TAGS_NO_DELETION: "no deletion"}


def _asked(wanted: Protected, place: Place) -> Iterator[tuple[str, Mapping[Rule, str], str]]:
    """Yield what is looked at, the words of its rules, and how it is set."""
    alone = {Rule.ENVIRONMENT_BRANCH: f"only {wanted.branch} deploys"}
    yield f"the branch {wanted.branch}", _BRANCH, _branch_step(wanted, place)
    yield f"the tags {_listed(wanted.tags)}", _TAGS, _tags_step(wanted, place)
    environments = ", ".join(wanted.environments)
    yield f"the forge's environments {environments}", alone, _environments_step(wanted, place)


def _lacking(words: str, many: Sequence[Protection]) -> str | None:
    """Say where a rule does not hold or cannot be read, None where it holds everywhere."""
    lacking = [each for each in many if not each.holds]
    if many and not lacking:
        return None
    return f"{words}: {'; '.join(_said(e, alone=len(many) == 1) for e in lacking) or _UNKNOWN}"


def _said(each: Protection, *, alone: bool) -> str:
    state = _UNKNOWN if each.holds is None else "missing"
    subject = "" if alone else f"{one_line(each.subject, _DETAIL)} "
    return f"{subject}{state} ({one_line(each.detail, _DETAIL)})"


# --- how it is set ------------------------------------------------------------------------------


def _branch_step(wanted: Protected, place: Place) -> str:
    return (
        f"{place.rulesets}, make an active branch ruleset for {wanted.branch} with `Require a pull "
        "request before merging`, `Require status checks to pass` with the check "
        f"`{CHECK}`, `Block force pushes` and `Restrict deletions`."
    )


def _tags_step(wanted: Protected, place: Place) -> str:
    # In a ruleset `**` alone stays within one level.
    patterns = _listed(form.replace("**", "**/*") for form in wanted.tags)
    return (
        f"{place.rulesets}, make an active tag ruleset for {patterns} with `Restrict updates` and "
        "`Restrict deletions`."
    )


def _environments_step(wanted: Protected, place: Place) -> str:
    return (
        f"{place.environments}, make {', '.join(wanted.environments)}, each with `Deployment "
        f"branches and tags` set to the branch {wanted.branch} alone, and keep the secrets there."
    )


def _listed(forms: Iterable[str]) -> str:
    return ", ".join(f"`{form}`" for form in forms)
