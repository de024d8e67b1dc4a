"""Logging: an event's name with its values, one line each, for people or for collectors.

``log_event(LOG, "feed_connected", name="home", url="sbs://…")`` becomes ::

    2026-11-22T14:30:25.123Z INFO feed_connected name=home url=sbs://…
    {"ts":"2026-11-22T14:30:25.123Z","level":"info","event":"feed_connected","name":"home",…}

Names are stable and snake_case; values may be whatever a feed or a client sent: a line break in
them never becomes a line of its own. Never one line per message at INFO.
"""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any, Final, TextIO

import orjson

_VALUES: Final = "aerotrack_values"
_OURS: Final = "aerotrack"
# These report every connection and statement at INFO; what they warn of is worth a line.
_CHATTY: Final = ("tornado", "asyncio", "psycopg", "Thespian")
# Bare in text: no space, no quote, and "=" only within a URL; anything else stands in quotes.
_BARE: Final = re.compile(r"[a-z][a-z0-9+-]*://[^\s\"\\]*|[^\s\"'=\\]+")
_RESERVED: Final = frozenset({"ts", "level", "event", "logger", "traceback"})


def log_event(
    logger: logging.Logger,
    event: str,
    /,
    *,
    level: int = logging.INFO,
    error: BaseException | None = None,
    **values: Any,
) -> None:
    """Log ``event`` with ``values``; ``error`` adds its traceback. None values are left out."""
    if not logger.isEnabledFor(level):
        return
    kept = {name: value for name, value in values.items() if value is not None}
    logger.log(level, "%s", event, exc_info=error, extra={_VALUES: kept}, stacklevel=2)


def setup(
    level: str, style: str, stream: TextIO | None = None, *, process: str | None = None
) -> None:
    """Send every log line to ``stream`` (standard error) in ``style`` text or json.

    ``level`` is debug, info, warning or error. Replaces whatever handlers the root logger had.
    ``process`` is the value that tells lines of this process from those of others in one log.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    if process is not None:
        handler.addFilter(_Named(process))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    chosen = logging.getLevelNamesMapping()[level.upper()]
    root.setLevel(chosen)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(chosen, logging.WARNING))
    logging.captureWarnings(True)


class _Named(logging.Filter):
    """Gives every record the value ``process``."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def filter(self, record: logging.LogRecord) -> bool:
        setattr(record, _VALUES, {"process": self._process} | getattr(record, _VALUES, {}))
        return True


class TextFormatter(logging.Formatter):
    """Time, level, event, ``name=value`` pairs; a traceback follows on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{timestamp(record.created)} {record.levelname} {_headline(record)}"
        for name, value in getattr(record, _VALUES, {}).items():
            line += f" {name}={_text(value)}"
        traceback = _traceback(self, record)
        return f"{line}\n{traceback}" if traceback else line


class JsonFormatter(logging.Formatter):
    """The same as one JSON object a line; a value whose name is taken gets a ``_`` behind it."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "ts": timestamp(record.created),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        if not _is_ours(record):
            entry["logger"] = record.name
        for name, value in getattr(record, _VALUES, {}).items():
            entry[f"{name}_" if name in _RESERVED else name] = value
        traceback = _traceback(self, record)
        if traceback:
            entry["traceback"] = traceback
        try:
            return orjson.dumps(entry, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
        except orjson.JSONEncodeError:  # a lone surrogate, an integer over 64 bits
            return orjson.dumps({k: _printable(str(v)) for k, v in entry.items()}).decode()


def timestamp(seconds: float) -> str:
    """Epoch seconds as ISO 8601 in UTC with milliseconds."""
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name == _OURS or record.name.startswith(f"{_OURS}.")


def _headline(record: logging.LogRecord) -> str:
    message = _printable(record.getMessage())
    return message if _is_ours(record) else f"{record.name}: {message}"


def _text(value: Any) -> str:
    if isinstance(value, float):
        value = f"{value:.6g}" if abs(value) < 1e6 else f"{value:.3f}"
    text = str(value)
    if text.isprintable() and _BARE.fullmatch(text):
        return text
    return _printable(json.dumps(text, ensure_ascii=False))


def _printable(text: str) -> str:
    """Control characters, line separators and lone surrogates as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    return formatter.formatException(record.exc_info) if record.exc_info else ""
