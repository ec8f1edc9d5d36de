"""What `doctor` says of the branch, the tags and the environments that need protection."""

from __future__ import annotations

import pytest

from reconciler.core.errors import ForgeRefused, ForgeUnreachable
from reconciler.core.forge.model import Protection, Rule
from reconciler.core.model import Pipeline
from reconciler.services.examining import LOOK, OK, Check
from reconciler.services.publishing import protecting
from reconciler.services.publishing.protecting import Place
from reconciler.testing.forge import MemoryForge

ADDRESS = "https://github.com/shop/flows"
WANTED = protecting.needed(
    Pipeline(name="shop", environments=("staging", "production"), protected_branch="trunk")
)
SUBJECTS = {
    **dict.fromkeys(
        (Rule.BRANCH_PULL_REQUEST, Rule.BRANCH_NO_FORCE, Rule.BRANCH_CHECKS), ("trunk",)
    ),
    **dict.fromkeys((Rule.TAGS_NO_UPDATE, Rule.TAGS_NO_DELETION), WANTED.tags),
    Rule.ENVIRONMENT_BRANCH: WANTED.environments,
}


def looked(**found: tuple[bool | None, str]) -> list[Check]:
    """Look at a repository where every rule holds but for those of these subjects."""
    forge = MemoryForge()
    for rule, subjects in SUBJECTS.items():
        for subject in subjects:
            holds, detail = found.get(rule.name, (True, "a ruleset"))
            forge.rules.append(Protection(rule, subject, holds, detail))
    return list(protecting.look(forge, WANTED, Place(address=ADDRESS)))


def test_release_tags_are_those_of_the_pipeline() -> None:
    """Every tag that means something is named, in the form that the pipeline gives it."""
    other = Pipeline(
        name="shop", environments=("live",), tag_format="release-{environment}-{version}"
    )

    assert WANTED.tags == ("*/v*", "approvals/**", "acknowledgements/**", "holds/**")
    assert protecting.needed(other).tags[0] == "release-*-*"


def test_what_is_protected_is_in_order() -> None:
    """Where every rule holds there is nothing to do."""
    found = looked()

    assert {each.state for each in found} == {OK}
    assert {each.next for each in found} == {None}
    assert found[0].name == "protection of the branch trunk"
    assert found[0].text.startswith("pull requests only, no force push and no deletion")


@pytest.mark.parametrize(
    ("rule", "number", "place", "setting"),
    [
        (Rule.BRANCH_PULL_REQUEST, 0, "rules", "`Require a pull request before merging`"),
        (Rule.BRANCH_NO_FORCE, 0, "rules", "`Block force pushes` and `Restrict deletions`"),
        (Rule.BRANCH_CHECKS, 0, "rules", "with the check `plan`"),
        (Rule.TAGS_NO_UPDATE, 1, "rules", "`Restrict updates`"),
        (Rule.TAGS_NO_DELETION, 1, "rules", "`approvals/**/*`"),
        (Rule.ENVIRONMENT_BRANCH, 2, "environments", "the branch trunk alone"),
    ],
)
@pytest.mark.parametrize(("holds", "state"), [(False, "missing"), (None, "not readable")])
def test_what_is_missing_or_not_readable_names_place_and_setting(
    rule: Rule, number: int, place: str, setting: str, holds: bool | None, state: str
) -> None:
    """It deserves a look, says what was found, and the next step can be followed as it is."""
    found = looked(**{rule.name: (holds, "so it\x1b[1m is")})
    lacking = found.pop(number)

    assert {each.state for each in found} == {OK}
    assert lacking.state == LOOK
    assert f"{state} (so it\\x1b[1m is)" in lacking.text
    assert lacking.next is not None
    assert lacking.next.startswith(f"At {ADDRESS}/settings/{place}, make ")
    assert setting in lacking.next


def test_each_subject_is_told_by_its_name() -> None:
    """Of several tags or environments only those are named that lack something."""
    forge = MemoryForge()
    forge.rules = [
        Protection(Rule.ENVIRONMENT_BRANCH, "staging", holds=True, detail="trunk"),
        Protection(Rule.ENVIRONMENT_BRANCH, "production", holds=False, detail="everything"),
    ]
    *_, environments = protecting.look(forge, WANTED, Place())

    assert environments.text == "only trunk deploys: production missing (everything)"
    assert environments.next is not None
    assert environments.next.startswith("In the settings of the repository, at Environments, ")


def test_what_the_forge_leaves_out_is_not_in_order() -> None:
    """A rule of which nothing was said is not taken for one that holds."""
    found = list(protecting.look(MemoryForge(), WANTED, Place()))

    assert {each.state for each in found} == {LOOK}
    assert found[1].text == "no update: not readable, no deletion: not readable"


def test_a_token_that_is_refused_is_told_once() -> None:
    """Where the token counts for nothing there is one line, with what to do about it."""
    forge = MemoryForge()
    forge.fail_with = ForgeRefused("The token is not accepted by the forge.", hint="Give one.")
    (told,) = protecting.look(forge, WANTED, Place(address=ADDRESS))

    assert (told.name, told.state, told.next) == ("forge", LOOK, "Give one.")
    assert told.text == "The token is not accepted by the forge"


def test_without_an_answer_it_says_what_is_needed() -> None:
    """Without an answer the same checks say what to set, and why they could not look."""
    forge = MemoryForge()
    forge.fail_with = ForgeUnreachable("The forge does not answer.")
    told = list(protecting.look(forge, WANTED, Place(address=ADDRESS)))
    advised = list(protecting.advise(WANTED, Place(address=ADDRESS), "The forge does not answer"))

    assert told == advised
    assert [each.name for each in told] == [each.name for each in looked()]
    assert {each.state for each in told} == {LOOK}
    assert all("(The forge does not answer)" in each.text and each.next for each in told)
