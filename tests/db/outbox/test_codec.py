"""Batches as bytes: what goes in comes out, and damage is met as such."""

import zlib
from typing import Any

import pytest

from aerotrack.db.outbox.codec import ROWS_PER_PIECE, UnreadableBatch, decode, encode
from aerotrack.domain.records import Batch


def nothing() -> None:
    """A turn that nobody takes."""


def test_a_batch_comes_out_as_it_went_in(make: Any) -> None:
    rows = [make.point(make.noon + n, alt_baro=n) for n in range(ROWS_PER_PIECE * 2 + 1)]
    batch = make.batch(7, *rows, make.flight(make.noon + 1), make.event(detail="EIDW"))
    turns: list[int] = []
    encoded = encode(batch, lambda: turns.append(1))
    assert (batch, 0) == (decode(7, encoded.body, nothing), encoded.left_out)
    assert 5 == len(turns)  # three pieces of points, one of each other kind


def test_a_point_takes_few_bytes(make: Any) -> None:
    rows = [make.point(make.noon + n * 0.731, lat=50 + n * 1e-4, gs=n % 400) for n in range(5_000)]
    assert len(encode(make.batch(1, *rows), nothing).body) < 40 * len(rows)


def test_text_no_encoding_holds_is_escaped_and_a_row_beyond_help_left_out(make: Any) -> None:
    broken = make.point(make.noon, callsign="AB\ud800")
    huge = make.point(make.noon + 1, alt_baro=1 << 70)
    sound = make.point(make.noon + 2)
    encoded = encode(make.batch(1, broken, huge, sound), nothing)
    points = decode(1, encoded.body, nothing).points
    assert (1, ["AB\\ud800", "RYR4TK"]) == (encoded.left_out, [p.callsign for p in points])


def test_bytes_cut_short_or_changed_are_no_batch(make: Any) -> None:
    body = encode(make.batch(1, make.point()), nothing).body
    plain = zlib.decompress(body)
    for broken in (b"", body[:-5], b"garbage", body[:10] + b"xx" + body[12:],
                   zlib.compress(plain[:-3]), zlib.compress(b"\x05\x00\x00\x00hello")):  # fmt: skip
        with pytest.raises(UnreadableBatch):
            decode(1, broken, nothing)


def test_an_empty_batch_is_one() -> None:
    empty = Batch(3, (), (), ())
    assert empty == decode(3, encode(empty, nothing).body, nothing)
