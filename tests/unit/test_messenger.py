"""Texts leave through Apprise as they are, in bounded time, and no password is ever shown."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from reconciler.adapters.notify.mail import mail_server as read_server
from reconciler.adapters.notify.messenger import ALLOWED, AppriseMessenger, _apprise
from reconciler.adapters.notify.reasons import reason
from reconciler.core.errors import NoticeError
from tests.mail import SENDER, MailServer, mail_server

OPS = "ops@example.com"
PASSWORD = "hunter2-is-secret"
BODY = "Grüße: <b>1</b> & 2, *bold*, :smile:, a\\nb\n\n  - two  spaces\n\n-- \nfoot\n"


@pytest.fixture(scope="module")
def server() -> Iterator[MailServer]:
    """Return a mail server."""
    with mail_server(logins=True) as found:
        yield found


def send(address: str, smtp: str | None = None, *, timeout: float = 10) -> None:
    """Send the text."""
    AppriseMessenger(smtp, timeout=timeout).send(address, "Ünï <1>", BODY, event="d-1/done")


def refused(address: str, smtp: str | None = None, *, timeout: float = 10) -> str:
    """Return what is said of an address that nothing can be sent to."""
    with pytest.raises(NoticeError) as caught:
        send(address, smtp, timeout=timeout)
    return str(caught.value)


def last(server: MailServer) -> EmailMessage:
    """Return the mail that came last."""
    return server.mails[-1]


class _Hook(BaseHTTPRequestHandler):
    asked: list[tuple[str, dict[str, str], Any]]
    status = 200

    def do_POST(self) -> None:
        """Keep what came."""
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((self.path, dict(self.headers), json.loads(data)))
        self.send_response(self.status)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def hook(status: int = 200) -> Iterator[tuple[str, list[tuple[str, dict[str, str], Any]]]]:
    """Run a web server that answers with a status; gives its address and what it was asked."""
    asked: list[tuple[str, dict[str, str], Any]] = []
    handler = type("Handler", (_Hook,), {"asked": asked, "status": status})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{running.server_address[1]}", asked
        running.shutdown()


def test_a_mail_arrives_as_it_was_written(server: MailServer) -> None:
    """Subject and body are plain text, untouched; sender, receiver and event are those given."""
    send(OPS, server.url())
    mail = last(server)

    assert mail["Subject"] == "Ünï <1>"
    assert mail["From"] == SENDER
    assert mail["To"] == OPS
    assert mail["X-Reconciler-Event"] == "d-1/done"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().replace("\r\n", "\n") == BODY
    assert server.receivers[-1] == OPS


def test_a_login_is_used_and_a_refused_one_told(server: MailServer) -> None:
    """User and password may be percent-encoded; neither stands in what is said."""
    send(OPS, server.url("ci%40shop:right@"))
    assert server.logins[-1] == ("ci@shop", "right")

    said = refused(OPS, server.url(f"ci:{PASSWORD}@"))
    assert "refused the login" in said
    assert PASSWORD not in said


def test_a_refused_mail_is_told_with_its_code(server: MailServer) -> None:
    """What the server answers is told by number: its words may repeat anything."""
    server.answer = "554 5.7.1 go away token=abc"
    try:
        assert refused(OPS, server.url()) == "The server refused it with code 554."
    finally:
        server.answer = "250 OK"


def test_without_a_mail_server_the_variable_is_named() -> None:
    """Who has not set it is told what to set."""
    for smtp in (None, "", "  "):
        assert "Set RECONCILER_SMTP_URL=smtp://" in refused(OPS, smtp)


@pytest.mark.parametrize(
    "smtp",
    [
        f"http://u:{PASSWORD}@mail.example.com",
        f"smtp://u:{PASSWORD}@mail.example.com:port",
        f"smtp://u:{PASSWORD}@[mail",
        f"smtp://u:{PASSWORD}@",
        f"smtp://u:{PASSWORD}@mail.example.com?from=nobody",
        f"smtp://u:{PASSWORD}@mail.example.com?from=a@b.c%0aBcc:x@y.z",
        f"u:{PASSWORD}@mail.example.com",
    ],
)
def test_a_wrong_variable_is_told_without_its_password(smtp: str) -> None:
    """What is wrong is said, and how it is written."""
    said = refused(OPS, smtp)
    assert said.startswith("RECONCILER_SMTP_URL ")
    assert PASSWORD not in said


@pytest.mark.parametrize(
    ("smtp", "secure", "port", "sender"),
    [
        ("smtp://127.0.0.1:1025", "insecure", 1025, "reconciler@localhost"),
        ("smtp://u:p@localhost:1025", "insecure", 1025, "reconciler@localhost"),
        ("smtp://relay.example.com", "insecure", 25, "reconciler@relay.example.com"),
        ("smtp://relay.example.com:587", "starttls", 587, "reconciler@relay.example.com"),
        ("smtp://u:p@mail.example.com", "starttls", 587, "reconciler@mail.example.com"),
        ("smtps://u%40a.b:p@mail.example.com", "ssl", 465, "u@a.b"),
        ("smtps://mail.example.com:8465?from=x@y.z", "ssl", 8465, "x@y.z"),
    ],
)
def test_a_password_leaves_this_machine_encrypted(
    smtp: str, secure: str, port: int, sender: str
) -> None:
    """`smtps` speaks TLS at once, `smtp` with a password demands it unless the server is here."""
    found = read_server(smtp)
    assert (found.secure, found.port, found.sender) == (secure, port, sender)
    assert "password" not in repr(found)


def test_a_server_that_is_not_there_is_told_quickly() -> None:
    """A port that nobody listens on and a name that nobody has are told as what they are."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert refused(OPS, f"smtp://127.0.0.1:{port}") == "The server refused the connection."
    name = "smtp://no-such-host.invalid?from=a@example.com"
    assert refused(OPS, name) == "The server is not known by that name."


def test_a_server_that_drips_does_not_hold_the_program() -> None:
    """One that answers a byte at a time ends neither later than allowed nor keeps the exit."""
    code = (
        "import sys\n"
        "from reconciler.adapters.notify.messenger import AppriseMessenger\n"
        "from reconciler.core.errors import NoticeError\n"
        "try:\n"
        "    messenger = AppriseMessenger(sys.argv[1], timeout=1.5)\n"
        "    messenger.send('ops@example.com', 's', 'b', event='e')\n"
        "except NoticeError as error:\n"
        "    print(error)\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_drip, args=(listener,), daemon=True).start()
        url = f"smtp://127.0.0.1:{listener.getsockname()[1]}"
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", code, url],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
    assert done.stdout == "The server did not finish within 2 seconds.\n"
    assert done.stderr == ""
    assert time.monotonic() - began < 15


def _drip(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection, suppress(OSError):
        while True:
            connection.send(b"2")
            time.sleep(0.2)


def test_a_webhook_gets_text_and_event() -> None:
    """A JSON webhook gets subject and body as they are, and the event in a header."""
    with hook() as (address, asked):
        send(f"json://ci:{PASSWORD}@{address}/told?+X-Team=ops&format=html&rto=60")
    ((path, headers, content),) = asked
    assert path == "/told"
    assert headers["X-Reconciler-Event"] == "d-1/done"
    assert headers["X-Team"] == "ops"
    assert (content["title"], content["message"]) == ("Ünï <1>", BODY.rstrip())


@pytest.mark.parametrize(("status", "said"), [(500, "500"), (404, "404"), (307, "no reason")])
def test_a_webhook_that_does_not_take_it_is_told(status: int, said: str) -> None:
    """Its status is told, nothing of its address; it is not followed elsewhere."""
    with hook(status) as (address, asked):
        found = refused(f"json://ci:{PASSWORD}@{address}/services/T0KEN-IN-PATH")
    assert said in found
    assert PASSWORD not in found
    assert "T0KEN" not in found
    assert [path for path, _, _ in asked] == ["/services/T0KEN-IN-PATH"]


@pytest.mark.parametrize(
    "address",
    [
        "syslog://",
        "rsyslog://127.0.0.1",
        "dbus://",
        "gnome://",
        "windows://",
        "macosx://",
        "file:///etc/passwd",
        "apprise://127.0.0.1/token",
        "mqtt://127.0.0.1/topic",
        "https://127.0.0.1/hook",
        "nonsense",
        "slack://",
        "://",
        f"{OPS}\nBcc: all@example.com",
        f"{OPS},all@example.com",
        f"Ops <{OPS}>",
    ],
)
def test_only_services_out_there_are_used(address: str, server: MailServer) -> None:
    """What writes to this machine, is not known or is more than one address is refused."""
    before = len(server.mails)
    with pytest.raises(NoticeError):
        AppriseMessenger(server.url()).check(address)
    assert len(server.mails) == before


def test_checking_needs_no_network() -> None:
    """A good address is fine, whether or not its server is there."""
    messenger = AppriseMessenger("smtp://127.0.0.1:1")
    for address in (
        OPS,
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
        "json://a.invalid",
    ):
        messenger.check(address)


def test_every_service_that_is_allowed_exists() -> None:
    """No name of the list is one that Apprise does not know."""
    details = _apprise().Apprise().details()
    known = {name for each in details["schemas"] for name in each["protocols"] or ()}
    known |= {name for each in details["schemas"] for name in each["secure_protocols"] or ()}
    assert known >= ALLOWED


def test_a_title_calls_nobody_in_a_chat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words that make a chat call everyone, or links with another name, stay words."""
    sent: list[str] = []

    def post(_: object, data: str = "", **__: object) -> object:
        sent.append(data)
        answer = {"status_code": 200, "content": b"ok", "text": "ok", "headers": {}}
        return type("Answer", (), answer)()

    monkeypatch.setattr("requests.post", post)
    text = "@everyone @here <!channel> <@U1> <https://evil.example.com|good> ana@example.com"
    for address in (
        "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
        "mmost://localhost/abcdef",
    ):
        AppriseMessenger().send(address, text, text, event="e")
    assert len(sent) == 2
    for data in sent:
        for word in ("@everyone", "@here", "<!channel", "<@U1", "<https"):
            assert word not in data
        assert "ana@example.com" in data


def test_nothing_is_logged_or_printed(server: MailServer) -> None:
    """Apprise's own log, which holds addresses, reaches nobody, however much a host logs."""
    code = (
        "import logging, sys\n"
        "logging.basicConfig(level=1)\n"
        "from reconciler.adapters.notify.messenger import AppriseMessenger\n"
        "from reconciler.core.errors import NoticeError\n"
        "messenger = AppriseMessenger(sys.argv[1])\n"
        "for address in sys.argv[2:]:\n"
        "    try:\n"
        "        messenger.send(address, 's', 'b', event='e')\n"
        "        print('sent')\n"
        "    except NoticeError as error:\n"
        "        print(error.text)\n"
    )
    with hook() as (address, _):
        addresses = (
            OPS,
            f"json://ci:{PASSWORD}@{address}/T0KEN",
            f"json://{PASSWORD}@[",
            "slack://",
        )
        done = subprocess.run(
            [sys.executable, "-c", code, server.url(f"ci:{PASSWORD}@"), *addresses],
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stdout.splitlines()[:2] == ["The server refused the login.", "sent"]
    for word in (PASSWORD, "T0KEN"):
        assert word not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("logged", "said"),
    [
        ("Socket Exception: [Errno 111] Connection refused", "refused the connection"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", "certificate"),
        ("STARTTLS extension not supported by server.", "no encryption"),
        ("HTTPSConnectionPool: Read timed out. (read timeout=5.0)", "did not answer in time"),
        ("SMTP recipient x@y.z was refused: 550 unknown", "code 550"),
        ("Failed to send JSON notification: Not Found, error=404.", "code 404"),
        ("Connection unexpectedly closed", "closed the connection"),
        ("[Errno 101] Network is unreachable", "cannot be reached"),
        ("url: /services/T0KEN said something", "gave no reason"),
        ("", "gave no reason"),
    ],
)
def test_reasons_are_known_words_alone(logged: str, said: str) -> None:
    """A log is searched for signs; nothing of it is repeated."""
    found = reason(logged)
    assert said in found
    assert "T0KEN" not in found


def test_apprise_is_imported_only_to_send() -> None:
    """Making a messenger and importing its module load no network library."""
    code = (
        "import sys\n"
        "from reconciler.adapters.notify.messenger import AppriseMessenger\n"
        "AppriseMessenger('smtp://localhost')\n"
        "print([name for name in ('apprise', 'requests', 'smtplib') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
