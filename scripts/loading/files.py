"""Observations in CSV and NDJSON files, gzipped or not, read row by row.

Both hold what ``/api/v1/observations`` takes (``Posted``; names and units in docs/vocabulary.md).
NDJSON has an object a line. CSV has a header of those names; an empty cell says nothing, true and
false are written so (or 1 and 0), ``nav_modes`` are separated by spaces. A line is a row: no value
of the vocabulary holds a line break, so a quote left open costs its own row only.
"""

import csv
import gzip
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

import msgspec

from aerotrack.domain.observation import Posted
from aerotrack.feeds.posted import BAD_INPUT, decode_posted, wrong_with

# A record with every field has about 1,000 bytes; 64 kB leaves room for keys we know nothing of.
LINE_LIMIT: Final = 65_536
# Unknown keys of NDJSON remembered by name; a file of noise must not fill the memory.
IGNORED_LIMIT: Final = 20
COLUMNS: Final = Posted.__struct_fields__
_KNOWN: Final = frozenset(COLUMNS)
NDJSON_SUFFIXES: Final = frozenset({".ndjson", ".jsonl"})
CSV_SUFFIX: Final = ".csv"
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
SIMILAR: Final = 0.75  # how much a name must look like another to be taken for a slip
# What reading raises where a gzip file is cut short or no gzip, or the disk fails.
UNREADABLE: Final = (OSError, EOFError, zlib.error)

_decode_keys = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class FileError(Exception):
    """The file as a whole cannot be read: not there, of an unknown kind, a header that is none."""


class BadRow(msgspec.Struct, frozen=True):
    """A row that is no observation. ``line`` counts from 1, the header included.

    Codes: those of a rejected POST (``bad_json``, ``not_an_object``, ``bad_icao24``, ``bad_value``,
    ``bad_position``), and ``bad_columns``, ``bad_csv``, ``bad_utf8``, ``too_long``, ``unreadable``.
    """

    line: int
    code: str
    message: str


Row = Posted | BadRow
# A decoded record, or the code and the message of why it is none.
Decoded = Posted | tuple[str, str]


class ObservationFile:
    """One file, open from creation to the end of the ``with`` block; iterate it once.

    ``ignored`` counts keys of NDJSON records that no observation has; the server ignores them too.

    Raises:
        FileError: where the file cannot be opened, or is of no kind we know, or its header is bad.
    """

    def __init__(self, path: Path) -> None:
        suffixes = [suffix.lower() for suffix in path.suffixes]
        packed = suffixes[-1:] == [".gz"]
        kind = "".join(suffixes[-2:-1] if packed else suffixes[-1:])
        if kind != CSV_SUFFIX and kind not in NDJSON_SUFFIXES:
            raise FileError(
                f"{path}: cannot tell what it is; name it .csv, .ndjson or .jsonl (.gz behind it)"
            )
        self.ignored: Counter[str] = Counter()
        self._path = path
        try:
            self._raw = path.open("rb")
            self._size = max(1, path.stat().st_size)
        except OSError as error:
            raise FileError(f"{path}: {error.strerror or error}") from None
        self._stream: BinaryIO | gzip.GzipFile = self._raw
        if packed:
            self._stream = gzip.GzipFile(fileobj=self._raw)
        self._lines = _lines(self._stream)
        self._decode: Callable[[bytes], Decoded] = self._decode_json
        if kind == CSV_SUFFIX:
            try:
                columns = self._header()
            except BaseException:
                self.close()
                raise
            self._decode = lambda line: decode_csv(line, columns)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close it."""
        self._stream.close()
        self._raw.close()

    @property
    def share_read(self) -> float:
        """How much of the file has been read, 0 to 1."""
        return 0.0 if self._raw.closed else min(1.0, self._raw.tell() / self._size)

    def __iter__(self) -> Iterator[Row]:
        for line in self._lines:
            if isinstance(line, BadRow):
                yield line
                continue
            number, text = line
            if not text:
                continue
            decoded = self._decode(text)
            if isinstance(decoded, Posted):
                # Its time is the server's to judge, by its clock and how long its history is kept.
                code = wrong_with(decoded, now=decoded.ts or 0.0)
                if code is None:
                    yield decoded
                    continue
                decoded = code, _position_message(decoded)
            yield BadRow(number, *decoded)

    def _decode_json(self, line: bytes) -> Decoded:
        decoded = decode_posted(line)
        if isinstance(decoded, Posted):
            try:
                unknown = _decode_keys(line).keys() - _KNOWN
            except BAD_INPUT:  # a key that is no text to us; decode_posted passed over it
                unknown = set()
            for name in unknown:
                if name in self.ignored or len(self.ignored) < IGNORED_LIMIT:
                    self.ignored[name] += 1
        return decoded

    def _header(self) -> tuple[str, ...]:
        first = next(self._lines, None)
        if first is None:
            raise FileError(f"{self._path}: it is empty")
        if isinstance(first, BadRow):
            raise FileError(f"{self._path}: {first.message}")
        cells = _cells(first[1])
        if isinstance(cells, tuple):
            raise FileError(f"{self._path}: line 1 is no header: {cells[1]}")
        return check_header(cells, str(self._path))


def check_header(names: list[str], where: str) -> tuple[str, ...]:
    """The columns of a CSV file, all of them known, each once, ``icao24`` among them.

    Raises:
        FileError: what is wrong with them.
    """
    unknown = [_suggested(name) for name in names if name not in _KNOWN]
    if unknown:
        raise FileError(
            f"{where}: line 1 names unknown columns: {', '.join(unknown)}; "
            f"known are {', '.join(COLUMNS)}"
        )
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise FileError(f"{where}: line 1 names a column twice: {', '.join(twice)}")
    if "icao24" not in names:
        raise FileError(f"{where}: line 1 names no column icao24")
    return tuple(names)


def decode_csv(line: bytes, columns: tuple[str, ...]) -> Decoded:
    """The record in a line of CSV, or the code and the message of why it is none. Never raises."""
    cells = _cells(line)
    if isinstance(cells, tuple):
        return cells
    if len(cells) != len(columns):
        return "bad_columns", f"{len(cells)} cells where the header has {len(columns)}"
    values: dict[str, Any] = {
        name: cell.split() if name == "nav_modes" else cell
        for name, cell in zip(columns, cells, strict=True)
        if cell
    }
    try:
        return msgspec.convert(values, Posted, strict=False)
    except msgspec.ValidationError as wrong:
        message = str(wrong)
        about_icao24 = message.endswith("`$.icao24`") or "required field `icao24`" in message
        if about_icao24:
            return "bad_icao24", "icao24 must be six lower-case hex digits, ~ in front if not ICAO"
        return "bad_value", message


def _cells(line: bytes) -> list[str] | tuple[str, str]:
    """The cells of a line, blanks around them removed, or the code and message of what is wrong."""
    try:
        text = line.decode()
    except UnicodeDecodeError as wrong:
        return "bad_utf8", str(wrong)
    try:
        rows = list(csv.reader([text], strict=True))
    except csv.Error as wrong:
        return "bad_csv", str(wrong)
    return [cell.strip() for cell in rows[0]] if rows else []


def _lines(stream: BinaryIO | gzip.GzipFile) -> Iterator[tuple[int, bytes] | BadRow]:
    """Lines with their numbers, blanks around them removed; the last may be a :class:`BadRow`."""
    number = 0
    try:
        while line := stream.readline(LINE_LIMIT):
            number += 1
            if number == 1:
                line = line.removeprefix(BYTE_ORDER_MARK)
            if len(line) < LINE_LIMIT or line.endswith(b"\n"):
                yield number, line.strip()
                continue
            yield BadRow(number, "too_long", f"longer than {LINE_LIMIT} bytes")
            while (rest := stream.readline(LINE_LIMIT)) and not rest.endswith(b"\n"):
                pass
    except UNREADABLE as error:
        yield BadRow(number + 1, "unreadable", f"cannot be read any further: {error}")


def _position_message(posted: Posted) -> str:
    if posted.lat is None or posted.lon is None:
        return "lat and lon go together"
    return f"no aircraft can be at {posted.lat}, {posted.lon}"


def _suggested(name: str) -> str:
    close = get_close_matches(name.strip().lower(), COLUMNS, n=1, cutoff=SIMILAR)
    return f"{name!r} (is it {close[0]}?)" if close else repr(name)
