"""Which gate does not apply to which type of release, and why, as data.

Who is out of cycle skips gates about time, never gates about people or proof.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from reconciler.core.gates.model import GateName
from reconciler.core.releases.model import ReleaseType

NONE_ASKED = "not asked for here"

_WAS_LIVE = {ReleaseType.ROLLBACK: "the content of a rollback was live here"}
_RUNS = {ReleaseType.ADOPTION: "an adoption releases what already runs here"}


def _no_waiting(what: str, *types: ReleaseType) -> dict[ReleaseType, str]:
    names = {each: f"{'an' if each.value[0] in 'aeiou' else 'a'} {each.value}" for each in types}
    return {each: f"{name} does not wait for {what}" for each, name in names.items()}


_CONTENT_RAN = {**_WAS_LIVE, **_RUNS}
_NO_TIME = (ReleaseType.HOTFIX, ReleaseType.ROLLBACK, ReleaseType.ADOPTION)

# A gate that is not named here applies to every type. Whether a freeze holds a hotfix is for the
# freeze to say.
SKIPS: Mapping[GateName, Mapping[ReleaseType, str]] = MappingProxyType(
    {
        GateName.TESTS_PASSED: _CONTENT_RAN,
        GateName.QA_APPROVED: _CONTENT_RAN,
        GateName.SOURCE_DEPLOYED: {
            **_no_waiting("the previous environment", ReleaseType.HOTFIX),
            **_CONTENT_RAN,
        },
        GateName.SOAKED: {
            **_no_waiting("a soak", ReleaseType.WARMFIX, ReleaseType.HOTFIX),
            **_CONTENT_RAN,
        },
        GateName.RELEASE_DAY: _no_waiting("a release day", ReleaseType.WARMFIX, *_NO_TIME),
        GateName.RELEASE_WINDOW: _no_waiting("a window", *_NO_TIME),
        GateName.NOT_A_HOLIDAY: _no_waiting("the end of a holiday", *_NO_TIME),
        GateName.NOT_FROZEN: _no_waiting(
            "the end of a freeze", ReleaseType.ROLLBACK, ReleaseType.ADOPTION
        ),
    }
)


def skipped(name: GateName, release_type: ReleaseType) -> str | None:
    """Return why a gate does not apply to a type of release, None when it does."""
    return SKIPS.get(name, {}).get(release_type)
