"""What errors of PostgreSQL mean: to a transaction, and to a person.

A server's own words are shown only where it refused a statement, and then its first line: details
hold values. What a driver says of a connection is never shown, since it may quote the URL.
"""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

_AGAIN = "Run the command again."
_WAIT = "Wait until the other command has ended, then run this one again."
_ADDRESS = "Check the user, the password and the database in RECONCILER_STORE."
_URL = ("cannot be used as its URL says", "Check the options in RECONCILER_STORE.")
_LOST = ("closed the connection", "Nothing of the last step was written; run the command again.")

# By SQLSTATE, or its class.
_SENTENCES: tuple[tuple[str, str, str], ...] = (
    ("55P03", "is locked by another process", _WAIT),
    ("57014", "stopped a query that took too long", _AGAIN),
    ("40", "was changed by somebody else at the same time", _AGAIN),
    ("28", "refuses the user or the password", _ADDRESS),
    ("3D000", "is not there", "Create the database, or correct its name in RECONCILER_STORE."),
    ("3F000", "has no schema to put tables in", "Check the search_path of the user."),
    ("53100", "cannot grow, the disk is full", "Free some space on the server, then run it again."),
    ("53300", "takes no more connections", "Wait for other clients, or raise max_connections."),
    ("53", "is short of memory or other means", "Look at the server, then run the command again."),
    ("42501", "cannot be read or written by this user", "Grant the user the tables and schema."),
    ("25006", "cannot be written", "Name the primary server; this one only takes reads."),
    ("54000", "cannot keep a name that is so long", "Shorten names and ids."),
    ("22021", "cannot keep a NUL character in text", "Remove it from names and values."),
    ("58", "cannot be read or written, the disk reports an error", "Look at the server's disk."),
    ("XX", "is damaged", "Restore the database from a backup of the server."),
    ("08", *_LOST),
    ("57P", *_LOST),
    ("25P", *_LOST),
)
# What a server says while connecting bears no code. In another language the last sentence holds.
_CONNECTING: tuple[tuple[str, str, str], ...] = (
    ("invalid ", *_URL),
    ("password", "refuses the user or the password", _ADDRESS),
    ("role ", "refuses the user or the password", _ADDRESS),
    ("pg_hba", "lets this user not connect from here", "Ask who runs the server for access."),
    ("permission denied", "lets this user not connect", "Ask who runs the server for access."),
    ("database ", "is not there", "Create the database, or correct its name in RECONCILER_STORE."),
    ("not known", "is on a host that is not known", "Check the host name in RECONCILER_STORE."),
    ("translate host", "is on a host that is not known", "Check the host in RECONCILER_STORE."),
    ("SSL", "cannot be reached with the encryption asked for", "Check sslmode and sslrootcert."),
    ("certificate", "shows a certificate that is not trusted", "Check sslmode and sslrootcert."),
)
_NO_ANSWER = (
    "does not answer",
    "Check that the server runs and can be reached from here, then run the command again.",
)
_FOR_A_MOMENT = ("starting up", "shutting down", "recovery", "too many", "Temporary failure")


def original(error: BaseException) -> BaseException:
    """Return what the driver raised."""
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def state(error: BaseException) -> str:
    """Return the SQLSTATE; empty where the server did not get to say one."""
    return getattr(original(error), "sqlstate", None) or ""


def is_lost(error: BaseException) -> bool:
    """Say whether the connection is gone, whoever ended it."""
    found = state(error)
    if found:
        return found.startswith(("08", "57P")) or found == "25P03"
    return type(original(error)).__name__ in ("OperationalError", "ConnectionTimeout")


def gave_way(error: BaseException) -> bool:
    """Say whether it is a serialization failure or a deadlock."""
    return state(error) in ("40001", "40P01")


def explain(error: BaseException) -> tuple[str, str]:
    """Return what an error of a connection that was made means, and what to do next."""
    found = state(error)
    for prefix, meaning, step in _SENTENCES:
        if found.startswith(prefix):
            return meaning, step
    if is_lost(error):
        return _LOST
    if "NUL" in str(original(error)):  # what the driver finds bears no code
        return "cannot keep a NUL character in text", "Remove it from names and values."
    said = getattr(getattr(original(error), "diag", None), "message_primary", None)
    return f"failed with: {said or original(error)}", "Run `reconciler doctor`."


def is_final(error: BaseException) -> bool:
    """Say whether connecting again would fail the same way."""
    if not is_lost(error):
        return True
    text = str(error)
    if any(words in text for words in _FOR_A_MOMENT):
        return False
    made = getattr(error, "pgconn", None)
    if made is not None and (made.used_password or made.needs_password):
        return True
    return any(words in text for words, _, _ in _CONNECTING)


def explain_connecting(error: BaseException) -> tuple[str, str]:
    """Return why a connection could not be made, and what to do next."""
    if not is_lost(error):
        return _URL
    text = str(error)
    if not any(words in text for words in _FOR_A_MOMENT):
        for words, meaning, step in _CONNECTING:
            if words in text:
                return meaning, step
    return _NO_ANSWER
