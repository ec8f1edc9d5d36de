"""Roles: who has one, by which login a forge knows them, and which checks speak for it.

It must not know which commits are trusted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.core.names import quoted
from reconciler.core.printable import one_line


class Check(NamedTuple):
    """A check of a forge: its name, and the slug of the app that must have run it."""

    name: str
    app: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """Who has a role and where; `environments` None is everywhere.

    `accounts` are pairs of a member and the login by which a forge knows them.
    """

    members: tuple[str, ...]
    environments: tuple[str, ...] | None = None
    via: tuple[str, ...] = ("tag",)
    accounts: tuple[tuple[str, str], ...] = ()
    checks: tuple[Check, ...] = ()

    def counts_in(self, environment: str) -> bool:
        """Say whether the role counts for this environment."""
        return self.environments is None or environment in self.environments

    def in_environment(self, environment: str) -> frozenset[str]:
        """Return who has the role for this environment."""
        return frozenset(self.members) if self.counts_in(environment) else frozenset()

    def member_of(self, login: str) -> str | None:
        """Return the one member whose login it is, in any case; None also where several are."""
        found = {member for member, own in self.accounts if same_login(own, login)}
        return found.pop() if len(found) == 1 else None


def same_login(one: str, other: str) -> bool:
    """Say whether two logins are one: case makes no difference among ASCII letters alone."""
    if one.isascii() and other.isascii():
        return one.lower() == other.lower()
    return one == other


def role_of(spec: Mapping[str, object]) -> Role:
    """Return the role that a normalised part of the pipeline's manifest describes."""
    environments = spec.get("environments")
    return Role(
        members=_texts(spec["members"]),
        environments=None if environments is None else _texts(environments),
        via=_texts(spec.get("via", ["tag"])),
        accounts=_accounts(spec.get("accounts")),
        checks=_checks(spec.get("checks")),
    )


def _texts(found: object) -> tuple[str, ...]:
    return tuple(str(each) for each in found) if isinstance(found, list | tuple) else ()


def _accounts(found: object) -> tuple[tuple[str, str], ...]:
    given = found if isinstance(found, Mapping) else {}
    return tuple(sorted((str(member), str(login)) for member, login in given.items()))


def _checks(found: object) -> tuple[Check, ...]:
    given = found if isinstance(found, list | tuple) else ()
    return tuple(Check(str(each["name"]), str(each["app"])) for each in given)


def role_differences(name: str, one: Role, other: Role) -> Iterator[str]:
    """Yield what differs in one role."""
    yield from added_removed(f"member of role {name}:", one.members, other.members)
    yield from differs(f"Role {name} now counts in", _where(one), _where(other))
    yield from differs(f"Role {name} now approves by", _by(one), _by(other))
    for verb, left, right in (("Removed", one, other), ("Added", other, one)):
        accounts = sorted({*left.accounts} - {*right.accounts})
        told = (f"{_whole(login)} is {_whole(member)}" for member, login in accounts)
        yield from _came_and_went(f"account of role {name}:", told, verb)
        checks = sorted({*left.checks} - {*right.checks})
        told = (f"{_whole(check.name)} of the app {_whole(check.app)}" for check in checks)
        yield from _came_and_went(f"check of role {name}:", told, verb)


def _whole(text: str) -> str:
    """Return text in quotes and uncut, for what two of which might begin alike."""
    return f'"{one_line(text)}"'


def _where(role: Role) -> str:
    if role.environments is None:
        return "every environment"
    return ", ".join(sorted(role.environments)) or "no environment"


def _by(role: Role) -> str:
    return ", ".join(role.via) or "nothing"


def differs(what: str, before: str, after: str) -> tuple[str, ...]:
    """Return a sentence where a text differs."""
    if before == after:
        return ()
    return (f"{what} {quoted(after)}, before {quoted(before)}.",)


def added_removed(what: str, old: Iterable[str], new: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each text that only one side has, removals first."""
    before, after = set(old), set(new)
    yield from _came_and_went(what, map(quoted, sorted(before - after)), "Removed")
    yield from _came_and_went(what, map(quoted, sorted(after - before)), "Added")


def _came_and_went(what: str, told: Iterable[str], verb: str) -> Iterator[str]:
    yield from (f"{verb} {what} {each}." for each in told)
