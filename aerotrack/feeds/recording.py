"""Recordings: the observations in a file, each at its time, whatever the format.

Times are those of the recording's own clock, moved so that the first is ``start``; records without
one come at ``rate`` a second. Everything is read in pieces, so that a file of any size takes the
memory of a batch.
"""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, Protocol

import msgspec

from aerotrack.domain.observation import Observation, Site
from aerotrack.domain.rules import FlightRules
from aerotrack.feeds.aircraft import AGE_LIMIT_S
from aerotrack.feeds.avr import AvrFramer
from aerotrack.feeds.beast import BeastFramer
from aerotrack.feeds.clock import FrameTimes
from aerotrack.feeds.clockless import DEFAULT_RATE
from aerotrack.feeds.feed import FeedError, FeedFigures
from aerotrack.feeds.jsonl import LINE_LIMIT as JSON_LINE_LIMIT
from aerotrack.feeds.jsonl import parse_json_line
from aerotrack.feeds.lines import LineSplitter, Parsed
from aerotrack.feeds.modes.airspace import Airspace
from aerotrack.feeds.modes.decoder import Frame, ModesDecoder
from aerotrack.feeds.readsb_json import DOCUMENT_LIMIT_BYTES, Picture, parse_document
from aerotrack.feeds.receivers import Receivers
from aerotrack.feeds.sbs import LINE_LIMIT, parse_sbs
from aerotrack.feeds.timeline import Dated, Dates, Timeline

Format = Literal["beast", "avr", "sbs", "jsonl", "readsb"]

# One read: 2,500 Beast frames, some 20 ms of work.
PIECE_BYTES: Final = 65_536
GZIP_MAGIC: Final = b"\x1f\x8b"
# A time no record can have: what a parser writes where the record has none of its own.
_NO_TIME: Final = 4e9
_ANY_TIME: Final = FlightRules(history_kept=_NO_TIME)


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """How to read a recording.

    ``start`` (epoch seconds) is when it is taken to begin; ``rate`` is records a second where they
    have no time, estimated from the frames if not given; ``source`` what SBS lines are marked with.
    """

    format: Format
    start: float = 0.0
    rate: float | None = None
    site: Site | None = None
    mlat: bool = False
    source: str = "other"


class Batches(Protocol):
    """Pieces of a file to observations in the order of the file, their times never going back."""

    def take(self, piece: bytes, *, last: bool) -> list[Observation]:
        """What is complete by now; ``last`` with the end of the file."""
        ...


@contextmanager
def open_recording(path: Path) -> Iterator[io.BufferedReader | gzip.GzipFile]:
    """The file's bytes, unpacked where it is gzip; it may be a pipe. Raises ``OSError``."""
    with path.open("rb") as file:
        if file.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC):
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield unpacked
        else:
            yield file


def read_recording(
    path: Path, batches: Batches, figures: FeedFigures
) -> Iterator[list[Observation]]:
    """The observations of the file, batch by batch.

    Raises:
        FeedError: ``bad_gzip``.
        OSError: the file cannot be read.
    """
    broken: Exception | None = None
    with open_recording(path) as file:
        more = True
        while more:
            piece = bytearray()
            try:
                # What is read up to where a damaged file breaks off still counts.
                while more and len(piece) < PIECE_BYTES:
                    part = file.read1(PIECE_BYTES - len(piece))
                    piece += part
                    more = bool(part)
            except (EOFError, gzip.BadGzipFile, zlib.error) as damage:
                broken, more = damage, False
            figures.bytes += len(piece)
            yield batches.take(bytes(piece), last=not more)
    if broken is not None:
        raise FeedError("bad_gzip", f"{path} is cut or damaged: {broken}") from broken


class FrameBatches:
    """Beast and AVR."""

    def __init__(
        self, replay: Replay, *, figures: FeedFigures, airspace: Airspace, receivers: Receivers
    ) -> None:
        self._times = FrameTimes(start=replay.start, rate=replay.rate)
        self._modes = ModesDecoder(
            figures=figures,
            airspace=airspace,
            receivers=receivers,
            site=replay.site,
            mlat=replay.mlat,
        )
        self._avr = AvrFramer(figures) if replay.format == "avr" else None
        self._beast = BeastFramer()

    def take(self, piece: bytes, *, last: bool) -> list[Observation]:
        """As :class:`Batches` says."""
        frames: list[Frame]
        if self._avr is None:
            frames = self._beast.feed(piece)
        else:
            frames = self._avr.feed(piece)
            if last:
                frames += self._avr.close()
        return self._modes.decode(*self._times.take(frames, last=last))


class LineBatches:
    """SBS and JSON lines."""

    def __init__(self, replay: Replay, *, figures: FeedFigures) -> None:
        self._figures = figures
        self._timeline = Timeline(start=replay.start, rate=replay.rate or DEFAULT_RATE)
        self._dates = Dates()
        self._replay = replay
        self._is_sbs = sbs = replay.format == "sbs"
        self._lines = LineSplitter(LINE_LIMIT if sbs else JSON_LINE_LIMIT)

    def take(self, piece: bytes, *, last: bool) -> list[Observation]:
        """As :class:`Batches` says."""
        figures, too_long = self._figures, self._lines.too_long
        lines = self._lines.feed(piece)
        if last and (tail := self._lines.close()):
            lines.append(tail)
        too_long = self._lines.too_long - too_long
        if too_long:
            figures.refused["line_too_long"] += too_long
        read: list[Dated] = []
        for line in lines:
            parsed = self._parse(line)
            if isinstance(parsed, Observation):
                read.append(Dated(parsed, self._own(parsed, line), line))
            elif parsed is None:
                figures.ignored += 1
            else:
                figures.refuse(str(parsed), line)
        taken, future = self._dates.sort_out(read, last=last)
        for one in future:
            figures.refuse("future", one.record)
        observations = [self._timed(one) for one in taken]
        figures.received += len(lines) + too_long
        figures.accepted += len(observations)
        return observations

    def _parse(self, line: bytes) -> Parsed:
        figures = self._figures
        if self._is_sbs:
            return parse_sbs(
                line, 0.0, feed=figures.name, source=self._replay.source, dropped=figures.dropped
            )
        return parse_json_line(
            line, _NO_TIME, feed=figures.name, dropped=figures.dropped, rules=_ANY_TIME
        )

    def _own(self, parsed: Observation, line: bytes) -> float | None:
        """The time a record itself says."""
        if self._is_sbs:
            return sbs_time(line)
        # What has no time of its own got the one given, or one of seconds before it.
        return None if parsed.ts >= _NO_TIME - AGE_LIMIT_S else parsed.ts

    def _timed(self, one: Dated) -> Observation:
        ts = self._timeline.at(one.own, forward=self._is_sbs)
        if self._is_sbs:
            return msgspec.structs.replace(one.observation, ts=ts, site=self._replay.site)
        return moved(one.observation, ts, self._replay.site)


class DocumentBatches:
    """readsb's ``aircraft.json``, one snapshot a line, or one in the whole file."""

    def __init__(self, replay: Replay, *, figures: FeedFigures) -> None:
        self._figures = figures
        self._timeline = Timeline(start=replay.start, rate=replay.rate or DEFAULT_RATE)
        self._site = replay.site
        self._picture = Picture(figures, future_tolerance=0.0)
        self._lines = LineSplitter(DOCUMENT_LIMIT_BYTES)
        self._broken: list[bytes] = []  # lines that are no documents, while none was one
        self._documents = 0

    def take(self, piece: bytes, *, last: bool) -> list[Observation]:
        """As :class:`Batches` says."""
        lines = self._lines.feed(piece)
        if last and (tail := self._lines.close()):
            lines.append(tail)
        observations = []
        for line in lines:
            if line.strip():
                observations += self._observations(line)
        if last and self._broken:
            observations += self._observations(b"\n".join(self._broken))
        return observations

    def _observations(self, text: bytes) -> list[Observation]:
        try:
            document = parse_document(text)
        except FeedError as wrong:
            if self._documents == 0 and sum(map(len, self._broken)) < DOCUMENT_LIMIT_BYTES:
                self._broken.append(text)
            else:
                self._figures.received += 1
                self._figures.refuse(wrong.code, text)
            return []
        self._documents += 1
        self._broken = []
        seen = self._picture.update(document, arrived=_NO_TIME)
        stated = self._picture.stated
        if stated is None or stated >= _NO_TIME:
            return [moved(obs, self._timeline.at(None), self._site) for obs in seen]
        shift = self._timeline.at(stated) - stated
        return [moved(obs, max(0.0, obs.ts + shift), self._site) for obs in seen]


def moved(seen: Observation, ts: float, site: Site | None) -> Observation:
    """``seen`` at another time, its position as much older as it was."""
    position = seen.time_position
    if position is not None:
        position = max(0.0, position + ts - seen.ts)
    return msgspec.structs.replace(seen, ts=ts, time_position=position, site=site)


def sbs_time(line: bytes) -> float | None:
    """When an SBS line says it was logged, else generated (epoch seconds), or ``None``."""
    fields = line.split(b",", 10)
    for day, clock in ((8, 9), (6, 7)):
        if len(fields) > clock and fields[day] and fields[clock]:
            text = b" ".join((fields[day], fields[clock])).decode("latin-1")
            for shape in ("%Y/%m/%d %H:%M:%S.%f", "%Y/%m/%d %H:%M:%S"):
                try:
                    return datetime.strptime(text, shape).replace(tzinfo=UTC).timestamp()
                except ValueError:
                    continue
    return None


def batches_of(
    replay: Replay, *, figures: FeedFigures, airspace: Airspace, receivers: Receivers
) -> Batches:
    """What turns the bytes of such a recording into observations."""
    if replay.format in ("beast", "avr"):
        return FrameBatches(replay, figures=figures, airspace=airspace, receivers=receivers)
    if replay.format == "readsb":
        return DocumentBatches(replay, figures=figures)
    return LineBatches(replay, figures=figures)
