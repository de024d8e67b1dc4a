"""A log line is one line, whatever a feed or a client put into it."""

import io
import logging
from collections.abc import Iterator

import orjson
import pytest

from aerotrack import logs
from aerotrack.logs import log_event

LOG = logging.getLogger("aerotrack.tests")


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(False)
    for name in ("tornado", "asyncio", "psycopg", "Thespian"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def written(style: str, level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    logs.setup(level, style, stream)
    return stream


def test_time_level_event_and_values_in_one_line() -> None:
    stream = written("text")
    log_event(LOG, "feed_connected", name="home", url="sbs://h:1?name=a", tries=2, none=None)
    time, rest = stream.getvalue().rstrip("\n").split(" ", 1)
    assert len("2026-11-22T14:30:25.123Z") == len(time)
    assert "INFO feed_connected name=home url=sbs://h:1?name=a tries=2" == rest


def test_the_time_is_utc_with_milliseconds() -> None:
    assert "2026-11-22T14:30:25.123Z" == logs.timestamp(1795357825.123)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a b", '"a b"'),
        ("", '""'),
        ('say "x"', '"say \\"x\\""'),
        ("a\nINFO forged", '"a\\nINFO forged"'),
        ("\x1b[2J", '"\\u001b[2J"'),
        ("a=b", '"a=b"'),
        ("\ud800", '"\\ud800"'),
        (0.123456789, "0.123457"),
        (1764000000.125, "1764000000.125"),
        (True, "True"),
    ],
)
def test_a_value_never_breaks_its_line(value: object, shown: str) -> None:
    stream = written("text")
    log_event(LOG, "event", value=value)
    assert stream.getvalue().endswith(f" INFO event value={shown}\n")
    assert 1 == stream.getvalue().count("\n")


def test_json_is_an_object_a_line() -> None:
    stream = written("json")
    log_event(LOG, "feed_lost", level=logging.WARNING, name="home", level_="x", count=3)
    entry = orjson.loads(stream.getvalue())
    entry.pop("ts")
    assert {
        "level": "warning", "event": "feed_lost", "name": "home", "level_": "x", "count": 3
    } == entry  # fmt: skip


def test_json_takes_values_json_has_no_form_for() -> None:
    stream = written("json")
    log_event(LOG, "odd", big=1 << 70, text="\ud800", ts=1)
    assert "odd" == orjson.loads(stream.getvalue())["event"]


def test_an_error_brings_its_traceback() -> None:
    for style in ("text", "json"):
        stream = written(style)
        try:
            raise ValueError("boom")
        except ValueError as error:
            log_event(LOG, "failed", level=logging.ERROR, error=error)
        assert "ValueError: boom" in stream.getvalue()


def test_libraries_speak_from_warning_on_and_say_who_they_are() -> None:
    stream = written("text")
    logging.getLogger("tornado.access").info("200 GET /")
    logging.getLogger("asyncio").debug("selector")
    logging.getLogger("tornado.general").warning("odd %s", "thing\nhere")
    assert stream.getvalue().endswith(" WARNING tornado.general: odd thing\\nhere\n")
    assert 1 == stream.getvalue().count("\n")


def test_what_is_below_the_level_is_not_written() -> None:
    stream = written("text", "warning")
    log_event(LOG, "quiet")
    assert "" == stream.getvalue()


@pytest.mark.parametrize(
    ("style", "shown"),
    [("text", " INFO seen process=fanout-1 count=2"), ("json", '"process":"fanout-1","count":2}')],
)
def test_lines_of_another_process_say_which(style: str, shown: str) -> None:
    stream = io.StringIO()
    logs.setup("info", style, stream, process="fanout-1")
    log_event(LOG, "seen", count=2)
    assert stream.getvalue().endswith(f"{shown}\n")
