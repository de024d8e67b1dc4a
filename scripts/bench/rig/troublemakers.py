"""Clients that nobody wants. A program of the rig.

Told ``{"host", "port", "slow": n, "rubbish": m}`` it connects them, says ``{"ready"}`` and goes on
until its input ends; ``{"do": "counts"}`` is answered with what they did.

The slow ones look at the whole world at interval 0.1 and read one byte a second, with as small a
receive buffer as the system gives. Each of the others sends something else at every turn, ten times
a second: text that is no JSON, JSON that is no message, impossible views, the largest message that
is read, frames that break the protocol, plain noise; with "greedy" also views of half the world.
One that is closed comes again, a second
later.
"""

import contextlib
import json
import os
import random
import select
import socket
import struct
import time
from collections import Counter
from typing import Any, Final

from rig.child import Orders, say
from rig.wire import TEXT, connected, masked, raise_open_files, subscribe, upgrade

TURN_S: Final = 0.1
BACK_AFTER_S: Final = 1.0
READ_BYTES: Final = 1 << 16
SMALL_BUFFER: Final = 2_048


def rubbish(chance: random.Random, *, greedy: bool) -> tuple[str, bytes]:
    """A kind of it, and the bytes."""
    kind = "views" if greedy and chance.random() < GREEDY else chance.choice(KINDS)
    match kind:
        case "no_json":
            return kind, masked(TEXT, b"{" * chance.randrange(1, 200))
        case "no_message":
            return kind, masked(TEXT, b'{"type":"subscribe","bbox":"everywhere"}')
        case "bad_view":
            return kind, masked(TEXT, b'{"type":"subscribe","bbox":[0,50,1,-50],"interval":1e-9}')
        case "deep":
            return kind, masked(TEXT, b'{"type":"subscribe","filter":' + b"[" * 5_000)
        case "views":
            box = [chance.uniform(-180, 180), -80.0, chance.uniform(-180, 180), 80.0]
            asked = {"type": "subscribe", "bbox": box, "interval": 0.1}
            return kind, masked(TEXT, json.dumps(asked).encode())
        case "large":
            return kind, masked(TEXT, b"x" * 60_000)
        case "too_large":
            return kind, struct.pack("!BBQ", 0x81, 0xFF, 1 << 40) + bytes(4)
        case "bad_frame":
            return kind, b"\xff\xff" + os.urandom(10)
        case _:
            return kind, os.urandom(chance.randrange(1, 400))


# So much of what greedy ones send are views of half the world, each another.
GREEDY: Final = 0.2
# Ordinary nonsense comes more often than what closes the connection.
KINDS: Final = (
    *(("no_json", "no_message", "bad_view") * 8),
    "deep", "large", "too_large", "bad_frame", "noise",
)  # fmt: skip


class Trouble:
    """All of them."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._host, self._port = told["host"], told["port"]
        self._greedy = bool(told.get("greedy"))
        self._chance = random.Random(1)
        self.did: Counter[str] = Counter()
        self._slow = [self._slow_one() for _ in range(told["slow"])]
        self._rude: list[socket.socket | None] = [None] * told["rubbish"]
        self._back_at = [0.0] * len(self._rude)

    def _slow_one(self) -> socket.socket:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        sock.connect((self._host, self._port))
        sock.sendall(upgrade())
        sock.sendall(subscribe(None, 0.1))
        sock.setblocking(False)
        return sock

    def read_a_byte(self) -> None:
        """What the slow ones do each second."""
        for number, sock in enumerate(self._slow):
            try:
                if not sock.recv(1):
                    raise ConnectionError
                self.did["bytes read slowly"] += 1
            except BlockingIOError:
                continue
            except OSError:
                self.did["slow ones closed"] += 1
                sock.close()
                self._slow[number] = self._slow_one()

    def be_rude(self, begin: int, end: int) -> None:
        """What some of the others do."""
        for number in range(begin, end):
            sock, now = self._rude[number], time.monotonic()
            if sock is None:
                if now < self._back_at[number]:
                    continue
                try:
                    sock = self._rude[number] = connected(self._host, self._port, upgrade())
                except OSError:
                    self._back_at[number] = now + BACK_AFTER_S
                    continue
                self.did["connections"] += 1
            kind, sent = rubbish(self._chance, greedy=self._greedy)
            try:
                # Answers are read, so that they are closed for what they say.
                with contextlib.suppress(BlockingIOError):
                    while True:
                        came = sock.recv(READ_BYTES)
                        if not came:
                            raise ConnectionError
                        if len(came) < READ_BYTES:
                            break
                sock.send(sent)
                self.did[kind] += 1
            except BlockingIOError:
                continue
            except OSError:
                self.did["closed"] += 1
                sock.close()
                self._rude[number] = None
                self._back_at[number] = now + BACK_AFTER_S

    @property
    def rude(self) -> int:
        """How many of them."""
        return len(self._rude)


def main() -> None:
    raise_open_files()
    orders = Orders()
    told = None
    while not told:
        select.select([orders.fd], [], [])
        told = orders.read()
        if told is None:
            return
    trouble = Trouble(told[0])
    say(ready=True)
    parts, turn, slowly_at = 5, 0, time.monotonic()
    while True:
        ready, _, _ = select.select([orders.fd], [], [], TURN_S / parts)
        if ready:
            came = orders.read()
            if came is None:
                return
            for _ in came:
                say(**trouble.did)
        step = trouble.rude // parts
        trouble.be_rude(step * (turn % parts), step * (turn % parts + 1))
        turn += 1
        if time.monotonic() >= slowly_at:
            slowly_at += 1.0
            trouble.read_a_byte()


if __name__ == "__main__":
    main()
