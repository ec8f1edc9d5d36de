"""What may be shown: secrets are masked in every form, and everything else stays."""

from __future__ import annotations

import base64
import html
import json
import quopri
import time
import urllib.parse
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import pytest

from reconciler.core import printable
from reconciler.core.redaction import MASK, Redactor

CANARY = "c4nary-värde/+ \"quoted\" & 'that'"
TOKEN = "c4nary0123456789"
PEM = (
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n"
    "MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu\n"
    "shrtEA==\n"
    "-----END PRIVATE KEY-----\n"
)


def encoded(text: str) -> str:
    """Return base64 of a text."""
    return base64.b64encode(text.encode()).decode()


FORMS = {
    "as it is": CANARY,
    "json": json.dumps(CANARY)[1:-1],
    "json in unicode": json.dumps(CANARY, ensure_ascii=False)[1:-1],
    "json in json": json.dumps(json.dumps(CANARY)[1:-1])[1:-1],
    "python": repr(CANARY)[1:-1],
    "yaml": CANARY.replace("'", "''"),
    "html": html.escape(CANARY),
    "base64": encoded(CANARY),
    "base64 for urls": base64.urlsafe_b64encode(CANARY.encode()).decode(),
    "base64 without padding": encoded(CANARY).rstrip("="),
    "hex": CANARY.encode().hex(),
    "upper hex": CANARY.encode().hex().upper(),
    "percent": urllib.parse.quote(CANARY, safe=""),
    "percent in paths": urllib.parse.quote(CANARY),
    "percent in forms": urllib.parse.quote_plus(CANARY),
    "percent in browsers": urllib.parse.quote(CANARY, safe="!'()*"),
    "percent in lower case": urllib.parse.quote(CANARY, safe="").lower(),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_known_secret_is_masked_in_each_form(form: str) -> None:
    """A secret value is masked as it is and as every common format writes it."""
    shown = Redactor([CANARY]).text(f"before {form} after")

    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert form.rstrip("=") not in shown
    assert MASK in shown


@pytest.mark.parametrize("before", ["", "u", "us", "user:"])
def test_a_secret_inside_base64_of_more_is_masked(before: str) -> None:
    """At each alignment inside a longer encoded text, the characters of the secret are masked."""
    shown = Redactor([TOKEN]).text(encoded(f"{before}{TOKEN}:rest"))

    kept = shown.split(MASK)
    assert len(kept) == 2
    assert len(kept[0]) <= len(before) * 4 / 3 + 2


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\n    ", "  \n\t", "\\n"])
@pytest.mark.parametrize("secret", [TOKEN, encoded(TOKEN), CANARY])
def test_a_secret_that_is_wrapped_over_lines_is_masked(secret: str, ending: str) -> None:
    """A line break, also an escaped one, inside a secret does not reveal its halves."""
    wrapped = secret[:7] + ending + secret[7:]

    shown = Redactor([TOKEN, CANARY]).text(f"a {wrapped} b")

    assert secret[:7] not in shown
    assert secret[9:] not in shown
    assert shown.startswith("a ")
    assert shown.endswith(" b")


def test_lines_of_a_secret_of_many_lines_are_masked_alone() -> None:
    """Each line of a key is masked where it stands without the others, indented or not."""
    redactor = Redactor([PEM])

    for line in PEM.splitlines():
        assert line not in redactor.text(f"key: {line}\nnext")
    indented = PEM.replace("\n", "\n      ")
    assert redactor.text(f"key: |\n      {indented}end").split() == ["key:", "|", MASK, "end"]


def test_overlapping_secrets_leave_nothing_over() -> None:
    """Where two secrets overlap, no end of either stays visible."""
    assert Redactor(["abcdef12", "ef12ghij"]).text("x abcdef12ghij y") == "x *** y"


def test_a_secret_that_overlaps_itself_leaves_nothing_over() -> None:
    """A repeated secret is masked to its last character."""
    assert Redactor(["abaaba"]).text("x abaabaaba y") == "x *** y"


@pytest.mark.parametrize("short", ["", " ", "a", "42", "abc"])
def test_a_short_secret_masks_only_a_whole_text(short: str) -> None:
    """Fewer than four characters are never searched for inside other text."""
    sentence = "Plan: 42 to add, abc, a 3432 616263."
    redactor = Redactor([short])

    assert redactor.text(sentence) == sentence
    assert redactor.text(short) == (MASK if short.strip() else short)


def test_the_mask_tells_nothing_of_the_length() -> None:
    """Secrets of different lengths look alike."""
    assert Redactor(["x" * 5, "y" * 500]).text("x" * 5 + " " + "y" * 500) == "*** ***"


def test_a_redactor_does_not_show_its_secrets() -> None:
    """The representation of a redactor names no value."""
    assert repr(Redactor([TOKEN])) == "Redactor(1 secrets)"


def test_more_secrets_make_another_redactor() -> None:
    """Knowing more keeps what was known, and knowing nothing new changes nothing."""
    first = Redactor([TOKEN])

    second = first.knowing(["other-secret"])

    assert second.text(f"{TOKEN} other-secret") == "*** ***"
    assert first.text("other-secret") == "other-secret"
    assert second.knowing([TOKEN]) is second


def test_values_are_masked_in_place() -> None:
    """Strings inside mappings and lists are masked one by one; numbers and shape stay."""
    value = {"a": [TOKEN, 1, None, True], "b": {"c": f"x{TOKEN}"}, "d": {TOKEN: ("y", {TOKEN})}}

    masked = Redactor([TOKEN]).value(value)

    assert masked == {
        "a": [MASK, 1, None, True],
        "b": {"c": "x***"},
        "d": {MASK: ["y", [MASK]]},
    }


def test_a_value_without_secrets_is_itself() -> None:
    """A clean value is returned as it is, without a copy."""
    value = {"a": ["nothing", ("here", 2)]}

    assert Redactor([TOKEN]).value(value) is value


def test_a_short_secret_is_masked_inside_a_value() -> None:
    """A string of a value is a whole text, so that a short secret is masked there."""
    assert Redactor(["abc"]).value({"x": ["abc", "abcd"]}) == {"x": [MASK, "abcd"]}


CREDENTIALS = {
    "https://user:pass@example.com/x": "https://***@example.com/x",
    "https://token@example.com/x": "https://***@example.com/x",
    "postgresql://u:p@ss@db/x": "postgresql://***@db/x",
    "postgresql://u:p/a@db/x": "postgresql://u:***@db/x",
    "https://u:p/a@example.com": "https://u:***@example.com",
    "ssh://git:pass@example.com/x": "ssh://git:***@example.com/x",
    "Authorization: Basic dXNlcjpwYXNz": "Authorization: ***",
    '{"authorization": "Bearer abc", "b": 1}': '{"authorization": "***", "b": 1}',
    r"{\"Authorization\": \"Bearer abc\"}": r"{\"Authorization\": \"***\"}",
    "X-Api-Key: abcdef": "X-Api-Key: ***",
    "Cookie: session=abc; other=def": "Cookie: ***",
    "sent bearer abc123def, got 401": "sent bearer ***, got 401",
    "with Basic dXNlcjpwYXNz done": "with Basic *** done",
    "a=1&client_secret=s3cr3t&b=2": "a=1&client_secret=***&b=2",
    "example.com/?token=abc&x=1": "example.com/?token=***&x=1",
    "postgresql://h/db?password=p%40s": "postgresql://h/db?password=***",
    "ghp_" + "a1B2" * 9: MASK,
    "github_pat_" + "a1B2" * 9: MASK,
    "glpat-" + "a1B2" * 5: MASK,
    "xoxb-" + "123456789012-abcdefABCDEF": MASK,
    "sk_live_" + "a1B2c3D4e5F6": MASK,
    "whsec_" + "a1B2c3D4e5F6g7H8": MASK,
    "AKIA" + "IOSFODNN7EXAMPLE": MASK,
    "AIza" + "SyA1234567890abcdefghijklmnopqrstuv": MASK,
    "SG." + "a" * 22 + "." + "b" * 43: MASK,
    "pat-" + "na1-12345678-1234-1234-1234-123456789012": MASK,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl": MASK,
    f"key {PEM}after": "key ***\nafter",
    f"cut {PEM[:60]}": "cut ***",
}


@pytest.mark.parametrize(("text", "shown"), CREDENTIALS.items())
def test_what_looks_like_a_credential_is_masked(text: str, shown: str) -> None:
    """Credentials nobody told us of are known by their form."""
    assert Redactor().text(text) == shown


HARMLESS = [
    "https://example.com/@scope/package?x=1",
    "https://example.com:8080/a@b",
    "ssh://git@example.com/team/shop.git",
    "git@example.com:team/shop.git",
    "ana@example.com approved",
    "Bearer authentication is used; Basic authentication is not.",
    'Authorization: "Bearer ${{ connection.accessToken }}"',
    "?token=${{ secrets.TOKEN }}",
    "${{ secrets.HUBSPOT_TOKEN }} and requires.secrets",
    "tokenUrl: https://api.hubapi.com/oauth/v1/token",
    "authorizationUrl: https://app.hubspot.com/oauth/authorize",
    "sha256:" + "0123456789abcdef" * 4,
    "sk-short, key-value, pat-terns and gh_x",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "Plan: 1 to add, 2 to modify, 0 to remove.",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_text_is_not_masked(text: str) -> None:
    """References, addresses, digests and prose stay readable."""
    assert Redactor([TOKEN]).text(text) == text


HOSTILE = [
    "a",
    "://a:b",
    "://",
    "://a@",
    "bearer ",
    "Bearer a",
    "eyJaaaaaa-",
    "eyJaaaaaa.eyJaaaaaa",
    "-----BEGIN PRIVATE KEY-----",
    "-----END ",
    "password",
    "?token=",
    " \n",
    "\\n",
    "authorization: ",
    "sk-",
    "x-",
    "SG.aaaaaaaaaaaaaaaa",
    "gh",
]


@pytest.mark.parametrize("repeated", HOSTILE)
def test_time_is_linear_in_the_text(repeated: str) -> None:
    """Four times the text takes nowhere near sixteen times as long, whatever it repeats."""
    redactor = Redactor([TOKEN, PEM])
    small, large = (
        _seconds(redactor, repeated * (size // len(repeated))) for size in (25_000, 10**5)
    )

    assert large < 10 * max(small, 0.01)


def _seconds(redactor: Redactor, text: str) -> float:
    """Return the shortest of three times that a text takes."""
    times = []
    for _ in range(3):
        start = time.process_time()
        redactor.text(text)
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.parametrize(
    "form",
    [
        quopri.encodestring(TOKEN.encode() + b"=").decode(),
        quopri.encodestring((TOKEN * 9).encode()).decode(),
        "\0".join(TOKEN),
        "\\x00".join(TOKEN),
        base64.b64encode(TOKEN.encode("utf-16-le")).decode(),
        TOKEN.encode("utf-16-be").hex(),
    ],
)
def test_forms_of_mails_and_of_utf_16_are_masked(form: str) -> None:
    """Quoted-printable, also wrapped, and UTF-16 hide no secret."""
    redactor = Redactor([TOKEN, f"{TOKEN}=", TOKEN * 9])

    assert redactor.text(f"before {form} after").split() == ["before", MASK, "after"]


def test_a_secret_is_masked_as_it_is_shown() -> None:
    """A secret whose characters cannot be seen is masked also where they were written out."""
    secret = "a\u200bb\tc\x1bdefgh"
    redactor = Redactor([secret])

    assert redactor.text(f"x {printable.one_line(secret)} y") == "x *** y"
    assert redactor.text(f"x {printable.visible(secret)} y") == "x *** y"


@pytest.mark.parametrize(
    "text",
    [
        "~ spec.headers.authorization:\n    - type: basic\n    + type: oauth2",
        "Authorization:\n+ added\n- removed",
        "authorization:\n    │ - const a = 1\n    │ + const a = 2",
        "x-api-key:\n\nPlan: 1 to add, 0 to modify, 0 to remove.",
    ],
)
def test_a_header_takes_nothing_of_the_next_lines(text: str) -> None:
    """The name of a header at the end of a line leaves signs and lines of a difference alone."""
    assert Redactor().text(text) == text


def test_a_folded_header_is_masked() -> None:
    """One long word on the next line, deeper than the header, is its value."""
    folded = "Authorization:\r\n    c4nary0123456789abc\r\nHost: x"

    assert Redactor().text(folded) == "Authorization:\r\n    ***\r\nHost: x"


@pytest.mark.parametrize(
    "value",
    [
        {"headers": {"Authorization": "c4nary"}},
        {"headers": {"X-Api-Key": "c4nary", "Accept": "text/html"}},
        {"parameters": [{"name": "authorization", "value": "c4nary"}]},
        {"path": "/spec/steps/a/with/headers/Private-Token", "before": "c4nary", "after": "c4nary"},
    ],
)
def test_what_a_header_holds_is_masked_in_values(value: dict[str, object]) -> None:
    """The value behind the name of a header is masked where nothing else tells that it is one."""
    masked = json.dumps(Redactor().value(value))

    assert "c4nary" not in masked
    assert masked.count(MASK) == json.dumps(value).count("c4nary")


def test_a_reference_behind_a_header_stays() -> None:
    """What only says where the credential comes from is no secret."""
    value = {"Authorization": "Bearer ${{ connection.accessToken }}", "Cookie": "", "X-Key": None}

    assert Redactor().value(value) == value


class Word(StrEnum):
    """A word of ours."""

    ADD = "c4nary-word"


class Place(NamedTuple):
    """A place."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Inner:
    """What a record holds."""

    texts: tuple[str, ...]
    place: Place
    word: Word = Word.ADD


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    """A record."""

    inner: Inner
    content: dict[str, object]
    count: int = 3


def test_a_record_is_masked_and_stays_what_it_is() -> None:
    """Each text inside is masked on its own; types, numbers and words of ours stay."""
    place = Place(f"a/{TOKEN}.yaml", 3)
    record = Outer(inner=Inner(("x", TOKEN), place), content={TOKEN: [{"a": f"<{TOKEN}>"}]})

    assert Redactor([TOKEN, Word.ADD.value]).record(record) == Outer(
        inner=Inner(("x", MASK), Place(f"a/{MASK}.yaml", 3)), content={MASK: [{"a": f"<{MASK}>"}]}
    )


def test_a_record_without_a_secret_is_the_same_object() -> None:
    """Nothing is copied for nothing."""
    record = Outer(inner=Inner(("x",), Place("a", 1)), content={"a": [1, None, True]})

    assert Redactor([TOKEN]).record(record) is record


def test_learning_many_secrets_is_quick() -> None:
    """Secrets come one by one, and their forms are found out once."""
    start = time.process_time()
    redactor = Redactor()
    for number in range(300):
        redactor = redactor.knowing([f"{TOKEN}-{number}"])

    assert redactor.text(f"x {TOKEN}-299 y") == "x *** y"
    assert time.process_time() - start < 3
