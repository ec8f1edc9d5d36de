"""Which resources were meant by `kind/name` as people write it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from reconciler.core.errors import NotFound, UsageError
from reconciler.core.model import RESOURCE_FOLDERS, ResourceKey
from reconciler.core.names import nearest, quoted

KINDS = {str(kind).casefold(): str(kind) for kind in RESOURCE_FOLDERS.values()}


def pick(asked: Iterable[str], known: Collection[ResourceKey], where: str) -> list[ResourceKey]:
    """Return the known resources that were asked for, in any case, each once.

    Raises:
        UsageError: one is not written as `kind/name`, or of no kind that there is.
        NotFound: there is no such resource `where`; says the nearest one.
    """
    by_name = {_folded(str(key)): key for key in known}
    found: dict[ResourceKey, None] = {}
    for text in asked:
        key = by_name.get(_folded(text))
        if key is None:
            _refuse_form(text)
            hint = nearest(text, map(str, known))
            raise NotFound(f"There is no {quoted(text)} {where}{hint}.")
        found[key] = None
    return list(found)


def _refuse_form(text: str) -> None:
    kind, slash, name = text.partition("/")
    if not (slash and kind and name):
        raise UsageError(
            f"{quoted(text)} names no resource; wanted KIND/NAME.",
            hint="Write it as Workflow/sync-contacts.",
        )
    if kind.casefold() not in KINDS:
        kinds = ", ".join(KINDS.values())
        raise UsageError(
            f"There is no kind {quoted(kind)}{nearest(kind, KINDS.values())}; there are: {kinds}."
        )


def _folded(text: str) -> str:
    return text.casefold()
