"""What an import reads from: files, gzip or not, addresses, and the places programs install to."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from aerotrack.runtime import sources
from aerotrack.runtime.sources import SourceUnusable, find_aircraft_database, opened

TEXT = "004002;Z-WPA;B732;00;BOEING 737-200;;\n004003;Zo\u00eb;;;;;\n"


class Told:
    """A bar that keeps what it was told."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, int | None]] = []

    def __call__(self, done: int, total: int | None) -> None:
        self.calls.append((done, total))


def read(source: str) -> tuple[list[str], Told, Told]:
    downloading, reading = Told(), Told()
    with opened(source, downloading=downloading, reading=reading) as lines:
        return list(lines), downloading, reading


@pytest.mark.parametrize("name", ["aircraft.csv", "aircraft.csv.gz", "without-a-suffix"])
@pytest.mark.parametrize("zipped", [True, False])
def test_gzip_is_known_by_content_whatever_its_name(
    tmp_path: Path, name: str, zipped: bool
) -> None:
    body = TEXT.encode()
    path = tmp_path / name
    path.write_bytes(gzip.compress(body) if zipped else body)
    lines, downloading, reading = read(str(path))
    assert (TEXT.splitlines(keepends=True), []) == (lines, downloading.calls)
    size = path.stat().st_size
    assert (size, size) == reading.calls[-1]


def test_bytes_that_are_no_text_cost_only_themselves(tmp_path: Path) -> None:
    path = tmp_path / "latin1.csv"
    path.write_bytes(b"004003;Zo\xeb;;;;;\n")
    assert ["004003;Zo\ufffd;;;;;\n"] == read(str(path))[0]


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    cut = tmp_path / "cut.gz"
    cut.write_bytes(gzip.compress(TEXT.encode() * 1000)[:-20])
    for source in (str(tmp_path / "nowhere.csv"), str(tmp_path), str(cut), "http://[broken"):
        with pytest.raises(SourceUnusable, match="cannot be read"):
            read(source)


class Server(BaseHTTPRequestHandler):
    """Gives the database away, or half of it."""

    def do_GET(self) -> None:
        body = gzip.compress(TEXT.encode())
        if self.path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:10] if self.path == "/half" else body)

    def log_message(self, *_: object) -> None:
        """Tests are silent."""


@pytest.fixture
def address() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_an_address_is_downloaded_first(address: str) -> None:
    lines, downloading, _ = read(f"{address}/aircraft.csv.gz")
    size = len(gzip.compress(TEXT.encode()))
    assert (TEXT.splitlines(keepends=True), (size, size)) == (lines, downloading.calls[-1])


@pytest.mark.parametrize("path", ["/half", "/missing"])
def test_half_a_download_is_none(address: str, path: str) -> None:
    with pytest.raises(SourceUnusable, match="cannot be read"):
        read(address + path)


def test_a_download_beyond_the_limit_is_given_up(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "DOWNLOAD_LIMIT_BYTES", 5)
    with pytest.raises(SourceUnusable, match="larger"):
        read(f"{address}/aircraft.csv.gz")


def test_the_installed_database_is_found_by_itself(tmp_path: Path) -> None:
    places = (tmp_path / "a.csv.gz", tmp_path / "b.csv.gz", tmp_path / "c.csv.gz")
    with pytest.raises(SourceUnusable, match="name a file"):
        find_aircraft_database(places)
    places[1].touch()
    places[2].touch()
    assert places[1] == find_aircraft_database(places)
