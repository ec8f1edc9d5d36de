"""What prevents going on, as one tree; each class owns its exit code.

    ReconcilerError                    1
    ├── UsageError                    64   wrong option, environment or argument
    ├── Invalid                        1   manifests have findings; carries every one of them
    ├── NotFound                       1   a ref, deployment, secret … that is not there
    ├── RepositoryError                1   git cannot be read
    │   └── RemoteUnreachable          1   the remote does not answer; local refs are as they were
    ├── StoreError                     1   the store cannot be read or written
    │   ├── StoreTooOld                1   needs `store migrate`
    │   ├── StoreTooNew                1   written by a newer reconciler
    │   ├── StoreBusy                  4   another process keeps it locked for too long
    │   └── OutcomeUnknown             1   the connection was lost while a transaction was committed
    ├── PlatformError                  1   the platform did not answer or refused
    ├── SecretError                    1   a secret source cannot be read
    ├── Held                           3   a gate, a warning or the removal budget holds it
    ├── TechnicalFailure               1   the machine failed: a full disk, no memory left
    ├── Interrupted                    1   a signal asked to stop before anything was written
    ├── NoticeError                    1   a notification could not be sent
    ├── BackupRefused                  1   a backup is damaged, foreign or another one
    │   └── BackupDamaged              1   it is truncated or was altered
    ├── VerificationFailed             7   what was written is not there, and was not restored
    ├── Restored                       6   a deployment failed, and what ran before runs again
    │   └── RestoredWithDifferences    6   but for what is listed
    ├── NotRestored                    7   a deployment failed, and what ran before does not run
    └── Conflict                       4   the world is not what was reviewed
        ├── StalePlan                  4
        ├── Unmanaged                  4
        ├── LockLost                   4   the lock was taken over: nothing more is written
        └── Busy                       4   somebody else works on the environment

The docstring of a class is its default message.
Findings are values, not exceptions: `Invalid` only carries them out at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.core.model import Finding

EXIT_DONE = 0
EXIT_ERROR = 1
EXIT_CHANGES = 2
EXIT_HELD = 3
EXIT_CONFLICT = 4
EXIT_PARTIAL = 5
EXIT_RESTORED = 6
EXIT_NOT_RESTORED = 7
EXIT_USAGE = 64

# With several environments the exit code is the first of these that any of them has.
EXIT_PRECEDENCE = (7, 6, 5, 4, 1, 3, 2, 0)


def worst_exit(codes: Iterable[int]) -> int:
    """Return the exit code that speaks for all environments; an unknown one counts as an error."""
    present = {code if code in EXIT_PRECEDENCE else EXIT_ERROR for code in codes}
    return next((code for code in EXIT_PRECEDENCE if code in present), EXIT_DONE)


class ReconcilerError(Exception):
    """The command could not be completed."""

    exit_code: ClassVar[int] = EXIT_ERROR

    def __init__(self, text: str | None = None, *, hint: str | None = None) -> None:
        """Take what was found and wanted as `text`, and the next step as `hint`."""
        self.text = text or (type(self).__doc__ or "").strip().splitlines()[0]
        self.hint = hint
        super().__init__(self.text if hint is None else f"{self.text} {hint}")

    def add(self, sentence: str) -> None:
        """Say one thing more."""
        self.text = f"{self.text} {sentence}"
        self.args = (self.text if self.hint is None else f"{self.text} {self.hint}",)

    @property
    def code(self) -> str:
        """The stable name of this error in JSON answers."""
        return type(self).__name__


class UsageError(ReconcilerError):
    """The command line is not understood."""

    exit_code = EXIT_USAGE


class Invalid(ReconcilerError):
    """The manifests have findings."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        """Carry every finding, in the order in which they are shown."""
        self.findings = findings
        count = len(findings)
        noun = "finding" if count == 1 else "findings"
        super().__init__(f"{count} {noun} in the manifests.")


class NotFound(ReconcilerError):
    """What was named does not exist."""


class RepositoryError(ReconcilerError):
    """The git repository cannot be read."""


class RemoteUnreachable(RepositoryError):
    """The remote does not answer."""


class StoreError(ReconcilerError):
    """The store cannot be read or written."""


class StoreTooOld(StoreError):
    """The store has an older schema; run `reconciler store migrate`."""


class StoreTooNew(StoreError):
    """The store was written by a newer reconciler; upgrade this program."""


class StoreBusy(StoreError):
    """Another process keeps the store locked."""

    exit_code = EXIT_CONFLICT


class OutcomeUnknown(StoreError):
    """The connection to the store was lost while something was being committed."""


class PlatformError(ReconcilerError):
    """The platform did not answer or refused the change."""


class SecretError(ReconcilerError):
    """A secret cannot be read from its source."""


class Held(ReconcilerError):
    """Something holds this change; nothing was written."""

    exit_code = EXIT_HELD


class VerificationFailed(ReconcilerError):
    """What was written is not what is there now."""

    exit_code = EXIT_NOT_RESTORED


class TechnicalFailure(ReconcilerError):
    """The machine could not do what was asked."""


class Interrupted(ReconcilerError):
    """A signal asked to stop."""


class NoticeError(ReconcilerError):
    """A notification could not be sent."""


class ForgeError(ReconcilerError):
    """The forge did not do what was asked."""


class ForgeUnreachable(ForgeError):
    """The forge does not answer."""


class ForgeRefused(ForgeError):
    """The token may not do this on the forge."""


class BackupRefused(ReconcilerError):
    """The backup is not one that may be restored here."""


class BackupDamaged(BackupRefused):
    """The backup is damaged."""


class Restored(ReconcilerError):
    """The deployment failed; what ran before it runs again."""

    exit_code = EXIT_RESTORED


class RestoredWithDifferences(Restored):
    """The deployment failed; what ran before it runs again, but for what is listed."""


class NotRestored(ReconcilerError):
    """The deployment failed, and what ran before it could not be restored."""

    exit_code = EXIT_NOT_RESTORED


class Conflict(ReconcilerError):
    """The world is not what was reviewed; nothing was written."""

    exit_code = EXIT_CONFLICT


class StalePlan(Conflict):
    """The plan is stale: what it compares has changed since it was made."""


class Unmanaged(Conflict):
    """A resource of this name exists on the platform and was not made by this program."""


class LockLost(Conflict):
    """The lock on this environment was taken over or released; nothing more is written."""


class Busy(Conflict):
    """Somebody else works on this environment."""


def as_failure(error: Exception) -> ReconcilerError:
    """Return an error of ours for any other."""
    if isinstance(error, ReconcilerError):
        return error
    if isinstance(error, MemoryError):
        return TechnicalFailure("This machine ran out of memory.", hint="Run it again with more.")
    if isinstance(error, OSError) and error.strerror:
        return TechnicalFailure(
            f"The machine reports: {error.strerror}.", hint="Mend that, then run it again."
        )
    return TechnicalFailure(
        f"Something unexpected happened ({type(error).__name__}).",
        hint="Run again with --verbose for details.",
    )
