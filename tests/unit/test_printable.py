"""Text from elsewhere made safe to look at."""

from __future__ import annotations

import time
import unicodedata

import pytest

from reconciler.core.printable import coloured, inert, one_line, plain, visible

UNSEEN = {
    "\x00": "\\x00",
    "\x1b": "\\x1b",
    "\x07": "\\x07",
    "\x7f": "\\x7f",
    "\x9b": "\\x9b",
    "\r": "\\r",
    "\u200b": "\\u200b",
    "\u200c": "\\u200c",
    "\u200d": "\\u200d",
    "\u200f": "\\u200f",
    "\u202e": "\\u202e",
    "\u2028": "\\u2028",
    "\u2066": "\\u2066",
    "\ufeff": "\\ufeff",
    "\u00ad": "\\xad",
    "\ud83d": "\\ud83d",
    "\U000e0041": "\\U000e0041",
}


@pytest.mark.parametrize(("character", "shown"), UNSEEN.items(), ids=UNSEEN.values())
def test_what_cannot_be_seen_is_written_out(character: str, shown: str) -> None:
    """Control, zero-width, bidirectional and lone surrogate characters become escapes."""
    assert visible(f"a{character}b") == f"a{shown}b"
    assert one_line(f"a{character}b") == f"a{shown}b"


SEEN = ["ä ß é", "日本語", "🚀", "👩‍👩‍👧 family", "👍🏽 ☎️", "עברית", "e\u0301", "a\u00a0b", "\\x1b"]


@pytest.mark.parametrize("text", SEEN)
def test_what_can_be_seen_stays(text: str) -> None:
    """Letters of every script, marks and pictures are shown as they are."""
    assert visible(text) == text
    assert one_line(text) == text


def test_newlines_and_tabs_stay_in_text_of_several_lines() -> None:
    """Only a text for one line has its line ends written out."""
    assert visible("a\tb\nc") == "a\tb\nc"
    assert one_line("a\tb\nc\r\n") == "a\\tb\\nc\\r\\n"


def test_terminal_sequences_lose_their_power() -> None:
    """Colours, links and clipboard writes are shown, not obeyed."""
    assert one_line("\x1b]52;c;aGk=\x07\x1b[31m") == "\\x1b]52;c;aGk=\\x07\\x1b[31m"


def test_a_line_is_cut_with_an_ellipsis() -> None:
    """A text at the limit stays, a longer one ends with an ellipsis and is no longer than it."""
    assert one_line("abcdef", 6) == "abcdef"
    assert one_line("abcdefg", 6) == "abcde…"
    assert [one_line("abc", limit) for limit in (0, 1, 2)] == ["", "…", "a…"]


def test_a_cut_does_not_split_a_character() -> None:
    """A letter with its marks, and a picture with its parts, stay whole or go."""
    assert one_line("abe\u0301xyz", 4) == "ab…"
    assert one_line("ab👩\u200d👧xyz", 4) == "ab…"


@pytest.mark.parametrize("limit", range(3, 12))
def test_a_cut_does_not_split_an_escape(limit: int) -> None:
    """Of an escape nothing is shown unless all of it fits."""
    shown = one_line("a\u202eb\x1bc\U000e0041d", limit)

    assert len(shown) <= limit
    kept = shown.removesuffix("…")
    assert "a\\u202eb\\x1bc\\U000e0041d".startswith(kept)
    for escape in ("\\u202e", "\\x1b", "\\U000e0041"):
        kept = kept.replace(escape, "")
    assert "\\" not in kept


def test_plain_text_keeps_its_lines() -> None:
    """Line ends of Windows become newlines, other carriage returns are written out."""
    assert plain("a\r\nb\rc") == "a\nb\\rc"


@pytest.mark.parametrize("command", ["::error::x", "  ::add-mask::x", "\t::stop-commands::x"])
def test_plain_text_gives_no_commands_to_a_build_server(command: str) -> None:
    """A line that begins like a workflow command no longer does."""
    assert not any(line.strip().startswith("::") for line in plain(f"a\n{command}").splitlines())
    assert "##[" not in plain("x ##[group]y")


def test_plain_text_keeps_other_colons() -> None:
    """Colons inside a line are left alone."""
    assert plain("a::b\n: c") == "a::b\n: c"


def test_a_huge_text_is_cut_before_it_is_looked_at() -> None:
    """The time for one short line does not depend on how long the text was."""
    text = "\x1b" * 10_000_000
    start = time.process_time()

    assert len(one_line(text, 80)) <= 80
    assert time.process_time() - start < 0.1


def test_every_character_that_is_not_seen_is_written_out() -> None:
    """No control, format or separator character is left, but those that are seen or join emoji."""
    seen = set("\n\t\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")
    seen |= {"\U000110bd", "\U000110cd"}
    kinds = ("Cc", "Cf", "Cs", "Zl", "Zp")
    unseen = [c for c in map(chr, range(0x110000)) if unicodedata.category(c) in kinds]

    assert [c for c in unseen if c not in seen and visible(c) == c] == []


def test_a_crowd_of_marks_is_written_out() -> None:
    """A letter keeps the marks that a language needs; more would cover other lines."""
    assert visible("e" + "\u0301" * 8) == "e" + "\u0301" * 8
    assert visible("e" + "\u0301" * 10) == "e" + "\u0301" * 8 + "\\u0301" * 2
    assert one_line("ก็" * 500) == "ก็" * 500


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\u00a0\u2003::error::x", "\u00a0\u2003\\x3a:error::x"),
        ("a\n::set-output name=x::y", "a\n\\x3a:set-output name=x::y"),
        ("a ##[group]b", "a #\\x23[group]b"),
        ("a ##vso[task.x]b", "a #\\x23vso[task.x]b"),
        ("## [link](x)", "## [link](x)"),
        ("## heading", "## heading"),
    ],
)
def test_a_command_is_made_inert(text: str, shown: str) -> None:
    """A runner trims every blank of Unicode, and looks for its older form anywhere in a line."""
    assert inert(text) == shown


def test_our_colours_stay_and_others_go() -> None:
    """On a terminal colours are kept; what moves the cursor or sets a title is not."""
    assert coloured("\x1b[1mbold\x1b[0m\x1b[2J\x1b]0;t\x07") == (
        "\x1b[1mbold\x1b[0m\\x1b[2J\\x1b]0;t\\x07"
    )


def test_making_text_safe_takes_linear_time() -> None:
    """Neither many line ends nor many marks, colons or hashes take more than their length."""
    for unit in ("\n", " \n", "#", "##", ":", "\u0301", "e\u0301", "\x1b[", " "):
        start = time.process_time()
        coloured(unit * 300_000)
        assert time.process_time() - start < 3, unit
