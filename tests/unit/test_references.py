"""References: where they count, what they may be, and how they are filled in."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core import references
from reconciler.core.errors import Invalid

MANUAL = {"type": "manual"}


def workflow(inputs: Any = None, **spec: Any) -> dict[str, Any]:
    """Return a workflow with one step."""
    steps = [{"name": "a", "type": "request", "with": inputs or {}}]
    return {
        "kind": "Workflow",
        "metadata": {"name": "w"},
        "spec": {"trigger": MANUAL, "steps": steps, **spec},
    }


def integration(auth: dict[str, Any]) -> dict[str, Any]:
    """Return an integration."""
    return {"kind": "Integration", "metadata": {"name": "i"}, "spec": {"auth": auth}}


def texts(content: dict[str, Any]) -> list[str]:
    """Return the references of a manifest, as written and where."""
    return [f"{found} {found.pointer}" for found in references.scan(content).references]


def wrong(text: str) -> list[str]:
    """Return what is wrong with a text in a step."""
    return [problem.text for problem in references.scan(workflow({"x": text})).problems]


def test_where_references_count() -> None:
    """References count in auth, trigger, permissions and below `with`."""
    assert texts(integration({"tokenUrl": "${{ values.a }}"})) == ["values.a /spec/auth/tokenUrl"]
    content = workflow(
        {"u": ["${{ steps.a.b }}"], "a/b": {"c": "${{ event }}"}},
        trigger={"type": "webhook", "subscription": {"x": "${{ user.id }}"}},
        permissions={"any": [{"all": [{"value": "${{ values.plan }}"}]}]},
    )
    assert texts(content) == [
        "user.id /spec/trigger/subscription/x",
        "steps.a.b /spec/steps/0/with/u/0",
        "event /spec/steps/0/with/a~1b/c",
        "values.plan /spec/permissions/any/0/all/0/value",
    ]


@pytest.mark.parametrize("part", ["title", "definition", "userSettings", "requires"])
def test_where_the_same_text_is_literal(part: str) -> None:
    """Anywhere else the text of a reference is a text, well formed or not."""
    assert (
        references.scan(workflow(**{part: ["${{ a }}", "${{", "${{ secrets.X }}"]}))
        == references.NOTHING
    )


def test_other_kinds_hold_no_references() -> None:
    """In an app event everything is literal."""
    content = {"kind": "AppEvent", "metadata": {"name": "e"}, "spec": {"auth": "${{ x }}"}}
    assert references.scan(content) == references.NOTHING
    assert references.fill(content, {"x": 1}) == content


def test_several_references_in_one_text() -> None:
    """A text may hold several, with or without blanks."""
    found = texts(workflow({"x": "${{values.a}}/${{\tvalues.b-c\t}}/${{ settings.d_e.f }}"}))
    assert [text.split()[0] for text in found] == ["values.a", "values.b-c", "settings.d_e.f"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("${{ value.x }}", '(did you mean "values"?)'),
        ("${{ secret.X }}", '(did you mean "secrets"?)'),
        ("${{ foo.x }}", "a reference begins with one of values, secrets, app"),
        ("${{ }}", "is not a reference"),
        ("${{ a + b }}", "is not a reference"),
        ("${{ values.a.0 }}", "is not a reference"),
        ("${{ values.a[0] }}", "is not a reference"),
        ("${{ values.a | upper }}", "is not a reference"),
        ("${{ values..a }}", "is not a reference"),
        ("${{ event. }}", "is not a reference"),
        ("${{ .values }}", "is not a reference"),
        ("${{ values.é }}", "is not a reference"),
        ("${{ values.a\n}}", "is not a reference"),
        ("${{ ${{ values.a }} }}", "is not a reference"),
        ("${{ values }}", "write values.NAME"),
        ("${{ secrets.A.b }}", "write secrets.NAME"),
        ("${{ app.a.b }}", "write app.NAME"),
        ("${{ values.a", "never ends with }}"),
        ("x ${{ values.a }} ${{", "never ends with }}"),
    ],
)
def test_what_is_no_reference(text: str, says: str) -> None:
    """A dotted path below a known namespace is a reference, and there is no logic."""
    [problem] = wrong(text)
    assert says in problem


@pytest.mark.parametrize("text", ["{{ x }}", "$ {{ x }}", "={{ $json.a }}", "${ x }", "}}", "$"])
def test_other_templates_are_text(text: str) -> None:
    """The templates of engines are theirs."""
    assert references.scan(workflow({"x": text})) == references.NOTHING


def test_a_reference_cannot_be_a_key() -> None:
    """A key is never filled in, so a reference in one is a mistake."""
    [problem] = references.scan(workflow({"${{ values.a }}": 1})).problems
    assert problem.pointer == "/spec/steps/0/with/${{ values.a }}"


def test_a_wrong_text_is_shown_short_and_safe() -> None:
    """A finding repeats little of a text, with control characters escaped."""
    [problem] = wrong("${{ " + "\x1b" * 500 + " }}")
    assert "\x1b" not in problem
    assert len(problem) < 500


@pytest.mark.parametrize("unit", ["${{ a.b }}", "${{", "}}", "${{ values.a }}", "$", "${{${{}}"])
def test_long_texts_take_linear_time(unit: str) -> None:
    """A megabyte of any of the signs is looked through at once."""
    begun = time.process_time()
    references.scan(workflow({"x": unit * (2**20 // len(unit))}))
    assert time.process_time() - begun < 2


# --- filling in ---------------------------------------------------------------------------------

VALUES: dict[str, Any] = {"url": "https://x", "n": 5, "on": True, "api": {"v": [1]}, "none": None}


def filled(text: Any, values: dict[str, Any] | None = None) -> Any:
    """Return what becomes of a text in a step."""
    content = references.fill(workflow({"x": text}), VALUES if values is None else values)
    return content["spec"]["steps"][0]["with"]["x"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("${{ values.url }}", "https://x"),
        ("${{ values.n }}", 5),
        ("${{ values.on }}", True),
        ("${{ values.api }}", {"v": [1]}),
        ("${{ values.none }}", None),
        ("${{ values.url }}/${{ values.n }}", "https://x/5"),
        ("v${{ values.on }}", "vtrue"),
        ("v${{ values.api.v }}", "v[1]"),
        (" ${{ values.n }}", " 5"),
        (["${{values.n}}", {"a": "${{ values.n }}"}], [5, {"a": 5}]),
        ("plain", "plain"),
        (7, 7),
    ],
)
def test_values_are_filled_in(text: Any, wanted: Any) -> None:
    """A text that is one reference takes the value's type; in longer text it becomes text."""
    assert filled(text) == wanted
    assert type(filled(text)) is type(wanted)


@pytest.mark.parametrize(
    "text",
    ["${{ values.missing }}", "${{ secrets.X }}/${{ user.id }}", "${{ values.url.x }}", "${{"],
)
def test_what_is_not_known_stays_as_written(text: str) -> None:
    """References that the values do not hold are left, byte for byte."""
    assert filled(text) == text


def test_only_regions_are_filled_in() -> None:
    """Titles keep the same text; steps without input and other parts are untouched."""
    content = workflow({}, title="${{ values.url }}")
    content["spec"]["steps"].append({"name": "b", "type": "response"})
    assert references.fill(content, VALUES) == content


def test_a_workflow_without_steps_gets_none() -> None:
    """Filling in adds nothing."""
    content = workflow()
    del content["spec"]["steps"]
    assert references.fill(content, VALUES) == content


def test_several_namespaces_in_one_pass() -> None:
    """Secrets and app configuration are filled in from tables of their own."""
    content = integration({"a": "${{ app.clientId }}:${{ secrets.KEY }}", "b": "${{ user.id }}"})
    tables = {"app": {"clientId": "c"}, "secrets": {"KEY": "k"}}
    assert references.resolve(content, tables)["spec"]["auth"] == {
        "a": "c:k",
        "b": "${{ user.id }}",
    }


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("${{ values.a }}", {"a": "${{ secrets.X }}"}),
        ("x${{ values.a }}", {"a": "${{ secrets.X }}"}),
        ("${{ values.a }}", {"a": [{"b": "${{ secrets.X }}"}]}),
        ("${{ values.a }}{{ secrets.X }}", {"a": "$"}),
        ("$${{ values.a }}", {"a": "{{ secrets.X }}"}),
        ("${{ values.a }}${{ values.b }}", {"a": "${", "b": "{ secrets.X }}"}),
    ],
)
def test_a_value_makes_no_new_reference(text: str, values: dict[str, Any]) -> None:
    """What is filled in is never looked at again, so it may not look like a reference."""
    with pytest.raises(Invalid) as caught:
        filled(text, values)
    assert "makes a new reference" in caught.value.findings[0].text
    assert caught.value.findings[0].file == "Workflow/w"


@given(st.text(alphabet="${ }abvalues.x", max_size=40), st.text(alphabet="${ }sx", max_size=4))
def test_filling_in_never_makes_a_reference(text: str, value: str) -> None:
    """Whatever text and value are, the result holds no reference that was not written."""
    content = workflow({"x": text})
    try:
        result = references.fill(content, {"a": value})
    except Invalid:
        return
    written = {str(found) for found in references.scan(content).references}
    assert {str(found) for found in references.scan(result).references} <= written


def test_looking_up_a_path() -> None:
    """A dotted path goes down mappings; what is not there is None."""
    assert references.lookup(VALUES, "api.v") == [1]
    assert references.lookup(VALUES, "api.w") is None
    assert references.lookup(VALUES, "url.x") is None


# --- where references stand ---------------------------------------------------------------------


def test_the_place_of_a_reference() -> None:
    """The first text that holds a reference is its place, by name or longer path."""
    content = workflow({"a": "x", "b": "${{ settings.folder.id }} ${{ secrets.KEY }}"})
    assert references.pointer_to(content, "settings.folder") == "/spec/steps/0/with/b"
    assert references.pointer_to(content, "secrets.KEY") == "/spec/steps/0/with/b"
    assert references.pointer_to(content, "secrets.KE") == ""


def test_the_place_of_a_requirement() -> None:
    """A name that is only listed is found in its list."""
    content = workflow(requires={"secrets": ["KEY"], "settings": ["region"]})
    assert references.pointer_to(content, "secrets.KEY") == "/spec/requires/secrets"
    assert references.pointer_to(content, "settings.region") == "/spec/requires/settings"


def test_the_place_in_a_sorted_list_is_the_list() -> None:
    """The place of a scope is not known after sorting, that of the list is."""
    content = integration({"scopes": ["${{ values.scope }}"]})
    assert references.pointer_to(content, "values.scope") == "/spec/auth/scopes"
