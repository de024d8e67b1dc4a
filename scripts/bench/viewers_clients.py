#!/usr/bin/env python3
"""Many viewers in one process, as cheap as can be: each counts its frames and answers pings.

Started by ``viewers.py`` with a JSON line on standard input: ``{"host", "port", "boxes": [[w, s, e,
n], …], "interval"}``. Says ``{"ready": n}`` when every box has its snapshot. To each line more it
answers ``{"frames", "bytes", "open", "late": [seconds …]}`` since the one before. Lateness, from a
frame's ``now`` to its arrival, is taken of one client in fifty. End of input ends it.
"""

import asyncio
import os
import re
import resource
import struct
import sys
import time

import orjson

NOW = re.compile(rb'"now":([\d.]+)')
SAMPLED = 50
# Connections made at once: fewer than a listening socket keeps waiting.
AT_ONCE = 50
# The boxes of ten thousand viewers stand in one line.
LINE_LIMIT = 1 << 24


class Viewer(asyncio.Protocol):
    """One client: the handshake, a subscribe, then frames."""

    def __init__(self, number: int, box: list[float], interval: float) -> None:
        self.sampled = number % SAMPLED == 0
        self.frames = self.bytes = 0
        self.late: list[float] = []
        self.ready = asyncio.get_running_loop().create_future()
        self.open = False
        self._box, self._interval = box, interval
        self._came = bytearray()
        self._upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.open = True
        transport.write(
            b"GET /api/v1/live HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            b"Sec-WebSocket-Version: 13\r\n\r\n"
        )

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        if not self.ready.done():
            self.ready.set_exception(
                exc or ConnectionError(f"refused: {bytes(self._came[:200])!r}")
            )

    def data_received(self, data: bytes) -> None:
        came = self._came
        came += data
        start = 0
        if not self._upgraded:
            start = came.find(b"\r\n\r\n") + 4
            if start < 4:
                return
            if b" 101 " not in came[:20]:
                self._transport.close()
                return
            self._upgraded = True
            self._send(1, orjson.dumps(
                {"type": "subscribe", "bbox": self._box, "interval": self._interval}
            ))  # fmt: skip
        while len(came) - start >= 2:
            size, head = came[start + 1], 2
            if size == 126:
                head = 4
            elif size == 127:
                head = 10
            if len(came) - start < head:
                break
            if head == 4:
                (size,) = struct.unpack_from("!H", came, start + 2)
            elif head == 10:
                (size,) = struct.unpack_from("!Q", came, start + 2)
            begin, end = start + head, start + head + size
            if len(came) < end:
                break
            self._frame(came[start] & 15, came, begin, end)
            start = end
        del came[:start]

    def _frame(self, opcode: int, came: bytearray, begin: int, end: int) -> None:
        if opcode == 9:
            self._send(10, bytes(came[begin:end]))
        elif opcode == 1:
            self.frames += 1
            self.bytes += end - begin
            if not self.ready.done() and came.startswith(b'{"type":"snapshot"', begin):
                self.ready.set_result(None)
            if self.sampled and (found := NOW.search(came, begin, min(end, begin + 200))):
                self.late.append(time.time() - float(found[1]))

    def _send(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        head = bytes((0x80 | opcode, 0x80 | size)) if size < 126 else struct.pack(
            "!BBH", 0x80 | opcode, 0x80 | 126, size
        )  # fmt: skip
        self._transport.write(head + bytes(4) + payload)  # masked with nothing


async def run() -> None:
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(LINE_LIMIT)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    told = orjson.loads(await lines.readline())
    viewers = [Viewer(n, box, told["interval"]) for n, box in enumerate(told["boxes"])]
    gate = asyncio.Semaphore(AT_ONCE)

    async def connect(viewer: Viewer) -> None:
        async with gate:
            await loop.create_connection(lambda: viewer, told["host"], told["port"])
            await viewer.ready

    await asyncio.gather(*map(connect, viewers))
    answer(ready=len(viewers))
    before = (0, 0)
    while await lines.readline():
        frames, size = sum(v.frames for v in viewers), sum(v.bytes for v in viewers)
        answer(
            frames=frames - before[0],
            bytes=size - before[1],
            open=sum(v.open for v in viewers),
            late=[late for v in viewers for late in v.late],
        )
        before = (frames, size)
        for viewer in viewers:
            viewer.late.clear()
    os._exit(0)  # thousands of connections need no goodbye


def answer(**values: object) -> None:
    sys.stdout.buffer.write(orjson.dumps(values) + b"\n")
    sys.stdout.buffer.flush()


def main() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(run())


if __name__ == "__main__":
    main()
