"""Files of users: strict JSON, JSON lines and tables, each row an answer."""

from __future__ import annotations

from collections.abc import Iterable

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core import strict_json, user_lines, user_rows, user_tables
from reconciler.core.canonical import Json
from reconciler.core.strict_json import LEVELS, NotJson
from reconciler.core.user_lines import Line, Problem, Row
from reconciler.core.users import Offer, known, normalised

KNOWN = known(
    "staging",
    [
        Offer(kind="Integration", name="hubspot", settings=("region", "portal")),
        Offer(kind="Integration", name="slack", settings=("channel",)),
        Offer(kind="Workflow", name="sync", settings=("size",), integration="hubspot"),
        Offer(kind="Workflow", name="news", integration="slack"),
        Offer(kind="Workflow", name="report"),
    ],
)


def lines(text: str) -> list[Line]:
    """Return the lines of a text."""
    return [Line(number, data.encode()) for number, data in enumerate(text.splitlines(), 1)]


def problems(rows: Iterable[Row]) -> list[str]:
    """Return what is wrong, with its place."""
    found = [problem for row in rows for problem in row.problems]
    return [f"{problem.line}:{problem.column} {problem.text}" for problem in found]


# --- strict JSON ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, 2.5, -3e2, null, true]}', {"a": [1, 2.5, -300.0, None, True]}),
        (' "\\u00e9\\ud83d\\udc26" ', "é🐦"),
        ('"\\\\u0000"', "\\u0000"),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ("[" * LEVELS + "]" * LEVELS, None),
    ],
)
def test_json_that_is_taken(text: str, value: Json) -> None:
    """What is JSON and Unicode is taken as it stands."""
    found = strict_json.read(text)

    assert not isinstance(found, NotJson)
    assert value is None or found == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", NotJson("this is not JSON: expecting value", 1)),
        ('{"a": 1,}', NotJson("this is not JSON: ", 9)),
        ("{'a': 1}", NotJson("this is not JSON: ", 2)),
        ('{"a": 1} x', NotJson("this is not JSON: extra data", 10)),
        ('"a\tb"', NotJson("this is not JSON: invalid control character", 3)),
        ('{"a": 1, "a": 1}', NotJson('"a" stands twice')),
        ('[{"b": {"a": 1, "a": 2}}]', NotJson('"a" stands twice')),
        ("[NaN]", NotJson("NaN is not a JSON value")),
        ("-Infinity", NotJson("-Infinity is not a JSON value")),
        ("1e999", NotJson('"1e999" is too large a number')),
        ("9" * 5000, NotJson("this holds a number with too many digits")),
        ('"\\u0000"', NotJson("this holds a NUL character")),
        ('{"\\u0000": 1}', NotJson("this holds a NUL character")),
        ('["a", {"b": "\\ud800"}]', NotJson("this holds text that is not valid Unicode")),
        ("[" * 65 + "]" * 65, NotJson("this is nested deeper than 64 levels")),
        ('{"a":' * 65 + "1" + "}" * 65, NotJson("this is nested deeper than 64 levels")),
        ("[" * 500_000, NotJson("this is nested deeper than 64 levels")),
    ],
)
def test_json_that_is_refused(text: str, reason: NotJson) -> None:
    """What is not JSON, or would hurt a database, is told with its column."""
    found = strict_json.read(text)

    assert isinstance(found, NotJson)
    assert found.text.startswith(reason.text)
    assert found.column == reason.column


@given(st.text(max_size=40))
def test_any_text_is_an_answer(text: str) -> None:
    """Whatever the text, there is a value or a reason, never an exception."""
    strict_json.read(text)


# --- JSON lines -----------------------------------------------------------------------------------


def test_each_line_is_a_user() -> None:
    """A line is a user with its number; blank lines and line ends do not count as users."""
    data = [b'\xef\xbb\xbf{"id": "u-1"}', b"", b"  ", b'{"id": "u-2"} ']
    rows = user_lines.read([Line(n, each) for n, each in enumerate(data, 1)], KNOWN)

    assert [(row.line, row.user, row.record, row.problems) for row in rows] == [
        (1, "u-1", normalised({"id": "u-1"}), ()),
        (4, "u-2", normalised({"id": "u-2"}), ()),
    ]


def test_a_line_that_is_wrong_does_not_stop_the_others() -> None:
    """Every line is looked at, and each finding has its line, and its column where one is known."""
    data = [
        b'{"id": "u-1", }',
        b"\xff",
        None,
        b'{"id": "u-2", "workflows": [{"name": "synk"}]}',
        b'[{"id": "u-3"}]',
        b'{"id": "u-4"}',
    ]
    rows = list(user_lines.read([Line(n, each) for n, each in enumerate(data, 1)], KNOWN))

    assert [row.user for row in rows] == [None, None, None, "u-2", None, "u-4"]
    assert [row.record is None for row in rows] == [True] * 5 + [False]
    assert problems(rows) == [
        "1:15 this is not JSON: expecting property name enclosed in double quotes",
        "2:1 the line is not UTF-8 text",
        "3:1 the line is longer than 1 MiB",
        '4:1 staging has no workflow "synk" (did you mean "sync"?)',
        '5:1 a user is one JSON object, such as {"id": "u-1"}',
    ]


@given(st.lists(st.binary(max_size=30).filter(lambda data: b"\n" not in data), max_size=4))
def test_any_bytes_are_rows(data: list[bytes]) -> None:
    """Whatever stands in a file, as either format, the answer is rows."""
    found = [Line(number, each) for number, each in enumerate(data, 1)]
    for row in (*user_lines.read(found, KNOWN), *user_rows.read(found, KNOWN)):
        assert row.problems or row.record is not None


# --- tables ---------------------------------------------------------------------------------------


def table(*rows: str) -> list[Row]:
    """Return the users of a table with all columns."""
    return list(user_rows.read(lines("\n".join([",".join(user_tables.COLUMNS), *rows])), KNOWN))


def test_a_table_with_one_row_for_each_user() -> None:
    """Columns may be left out and stand in any order; cells that are empty are left out."""
    text = "workflow,user,integration,scopes\nsync,u-1,hubspot,b a\n,u-2,,\n\n,,\n,u-3,slack,\n"
    rows = list(user_rows.read(lines(text), KNOWN))

    assert problems(rows) == []
    assert [row.record for row in rows] == [
        normalised(
            {
                "id": "u-1",
                "connections": [{"integration": "hubspot", "scopes": ["a", "b"]}],
                "workflows": [{"name": "sync"}],
            }
        ),
        normalised({"id": "u-2"}),
        normalised({"id": "u-3", "connections": [{"integration": "slack"}]}),
    ]


def test_rows_of_one_user_are_put_together() -> None:
    """Each row adds a connection or workflow; what a row leaves out, another may say."""
    [row] = table(
        'u-1,hubspot,sync,expired,a b,"{""region"":""eu""}",FALSE,user,"{""size"":5}","{""n"":1}"',
        "u-1,slack,,,,,,,,",
        "u-1,hubspot,,expired,b a,,,,,",
        "u-1,,report,,,,true,,,",
    )

    assert (row.line, row.user, row.problems) == (2, "u-1", ())
    assert row.record == {
        "id": "u-1",
        "metadata": {"n": 1},
        "connections": [
            {
                "integration": "hubspot",
                "status": "expired",
                "scopes": ["a", "b"],
                "settings": {"region": "eu"},
            },
            {"integration": "slack", "status": "connected", "scopes": [], "settings": {}},
        ],
        "workflows": [
            {"name": "report", "enabled": True, "settings": {}},
            {"name": "sync", "enabled": False, "disabledBy": "user", "settings": {"size": 5}},
        ],
    }


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("", "1:1 the first line names the columns, also user; the columns are user, integration"),
        ("integration", "1:1 the first line names the columns, also user"),
        ("user;integration", '1:1 there is no column "user;integration"'),
        (
            "user,integrations",
            '1:1 there is no column "integrations" (did you mean "integration"?)',
        ),
        ("user,user", "1:1 the column user stands twice"),
        ('user,"status', "1:1 a cell's quote is not closed; a row is one line"),
    ],
)
def test_a_header_that_is_wrong_stops_all(header: str, text: str) -> None:
    """Without columns nothing else can be read, so nothing else is told."""
    [only] = problems(user_rows.read(lines(f"{header}\nu-1,hubspt\nu-2"), KNOWN))

    assert only.startswith(text)


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ("u-1", "2:1 this row has 1 cells, the first line 10"),
        ("u-1,,,,,,,,,,", "2:1 this row has 11 cells, the first line 10"),
        (',hubspot,,,,,,,,"x', "2:1 a cell's quote is not closed; a row is one line"),
        ('u-1,"hub"spot,,,,,,,,', "2:1 this is not a row of CSV: "),
        (f'u-1,,,,,"{"x" * 140_000}",,,,', "2:1 a cell is longer than 128 KiB"),
        (",hubspot,,,,,,,,", "2:1 a user needs an id, which is a text"),
        ("u-1,hubspt,,,,,,,,", '2:1 staging has no integration "hubspt" (did you mean "hubspot"?)'),
        ("u-1,,,connected,,,,,,", "2:1 status is given, but no integration"),
        ("u-1,hubspot,,,,,true,,,", "2:1 enabled is given, but no workflow"),
        ("u-1,hubspot,,,,eu,,,,", "2:1 settings: this is not JSON: expecting value"),
        ("u-1,hubspot,,,,[],,,,", "2:1 settings: write a JSON object, such as "),
        ("u-1,,sync,,,,yes,,,", "2:1 enabled: write true or false"),
        ("u-1,,sync,,,,,user,,", '2:1 "sync": disabledBy says who switched it off'),
        ("u-1,slack,sync,,,,,,,", '2:1 "sync" is a workflow of hubspot, not of "slack"'),
        ("u-1,slack,report,,,,,,,", '2:1 "report" is a workflow of no integration, not of "slack"'),
    ],
)
def test_rows_that_are_wrong(row: str, text: str) -> None:
    """What is wrong with a row is told with its line."""
    [only] = problems(table(row))

    assert only.startswith(text)


@pytest.mark.parametrize(
    ("second", "text"),
    [
        ("u-1,hubspot,,expired,,,,,,", 'status of "hubspot" is not what another row of this user'),
        ("u-1,hubspot,,,a,,,,,", 'scopes of "hubspot" is not what another row of this user says'),
        ("u-1,,sync,,,,,,,", '"sync" stands on another row of this user already'),
        ("u-1,,,,,,,,,{}", "metadata is not what another row of this user says"),
    ],
)
def test_rows_that_contradict(second: str, text: str) -> None:
    """Two rows of a user may not say different things."""
    rows = table('u-1,hubspot,sync,connected,a b,,,,,"{""n"":1}"', second)

    assert [each.partition(" ")[2][: len(text)] for each in problems(rows)] == [text]
    assert problems(rows)[0].startswith("3:1 ")


def test_wrong_rows_leave_their_neighbours_together() -> None:
    """A row that cannot be read does not end the rows of a user."""
    rows = table(
        "u-1,hubspot,,,,,,,,", "u-1,x,,,,,,,,", "oops", "u-1,slack,,,,,,,,", "u-2" + "," * 9
    )

    assert len(problems(rows)) == 2
    assert [row.user for row in rows if row.user is not None] == ["u-1", "u-2"]


def test_rows_apart_are_two_answers() -> None:
    """A user who comes back later is told by who collects them; here they are two rows."""
    rows = table("u-1" + "," * 9, "u-2" + "," * 9, "u-1" + "," * 9)

    assert [(row.line, row.user) for row in rows] == [(2, "u-1"), (3, "u-2"), (4, "u-1")]


# --- cells ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("'=1", "''=1"),
        ("'a", "'a"),
        ("a=1", "a=1"),
        ("", ""),
        ("u-1", "u-1"),
    ],
)
def test_cells_are_no_formulas(cell: str, shown: str) -> None:
    """What a spreadsheet would calculate gets a quote before it, and loses it when read again."""
    assert user_tables.safe(cell) == shown
    assert user_tables.unsafe(shown) == cell


@given(st.text(alphabet="'=+-@\ta,\"", max_size=6))
def test_safe_cells_are_told_apart(cell: str) -> None:
    """Making a cell safe can be undone for any cell, and its first character calculates nothing."""
    shown = user_tables.safe(cell)

    assert user_tables.unsafe(shown) == cell
    assert shown[:1] not in set("=+-@\t")


@given(st.lists(st.text(alphabet=st.characters(exclude_characters="\r\n"), max_size=5), min_size=2))
def test_rows_are_split_as_they_were_joined(cells: list[str]) -> None:
    """Commas and quotes in cells survive."""
    found = user_tables.split(user_tables.row(cells))

    assert [user_tables.unsafe(cell) for cell in found] == cells


def test_a_workflow_stands_beside_its_connection() -> None:
    """A connection without workflows, a workflow without connection, a user without either."""
    record = normalised(
        {
            "id": "=u",
            "metadata": {"a": 1},
            "connections": [{"integration": "hubspot", "scopes": ["b", "a"]}],
            "workflows": [
                {"name": "sync", "enabled": False, "disabledBy": "user"},
                {"name": "news", "settings": {}},
            ],
        }
    )
    found = [user_tables.row(cells) for cells in user_tables.rows(record, KNOWN)]

    assert found == [
        '\'=u,hubspot,sync,connected,a b,,false,user,,"{""a"":1}"',
        "'=u,,news,,,,true,,,",
    ]
    alone = normalised({"id": "u", "connections": [{"integration": "slack"}]})
    assert [user_tables.row(each) for each in user_tables.rows(alone, KNOWN)] == [
        "u,slack,,connected,,,,,,"
    ]
    nobody = normalised({"id": "u"})
    assert [user_tables.row(each) for each in user_tables.rows(nobody, KNOWN)] == ["u" + "," * 9]


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
settings = st.fixed_dictionaries(
    {}, optional={"region": texts | st.integers(), "portal": st.none()}
)
sizes = st.fixed_dictionaries({}, optional={"size": st.lists(texts, max_size=2)})
choices = st.one_of(
    st.fixed_dictionaries({"name": st.just("sync"), "settings": sizes}),
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["news", "report"]),
            "enabled": st.just(value=False),
            "disabledBy": st.sampled_from([None, "user", "operator"]),
        }
    ),
)
records = st.fixed_dictionaries(
    {
        "id": st.text(alphabet="='@-u,\" ü", min_size=1, max_size=5).filter(str.strip),
        "metadata": st.dictionaries(texts, texts, max_size=2),
        "connections": st.lists(
            st.one_of(
                st.fixed_dictionaries(
                    {
                        "integration": st.just("hubspot"),
                        "status": st.sampled_from(["connected", "expired"]),
                        "settings": settings,
                    }
                ),
                st.fixed_dictionaries(
                    {
                        "integration": st.just("slack"),
                        "scopes": st.lists(st.sampled_from(["a", "=b", '"', "@"]), max_size=3),
                    }
                ),
            ),
            unique_by=lambda each: each["integration"],
        ),
        "workflows": st.lists(choices, unique_by=lambda each: each["name"]),
    }
)


@hypothesis.settings(max_examples=50)
@given(st.lists(records, unique_by=lambda each: each["id"], max_size=3))
def test_a_table_says_all_that_a_record_says(users: list[dict[str, Json]]) -> None:
    """Users written as a table and read again are the same users."""
    wanted = [normalised(user) for user in users]
    cells = [each for record in wanted for each in user_tables.rows(record, KNOWN)]
    written = [user_tables.row(each) for each in (user_tables.COLUMNS, *cells)]
    rows = user_rows.read([Line(n, text.encode()) for n, text in enumerate(written, 1)], KNOWN)

    assert [(row.problems, row.record) for row in rows] == [((), record) for record in wanted]


def test_a_line_for_people() -> None:
    """Connections with their status, and what is on and off."""
    record = {
        "id": "u-1",
        "connections": [{"integration": "hubspot", "status": "expired"}, {"integration": "slack"}],
        "workflows": [{"name": "a"}, {"name": "b"}, {"name": "c", "enabled": False}],
    }

    told = "u-1  hubspot (expired), slack (connected); on: a, b; off: c"
    assert user_tables.told(normalised(record)) == told
    assert user_tables.told(normalised({"id": "u-2"})) == "u-2  not connected"


def test_problems_are_values() -> None:
    """A problem is its place and its text."""
    [row] = user_lines.read([Line(7, None)], KNOWN)

    assert row.problems == (Problem(7, 1, "the line is longer than 1 MiB"),)
