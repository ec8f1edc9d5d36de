"""The rules for file names below `environments/`."""

from __future__ import annotations

import unicodedata

import pytest

from reconciler.core.paths import colliding, name_problem, path_problem
from reconciler.ports import TreeFile

ODD_NAMES = [
    "../x.yaml",
    "/abs.yaml",
    "a/../../b.yaml",
    "a/./b.yaml",
    "a//b.yaml",
    "a/",
    "",
    ".",
    "..\\x.yaml",
    "%2e%2e/x.yaml",
    "a\0b.yaml",
    "a\nb.yaml",
    "a.yaml\n",
    "a b.yaml",
    "x" * 256,
    "x" * 300 + ".yaml",
    "CON",
    "con.yaml",
    "a/Lpt1.yaml",
    "NUL",
    "trailing.",
    "a./b.yaml",
    "trailing ",
    ".git/config",
    "a/.GIT/hooks/x",
    "d/" * 16 + "f.yaml",
    "d/" * 5000 + "f.yaml",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_refused(name: str) -> None:
    """A name outside the allow-list is refused with a reason."""
    assert name_problem(name)


@pytest.mark.parametrize(
    "name",
    [
        "environments/staging/releases/1.4.0.yaml",
        "environments/staging/workflows/a-b_c.9.json",
        "environments/allowed_signers",
        "environments/.gitkeep",
        "d/" * 15 + "f.yaml",
        "x" * 255,
        "console.yaml",
    ],
)
def test_plain_names_are_accepted(name: str) -> None:
    """Letters, digits, dots, dashes and underscores make a name."""
    assert name_problem(name) is None


@pytest.mark.parametrize(
    ("char", "shown"),
    [
        ("\u043e", "'\u043e' (U+043E CYRILLIC SMALL LETTER O)"),
        ("\u212a", "'\u212a' (U+212A KELVIN SIGN)"),
        ("\u017f", "'\u017f' (U+017F LATIN SMALL LETTER LONG S)"),
        ("\u202e", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("\u200b", "U+200B ZERO WIDTH SPACE"),
        ("\x1b", "U+001B"),
        ("é", "'é' (U+00E9 LATIN SMALL LETTER E WITH ACUTE)"),
        ("\\", "'\\\\' (U+005C REVERSE SOLIDUS)"),
    ],
)
def test_the_code_point_is_shown(char: str, shown: str) -> None:
    """A confusable, bidirectional, invisible or control character is told by its code point."""
    problem = name_problem(f"environments/pr{char}d.yaml")

    assert problem is not None
    assert f"has {shown} in its name" in problem
    assert problem.isprintable()


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("\\x1b", "has U+001B in"),
        ("\\ud800", "has U+D800 in"),
        ("\\U000e0001", "has U+E0001 LANGUAGE TAG in"),
        ("\\UFFFFFFFF", "REVERSE SOLIDUS"),
        ("\\udcff", "not UTF-8"),
    ],
)
def test_escaped_names_are_refused_for_what_they_stood_for(shown: str, said: str) -> None:
    """A name that was listed in visible form is refused for the character behind it."""
    assert said in (name_problem(f"environments/a{shown}.yaml") or "")


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("120000", "is a symlink"),
        ("160000", "is a submodule"),
        ("other", "is not a regular file"),
        ("040000", "is not a regular file"),
    ],
)
def test_only_regular_files_are_accepted(mode: str, said: str) -> None:
    """Symlinks, submodules and special files are refused by what they are."""
    assert said in (path_problem(TreeFile("environments/a.yaml", "0" * 40, mode)) or "")


@pytest.mark.parametrize("mode", ["100644", "100755"])
def test_regular_files_are_judged_by_name(mode: str) -> None:
    """A regular file is accepted or refused by its path."""
    assert path_problem(TreeFile("environments/a.yaml", "0" * 40, mode)) is None
    assert path_problem(TreeFile("environments/a b.yaml", "0" * 40, mode))


@pytest.mark.parametrize(
    ("paths", "pairs"),
    [
        (["a/x.yaml", "a/y.yaml"], []),
        (["a/X.yaml", "a/x.yaml"], [("a/X.yaml", "a/x.yaml")]),
        (["A/x.yaml", "a/y.yaml", "a/z.yaml"], [("A", "a")]),
        (["a", "a/x.yaml"], [("a", "a")]),
        (["a/x.yaml", "a/x.yaml"], [("a/x.yaml", "a/x.yaml")]),
        (["straße", "STRASSE"], [("straße", "STRASSE")]),
    ],
)
def test_names_that_become_one_are_paired(paths: list[str], pairs: list[tuple[str, str]]) -> None:
    """Names equal but for case, file and folder of one name, and repeated paths are paired."""
    assert colliding(paths) == pairs


def test_normalisation_forms_are_one_name() -> None:
    """The composed and the decomposed form of one name are paired."""
    composed, decomposed = (unicodedata.normalize(form, "é.yaml") for form in ("NFC", "NFD"))

    assert colliding([composed, decomposed]) == [(composed, decomposed)]


@pytest.mark.parametrize("size", [1, 10, 10_000])
def test_a_folder_in_two_cases_is_told_once(size: int) -> None:
    """However many files lie in both, two folders that become one are one pair."""
    paths = [f"{folder}/{number}.yaml" for folder in ("A", "a") for number in range(2 * size)]

    assert ("A", "a") in colliding(paths)
    assert len(colliding([f"A/{n}" for n in range(size)] + [f"a/x{n}" for n in range(size)])) == 1
