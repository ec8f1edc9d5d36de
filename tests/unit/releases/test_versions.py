"""Which text is a version, which is higher, which is next."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.releases import versions

# The order of the examples in SemVer 2.0, section 11, and the cases that comparing text gets wrong.
ORDERED = (
    "0.9.9",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.9.0",
    "1.10.0",
    "2.0.0",
)
NUMBERS = st.integers(min_value=0, max_value=10**9)
VERSIONS = st.builds(
    lambda numbers, pre, build: ".".join(map(str, numbers)) + pre + build,
    st.tuples(NUMBERS, NUMBERS, NUMBERS),
    st.sampled_from(["", "-rc.1", "-a", "-1.b"]),
    st.sampled_from(["", "+5", "+build.7"]),
)


@pytest.mark.parametrize("text", [*ORDERED, "1.0.0+build.1", "1.0.0-rc.1+5", "1.0.0--"])
def test_a_semver_version_has_no_problem(text: str) -> None:
    """Every text that SemVer 2.0 allows is a version."""
    assert versions.problem(text) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty, wanted is one like 1.4.0"),
        ("v1.4.0", "leave out the v, as in 1.4.0"),
        ("V1.4.0", "leave out the V, as in 1.4.0"),
        ("version", "wanted are three numbers, like 1.4.0"),
        ("1.4", "wanted are three numbers, like 1.4.0"),
        ("1.4.", "wanted are three numbers, like 1.4.0"),
        ("1.4.0.1", "wanted are three numbers, like 1.4.0"),
        ("1.04.0", "a number in it begins with 0"),
        ("1.4.0_1", "after the three numbers come only -prerelease and +build, like 1.4.0-rc.1"),
        ("1.4.0-01", "after the three numbers come only -prerelease and +build, like 1.4.0-rc.1"),
        ("1.4.0\n", "after the three numbers come only -prerelease and +build, like 1.4.0-rc.1"),
        ("1.4.\u0660", "wanted are three numbers, like 1.4.0"),
        ("1.4.0-rc.lock", "git allows no tag that ends in .lock"),
        ("1.4." + "9" * 5000, "it is longer than 128 characters"),
    ],
)
def test_what_is_no_version_is_told_why(text: str, why: str) -> None:
    """A text that is no version gets a sentence with the reason, also where the library is lax."""
    assert versions.parse(text) is None
    assert str(versions.problem(text)).endswith(f" is no version: {why}.")


def test_versions_rank_by_precedence() -> None:
    """Each version is above all before it: prereleases below, numbers as numbers."""
    for place, one in enumerate(ORDERED):
        for other_place, other in enumerate(ORDERED):
            assert versions.higher(one, other) is (place > other_place)
            assert versions.same_precedence(one, other) is (place == other_place)


def test_build_metadata_does_not_raise_a_version() -> None:
    """Versions that differ in build metadata alone rank the same."""
    assert not versions.higher("1.4.0+2", "1.4.0+1")
    assert not versions.higher("1.4.0+2", "1.4.0")
    assert versions.same_precedence("1.4.0+2", "1.4.0")


def test_what_is_no_version_has_no_rank() -> None:
    """Comparing a text that is no version is an error of the caller."""
    with pytest.raises(ValueError, match="is no version"):
        versions.higher("v1.4.0", "1.3.0")


def test_the_newest_version_is_found() -> None:
    """The newest is the highest, the first given of equal ones, and None of none."""
    assert versions.newest(reversed(ORDERED)) == "2.0.0"
    assert versions.newest(["1.0.0+b", "1.0.0+a", "0.1.0"]) == "1.0.0+b"
    assert versions.newest([]) is None


@pytest.mark.parametrize(
    ("version", "patch", "minor"),
    [
        ("1.4.0", "1.4.1", "1.5.0"),
        ("1.4.2+7", "1.4.3", "1.5.0"),
        ("1.4.0-rc.1", "1.4.0", "1.4.0"),
        ("1.4.2-rc.1+7", "1.4.2", "1.5.0"),
    ],
)
def test_the_next_version(version: str, patch: str, minor: str) -> None:
    """The next patch and minor version of a prerelease may be what it led up to."""
    assert versions.next_patch(version) == patch
    assert versions.next_minor(version) == minor


@settings(max_examples=40)
@given(VERSIONS, VERSIONS)
def test_of_two_versions_one_is_higher_or_both_rank_the_same(one: str, other: str) -> None:
    """Exactly one of higher, lower and same holds."""
    said = (
        versions.higher(one, other),
        versions.higher(other, one),
        versions.same_precedence(one, other),
    )
    assert sum(said) == 1


@settings(max_examples=40)
@given(VERSIONS)
def test_the_next_versions_are_higher(version: str) -> None:
    """What comes next ranks above what was there, whatever its build metadata."""
    assert versions.higher(versions.next_patch(version), version)
    assert versions.higher(versions.next_minor(version), version)


@settings(max_examples=60)
@given(st.text(max_size=20) | st.text("0123456789.-+ab\n", max_size=20))
def test_a_text_is_a_version_or_has_a_problem(text: str) -> None:
    """No text raises, and each that is no version has a reason."""
    assert (versions.parse(text) is None) is (versions.problem(text) is not None)
