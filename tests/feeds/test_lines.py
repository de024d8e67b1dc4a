"""Lines come out the same however the stream was cut, and memory stays bounded whatever comes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aerotrack.domain.observation import Observation
from aerotrack.feeds.feed import FeedFigures
from aerotrack.feeds.lines import CLOCK_STEP_US, ArrivalStamps, LineDecoder, LineSplitter, Parsed

LIMIT = 8
STREAM = st.lists(
    st.sampled_from([b"a", b"bb", b"\n", b"\r\n", b"\r", b"x" * 20, b"\x00\xff"])
).map(b"".join)


def _expected(stream: bytes) -> tuple[list[bytes], int, bytes]:
    """Lines, how many were too long, and the rest, from the whole stream at once."""
    *lines, rest = stream.split(b"\n")
    good = [line.removesuffix(b"\r") for line in lines if len(line) <= LIMIT]
    kept = rest if len(rest) <= LIMIT else b""
    too_long = len(lines) - len(good) + (len(rest) > LIMIT)
    return good, too_long, kept.removesuffix(b"\r")


@given(STREAM, st.lists(st.integers(0, 200)))
def test_any_split_of_the_stream_gives_the_same_lines(stream: bytes, cuts: list[int]) -> None:
    splitter = LineSplitter(LIMIT)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    lines: list[bytes] = []
    for start, end in pairwise(edges):
        lines += splitter.feed(stream[start:end])
    assert _expected(stream) == (lines, splitter.too_long, splitter.close())


def test_a_line_of_ten_megabytes_is_counted_once_and_never_held() -> None:
    splitter = LineSplitter(LIMIT)
    held = 0
    for _ in range(160):
        assert splitter.feed(b"x" * 65_536) == []
        held = max(held, len(splitter._rest))
    assert splitter.feed(b"\nnext\n") == [b"next"]
    assert (splitter.too_long, held) == (1, 0)


def test_records_read_together_get_times_of_their_own_in_order() -> None:
    stamps = ArrivalStamps()
    assert stamps.take(10.0, 3) == 10_000_000
    assert stamps.take(10.0, 2) == 10_000_003, "the same arrival time goes on counting"
    assert stamps.take(9.9, 1) == 10_000_005, "a small step back does not reorder"
    assert stamps.take(11.0, 1) == 11_000_000


def test_a_clock_that_was_set_back_is_followed() -> None:
    stamps = ArrivalStamps()
    stamps.take(10_000.0, 1)
    back = 10_000.0 - CLOCK_STEP_US / 1e6 - 1
    assert int(back * 1e6) == stamps.take(back, 1)


def _parse(line: bytes, ts: float) -> Parsed:
    if not line:
        return None
    if line == b"bad":
        return "bad_line"
    return Observation(icao24=line.decode(), ts=ts, source="other", feed="test")


def _decoder(figures: FeedFigures, *, whole_tail: bool = False) -> LineDecoder:
    return LineDecoder(
        _parse, figures=figures, stamps=ArrivalStamps(), limit=LIMIT, whole_tail=whole_tail
    )


def test_every_line_is_accepted_ignored_or_refused(figures: FeedFigures) -> None:
    decoder = _decoder(figures)
    seen = decoder.decode(b"4ca2d6\n\nbad\n3c6444\n" + b"x" * 20 + b"\nrest", now=5.0)
    assert [(o.icao24, o.ts) for o in seen] == [("4ca2d6", 5.0), ("3c6444", 5.000003)]
    assert decoder.close(now=6.0) == []
    assert figures.refused == {"bad_line": 1, "line_too_long": 1, "cut_line": 1}
    assert (figures.received, figures.accepted, figures.ignored) == (6, 2, 1)
    assert figures.received == (figures.accepted + figures.ignored + sum(figures.refused.values()))


@pytest.mark.parametrize(("whole_tail", "expected"), [(True, ["4ca2d6"]), (False, [])])
def test_a_last_line_without_an_end_counts_only_where_it_can_be_whole(
    figures: FeedFigures, whole_tail: bool, expected: list[str]
) -> None:
    decoder = _decoder(figures, whole_tail=whole_tail)
    assert decoder.decode(b"4ca2d6", now=5.0) == []
    assert expected == [o.icao24 for o in decoder.close(now=6.0)]
