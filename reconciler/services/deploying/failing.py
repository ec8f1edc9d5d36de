"""The one place where anything that goes wrong in an environment becomes an error of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from reconciler import telemetry
from reconciler.core.errors import ReconcilerError, as_failure


@contextmanager
def as_failures() -> Iterator[None]:
    """Turn whatever the block raises into an error of ours.

    What was done must be undone, and other environments go on.

    Raises:
        TechnicalFailure: for what is no error of ours: a full disk, no memory left.
    """
    try:
        yield
    except ReconcilerError:
        raise
    except Exception as error:
        telemetry.log().info("failed_unexpectedly", exc_info=error)
        raise as_failure(error) from error
