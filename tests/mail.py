"""A real mail server on loopback that keeps what it gets, and refuses what it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

SENDER = "reconciler@shop.example.com"


@dataclass(slots=True)
class MailServer:
    """The mails that came, and the answers it gives."""

    mails: list[EmailMessage] = field(default_factory=list)
    receivers: list[str] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0
    answer: str = "250 OK"

    def url(self, user: str = "") -> str:
        """Return its address as `RECONCILER_SMTP_URL` has it; user as `name:password@`."""
        return f"smtp://{user}127.0.0.1:{self.port}?from={SENDER}"

    @property
    def subjects(self) -> list[str]:
        """The subjects of what came."""
        return [str(mail["Subject"]) for mail in self.mails]

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd names it
        """Keep a mail, or refuse it."""
        if self.answer.startswith("250"):
            mail = message_from_bytes(bytes(envelope.content or b""), policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.receivers.extend(envelope.rcpt_tos)
        return self.answer

    def login(self, _: SMTP, __: Session, ___: Envelope, ____: str, data: object) -> AuthResult:
        """Let everyone in with the password `right`."""
        assert isinstance(data, LoginPassword)
        login = (data.login.decode(), data.password.decode())
        self.logins.append(login)
        return AuthResult(success=login[1] == "right", handled=False)


class _OnLoopback(Controller):
    def _trigger_server(self) -> None:
        """Look which port it got before asking it for the first time."""
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server(port: int = 0, *, logins: bool = False) -> Iterator[MailServer]:
    """Run a mail server; port 0 takes a free one."""
    server = MailServer()
    more = {"authenticator": server.login, "auth_require_tls": False}
    controller = _OnLoopback(server, "127.0.0.1", port, **(more if logins else {}))
    controller.start()
    server.port = controller.port
    try:
        yield server
    finally:
        controller.stop()
