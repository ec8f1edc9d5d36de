"""The plan: changes, drift, messages and a digest for one environment. It never writes."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.core.messages.review import Message
from reconciler.core.model import Action, Change, Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would happen to one environment.

    `changes` are pending (git moved); `drift` is what was changed outside, in conflict or
    unfinished, and never enters `changes`. `waiting` says why nothing is desired yet (then
    `commit` is None); `findings` why planning could not be finished (`errored`).
    `digest` is the promise a reviewer gives; equal plans have equal digests on every machine.
    """

    environment: str
    commit: str | None = None
    ref: str | None = None
    complete: bool = True
    incomplete_reason: str | None = None
    changes: tuple[Change, ...] = ()
    drift: tuple[Change, ...] = ()
    messages: tuple[Message, ...] = ()
    unmanaged: int = 0
    digest: str | None = None
    content_digest: str | None = None
    base_content_digest: str | None = None
    waiting: str | None = None
    notices: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def errored(self) -> bool:
        """True when planning met findings and what is shown is not applicable."""
        return bool(self.findings)

    @property
    def summary(self) -> dict[str, int]:
        """Count pending changes by action: `{"add": 1, "modify": 2, "remove": 0}`."""
        return count_actions(self.changes)

    @property
    def has_differences(self) -> bool:
        """True when there is anything to apply, heal or finish (`--detailed-exitcode` 2)."""
        return bool(self.changes or self.drift)


def count_actions(changes: tuple[Change, ...]) -> dict[str, int]:
    """Count changes by action."""
    return {action.value: sum(1 for c in changes if c.action is action) for action in Action}
