"""Why something was not sent, in words.

What Apprise and its libraries log may hold tokens and passwords: none of it is repeated. It is
looked through for known signs alone.
"""

from __future__ import annotations

import re

_SIGNS = (
    (r"refused user name|\(53[0-5],|authentication (?:failed|unsuccessful)", "refused the login"),
    (r"certificate verify failed|certificate_verify_failed", "has a certificate nobody trusts"),
    (r"starttls extension not supported", "offers no encryption (STARTTLS)"),
    (r"wrong version number|ssl: |\[ssl\]|tlsv1", "could not agree on encryption"),
    (r"connection refused", "refused the connection"),
    (
        r"name or service not known|getaddrinfo|resolution|no address associated",
        "is not known by that name",
    ),
    (r"timed out|timeout", "did not answer in time"),
    (r"network is unreachable|no route to host", "cannot be reached"),
    (r"unexpectedly closed|connection reset|broken pipe|aborted", "closed the connection"),
)
_CODE = re.compile(r"(?:was refused:? |error[=:] ?|exception: \(|: \()([45]\d\d)\b")


def reason(logged: str) -> str:
    """Return what went wrong as a sentence about the server."""
    text = logged.lower()
    for pattern, meaning in _SIGNS:
        if re.search(pattern, text):
            return f"The server {meaning}."
    if (found := _CODE.search(text)) is not None:
        return f"The server refused it with code {found.group(1)}."
    return "The server did not take it and gave no reason."
