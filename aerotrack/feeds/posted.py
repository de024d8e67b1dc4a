"""Observations in JSON written for AeroTrack: bodies of HTTP POST, and lines of ``jsonl`` feeds.

A body is a JSON array of objects, or NDJSON (an object a line). It is decoded whole at first; only
where something in it is bad is it taken apart record by record, so that nothing good is lost.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from aerotrack.domain.observation import Observation, Posted, from_posted
from aerotrack.domain.position import implausible
from aerotrack.domain.rules import FlightRules

JSON_TYPES: Final = frozenset({"application/json"})
NDJSON_TYPES: Final = frozenset(
    {
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/x-jsonlines",
        "application/jsonlines",
        "application/json-lines",
    }
)
# Rejections named one by one in an answer; the rest is only counted.
REJECTED_LIMIT: Final = 1_000
# Records without a time of their own get their arrival, and a microsecond more each.
ARRIVAL_STEP_S: Final = 1e-6
RULES: Final = FlightRules()

_decoder = msgspec.json.Decoder(Posted)
_array_decoder = msgspec.json.Decoder(list[Posted])
_raw_array_decoder = msgspec.json.Decoder(list[msgspec.Raw])
# What msgspec raises on bad input: its own, bytes that are no UTF-8, brackets nested too deep.
BAD_INPUT: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_about_icao24 = re.compile(r"`\$\.icao24`|required field `icao24`").search
_path = re.compile(r" - at `\$").search


class Rejected(msgspec.Struct, frozen=True):
    """A record that was not taken. ``index`` counts records from 0, blank lines left out.

    Codes: ``bad_json``, ``not_an_object``, ``bad_icao24``, ``bad_value`` (the message names the
    field), ``bad_position``, ``future``, ``too_old``.
    """

    index: int
    code: str
    message: str


class PostedBatch(msgspec.Struct, frozen=True):
    """What a body held. ``rejected`` names the first :data:`REJECTED_LIMIT` that were not taken,
    ``reasons`` counts them all by code."""

    observations: tuple[Observation, ...]
    rejected: tuple[Rejected, ...]
    rejected_total: int
    reasons: dict[str, int] = {}


class PostedError(ValueError):
    """Nothing of a body can be parsed: ``bad_json``, ``bad_content_type``, ``not_an_array``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def wrong_with(posted: Posted, *, now: float, rules: FlightRules = RULES) -> str | None:
    """The code of what types cannot say: ``future``, ``too_old``, ``bad_position``; or ``None``."""
    if posted.ts is not None:
        if posted.ts > now + rules.future_tolerance:
            return "future"
        if posted.ts < now - rules.history_kept:
            return "too_old"
    lat, lon = posted.lat, posted.lon
    if lat is None or lon is None:
        return None if lat is lon else "bad_position"
    return "bad_position" if implausible(lat, lon) else None


def decode_posted(raw: bytes | msgspec.Raw) -> Posted | tuple[str, str]:
    """The record in ``raw``, or the code and the message of why it is none. Never raises."""
    try:
        return _decoder.decode(raw)
    except msgspec.ValidationError as wrong:
        message = str(wrong)
        if _about_icao24(message):
            return "bad_icao24", "icao24 must be six lower-case hex digits, ~ in front if not ICAO"
        if not _path(message) and message.startswith("Expected `object`"):
            return "not_an_object", message
        return "bad_value", message
    except BAD_INPUT as wrong:
        return "bad_json", str(wrong)


def _explain(code: str, posted: Posted, now: float) -> str:
    if code == "future":
        return f"ts lies {(posted.ts or now) - now:.1f} s in the future"
    if code == "too_old":
        days = (now - (posted.ts or now)) / 86_400
        return f"ts is {days:.1f} days old, longer than history is kept"
    if posted.lat is None or posted.lon is None:
        return "lat and lon go together"
    return f"no aircraft can be at {posted.lat}, {posted.lon}"


class _Batch:
    """Collects what the records of a body turn out to be."""

    def __init__(self, feed: str, now: float, rules: FlightRules) -> None:
        self._feed = feed
        self._now = now
        self._rules = rules
        self._index = 0
        self._observations: list[Observation] = []
        self._rejected: list[Rejected] = []
        self._reasons: Counter[str] = Counter()

    def add(self, record: Posted | tuple[str, str]) -> None:
        """Take the next record, or why it is none."""
        if isinstance(record, tuple):
            self._reject(*record)
        elif (code := wrong_with(record, now=self._now, rules=self._rules)) is not None:
            self._reject(code, _explain(code, record, self._now))
        else:
            arrival = self._now + self._index * ARRIVAL_STEP_S
            self._observations.append(from_posted(record, feed=self._feed, now=arrival))
        self._index += 1

    def _reject(self, code: str, message: str) -> None:
        self._reasons[code] += 1
        if len(self._rejected) < REJECTED_LIMIT:
            self._rejected.append(Rejected(self._index, code, message))

    def done(self) -> PostedBatch:
        """All of them."""
        return PostedBatch(
            tuple(self._observations),
            tuple(self._rejected),
            self._reasons.total(),
            dict(self._reasons),
        )


def _array(body: bytes) -> Sequence[Posted | tuple[str, str]]:
    try:
        return _array_decoder.decode(body)
    except BAD_INPUT:
        pass
    try:
        raws = _raw_array_decoder.decode(body)
    except msgspec.ValidationError as wrong:
        raise PostedError("not_an_array", "the body must be a JSON array of objects") from wrong
    except BAD_INPUT as wrong:
        raise PostedError("bad_json", f"the body is no JSON: {wrong}") from wrong
    return [decode_posted(raw) for raw in raws]


def _lines(body: bytes) -> Sequence[Posted | tuple[str, str]]:
    lines = [line for line in body.split(b"\n") if not line.isspace() and line]
    records = [decode_posted(line) for line in lines]
    if all(isinstance(record, tuple) and record[0] == "bad_json" for record in records):
        raise PostedError("bad_json", "the body holds no line that is JSON")
    return records


def parse_posted(
    body: bytes,
    content_type: str = "application/json",
    *,
    feed: str,
    now: float,
    rules: FlightRules = RULES,
) -> PostedBatch:
    """The observations in ``body`` as of ``now`` (epoch seconds), for the feed named ``feed``.

    With ``application/json`` the body is an array, one object, or lines all the same; with one of
    :data:`NDJSON_TYPES` it is lines. Parameters of the content type are not looked at.

    Raises:
        PostedError: nothing of it can be parsed.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in JSON_TYPES and kind not in NDJSON_TYPES:
        raise PostedError(
            "bad_content_type",
            "send application/json (an array) or application/x-ndjson (an object a line)",
        )
    batch = _Batch(feed, now, rules)
    start = body.lstrip()[:1]
    records: Sequence[Posted | tuple[str, str]]
    if start == b"[":
        records = _array(body)
    elif kind in JSON_TYPES:
        # One object, over several lines perhaps; if it is none, a line may still be one.
        one = decode_posted(body)
        if not isinstance(one, tuple) or one[0] != "bad_json":
            if isinstance(one, tuple) and one[0] == "not_an_object":
                raise PostedError("not_an_array", "the body must be a JSON array of objects")
            records = [one]
        else:
            records = _lines(body)
    else:
        records = _lines(body)
    for record in records:
        batch.add(record)
    return batch.done()
