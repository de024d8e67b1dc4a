"""Where an import reads from: a file, an address, or where a receiver's programs keep theirs."""

import gzip
import tempfile
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Final

from aerotrack import __version__
from aerotrack.masking import mask_url

# Where readsb's and tar1090's installers, and the distributions, put the database of aircraft.
USUAL_PLACES: Final = (
    Path("/usr/local/share/tar1090/aircraft.csv.gz"),
    Path("/usr/share/tar1090/aircraft.csv.gz"),
    Path("/usr/local/share/tar1090-db/aircraft.csv.gz"),
    Path("/usr/share/tar1090-db/aircraft.csv.gz"),
    Path("/usr/share/readsb/aircraft.csv.gz"),
    Path("/usr/local/share/tar1090/git-db/aircraft.csv.gz"),
)
# The largest of the field's databases has about 100 MB.
DOWNLOAD_LIMIT_BYTES: Final = 1 << 30
DOWNLOAD_CHUNK_BYTES: Final = 1 << 18
# Between two bytes of a download.
DOWNLOAD_TIMEOUT_S: Final = 30.0
# How often the progress is told, in lines: about fifty times a second.
TELL_EVERY: Final = 5_000
_GZIP: Final = b"\x1f\x8b"

# Told the bytes read so far and the bytes there are, as far as that is known.
Tell = Callable[[int, int | None], None]


class SourceUnusable(Exception):
    """What was named cannot be read; the message says what to do."""


def find_aircraft_database(places: tuple[Path, ...] = USUAL_PLACES) -> Path:
    """The first of ``places`` that is there. Raises :class:`SourceUnusable`."""
    for place in places:
        if place.is_file():
            return place
    raise SourceUnusable(
        "no aircraft database of readsb or tar1090 is installed here (looked for "
        f"{', '.join(map(str, places))}); name a file or an address"
    )


@contextmanager
def opened(source: str, *, downloading: Tell, reading: Tell) -> Iterator[Iterator[str]]:
    """The lines of ``source``, a path or an ``http(s)`` address; gzip is known by its first bytes.

    Bytes that are no UTF-8 become replacement characters. Raises :class:`SourceUnusable`, also
    while lines are read.
    """
    name = mask_url(source)
    if not source.startswith(("http://", "https://")):
        with ExitStack() as stack:
            with _readable(name):
                raw = stack.enter_context(Path(source).open("rb"))
            yield _lines(raw, name, reading)
        return
    with tempfile.TemporaryFile() as kept:
        with _readable(name):
            _download(source, kept, downloading)
        yield _lines(kept, name, reading)


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise SourceUnusable(f"{name} cannot be read: {error}") from error


def _lines(raw: IO[bytes], name: str, tell: Tell) -> Iterator[str]:
    with _readable(name):
        size = raw.seek(0, 2)
        raw.seek(0)
        zipped = raw.read(2) == _GZIP
        raw.seek(0)
    content: Iterable[bytes] = gzip.GzipFile(fileobj=raw) if zipped else raw
    every = iter(content)
    while True:
        with _readable(name):
            some = list(islice(every, TELL_EVERY))
        if not some:
            break
        tell(raw.tell(), size)
        for line in some:
            yield line.decode("utf-8", "replace")
    tell(size, size)


def _download(url: str, into: IO[bytes], tell: Tell) -> None:
    request = urllib.request.Request(url, headers={"User-Agent": f"aerotrack/{__version__}"})
    try:
        opened_answer = urllib.request.urlopen(request, timeout=DOWNLOAD_TIMEOUT_S)
    except urllib.error.HTTPError as refusal:
        refusal.close()  # it is an answer too, and holds its connection
        raise
    with opened_answer as answer:
        length = answer.headers.get("Content-Length", "")
        size = int(length) if length.isdigit() else None
        got = 0
        while chunk := answer.read(DOWNLOAD_CHUNK_BYTES):
            got += len(chunk)
            if got > DOWNLOAD_LIMIT_BYTES:
                raise OSError(f"it is larger than {DOWNLOAD_LIMIT_BYTES} bytes")
            into.write(chunk)
            tell(got, size)
    if size is not None and got < size:
        raise OSError(f"the connection broke after {got} of {size} bytes")
