"""How one changed value is told."""

from __future__ import annotations

import pytest

from reconciler.core.render import values
from reconciler.core.render.fields import field, fields
from tests.unit.render import build


def told(path: str, before: object, after: object, width: int = 90) -> list[str]:
    """Return sign and text of each line of a changed field."""
    return [f"{line.sign} {line.text}" for line in field(build.field(path, before, after), width)]


@pytest.mark.parametrize(
    ("pointer", "path"),
    [
        ("/spec/steps/fetch/with/url", "spec.steps.fetch.with.url"),
        ("/spec/nodes/HTTP Request/a", 'spec.nodes["HTTP Request"].a'),
        ("/spec/a~1b/c~0d", 'spec["a/b"]["c~d"]'),
        ("/spec/a.b", 'spec["a.b"]'),
        ("/spec/", 'spec[""]'),
        ("", "(whole)"),
    ],
)
def test_paths_are_dotted(pointer: str, path: str) -> None:
    """A JSON Pointer is shown with dots, and in brackets where a dot would be misread."""
    assert values.dotted(pointer) == path


def test_short_values_stand_side_by_side() -> None:
    """Two short values are told on one line."""
    assert told("/spec/enabledByDefault", False, True) == ["~ spec.enabledByDefault: false → true"]


def test_one_and_true_are_told_apart() -> None:
    """Values are shown as JSON, so that types that look alike differ."""
    assert told("/spec/a", 1, "1") == ['~ spec.a: 1 → "1"']


@pytest.mark.parametrize("value", [False, 0, "", [], {}])
def test_an_empty_value_is_still_a_value(value: object) -> None:
    """What was added empty is an addition, not nothing."""
    assert told("/spec/a", None, value)[0].startswith("+ spec.a: ")


def test_a_removed_field_is_marked() -> None:
    """What goes has a minus and its old value."""
    assert told("/spec/a", "x", None) == ['- spec.a: "x"']


def test_null_on_both_sides_is_said() -> None:
    """A null that came or went is told, although both sides look the same."""
    assert told("/spec/a", None, None) == ["~ spec.a: null added or removed"]


def test_values_too_long_for_one_line_stand_below_each_other() -> None:
    """What does not fit beside is shown in full on two lines."""
    lines = told("/spec/url", "a" * 60, "b" * 60)
    assert lines == ["~ spec.url:", f'- "{"a" * 60}"', f'+ "{"b" * 60}"']


def test_a_difference_in_the_middle_of_long_strings_is_seen() -> None:
    """Cutting long strings never hides what differs between them."""
    lines = told("/spec/a", "x" * 500 + "old" + "y" * 500, "x" * 500 + "new" + "y" * 500)
    assert "xoldy" in lines[1]
    assert "xnewy" in lines[2]
    assert lines[1].endswith("(1,003 characters)")


def test_a_long_string_is_cut_in_the_middle() -> None:
    """A long string shows its beginning, its end and its length."""
    text = values.inline("begin" + "x" * 1_000 + "end", 60)
    assert text.startswith('"begin')
    assert text.endswith('end" (1,008 characters)')
    assert len(text) < 90


def test_text_of_several_lines_is_a_small_difference() -> None:
    """Only the changed lines of a long text are shown, with one line around them."""
    before = "".join(f"line {number}\n" for number in range(100))
    lines = told("/spec/a", before, before.replace("line 50\n", "line fifty\n"))
    assert lines == ["~ spec.a:", "  line 49", "- line 50", "+ line fifty", "  line 51"]


def test_distant_changes_are_separate_pieces() -> None:
    """What lies between two changes of a text is left out with a mark."""
    before = "".join(f"line {number}\n" for number in range(50))
    after = before.replace("line 3\n", "three\n").replace("line 40\n", "forty\n")
    assert "  ⋯" in told("/spec/a", before, after)


def test_only_the_last_line_end_differs() -> None:
    """A line end at the very end is not lost."""
    assert told("/spec/a", "a\nb", "a\nb\n") == ['~ spec.a: "a\\nb" → "a\\nb\\n"']


def test_a_long_difference_is_bounded_and_counted() -> None:
    """Of a large difference the beginning is shown and the rest counted by sign."""
    lines = told("/spec/a", "x\ny", "\n".join(str(number) for number in range(2_000)))
    assert len(lines) == 14
    assert lines[-1] == "  … and 1,990 more lines (+1990)"


def test_lists_show_the_items_that_changed() -> None:
    """A list of plain values is told item by item."""
    before = [f"crm.objects.{name}.read" for name in ("a", "b", "c")]
    lines = told("/spec/auth/scopes", before, [*before, "oauth"])
    assert lines == [
        "~ spec.auth.scopes: 3 items → 4 items",
        '  "crm.objects.c.read"',
        '+ "oauth"',
    ]


def test_a_long_item_that_changed_is_seen() -> None:
    """Items are compared before they are cut."""
    lines = told("/spec/a", ["x" * 500 + "1" + "y" * 500], ["x" * 500 + "2" + "y" * 500])
    assert "x1y" in lines[1]
    assert "x2y" in lines[2]


def test_items_are_compared_whole() -> None:
    """However long an item of a list is, what differs in it is told."""
    lines = told("/spec/a", ["x" * 20_000 + "1", "b"], ["x" * 20_000 + "2", "b"])
    assert [line[0] for line in lines] == ["~", "-", "+", " "]


def test_objects_show_the_keys_that_changed() -> None:
    """Two objects that are one value are told line by line."""
    trigger = {"type": "schedule", "cron": "0 0 * * *", "timezone": "Europe/Berlin"}
    lines = told("/spec/trigger", trigger, {**trigger, "cron": "0 5 * * *"})
    assert '- cron: "0 0 * * *"' in lines
    assert '+ cron: "0 5 * * *"' in lines


def test_another_type_shows_both_values() -> None:
    """A value that became an object is shown before and after."""
    assert told("/spec/a", "x", {"b": 1}) == ["~ spec.a:", '- • "x"', "+ b: 1"]


def test_moved_members_are_an_order() -> None:
    """Members that only changed places are told by their names."""
    assert told("/spec/steps", ["a", "b", "c"], ["b", "a", "c"]) == [
        "~ spec.steps: order a, b, c → b, a, c"
    ]


def test_of_many_moved_members_those_that_stayed_are_left_out() -> None:
    """A long order shows the part that differs."""
    names = [f"s{number}" for number in range(30)]
    moved = [*names[:10], names[11], names[10], *names[12:]]
    assert told("/spec/steps", names, moved) == ["~ spec.steps: order … s10, s11 … → … s11, s10 …"]


def test_a_nested_value_is_bounded() -> None:
    """A large added value shows its beginning and how much it is."""
    lines = told("/spec/a", None, {f"key{number}": number for number in range(500)})
    assert len(lines) == 14
    assert lines[-1] == "  … and more (7,280 characters in all)"


def test_many_fields_are_bounded_and_counted() -> None:
    """A resource with very many changed fields says how many more there are."""
    many = [build.field(f"/spec/f{number}") for number in range(1_234)]
    lines = fields(many, 90)
    assert len(lines) == 31
    assert lines[-1].text == "… and 1,204 more fields"


def test_a_huge_text_is_quick() -> None:
    """Comparing two large unrelated texts does not take quadratic time."""
    before = "\n".join(f"a{number}" for number in range(30_000))
    after = "\n".join(f"b{number}" for number in range(30_000))
    assert told("/spec/a", before, after)[-1].startswith("  … and 59,988 more lines")


@pytest.mark.parametrize("value", ["***", "a\n***\nb", ["***"], {"a": "***"}])
def test_a_masked_difference_is_told_as_one(value: object) -> None:
    """Where both sides are equal once they are masked it is said that something changed."""
    assert told("/spec/key", value, value) == ["~ spec.key: changed, the secret is not shown"]


def test_values_that_only_look_equal_are_told() -> None:
    """One and true are a difference that can be seen."""
    assert told("/spec/a", 1, True) == ["~ spec.a: 1 → true"]
