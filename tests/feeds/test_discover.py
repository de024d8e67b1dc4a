"""A receiver on this machine is found where it puts its output, and nothing is made up."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from aerotrack.feeds.discover import FRESH_S, Discovery, discover

PATIENCE_S = 30.0
DOCUMENT = b'{"now":1764000000.0,"messages":0,"aircraft":[]}'


def _free_port() -> int:
    """A port nobody listens on (its number was free a moment ago)."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


async def _serving(answer: bytes) -> tuple[asyncio.Server, int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if answer:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


def _run(scenario: Callable[[], Awaitable[Discovery]]) -> Discovery:
    async def bounded() -> Discovery:
        async with asyncio.timeout(PATIENCE_S):
            return await scenario()

    return asyncio.run(bounded())


def test_where_nothing_runs_nothing_is_found(tmp_path: Path) -> None:
    closed = _free_port()
    found = _run(
        lambda: discover(
            sbs_port=closed,
            beast_port=closed,
            files=[str(tmp_path / "aircraft.json")],
            urls=[f"http://127.0.0.1:{closed}/data/aircraft.json"],
        )
    )
    assert (found.found, found.feed) == ((), None)


def test_beast_comes_before_sbs_and_that_before_files_and_those_before_http(
    tmp_path: Path,
) -> None:
    path = tmp_path / "readsb" / "aircraft.json"
    path.parent.mkdir()
    path.write_bytes(DOCUMENT)
    http = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(DOCUMENT), DOCUMENT)

    async def scenario() -> Discovery:
        sbs, sbs_port = await _serving(b"")
        beast, beast_port = await _serving(b"")
        web, web_port = await _serving(http)
        async with sbs, beast, web:
            return await discover(
                sbs_port=sbs_port,
                beast_port=beast_port,
                files=[str(path)],
                urls=[f"http://127.0.0.1:{web_port}/data/aircraft.json"],
            )

    found = _run(scenario)
    assert [f.feed.scheme if f.feed else None for f in found.found] == [
        "beast",
        "sbs",
        "readsb",
        "readsb",
    ]
    assert [f.feed.mode for f in found.found if f.feed] == ["connect", "connect", "file", "http"]
    assert found.feed is not None
    assert found.feed.url.startswith("beast://127.0.0.1:")


@pytest.mark.parametrize("stale", [True, False])
def test_a_file_nobody_writes_any_more_is_said_and_not_used(tmp_path: Path, stale: bool) -> None:
    path = tmp_path / "aircraft.json"
    path.write_bytes(DOCUMENT)
    written = path.stat().st_mtime
    os.utime(path, (written, written))
    closed = _free_port()
    found = _run(
        lambda: discover(
            sbs_port=closed,
            beast_port=closed,
            files=[str(path)],
            urls=[],
            wall=lambda: written + (FRESH_S + 1 if stale else 1),
        )
    )
    assert len(found.found) == 1
    assert (found.feed is None) == stale


def test_what_is_no_aircraft_json_is_not_found(tmp_path: Path) -> None:
    path = tmp_path / "aircraft.json"
    path.write_text("[]")

    async def scenario() -> Discovery:
        web, port = await _serving(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
        async with web:
            closed = _free_port()
            return await discover(
                sbs_port=closed,
                beast_port=closed,
                files=[str(path)],
                urls=[f"http://127.0.0.1:{port}/data/aircraft.json"],
            )

    assert _run(scenario).found == ()
