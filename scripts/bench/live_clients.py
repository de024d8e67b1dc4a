#!/usr/bin/env python3
"""The clients of a run, in a process of their own: each holds its picture and times its frames.

Started by ``live.py``, which writes one word a line and reads one JSON line for each:

    begin    start measuring                               {}
    end      stop measuring                                {"clients": [figures of each]}
    verify   compare each with a fresh client of its view  {"compared": [...]}

End of input ends it. With ``--sizes`` the clients only read (the baseline of ``live.py``).
"""

import argparse
import asyncio
import contextlib
import sys
import time
from typing import Any

import msgspec
import orjson
from live_checks import Compared, Picture, differences, percentile
from tornado.websocket import WebSocketClientConnection, websocket_connect

from aerotrack.domain.held import HeldPicture, ProtocolBroken

WORLD = None
Bbox = tuple[float, float, float, float]  # west, south, east, north


class Viewport(msgspec.Struct, frozen=True):
    """What a client looks at (degrees, seconds); with several boxes it moves between them."""

    name: str
    interval: float
    boxes: tuple[Bbox | None, ...]
    move_every: float = 0.0


VIEWPORTS = (
    Viewport("world", 1.0, (WORLD,)),
    Viewport("London 5°, fast", 0.1, ((-2.5, 49.0, 2.5, 54.0),)),
    Viewport("Europe 40°", 1.0, ((-10.0, 34.0, 30.0, 62.0),)),
    Viewport("North America 40°", 1.0, ((-115.0, 24.0, -75.0, 50.0),)),
    Viewport("antimeridian 40°", 1.0, ((160.0, -50.0, -160.0, 60.0),)),
    Viewport(
        "moving 20°",
        1.0,
        tuple((w, 35.0, w + 20.0, 55.0) for w in (-100.0, -90.0, -80.0, 0.0, 5.0, 20.0)),
        move_every=3.0,
    ),
    Viewport("world, fast", 0.1, (WORLD,)),
    Viewport("Japan 15°", 1.0, ((130.0, 30.0, 145.0, 45.0),)),
    Viewport("New York 10°, fast", 0.1, ((-79.0, 36.0, -69.0, 46.0),)),
    Viewport("India 20°", 1.0, ((70.0, 8.0, 90.0, 28.0),)),
)

# Positions of the stream at which a client is compared with a fresh one, and how long to wait for
# them: a picture at interval 1 has one a second.
MOMENTS = 3
VERIFY_TIMEOUT_S = 30.0
# Pictures kept while two clients are watched for a position in common.
KEPT_PICTURES = 8
WELCOME_TIMEOUT_S = 30.0
SNAPSHOT_TIMEOUT_S = 60.0


class Client:
    """A client of the live stream with a view; measures while ``measuring``."""

    def __init__(self, viewport: Viewport) -> None:
        self.viewport = viewport
        self.held = HeldPicture()
        self.broken = ""
        self.measuring = False
        self.frames = 0
        self.bytes = 0
        self.late: list[float] = []  # from a frame's own time to its arrival here, seconds
        self.gaps: list[float] = []  # between two frames
        self._arrived: float | None = None
        self._box = viewport.boxes[0]
        self._complete = asyncio.Event()
        self._changed = asyncio.Event()
        self._connection: WebSocketClientConnection
        self._reader: asyncio.Task[None]
        self.pictures: dict[int, Picture] | None = None  # by position, while watched

    async def open(self, url: str) -> None:
        """Connect, subscribe, and return when the whole snapshot is there."""
        self._connection = await websocket_connect(url, max_message_size=1 << 24)
        self._reader = asyncio.create_task(self._read())
        self.look()
        async with asyncio.timeout(SNAPSHOT_TIMEOUT_S):
            await self._complete.wait()

    def look(self, box: int = 0) -> None:
        """Look at the box of that number."""
        boxes = self.viewport.boxes
        self._box = boxes[box % len(boxes)]
        message: dict[str, Any] = {"type": "subscribe", "interval": self.viewport.interval}
        if self._box is not None:
            message["bbox"] = self._box
        # The future only says that the socket took it; a closed connection shows when reading.
        self._connection.write_message(orjson.dumps(message).decode())

    async def _read(self) -> None:
        while (text := await self._connection.read_message()) is not None:
            now = time.time()
            frame = orjson.loads(text)
            kind = frame["type"]
            if kind == "error":
                self.broken = self.broken or f"error {frame['code']}: {frame['message']}"
            if "seq" not in frame:
                continue
            try:
                self.held.apply(frame)
            except ProtocolBroken as error:
                self.broken = self.broken or str(error)
            if self.measuring:
                self.frames += 1
                self.bytes += len(text)
                self.late.append(now - frame["now"])
                if self._arrived is not None:
                    self.gaps.append(now - self._arrived)
            self._arrived = now
            if self.held.complete:
                self._complete.set()
                self._keep()
        self.broken = self.broken or "the server closed the connection"
        self._complete.set()
        self._changed.set()

    def _keep(self) -> None:
        if self.pictures is None:
            return
        self.pictures[self.held.pos] = self.held.comparable()
        while len(self.pictures) > KEPT_PICTURES:
            del self.pictures[min(self.pictures)]
        self._changed.set()

    def watch(self) -> None:
        """Keep the pictures of the positions that come from now on."""
        self.pictures = {}

    async def changed(self) -> None:
        """Return when a position was added, or the connection ended."""
        await self._changed.wait()
        self._changed.clear()

    def begin(self) -> None:
        """Measure from now on."""
        self.frames = self.bytes = 0
        self.late, self.gaps, self._arrived = [], [], None
        self.measuring = True

    def figures(self) -> dict[str, Any]:
        """What was measured; times in seconds."""
        return {
            "name": self.viewport.name,
            "interval": self.viewport.interval,
            "flights": len(self.held.flights),
            "frames": self.frames,
            "bytes": self.bytes,
            "late_p50": percentile(self.late, 0.5),
            "late_p99": percentile(self.late, 0.99),
            "late_max": max(self.late, default=None),
            "gap_max": max(self.gaps, default=None),
            "broken": self.broken,
        }

    async def close(self) -> None:
        """Leave."""
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        self._connection.close()


async def compare(client: Client, url: str) -> Compared:
    """Hold a client's picture against that of a fresh one with the same view.

    Both are served at the same beat, so their frames carry the same positions; at each of them the
    two pictures must be equal. Where nothing moves in the view, neither gets a frame, and they are
    compared as they are.
    """
    box = client.viewport.boxes.index(client._box)
    fresh = Client(msgspec.structs.replace(client.viewport, boxes=(client.viewport.boxes[box],)))
    await fresh.open(url)
    moments, differing = 0, []
    client.watch()
    fresh.watch()
    assert client.pictures is not None
    assert fresh.pictures is not None
    seen: set[int] = set()
    try:
        async with asyncio.timeout(VERIFY_TIMEOUT_S):
            while moments < MOMENTS and not (client.broken or fresh.broken):
                await fresh.changed()
                await asyncio.sleep(0.02)  # the other socket's frame of the same beat
                for pos in sorted((client.pictures.keys() & fresh.pictures.keys()) - seen):
                    seen.add(pos)
                    moments += 1
                    differing += differences(client.pictures[pos], fresh.pictures[pos])
    except TimeoutError:
        if not client.pictures and not fresh.pictures:
            moments = 1
            differing = differences(client.held.comparable(), fresh.held.comparable())
    flights = len(client.held.flights)
    client.pictures = None
    await fresh.close()
    return Compared(client.viewport.name, moments, flights, differing, client.broken)


async def move(clients: list[Client]) -> None:
    """Let those that move look elsewhere now and then, for ever."""

    async def one(client: Client) -> None:
        number = 0
        while True:
            await asyncio.sleep(client.viewport.move_every)
            number += 1
            client.look(number)

    await asyncio.gather(*(one(client) for client in clients if client.viewport.move_every))


async def commands() -> asyncio.StreamReader:
    """Standard input, a line at a time."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    return reader


def answer(**values: Any) -> None:
    """Say one line to who started us."""
    sys.stdout.buffer.write(orjson.dumps(values, default=msgspec.structs.asdict) + b"\n")
    sys.stdout.buffer.flush()


async def run(url: str, count: int) -> None:
    """Open ``count`` clients and do as told."""
    viewports = [VIEWPORTS[n % len(VIEWPORTS)] for n in range(count)]
    clients = [Client(viewport) for viewport in viewports]
    for client in clients:
        await client.open(url)
    answer(ready=len(clients))
    moving = asyncio.create_task(move(clients))
    lines = await commands()
    while word := (await lines.readline()).decode().strip():
        if word == "begin":
            for client in clients:
                client.begin()
            answer()
        elif word == "end":
            for client in clients:
                client.measuring = False
            answer(clients=[client.figures() for client in clients])
        elif word == "verify":
            moving.cancel()
            answer(compared=[await compare(client, url) for client in clients])
    moving.cancel()
    for client in clients:
        await client.close()


async def only_read(url: str, sizes: list[tuple[int, float]]) -> None:
    """Read frames of constant size from ``live_baseline.py`` until the input ends."""

    async def one(size: int, interval: float) -> None:
        connection = await websocket_connect(
            f"{url}?size={size}&interval={interval}", max_message_size=1 << 24
        )
        while await connection.read_message() is not None:
            pass

    readers = [asyncio.create_task(one(size, interval)) for size, interval in sizes]
    answer(ready=len(readers))
    lines = await commands()
    while (await lines.readline()).strip():
        answer()
    for reader in readers:
        reader.cancel()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="ws://…/api/v1/live")
    parser.add_argument("--clients", type=int, default=len(VIEWPORTS))
    parser.add_argument("--sizes", help="JSON: [[bytes, interval], …], only read such frames")
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        if options.sizes is None:
            asyncio.run(run(options.url, options.clients))
        else:
            asyncio.run(only_read(options.url, orjson.loads(options.sizes)))


if __name__ == "__main__":
    main()
