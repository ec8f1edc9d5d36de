"""AppEventSchemaChanged, and which workflows read what differs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from reconciler.core.messages.readers import reads
from reconciler.core.messages.review import Message, Severity
from reconciler.core.model import ResourceKey

Specs = Mapping[str, Mapping[str, Any]]
Find = Callable[..., list[Message]]

CODE = "AppEventSchemaChanged"
TEXT = {"type": "string"}


def event(*required: str, **properties: Any) -> Specs:
    """Return an app event with properties."""
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return {"AppEvent/contact-created": {"schema": schema}}


def reader(name: str, text: str, event: str = "contact-created") -> Specs:
    """Return a workflow that is started by an event and holds a text in a step."""
    step = {"name": "first", "type": "request", "with": {"body": [text]}}
    return {f"Workflow/{name}": {"trigger": {"type": "appEvent", "event": event}, "steps": [step]}}


def test_a_removed_field_names_the_workflows_that_read_it(find: Find) -> None:
    """A breaking change is a warning with its path and the readers of the path."""
    users = (
        reader("a", "${{ event.email }}")
        | reader("b", "${{ event.id }}")
        | reader("c", "${{ event.email }}", event="other")
    )

    (message,) = find(CODE, event(id=TEXT, email=TEXT) | users, event(id=TEXT) | users)

    assert message.severity is Severity.WARNING
    assert message.subject == ResourceKey("AppEvent", "contact-created")
    assert message.pointer == "/spec/schema"
    assert "contact-created breaks in staging: email is removed (read by workflow a)." in (
        message.text
    )
    assert "Workflows that read it do not find what they expect." in message.text
    assert "application" not in message.text
    assert "Change the workflows" in message.action


def test_without_a_known_reader_the_started_workflows_are_named(find: Find) -> None:
    """A path that no text mentions may be read in another way, so all are named."""
    users = reader("a", "${{ event.id }}") | reader("b", "no reference")

    (message,) = find(CODE, event(id=TEXT, email=TEXT) | users, event(id=TEXT) | users)

    assert "email is removed. " in message.text
    assert "It starts workflows a and b; check what they read." in message.text


def test_an_event_that_starts_nothing_says_so(find: Find) -> None:
    """The reader is not left to wonder who reads it."""
    (message,) = find(CODE, event(email=TEXT), event())

    assert "It starts no workflow." in message.text


def test_a_newly_required_field_breaks_the_application(find: Find) -> None:
    """What must be sent now is said to those who send."""
    users = reader("a", "${{ event.id }}")
    after = event("phone", id=TEXT, phone=TEXT, note=TEXT)

    (message,) = find(CODE, event(id=TEXT) | users, after | users)

    assert message.severity is Severity.WARNING
    assert "phone is new and must be sent" in message.text
    assert "1 other difference is compatible" in message.text
    assert "sends in the old form are refused, so they do not start workflow a." in message.text
    assert "do not find what they expect" not in message.text
    assert "check what" not in message.text
    assert "Change the application to send contact-created in the new form" in message.action


def test_a_compatible_change_is_an_info(find: Find) -> None:
    """A new optional field breaks nobody, and nothing has to be done."""
    (message,) = find(CODE, event(id=TEXT), event(id=TEXT, note=TEXT))

    assert message.severity is Severity.INFO
    assert message.text.endswith("stays compatible: note is new.")
    assert "Nothing has to be done" in message.action


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, event(id=TEXT)),
        (event(id=TEXT), {}),
        (event(id={**TEXT, "title": "Id"}), event(id={**TEXT, "description": "The id"})),
        (event("a", "b", a=TEXT, b=TEXT), event("b", "a", b=TEXT, a=TEXT)),
        ({"AppEvent/e": {"example": {"a": "1"}}}, {"AppEvent/e": {"example": {"a": "2"}}}),
        ({"AppEvent/e": {"example": {}}}, {"AppEvent/e": {"example": {}, "deprecated": True}}),
    ],
)
def test_no_change_of_meaning_is_no_message(before: Specs, after: Specs, find: Find) -> None:
    """Texts, examples, order, and events that come or go as a whole are not told here."""
    assert find(CODE, before, after) == []


def test_the_fingerprint_holds_what_the_schemas_demand(find: Find) -> None:
    """Another field is another change; another description or reader is the same."""
    described = {**TEXT, "description": "Where to write to"}

    (first,) = find(CODE, event(id=TEXT, email=TEXT), event(id=TEXT))
    (same,) = find(CODE, event(id=described, email=described), event(id=TEXT) | reader("a", "x"))
    (other,) = find(CODE, event(id=TEXT, mail=TEXT), event(id=TEXT))

    assert first.fingerprint == same.fingerprint
    assert first.fingerprint != other.fingerprint


def test_a_long_list_of_differences_is_cut(find: Find) -> None:
    """Ten paths are told and the others counted; names from the schema stay on one line."""
    many = {f"field\n{number:02}": TEXT for number in range(15)}

    (message,) = find(CODE, event(**many), event())

    assert message.text.count("is removed") == 10
    assert "; and 5 more" in message.text
    assert message.text.isprintable()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("email",), "${{ event.email }}"),
        (("email",), "to ${{trigger.email}} and ${{ event.id }}"),
        (("contact",), "${{ event.contact.email }}"),
        (("contact-id",), "${{ event.contact-id }}"),
        (("items", "[]", "sku"), "${{ event.items }}"),
        (("contact", "email"), "return event.contact.email.trim()"),
        (("contact", "email"), "const e = event?.contact?.email"),
        (("contact", "email"), "event[\"contact\"]['email']"),
        (("labels", "*"), "Object.keys(trigger.labels)"),
        (("total",), "event.total-event.tax"),
        (("items", "[]", "sku"), "event.items.map(i => i.sku)"),
        (("e.mail",), "event['e.mail']"),
    ],
)
def test_a_mentioned_path_is_read(path: tuple[str, ...], text: str) -> None:
    """References and code that name the path read it, wherever the text stands."""
    assert reads({"spec": {"steps": [{"with": {"x": [1, None, text]}}]}}, path)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("email",), "${{ event.emails }}"),
        (("email",), "${{ settings.email }}"),
        (("email",), "${{ event.contact.email }}"),
        (("contact",), "${{ event.contact-id }}"),
        (("contact", "email"), "${{ event.contact }}"),
        (("email",), "event.emailAddress"),
        (("email",), "previousevent.email"),
        (("email",), "event.contact.email"),
        (("email",), "send an event by email"),
        (("e.mail",), "event.exmail"),
        ((), "${{ event.email }}"),
        (("[]", "email"), "${{ event.email }}"),
    ],
)
def test_other_texts_do_not_read_it(path: tuple[str, ...], text: str) -> None:
    """A longer name, another namespace, the parent and the event itself are no reading."""
    assert not reads({"text": text}, path)
