"""What stands below an environment, with a change of that environment carried into it.

It must not know what the change is made for, nor write anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from reconciler.core import layout
from reconciler.core.credentials import masked
from reconciler.core.errors import Conflict
from reconciler.core.messages.words import plural, verb
from reconciler.core.model import Environment, Mode, ResourceKey
from reconciler.core.render.values import inline
from reconciler.services.loading import environment as loading
from reconciler.services.loading.environment import Loaded
from reconciler.services.releases.judging.standing import Standing
from reconciler.services.releases.judging.tagging import TagJudge
from reconciler.services.releases.making.carrying import Carried, Carrier, Clash
from reconciler.services.releases.making.drafting import Drafter
from reconciler.services.releases.reading.grounds import Grounds
from reconciler.services.releases.reading.live import Live
from reconciler.services.releases.reading.overlay import Overlay

_SHOWN = 5
_LONGEST_VALUE = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What resources become of what is live: those of `keys` are in `base` as they were."""

    environment: Environment
    base: Loaded
    changed: Loaded
    keys: Collection[ResourceKey]


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """A release-only environment below, with the change in what is live there."""

    standing: Standing
    live: Live
    content: Loaded
    carried: Carried

    @property
    def environment(self) -> Environment:
        """Which one it is."""
        return self.standing.environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """An editable environment, with the change in what stands at the protected tip."""

    environment: Environment
    content: Loaded
    carried: Carried

    @property
    def files(self) -> dict[str, bytes | None]:
        """The files that change, by full path; None takes one away."""
        folder = layout.environment_folder(self.environment.name)
        gone = [path for path in self.content.files() if path not in self.carried.files]
        changed = {
            f"{folder}/{path}": data
            for path, data in self.carried.files.items()
            if isinstance(data, bytes)
        }
        return {**{f"{folder}/{path}": None for path in gone}, **changed}

    @property
    def notice(self) -> str:
        """What there is to say of it."""
        name = self.environment.name
        if not self.files:
            return f"{name} has the change already."
        count, folder = len(self.files), layout.environment_folder(name)
        return f"{plural(count, 'file')} in {folder}/ {verb(count, 'changes', 'change')} too."


@dataclass(frozen=True, slots=True, kw_only=True)
class Lowerer:
    """Carries changes down, from where they are needed to where people edit."""

    judge: TagJudge
    drafter: Drafter
    carrier: Carrier

    def below(self, grounds: Grounds, change: Change) -> tuple[list[Released | Edited], list[str]]:
        """Merge a change into every environment below, the nearest first; what is left out is told.

        Raises:
            Conflict: fields have other values there; names each with both.
        """
        found: list[Released | Edited] = []
        notices = []
        for environment in below(grounds, change.environment):
            lower = self._lower(grounds, environment, change)
            if lower is None:
                notices.append(
                    f"Nothing is live in {environment.name}: it gets no release of this hotfix."
                )
            else:
                found.append(lower)
        clashes = [clash for lower in found for clash in lower.carried.clashes]
        if clashes:
            raise _conflict(clashes, [e.environment.name for e in found if isinstance(e, Edited)])
        return found, notices

    def edited(self, grounds: Grounds, lower: Edited) -> dict[str, bytes | None]:
        """Return the files of an editable environment that change, by full path.

        Raises:
            Invalid: the folder would have findings with them.
        """
        workspace, files = grounds.workspace, lower.files
        snapshot = Overlay(base=grounds.snapshot, files_at=files)
        loading.load(workspace.manifests, workspace.cache, snapshot, lower.environment)
        return files

    def _lower(
        self, grounds: Grounds, environment: Environment, change: Change
    ) -> Released | Edited | None:
        sides, keys = (change.base, change.changed), change.keys
        if environment.mode is Mode.EDITABLE:
            content = grounds.workspace.load(grounds.chosen, environment)
            carried = self.carrier.carry(*sides, content, keys)
            return Edited(environment=environment, content=content, carried=carried)
        standing = self.judge.standing(grounds, environment)
        if standing.live is None:
            return None
        content = self.drafter.base(environment, standing.live)
        carried = self.carrier.carry(*sides, content, keys)
        return Released(standing=standing, live=standing.live, content=content, carried=carried)


def below(grounds: Grounds, environment: Environment) -> list[Environment]:
    """Return what an environment promotes from, and so on, down to where people edit."""
    found: list[Environment] = []
    while environment.promotes_from is not None:
        environment = grounds.environment(environment.promotes_from)
        if environment in found:
            break
        found.append(environment)
    return found


def _conflict(clashes: Sequence[Clash], editable: Iterable[str]) -> Conflict:
    """Return the error that names each field with both values, and what to do."""
    texts = [_clash(clash) for clash in clashes[:_SHOWN]]
    if len(clashes) > _SHOWN:
        texts.append(f"{len(clashes) - _SHOWN} more")
    where = clashes[0].environment
    by_hand = f"in {layout.environment_folder(where)}/"
    first = by_hand if where in editable else f"with a hotfix to {where}"
    return Conflict(
        f"The hotfix cannot be merged, and nothing was written: {'; '.join(texts)}.",
        hint=f"Bring these fields to the hotfix's values {first} first, and try again.",
    )


def _clash(clash: Clash) -> str:
    field = clash.field
    changed, other = _shown(field.changed), _shown(field.other)
    return f"{clash.key} {field.path} is {changed} in the hotfix and {other} in {clash.environment}"


def _shown(value: object) -> str:
    return "not there" if value is None else masked(inline(value, _LONGEST_VALUE), "***")
