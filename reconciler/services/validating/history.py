"""What a change does to releases that exist: `validate --against`, from two commits alone.

It must not know tags or stores.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from reconciler.core import layout
from reconciler.core.errors import Invalid
from reconciler.core.model import Environment, Finding, Mode
from reconciler.services.validating import folders
from reconciler.services.validating.folders import Folder
from reconciler.services.workspace import Chosen, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One environment before and after; paths are those of its release manifests.

    `before` and `after` are None where its folder is not read-only or cannot be read.
    """

    environment: str
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    added: tuple[str, ...]
    before: Folder | None
    after: Folder | None

    @property
    def moved(self) -> bool:
        """True when both contents are known and differ."""
        old, new = self.before, self.after
        known = old is not None and new is not None and None not in {old.digest, new.digest}
        return bool(known and old and new and old.digest != new.digest)


def findings(workspace: Workspace, chosen: Chosen, ref: str) -> Iterator[Finding]:
    """Yield what a change must not do to releases, compared with another commit.

    Raises:
        NotFound: there is no such ref.
    """
    try:
        base = workspace.base(ref, isolated=[e.name for e in chosen.repository.environments])
    except Invalid as error:
        yield from (replace(f, text=f"{f.text} (in {ref})") for f in error.findings)
        return
    if base is None:
        return
    behind = _behind(workspace, base, chosen)
    late = f"; this branch lacks commits of {ref}: merge it first" if behind else ""
    for name in _names(base, chosen):
        yield from _problems(_compared(workspace, base, chosen, name), ref, late)


def _names(base: Chosen, chosen: Chosen) -> Iterable[str]:
    """Return every environment that either side holds, folders that nobody lists included."""
    both = [f.path for side in (base, chosen) for f in side.snapshot.files(layout.ROOT)]
    return dict.fromkeys(path.split("/")[1] for path in both if path.count("/") > 1)


def _behind(workspace: Workspace, base: Chosen, chosen: Chosen) -> bool:
    """Say whether the newer side simply lacks commits of the older one."""
    old, new = base.snapshot.commit, chosen.snapshot.commit
    return bool(old and new and workspace.git.is_ancestor(old, new) is False)


def _compared(workspace: Workspace, base: Chosen, chosen: Chosen, name: str) -> Compared:
    old, new = folders.manifests(base, name), folders.manifests(chosen, name)
    held = old.keys() & new.keys()
    return Compared(
        environment=name,
        changed=tuple(sorted(p for p in held if _differs(base, chosen, p))),
        removed=tuple(sorted(old.keys() - new.keys())),
        added=tuple(sorted(new.keys() - old.keys())),
        before=_folder(workspace, base, name),
        after=_folder(workspace, chosen, name),
    )


def _differs(base: Chosen, chosen: Chosen, path: str) -> bool:
    """Compare bytes, for the working tree's object ids need not be those of git."""
    return _bytes(base, path) != _bytes(chosen, path)


def _bytes(side: Chosen, path: str) -> list[bytes]:
    return [data for _, data in side.snapshot.read(side.snapshot.files(path))]


def _folder(workspace: Workspace, side: Chosen, name: str) -> Folder | None:
    known: dict[str, Environment] = {e.name: e for e in side.repository.environments}
    environment = known.get(name)
    if environment is None or not environment.listed or environment.mode is not Mode.RELEASE_ONLY:
        return None
    return folders.read(workspace, side, environment)


def _problems(one: Compared, ref: str, late: str) -> Iterator[Finding]:
    for path in one.changed:
        text = f"a release manifest is immutable: put this one back as it is in {ref}{late}"
        yield Finding(path, 1, 1, text, "release")
    for path in one.removed:
        yield Finding(path, 1, 1, _removed(one, ref) + late, "release")
    yield from _several(one)
    if len(one.added) == 1:
        yield from _new(one)
    elif not one.added and not one.removed and one.moved:
        where = layout.environment_folder(one.environment)
        text = (
            f"the folder is changed by releases only and differs from {ref} without a new one: "
            f"put it back, or run `reconciler release create --to {one.environment}`{late}"
        )
        yield Finding(where, 1, 1, text, "release")


def _removed(one: Compared, ref: str) -> str:
    """Say how to undo a release, where that is what was meant."""
    back = f"a release manifest is immutable: put this one back as it is in {ref}"
    if not one.moved or one.after is None:
        return back
    if not one.after.fitting:
        return f"{back}; to undo a release, release the older content under a higher version"
    older = f"{one.environment}/{one.after.fitting[0]}"
    return (
        f"{back}; a release is not undone by reverting its commit: drop this change and run "
        f"`reconciler rollback {older}`"
    )


def _several(one: Compared) -> Iterator[Finding]:
    if len(one.added) < 2:
        return
    names = ", ".join(path.rpartition("/")[2].removesuffix(".yaml") for path in one.added)
    text = (
        f"one change brings at most one new release of {one.environment}, here are {names}: "
        "keep one of them and make a pull request of its own for each other"
    )
    yield from (Finding(path, 1, 1, text, "release") for path in one.added)


def _new(one: Compared) -> Iterator[Finding]:
    """Yield why the folder is not what the only new manifest says."""
    [path] = one.added
    after = one.after
    version = path.rpartition("/")[2].removesuffix(".yaml")
    if after is None or after.digest is None or version not in after.releases:
        return
    said = after.releases[version].content_digest
    if said != after.digest:
        text = (
            f"the folder (content {folders.short(after.digest)}) is not what this manifest "
            f"releases ({folders.short(said)}): run `reconciler release create --to "
            f"{one.environment} --version {version}` again on top of the protected branch"
        )
        yield Finding(path, 1, 1, text, "release")
