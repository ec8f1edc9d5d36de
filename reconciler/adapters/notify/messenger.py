"""Sends a text with Apprise, which is imported when there is something to send.

Apprise logs addresses with their passwords, so its logger is cut off; it would read attachments
and reach this desktop, so only services out there are used; it may wait without end for a server
that answers a byte at a time, so it is given a thread that dies with the program.
"""

from __future__ import annotations

import re
import threading
import warnings
from functools import cache
from typing import Any

from reconciler.adapters.notify.mail import MailServer, is_mail_address, mail_server
from reconciler.adapters.notify.reasons import reason
from reconciler.core.errors import NoticeError

TIMEOUT = 10.0  # seconds for one text; connecting and each answer have half of it

# Services out there; none that writes to this machine, its desktop, bus or log.
_MAIL = ("mailto", "mailtos")
_WEBHOOKS = ("form", "forms", "json", "jsons", "xml", "xmls")
_CHATS = (
    *("discord", "flock", "gchat", "gotify", "gotifys", "matrix", "matrixs"),
    *("mmost", "mmosts", "nctalk", "nctalks", "ntfy", "ntfys", "pover", "rocket"),
    *("rockets", "ryver", "signl4", "slack", "tgram", "twist", "webex", "workflow", "workflows"),
    *("wxteams", "zulip"),
)
_ON_CALL = (
    *("betterstack", "goalert", "goalerts", "ilert", "incidentio", "opsgenie", "pagerduty"),
    *("splunk", "squadcast", "victorops"),
)
ALLOWED = frozenset((*_MAIL, *_WEBHOOKS, *_CHATS, *_ON_CALL))

_HEADER = "X-Reconciler-Event"
# A title from elsewhere must not call everyone in a chat, nor make a link of its own.
_CALLS = re.compile(
    r"@(?=(?:everyone|here|channel|all)\b)|<(?=[@!#]|users/|https?:)", re.IGNORECASE
)


class AppriseMessenger:
    """A `ports.Messenger`. `smtp` is the URL of the server for plain mail addresses."""

    def __init__(self, smtp: str | None = None, *, timeout: float = TIMEOUT) -> None:
        """Take the mail server's URL; nothing is read of it before there is a mail to send."""
        self._smtp = smtp
        self._timeout = timeout

    def check(self, address: str) -> None:
        """Look, without the network, whether a text can be sent to such an address at all.

        Raises:
            NoticeError: it cannot; the hint says what to set.
        """
        self._service(address, "check")

    def send(self, address: str, subject: str, body: str, *, event: str) -> None:
        """Send a text; mails and webhooks carry `event` in the header X-Reconciler-Event.

        Raises:
            NoticeError: it could not be sent; the text never holds the address's password.
        """
        scheme, service = self._service(address, event)
        if scheme in _CHATS or scheme in _ON_CALL:
            subject, body = (_CALLS.sub(r"\g<0> ", text) for text in (subject, body))
        sending = _Sending(service, subject, body)
        sending.start()
        sending.join(self._timeout)
        if sending.is_alive():
            raise NoticeError(f"The server did not finish within {self._timeout:.0f} seconds.")
        if not sending.done:
            raise NoticeError(reason(sending.logged))

    def _service(self, address: str, event: str) -> tuple[str, Any]:
        """Return the kind of an address, and what sends to it."""
        if is_mail_address(address):
            return "mailto", self._made(_mail(mail_server(self._smtp), address), event)
        parts = _parts(address)
        scheme = str(parts.get("schema"))
        if scheme not in ALLOWED:
            raise NoticeError(
                "The address of a notification is of a kind that is not used here.",
                hint="Use a mail address, or a URL of mailtos, jsons, slack, discord, workflows, "
                "mmosts, gchat, ntfys, opsgenie, pagerduty or another service out there.",
            )
        return scheme, self._made(parts, event)

    def _made(self, parts: dict[str, Any], event: str) -> Any:
        """Return Apprise's service; what an address says of format or time-outs is void."""
        own = {"format": "text", "redirect": "no", "overflow": "split", "emojis": "no"}
        half = {"cto": self._timeout / 2, "rto": self._timeout / 2}
        headers = {}
        if parts["schema"] in _MAIL or parts["schema"] in _WEBHOOKS:
            headers["headers"] = {**(parts.get("headers") or {}), _HEADER: event}
        if parts["schema"] in _MAIL:
            headers["headers"]["Auto-Submitted"] = "auto-generated"
        try:
            made = _apprise().Apprise.instantiate(
                {**parts, **own, **half, **headers}, asset=_asset()
            )
        except (LookupError, TypeError, ValueError, AttributeError):
            made = None
        if made is None or (parts["schema"] in _MAIL and not made.targets):
            raise NoticeError(
                "The address of a notification cannot be understood.",
                hint="See https://appriseit.com/services/ for how it is written.",
            )
        return made


class _Sending(threading.Thread):
    """One attempt; it does not keep the program from ending."""

    def __init__(self, service: Any, subject: str, body: str) -> None:
        super().__init__(name="reconciler-notice", daemon=True)
        self._service, self._subject, self._body = service, subject, body
        self.done = False
        self.logged = ""

    def run(self) -> None:
        apprise = _apprise()
        sender = apprise.Apprise(self._service, asset=_asset())
        with apprise.LogCapture(level=10) as captured:
            try:
                self.done = bool(
                    sender.notify(self._body, title=self._subject, body_format="text", timeout=0)
                )
            finally:
                self.logged = captured.getvalue()


def _mail(server: MailServer, address: str) -> dict[str, Any]:
    """Return the parts of a mail to one address, by Apprise's names."""
    return {
        "schema": "mailto",
        "host": server.host,
        "smtp_host": server.host,
        "port": server.port,
        "secure_mode": server.secure,
        "user": server.user,
        "password": server.password,
        "from_addr": server.sender,
        "targets": [address],
    }


def _parts(address: str) -> dict[str, Any]:
    """Return the parts of a service's URL; empty when nobody knows such a service."""
    with _apprise().LogCapture(level=50):
        try:
            found = _apprise().plugins.url_to_dict(address, secure_logging=True)
        except (LookupError, TypeError, ValueError, AttributeError):
            found = None
    return dict(found or {})


@cache
def _asset() -> Any:
    """Return how Apprise calls itself: nothing is stored, looked up or drawn."""
    return _apprise().AppriseAsset(
        app_id="reconciler",
        app_desc="reconciler",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        async_mode=False,
        interpret_emojis=False,
        pgp_autogen=False,
        pem_autogen=False,
        service_timeout=0,
        storage_mode="memory",
    )


@cache
def _apprise() -> Any:
    """Return the library; nothing that it logs reaches anybody but who captures it here.

    With no handler at all, its warnings would go to stderr.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its modules use what Python is about to drop
        import apprise

        library: Any = apprise
        for name in ("apprise", "urllib3"):
            logger = library.logging.getLogger(name)
            logger.propagate = False
            logger.addHandler(library.logging.NullHandler())
        library.manager_plugins.NotificationManager().load_modules()
    return library
