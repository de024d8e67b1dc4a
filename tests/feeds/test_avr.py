"""AVR lines: every way they are written, and what is none."""

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aerotrack.feeds.avr import AvrFramer, parse_avr
from aerotrack.feeds.feed import FeedFigures

from .frames import EVEN, KLM, all_call

SHORT = all_call(0x4CA2D6)


@pytest.mark.parametrize(
    ("line", "frame"),
    [
        (b"*8D4840D6202CC371C32CE0576098;", (KLM, 0, None, None)),
        (b"*8d4840d6202cc371c32ce0576098;", (KLM, 0, None, None)),
        (b":8D4840D6202CC371C32CE0576098;", (KLM, 0, None, None)),
        (b"@0000000000FF8D4840D6202CC371C32CE0576098;", (KLM, 255, None, None)),
        (b"%0000000000FF8D4840D6202CC371C32CE0576098;", (KLM, 255, None, None)),
        (b"<0000000000FF808D4840D6202CC371C32CE0576098;", (KLM, 255, 128, None)),
        (b" * 8D4840D6202CC371 C32CE0576098 ; \r", (KLM, 0, None, None)),
        (b"*8D4840D6202CC371C32CE0576098;(-63,15,1.25)", (KLM, 0, None, None)),
        (b"*" + SHORT.hex().encode() + b";", (SHORT, 0, None, None)),
    ],
)
def test_every_way_of_writing_a_frame(line: bytes, frame: tuple[object, ...]) -> None:
    assert frame == parse_avr(line)


@pytest.mark.parametrize("line", [b"*0000;", b"*7700;", b"@0000000000FF1200;", b"", b"  \r"])
def test_mode_a_heartbeats_and_blank_lines_are_of_no_use(line: bytes) -> None:
    assert parse_avr(line) is None


@pytest.mark.parametrize(
    "line", [b"*8D484;", b"*8D4840D6202CC371C32CE05760;", b"8D4840D6;", b"*zz;", b"MSG,3,,,", b"*"]
)
def test_what_is_no_frame_is_refused(line: bytes) -> None:
    assert "bad_line" == parse_avr(line)


@given(st.lists(st.integers(0, 500), max_size=8))
def test_any_cut_of_the_stream_gives_the_same_frames(cuts: list[int]) -> None:
    lines = [f"*{message.hex()};" for message in (KLM, SHORT, EVEN)]
    stream = "\r\n".join([*lines, "*0000;", "junk", ""]).encode()
    figures = FeedFigures(name="test", url="")
    framer = AvrFramer(figures)
    places = sorted({0, len(stream), *(cut % len(stream) for cut in cuts)})
    found = []
    for start, end in itertools.pairwise(places):
        found += framer.feed(stream[start:end])
    assert [KLM, SHORT, EVEN] == [frame[0] for frame in found]
    assert (2, 1, {"bad_line": 1}) == (figures.received, figures.ignored, dict(figures.refused))


@given(st.lists(st.binary(max_size=400), max_size=8))
def test_no_bytes_make_it_raise(chunks: list[bytes]) -> None:
    framer = AvrFramer(FeedFigures(name="test", url=""))
    for chunk in chunks:
        framer.feed(chunk)
    framer.close()


def test_all_lines_of_the_recordings_are_frames(recording: Callable[[str], bytes]) -> None:
    figures = FeedFigures(name="test", url="")
    counts = {
        name: len(AvrFramer(figures).feed(recording(f"{name}.avr.gz")))
        for name in ("ulss7", "hu0102-1", "hu0102-2")
    }
    assert {"ulss7": 8928, "hu0102-1": 8788, "hu0102-2": 7953} == counts
    assert {} == dict(figures.refused)


def test_the_lines_of_the_original_dump1090_are_frames(recording: Callable[[str], bytes]) -> None:
    figures = FeedFigures(name="test", url="")
    frames = AvrFramer(figures).feed(recording("antirez.avr.gz"))
    assert len(frames) > 0
    assert {} == dict(figures.refused)
