"""Events for operators, on stderr, as one structured line each.

Importing this costs nothing: structlog is loaded and configured, once, by the first event that is
written. Every event passes the redaction and has its control characters written out. Events are
not messages to people: their names are snake_case in the past tense (`deployment_finished`), all
else is key and value. Nothing here knows what is logged.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reconciler.core.redaction import Redactor

_LEVELS = {"debug": 2, "info": 1, "warning": 0, "error": 0}

# A value longer than this is cut: a log is no place for a file's content.
_LONGEST = 8_192

_context: ContextVar[Mapping[str, Any] | None] = ContextVar("telemetry", default=None)


class _State:
    """How events are written now; read at each event, so that a command may set it late."""

    __slots__ = ("colour", "log_format", "redactor", "verbosity")

    def __init__(self) -> None:
        """Begin as a new process does."""
        self.log_format = "text"
        self.verbosity = 0
        self.colour = False
        self.redactor: Redactor | None = None


_state = _State()


class Log:
    """Writes events; what is below the chosen level costs one comparison."""

    __slots__ = ()

    def debug(self, event: str, **values: Any) -> None:
        """Write what helps to find a fault."""
        _write("debug", event, values)

    def info(self, event: str, **values: Any) -> None:
        """Write what an operator may want to follow."""
        _write("info", event, values)

    def warning(self, event: str, **values: Any) -> None:
        """Write what an operator should look at."""
        _write("warning", event, values)

    def error(self, event: str, **values: Any) -> None:
        """Write what went wrong; `exc_info=True` adds the traceback."""
        _write("error", event, values)


_LOG = Log()


def log() -> Log:
    """Return the way to write events."""
    return _LOG


def configure(*, log_format: str = "text", verbosity: int = 0, colour: bool = False) -> None:
    """Choose the form of events (`text` or `json`) and how many: 0 warnings, 1 info, 2 debug."""
    _state.log_format = log_format
    _state.verbosity = verbosity
    _state.colour = colour


def redact(secrets: Iterable[str]) -> None:
    """Mask these values in everything that passes the redaction from now on."""
    _state.redactor = redactor().knowing(secrets)


def redactor() -> Redactor:
    """Return the one redaction that all output passes."""
    from reconciler.core.redaction import Redactor

    if _state.redactor is None:
        _state.redactor = Redactor()
    return _state.redactor


def forget() -> None:
    """Forget options and secrets, as a new process would."""
    configure()
    _state.redactor = None


@contextlib.contextmanager
def bound(**values: Any) -> Iterator[None]:
    """Add values to every event written inside, in this thread or task."""
    token = _context.set({**(_context.get() or {}), **values})
    try:
        yield
    finally:
        _context.reset(token)


def _write(level: str, event: str, values: Mapping[str, Any]) -> None:
    """Write one event if its level is wanted."""
    if _LEVELS[level] <= _state.verbosity:
        getattr(_logger(), level)(event, **{**(_context.get() or {}), **values})


@cache
def _logger() -> Any:
    """Return structlog's logger, configured by the first call."""
    import structlog

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _cleaned,
            _rendered,
        ],
        wrapper_class=structlog.BoundLogger,
        logger_factory=_Stderr,
        cache_logger_on_first_use=False,
    )
    return structlog.get_logger()


class _Stderr:
    """Prints lines to whatever stderr is at that moment; a log that cannot be written is lost."""

    def __init__(self, *_: Any) -> None:
        """Take what structlog passes to a logger factory."""

    def line(self, text: str) -> None:
        """Print one line."""
        with contextlib.suppress(OSError, ValueError):
            print(text, file=sys.stderr, flush=True)

    debug = info = warning = error = line


def _cleaned(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Return the event with secrets masked and control characters written out."""
    masked = redactor().value({key: _textual(value) for key, value in event.items()})
    traceback = masked.pop("exception", None)
    shown: dict[str, Any] = {str(key): _shown(value) for key, value in masked.items()}
    return shown if traceback is None else {**shown, "exception": _lines(traceback)}


def _lines(traceback: str) -> str:
    """Return the end of a traceback; in text each line is marked, so that it forges none."""
    from reconciler.core import printable

    end = printable.visible(traceback[-_LONGEST:])
    return end if _state.log_format == "json" else end.replace("\n", "\n  | ").join(("  | ", ""))


def _textual(value: Any) -> Any:
    """Return a value of JSON's types; of others the text, which the redaction can read."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _textual(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_textual(item) for item in value]
    return str(value)


def _shown(value: Any) -> Any:
    """Return a value whose texts are safe in one line; JSON escapes line ends by itself."""
    from reconciler.core import printable

    if isinstance(value, str) and _state.log_format == "json":
        return printable.visible(value[:_LONGEST])
    if isinstance(value, str):
        return printable.one_line(value, _LONGEST)
    if isinstance(value, Mapping):
        return {_shown(key): _shown(item) for key, item in value.items()}
    return [_shown(item) for item in value] if isinstance(value, list) else value


def _rendered(logger: Any, name: str, event: MutableMapping[str, Any]) -> str:
    """Return the event's line in the chosen form."""
    renderer = _renderer(_state.log_format, colour=_state.colour)
    line = str(renderer(logger, name, event))
    return _inert(line)


def _inert(line: str) -> str:
    """Return a line without what a build server takes for a command; JSON has its own escape."""
    from reconciler.core import printable

    if _state.log_format == "json":
        return printable.COMMAND.sub(r"#\\u0023", line)
    return printable.inert(line)


@cache
def _renderer(log_format: str, *, colour: bool) -> Any:
    """Return structlog's renderer for a form."""
    import structlog

    if log_format == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(
        colors=colour, sort_keys=False, exception_formatter=structlog.dev.plain_traceback
    )
