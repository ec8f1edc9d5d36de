"""What an answer of the forge means, without a forge."""

from __future__ import annotations

import json

import pytest

from reconciler.adapters.forge.answers import Answer, Asked, Garbled, pause, refusal
from reconciler.core.errors import ForgeError, ForgeRefused, ForgeUnreachable

ASKED = Asked("set a status", "statuses: write")
SECONDARY = "You have exceeded a secondary rate limit and have been temporarily blocked."


def answered(status: int, message: str = "", errors: object = None, **headers: str) -> Answer:
    """Return an answer with a message."""
    body = {"message": message, "errors": errors}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, json.dumps(body))


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (answered(200), None),
        (answered(403, "Resource not accessible by integration"), None),
        (answered(403, "Forbidden", x_ratelimit_remaining="4999"), None),
        (answered(403, "anything", retry_after="12"), 12.0),
        (answered(403, SECONDARY), 60.0),
        (answered(429), 60.0),
        (answered(429, retry_after="soon"), 60.0),
        (answered(403, x_ratelimit_remaining="0", x_ratelimit_reset="1030"), 30.0),
        (answered(403, x_ratelimit_remaining="0", x_ratelimit_reset="900"), 1.0),
        (answered(403, x_ratelimit_remaining="0", x_ratelimit_reset="x"), 60.0),
        (answered(500, retry_after="5"), None),
        (Answer(403, {}, "<html>"), None),
    ],
)
def test_only_a_limit_is_waited_for(answer: Answer, seconds: float | None) -> None:
    """A limit is told by Retry-After, by what remains, or in words; a refusal is none."""
    assert pause(answer, 1000.0) == seconds


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, ForgeError),
        (401, ForgeRefused),
        (403, ForgeRefused),
        (404, ForgeError),
        (409, ForgeError),
        (410, ForgeError),
        (422, ForgeError),
        (451, ForgeError),
        (500, ForgeUnreachable),
        (503, ForgeUnreachable),
    ],
)
def test_every_refusal_has_a_next_step(status: int, kind: type[ForgeError]) -> None:
    """Whatever the forge answers, the error says what to do next."""
    found = refusal(answered(status, "Something."), ASKED)

    assert isinstance(found, kind)
    assert found.hint
    assert found.text.endswith(".")


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        ([{"field": "tag_name", "code": "already_exists"}], "tag_name already_exists"),
        ([{"message": "body is too long"}], "body is too long"),
        (["in words"], "in words"),
        ("in one text", "in one text"),
        ([7, {"field": 7}, None], "Validation Failed."),
    ],
)
def test_what_a_validation_says_is_told(errors: object, said: str) -> None:
    """The fields that the forge refuses are named, in whatever form it tells them."""
    assert said in refusal(answered(422, "Validation Failed", errors), ASKED).text


def test_what_a_forge_says_is_shown_in_one_short_line() -> None:
    """A foreign text has no line ends, controls or workflow commands of its own, and an end."""
    found = refusal(answered(422, "bad\n::error::x\x1b[31m" + "y" * 9000), ASKED)

    assert found.text.isprintable()
    assert len(found.text) < 400


def test_an_answer_that_is_not_json_is_garbled() -> None:
    """A page of something in between is no answer of the forge; an empty one is."""
    assert Answer(204, {}, "").value() is None
    for text in ("<html>", "{", "[" * 100_000):
        with pytest.raises(Garbled, match="not what its API promises"):
            Answer(200, {}, text).value()
