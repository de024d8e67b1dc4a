"""Beast framing: the same frames however the stream is cut, and noise costs what it hits."""

import itertools
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from aerotrack.feeds.beast import LONGEST_BYTES, BeastFramer
from aerotrack.feeds.modes.decoder import MLAT_CLOCK, Frame

from .frames import EVEN, KLM, ODD, VELOCITY, all_call, beast

# Bytes that mean something to the format come up often, the rest now and then.
wicked = st.lists(
    st.sampled_from([0x1A, 0x1A, 0x31, 0x32, 0x33, 0xE3, 0xE4]) | st.integers(0, 255), max_size=60
).map(bytes)
messages = st.one_of(
    st.sampled_from([KLM, EVEN, ODD, VELOCITY, all_call(0x4CA2D6)]),
    st.binary(min_size=14, max_size=14),
    st.binary(min_size=7, max_size=7),
    st.lists(st.sampled_from([0x1A, 0x33, 0x32]), min_size=14, max_size=14).map(bytes),
)
sent = st.tuples(messages, st.integers(0, 2**48 - 1), st.integers(0, 255))


def framed(stream: bytes, cuts: list[int] | None = None) -> list[Frame]:
    """The frames in a stream that arrives in pieces."""
    framer = BeastFramer()
    places = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts or ())})
    pieces = [stream[a:b] for a, b in itertools.pairwise(places)]
    return [frame for piece in pieces for frame in framer.feed(piece)]


def test_a_frame_is_its_message_clock_and_level() -> None:
    stream = beast(KLM, clock=0x123456, level=0x1A) + beast(all_call(0x4CA2D6), clock=MLAT_CLOCK)
    assert [
        (KLM, 0x123456, 0x1A, None),
        (all_call(0x4CA2D6), MLAT_CLOCK, 100, None),
    ] == framed(stream)


def test_a_frame_as_dump1090_sends_it() -> None:
    stream = bytes.fromhex("1a33000000000000008d40621d58c382d690c8ac2863a7")
    assert [(EVEN, 0, 0, None)] == framed(stream)


def test_what_is_no_mode_s_is_passed_over() -> None:
    heartbeat = b"\x1a1" + bytes(9)
    mode_ac = b"\x1a1" + bytes(6) + b"\x80\x1a\x1a\x33"
    status = b"\x1a4" + bytes(21)
    place = b"\x1a5" + bytes(21)
    others = b"\x1aP\x01\x02\x03" + b"\x1aW\x00" + b"\x1a\xe8" + bytes(8) + b"\x1aH\x01"
    noise = heartbeat + mode_ac + status + place + others
    assert [KLM, EVEN] == [frame[0] for frame in framed(noise + beast(KLM) + noise + beast(EVEN))]


def test_receiver_ids_hold_for_what_follows() -> None:
    number = b"\x1a\xe3" + bytes.fromhex("00000000001a1aff02")
    name = b"01234567-89AB-cdef-0123-456789abcdef"
    stream = beast(KLM) + number + beast(EVEN) + beast(ODD) + b"\x1a\xe4" + name + beast(VELOCITY)
    ids = [frame[3] for frame in framed(stream)]
    assert [None, "00000000001aff02", "00000000001aff02", name.decode().lower()] == ids


def test_what_looks_like_an_id_within_a_frame_is_none() -> None:
    for clock in (0x111A_E300_0000, 0x1A1A_1AE3_0000):
        assert [None, None] == [frame[3] for frame in framed(beast(KLM, clock=clock) * 2)]
    ends_in_1a = KLM[:-1] + b"\x1a"
    number = b"\x1a\xe3" + bytes(8)
    stream = beast(ends_in_1a) + number + beast(KLM)
    assert [None, bytes(8).hex()] == [frame[3] for frame in framed(stream)]


def test_bytes_of_noise_that_look_like_an_id_name_nobody() -> None:
    noise = b"\x1a\xe3" + bytes(range(0x30, 0x48))
    stream = beast(KLM) + noise + beast(EVEN) + noise + beast(ODD)
    assert [None, None, None] == [frame[3] for frame in framed(stream)]
    assert [None, None, None] == [frame[3] for frame in framed(stream, list(range(len(stream))))]


@given(st.lists(sent, max_size=6), wicked, st.lists(st.integers(0, 10_000), max_size=12))
def test_any_cut_of_the_stream_gives_the_same_frames(
    frames: list[tuple[bytes, int, int]], noise: bytes, cuts: list[int]
) -> None:
    parts = [beast(message, clock=clock, level=level) for message, clock, level in frames]
    stream = noise + noise.join(parts) + noise + b"\x1a" * len(cuts)
    assert framed(stream) == framed(stream, cuts) == framed(stream, list(range(len(stream))))


@given(st.lists(sent, min_size=1, max_size=6), st.data())
def test_noise_between_frames_costs_none(
    frames: list[tuple[bytes, int, int]], data: st.DataObject
) -> None:
    stream = b"".join(
        data.draw(wicked) + beast(message, clock=clock, level=level)
        for message, clock, level in frames
    )
    found = framed(stream)
    for message, clock, level in frames:
        assert (message, clock, level) in [frame[:3] for frame in found]


@given(st.lists(sent, min_size=3, max_size=3), wicked, st.integers(0, 43), st.integers(0, 43))
def test_noise_within_a_frame_costs_that_one(
    frames: list[tuple[bytes, int, int]], noise: bytes, at: int, lost: int
) -> None:
    first, hit, last = (beast(message, clock=c, level=lv) for message, c, lv in frames)
    stream = first + hit[:at] + noise + hit[at + lost :] + last
    found = [frame[:3] for frame in framed(stream)]
    assert frames[0] in found
    assert frames[2] in found


@given(st.binary(max_size=3_000))
def test_no_bytes_make_it_raise_or_grow(junk: bytes) -> None:
    framer = BeastFramer()
    for _ in range(3):
        for message, clock, level, _receiver in framer.feed(junk):
            assert len(message) in (7, 14)
            assert 0 <= clock < 2**48
            assert 0 <= level <= 255
        assert len(framer._rest) < LONGEST_BYTES


def test_all_frames_of_the_recordings_are_found(recording: Callable[[str], bytes]) -> None:
    counts = {name: len(framed(recording(f"{name}.beast"))) for name in ("ulss7", "hu0102-1")}
    assert {"ulss7": 8928, "hu0102-1": 8788} == counts
