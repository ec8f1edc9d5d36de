"""The names of tags and branches, and how a release is named on the command line."""

from __future__ import annotations

import pytest

from reconciler.core.errors import UsageError
from reconciler.core.releases import names
from reconciler.core.releases.model import ReleaseName

FORMAT = "{environment}/v{version}"
KNOWN = ("development", "staging", "production")
STAGING = ReleaseName("staging", "1.4.0")


@pytest.mark.parametrize(
    ("tag_format", "tag"),
    [
        (FORMAT, "staging/v1.4.0-rc.1+5"),
        ("v{version}/{environment}", "v1.4.0-rc.1+5/staging"),
        ("rel.{environment}-{version}.end", "rel.staging-1.4.0-rc.1+5.end"),
    ],
)
def test_a_tag_name_reads_as_it_was_made(tag_format: str, tag: str) -> None:
    """Whatever the order in the format, the name holds environment and version."""
    name = ReleaseName("staging", "1.4.0-rc.1+5")
    assert names.tag_name(tag_format, name) == tag
    assert names.parse_tag(tag_format, tag, KNOWN) == name


@pytest.mark.parametrize(
    "tag",
    [
        "staging/1.4.0",
        "staging/v1.4",
        "staging/vv1.4.0",
        "staging/v1.4.0/x",
        "x/staging/v1.4.0",
        "qa/v1.4.0",
        "staging/v",
        "staging",
        "refs/tags/staging/v1.4.0",
        "staging/v1.4.0\n",
        "",
    ],
)
def test_other_names_are_no_release(tag: str) -> None:
    """Only the whole name, with an environment of the pipeline and a version, is a release."""
    assert names.parse_tag(FORMAT, tag, KNOWN) is None


def test_a_name_of_two_environments_is_none() -> None:
    """A tag that fits two environments is neither's release."""
    tag = "1.0.0-rc-staging"
    assert names.parse_tag("{version}-{environment}", tag, ["staging"]) is not None
    assert names.parse_tag("{version}-{environment}", tag, ["staging", "rc-staging"]) is None


@pytest.mark.parametrize("space", ["approvals", "acknowledgements", "holds"])
def test_approvals_and_the_like_are_no_releases(space: str) -> None:
    """A tag format cannot make a release of what is an approval, acknowledgement or hold."""
    tag = f"{space}/staging/v1.4.0"
    assert names.parse_tag(space + "/" + FORMAT, tag, KNOWN) is None


def test_a_branch_name_holds_both() -> None:
    """The branch of a release is named after its environment and version."""
    found = names.branch_name("release/{environment}/{version}", STAGING)
    assert found == "release/staging/1.4.0"


@pytest.mark.parametrize(
    "text",
    [
        "staging/1.4.0",
        "staging/v1.4.0",
        "refs/tags/staging/v1.4.0",
        "refs/tags/staging/1.4.0",
    ],
)
def test_a_release_is_named_in_short_or_by_its_tag(text: str) -> None:
    """RELEASE is `staging/1.4.0`; the name of the tag is accepted too."""
    assert names.parse_release(text, FORMAT, KNOWN) == STAGING


def test_a_release_is_named_by_a_tag_of_another_form() -> None:
    """The tag name is that of the pipeline's format."""
    assert names.parse_release("1.4.0_staging", "{version}_{environment}", KNOWN) == STAGING


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("1.4.0", '"1.4.0" names no release.', "like production/1.4.0. Environments: dev"),
        (
            "stagign/1.4.0",
            'There is no environment "stagign" in the pipeline (did you mean "staging"?).',
            "Write ENVIRONMENT/VERSION",
        ),
        ("staging/1.4", '"1.4" is no version: wanted are', "Write the release as"),
        ("staging/V1.4.0", "leave out the V", "Write the release as"),
    ],
)
def test_what_names_no_release_is_told_what_is_wanted(text: str, said: str, hint: str) -> None:
    """Each part that is wrong has its own sentence and the next step."""
    with pytest.raises(UsageError) as caught:
        names.parse_release(text, FORMAT, KNOWN)
    assert said in caught.value.text
    assert hint in str(caught.value.hint)


def test_without_environments_an_example_is_given() -> None:
    """The hint needs no environment to be known."""
    with pytest.raises(UsageError, match=r"like staging/1\.4\.0\.$"):
        names.parse_release("x", FORMAT, ())


@pytest.mark.parametrize("rest", [None, "ana", "ana/2"])
def test_an_approval_reads_as_it_was_named(rest: str | None) -> None:
    """An approval names release and role, and what tells several apart."""
    tag = names.approval_tag(STAGING, "release-manager", rest)
    assert tag.startswith(names.approval_prefix(STAGING))
    assert names.parse_approval(tag) == (STAGING, "release-manager", rest)


@pytest.mark.parametrize(
    "tag",
    [
        "approvals/staging/1.4.0/qa",
        "approvals/staging/v1.4/qa",
        "approvals/staging/v1.4.0",
        "approvals/staging/v1.4.0/",
        "approvals/staging/v1.4.0/QA",
        "approvals/staging/v1.4.0/qa/",
        "x/approvals/staging/v1.4.0/qa",
        "staging/v1.4.0",
    ],
)
def test_other_names_are_no_approval(tag: str) -> None:
    """An approval's name has a version, a role and nothing empty."""
    assert names.parse_approval(tag) is None


def test_an_acknowledgement_reads_as_it_was_named() -> None:
    """An acknowledgement names its release and a number."""
    tag = names.acknowledgement_tag(STAGING, 12)
    assert tag == "acknowledgements/staging/v1.4.0/12"
    assert names.parse_acknowledgement(tag) == (STAGING, 12)


def test_a_hold_reads_as_it_was_named() -> None:
    """A hold names its environment and a number."""
    assert names.hold_tag("staging", 3) == "holds/staging/3"
    assert names.parse_hold("holds/staging/3") == ("staging", 3)


@pytest.mark.parametrize("number", ["0", "01", "-1", "x", "\u0661", "1/2", "1" * 10, ""])
def test_numbers_count_from_one(number: str) -> None:
    """What ends in no plain number is neither acknowledgement nor hold."""
    assert names.parse_acknowledgement(f"acknowledgements/staging/v1.4.0/{number}") is None
    assert names.parse_hold(f"holds/staging/{number}") is None


def test_an_acknowledgement_needs_a_version() -> None:
    """What is no version was not acknowledged for."""
    assert names.parse_acknowledgement("acknowledgements/staging/v1.4/1") is None


def test_the_next_number_is_above_all() -> None:
    """A number is not used again where a gap is."""
    assert names.next_number([]) == 1
    assert names.next_number([1, 4, 2]) == 5


@pytest.mark.parametrize(
    ("tag", "matters"),
    [
        ("staging/v1.4.0", True),
        ("approvals/staging/v1.4.0/qa", True),
        ("acknowledgements/production/v1.4.0/1", True),
        ("holds/production/1", True),
        ("approvals/elsewhere/v1.4.0/qa", False),
        ("holds/elsewhere/1", False),
        ("v1.4.0", False),
    ],
)
def test_which_tags_are_about_releases(tag: str, matters: bool) -> None:
    """Other tags, and those of other environments, are none of our business."""
    assert names.is_release_matter(tag, FORMAT, KNOWN) is matters
