"""Which rules protect the repository: rulesets and the older branch protection; either will do.

What the token may not read is unknown, not missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from reconciler.adapters.forge import reading
from reconciler.adapters.forge.answers import Asked, Missing, NotAccepted
from reconciler.adapters.forge.client import Client
from reconciler.core.errors import ForgeRefused
from reconciler.core.forge.model import Protection, Rule

_RULES = Asked("read rulesets", "metadata: read")
_BRANCH = Asked("read branch protection", "administration: read")
_ENVIRONMENTS = Asked("read environments", "actions: read")
_UNPROTECTED = "branch not protected"
_UNDEMANDED = "no ruleset and no branch protection demands it"
_UNREADABLE = "the token may not read it"
_IN_RULESET: Mapping[Rule, str] = {
    Rule.BRANCH_PULL_REQUEST: "pull_request",
    Rule.BRANCH_NO_FORCE: "non_fast_forward",
    Rule.BRANCH_CHECKS: "required_status_checks",
    Rule.TAGS_NO_UPDATE: "update",
    Rule.TAGS_NO_DELETION: "deletion",
}
_OF_BRANCH = (Rule.BRANCH_PULL_REQUEST, Rule.BRANCH_NO_FORCE, Rule.BRANCH_CHECKS)
_OF_TAGS = (Rule.TAGS_NO_UPDATE, Rule.TAGS_NO_DELETION)

_T = TypeVar("_T")


class Reader:
    """Reads the rules of one repository."""

    def __init__(self, client: Client, path: str) -> None:
        """Take the repository's path in the API."""
        self._client = client
        self._path = path

    def branch(self, name: str) -> Iterator[Protection]:
        """Say for each rule of a branch whether it holds."""
        rules = _readable(lambda: self._rules_of(name))
        older = _readable(lambda: self._older(name))
        for rule in _OF_BRANCH:
            if rules is not None and _IN_RULESET[rule] in rules:
                yield Protection(rule, name, holds=True, detail="a ruleset")
            elif older is not None and _demanded(rule, older):
                yield Protection(rule, name, holds=True, detail="branch protection")
            elif rules is None or older is None:
                yield Protection(rule, name, holds=None, detail=_UNREADABLE)
            else:
                yield Protection(rule, name, holds=False, detail=_UNDEMANDED)

    def tags(self, forms: Sequence[str]) -> Iterator[Protection]:
        """Say for tags of each form whether they can be moved and deleted."""
        rulesets = _readable(self._tag_rulesets) if forms else ()
        for form in forms:
            for rule in _OF_TAGS:
                yield _of_tags(rule, form, rulesets)

    def environments(self, names: Sequence[str], branch: str) -> Iterator[Protection]:
        """Say of each environment of the forge whether only the branch may use it."""
        known = _readable(self._known_environments) if names else {}
        for name in names:
            holds, detail = self._only_from(known, name, branch)
            yield Protection(Rule.ENVIRONMENT_BRANCH, name, holds, detail)

    def _rules_of(self, branch: str) -> frozenset[str]:
        path = f"{self._path}/rules/branches/{_quoted(branch)}"
        return frozenset(reading.text(each, "type") for each in self._client.pages(path, _RULES))

    def _older(self, branch: str) -> Mapping[str, Any]:
        path = f"{self._path}/branches/{_quoted(branch)}/protection"
        try:
            found = self._client.get(path, _BRANCH)
        except Missing as error:
            # Of a branch without protection it says so; anything else that is missing is hidden.
            if _UNPROTECTED in error.text.lower():
                return {}
            raise
        return found if isinstance(found, Mapping) else {}

    def _tag_rulesets(self) -> Sequence[Mapping[str, Any]]:
        query = {"targets": "tag", "includes_parents": "true"}
        found = list(self._client.pages(f"{self._path}/rulesets", _RULES, **query))
        active = [
            reading.number(each, "id")
            for each in found
            if reading.optional(each, "target") == "tag"
            and reading.optional(each, "enforcement") == "active"
        ]
        return [self._client.get(f"{self._path}/rulesets/{number}", _RULES) for number in active]

    def _known_environments(self) -> Mapping[str, Any]:
        found = self._client.pages(
            f"{self._path}/environments", _ENVIRONMENTS, inside="environments"
        )
        return {reading.text(each, "name"): each for each in found}

    def _only_from(
        self, known: Mapping[str, Any] | None, name: str, branch: str
    ) -> tuple[bool | None, str]:
        """Say whether an environment can be used from a branch alone, and why that is so."""
        if known is None:
            return None, _UNREADABLE
        if name not in known:
            return False, "there is no such environment"
        policy = known[name].get("deployment_branch_policy")
        if not isinstance(policy, Mapping):
            return False, "every branch and tag may use it"
        if policy.get("protected_branches"):
            return True, "only protected branches may use it"
        refs = _readable(lambda: self._policies(name))
        if refs is None:
            return None, _UNREADABLE
        return refs == [("branch", branch)], f"these may use it: {_listed(refs)}"

    def _policies(self, environment: str) -> list[tuple[str, str]]:
        """Return the refs that may use an environment, each with its kind."""
        path = f"{self._path}/environments/{_quoted(environment)}/deployment-branch-policies"
        found = self._client.pages(path, _ENVIRONMENTS, inside="branch_policies")
        return [(reading.optional(e, "type") or "branch", reading.text(e, "name")) for e in found]


def _readable(read: Callable[[], _T]) -> _T | None:
    """Return what can be read, None where the token may not.

    Raises:
        NotAccepted: the forge does not know the token, so that nothing can be read.
    """
    try:
        return read()
    except NotAccepted:
        raise
    except (ForgeRefused, Missing):
        return None


def _demanded(rule: Rule, older: Mapping[str, Any]) -> bool:
    """Say whether the older branch protection demands something."""
    match rule:
        case Rule.BRANCH_PULL_REQUEST:
            return isinstance(older.get("required_pull_request_reviews"), Mapping)
        case Rule.BRANCH_CHECKS:
            checks = older.get("required_status_checks")
            return isinstance(checks, Mapping) and bool(
                checks.get("checks") or checks.get("contexts")
            )
    allowed = older.get("allow_force_pushes")
    # Whoever protects a branch forbids force pushes, unless they are allowed explicitly.
    return bool(older) and not (isinstance(allowed, Mapping) and allowed.get("enabled"))


def _of_tags(rule: Rule, form: str, rulesets: Sequence[Mapping[str, Any]] | None) -> Protection:
    if rulesets is None:
        return Protection(rule, form, None, _UNREADABLE)
    wanted = _IN_RULESET[rule]
    holding = (e for e in rulesets if wanted in _types(e) and _covers(e, form))
    if (found := next(holding, None)) is None:
        return Protection(rule, form, holds=False, detail="no ruleset demands it")
    name = reading.optional(found, "name")
    return Protection(rule, form, holds=True, detail=f"the ruleset {name}" if name else "a ruleset")


def _texts(found: Any) -> Sequence[str]:
    return [e for e in found if isinstance(e, str)] if isinstance(found, list) else ()


def _types(ruleset: Mapping[str, Any]) -> frozenset[str]:
    rules = ruleset.get("rules")
    return frozenset(
        reading.optional(each, "type") or "" for each in (rules if isinstance(rules, list) else ())
    )


def _covers(ruleset: Mapping[str, Any], form: str) -> bool:
    """Say whether a ruleset is about every tag of a form, going by examples of it."""
    conditions = ruleset.get("conditions")
    names = conditions.get("ref_name") if isinstance(conditions, Mapping) else None
    if not isinstance(names, Mapping):
        return False
    include, exclude = (_texts(names.get(each)) for each in ("include", "exclude"))
    if any(_may_meet(each, f"refs/tags/{form}") for each in exclude):
        return False
    return all(_matches(include, example) for example in _examples(form))


def _may_meet(one: str, other: str) -> bool:
    """Say whether two patterns may match the same ref, going by what stands before a wildcard."""
    first, second = (re.split(r"[*?\[~]", each)[0] for each in (one, other))
    return first.startswith(second) or second.startswith(first)


def _examples(form: str) -> Iterable[str]:
    """Return tags that a form of a workflow's filter matches: `**` is any text, `*` one level."""
    for deep, flat in (("a", "b"), ("a/b/c", "1.2.3"), ("z/1", "z-1")):
        yield "refs/tags/" + form.replace("**", deep).replace("*", flat)


def _matches(patterns: Iterable[str], ref: str) -> bool:
    return any(each == "~ALL" or _pattern(each).fullmatch(ref) for each in patterns)


def _pattern(text: str) -> re.Pattern[str]:
    """Return a ruleset's pattern: `*` and `**` stay within a level, `**/` is any number of them."""
    parts = re.split(r"(\*\*/|\*+|\?)", text)
    kinds = {"**/": "(?:[^/]+/)*", "?": "[^/]"}
    return re.compile(
        "".join(
            kinds.get(each, "[^/]*" if each.startswith("*") else re.escape(each)) for each in parts
        )
    )


def _listed(refs: Sequence[tuple[str, str]]) -> str:
    return (
        ", ".join(name if kind == "branch" else f"{kind} {name}" for kind, name in refs) or "none"
    )


def _quoted(part: str) -> str:
    return quote(part, safe="")
