"""The mail server of plain addresses, as `RECONCILER_SMTP_URL` names it.

No error text holds the URL or any part of it that may be a password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from reconciler.core.errors import NoticeError

VARIABLE = "RECONCILER_SMTP_URL"
_FORM = "smtp://USER:PASSWORD@HOST:PORT?from=ADDRESS (or smtps://…)"
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\/]{1,255}")
_LOCAL = ("localhost", "127.0.0.1", "::1")
_PORTS = {"insecure": 25, "starttls": 587, "ssl": 465}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """How mails leave; `secure` is ssl, starttls or insecure."""

    host: str
    port: int
    secure: str
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def is_mail_address(text: str) -> bool:
    """Say whether a text is one plain mail address."""
    return text.isprintable() and _ADDRESS.fullmatch(text) is not None


def mail_server(url: str | None) -> MailServer:
    """Read the URL of a mail server.

    A password leaves this machine encrypted only: `smtp://` with one demands STARTTLS.

    Raises:
        NoticeError: there is none, or it cannot be understood.
    """
    if not url or not url.strip():
        raise NoticeError(
            "No mail server is set, so mails are kept.", hint=f"Set {VARIABLE}={_FORM}."
        )
    try:
        parts = urlsplit(url.strip())
        port = parts.port
        query = parse_qs(parts.query)
    except ValueError:
        raise _refused("is not a URL") from None
    if parts.scheme not in ("smtp", "smtps"):
        raise _refused("begins neither with smtp:// nor with smtps://")
    if not parts.hostname:
        raise _refused("names no host")
    user, password = (unquote(part) if part else None for part in (parts.username, parts.password))
    sender = query.get("from", [""])[0] or _sender(user, parts.hostname)
    if not is_mail_address(sender):
        raise _refused("has no mail address after `from=`")
    secure = _secure(parts.scheme, parts.hostname, port, password)
    return MailServer(
        host=parts.hostname,
        port=port or _PORTS[secure],
        secure=secure,
        sender=sender,
        user=user,
        password=password,
    )


def _secure(scheme: str, host: str, port: int | None, password: str | None) -> str:
    if scheme == "smtps":
        return "ssl"
    if host in _LOCAL or not (password or port == _PORTS["starttls"]):
        return "insecure"
    return "starttls"


def _sender(user: str | None, host: str) -> str:
    if user and is_mail_address(user):
        return user
    return f"reconciler@{host if host[-1].isalpha() else 'localhost'}"


def _refused(what: str) -> NoticeError:
    return NoticeError(f"{VARIABLE} {what}, so mails are kept.", hint=f"Write it as {_FORM}.")
