"""What `doctor` looks at: versions against floors, the repository, the store, the secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from reconciler.core.errors import Invalid, ReconcilerError

PYTHON_FLOOR = (3, 11)
GIT_FLOOR = (2, 34)
SQLITE_FLOOR = (3, 37)
# Below this, two connections can corrupt a database in WAL mode; ours uses a rollback journal.
SQLITE_WAL_SAFE = (3, 51, 3)
OPENSSH_FLOOR = (8, 2)

OK, LOOK, BROKEN = "ok", "look", "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at: `ok`, worth a `look`, or `broken`, and the next step."""

    name: str
    state: str
    text: str
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The versions of what the program stands on; None where a program is not there."""

    python: tuple[int, ...]
    git: tuple[int, ...] | None
    sqlite: tuple[int, ...]
    openssh: tuple[int, ...] | None
    has_libyaml: bool


def examine_machine(machine: Machine) -> Iterator[Check]:
    """Compare versions with what is needed and with what is known to be bad."""
    yield _floor("Python", machine.python, PYTHON_FLOOR)
    yield _floor("git", machine.git, GIT_FLOOR)
    yield _floor("SQLite", machine.sqlite, SQLITE_FLOOR)
    if machine.openssh is None or machine.openssh < OPENSSH_FLOOR:
        found = "missing" if machine.openssh is None else dotted(machine.openssh)
        yield Check(
            name="OpenSSH",
            state=LOOK,
            text=f"{found}; {dotted(OPENSSH_FLOOR)} or later signs release tags",
            next="Install OpenSSH's ssh-keygen before signatures are required.",
        )
    else:
        yield Check(name="OpenSSH", state=OK, text=dotted(machine.openssh))
    if machine.has_libyaml:
        yield Check(name="libyaml", state=OK, text="used to read manifests")
    else:
        text = "missing: manifests are read about eight times slower"
        yield Check(name="libyaml", state=LOOK, text=text, next="Install PyYAML with libyaml.")


def attempt(name: str, look: Callable[[], str]) -> Check:
    """Run one look; an error of ours is what is broken."""
    try:
        return Check(name=name, state=OK, text=look())
    except Invalid as error:
        first = str(error.findings[0])
        return Check(
            name=name,
            state=BROKEN,
            text=f"{error.text} The first: {first}",
            next="Run `reconciler validate` to see all of them.",
        )
    except ReconcilerError as error:
        return Check(name=name, state=BROKEN, text=error.text, next=error.hint)


def dotted(version: tuple[int, ...]) -> str:
    """Return a version as people write it."""
    return ".".join(str(part) for part in version)


def _floor(name: str, found: tuple[int, ...] | None, floor: tuple[int, ...]) -> Check:
    if found is None:
        return Check(name=name, state=BROKEN, text="missing", next=f"Install {name}.")
    if found < floor:
        text = f"{dotted(found)}, and {dotted(floor)} or later is needed"
        return Check(name=name, state=BROKEN, text=text, next=f"Upgrade {name}.")
    return Check(name=name, state=OK, text=dotted(found))
