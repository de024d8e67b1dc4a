"""The feeder: traffic made beforehand, sent over sockets at its pace. A program of the rig.

Told ``{"sockets": n, "kind", "seconds", …}`` (see ``traffic``) it listens on so many ports and says
``{"ports"}``, makes the traffic, and says ``{"made": updates a second}``. Then it takes connections
and answers ``{"do": …}``:

    start    send, in real time, when every socket is connected
    share    send only this share of each second's slices ("share": 0 to 1)
    counts   {"updates", "late" seconds behind the pace, "left" seconds of traffic left}
    probes   [[icao24, altitude, when it was sent (epoch seconds)], …] since asked last
"""

import contextlib
import gc
import select
import socket
import time
from typing import Any

from rig.child import Orders, say
from rig.traffic import SLICE_S, SLICES, Second, play


class Feeder:
    """Sends ``seconds`` to whoever connected to ``listening``."""

    def __init__(self, listening: list[socket.socket], seconds: list[Second]) -> None:
        self._listening = listening
        self._seconds = seconds
        self._connections: list[socket.socket] = []
        self._began: float | None = None
        self._next = 0  # slice, counted from the first second's
        self._share = 1.0
        self._late = 0.0
        self._updates = 0
        self._probes: list[tuple[str, int, float]] = []

    def obey(self, order: dict[str, Any]) -> None:
        """Do it and answer."""
        match order["do"]:
            case "start":
                for one in self._listening:
                    connection, _ = one.accept()
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._connections.append(connection)
                self._began = time.monotonic()
                say()
            case "share":
                self._share = order["share"]
                say()
            case "counts":
                left = len(self._seconds) - self._next / SLICES
                say(updates=self._updates, late=self._late, left=left)
            case "probes":
                say(probes=self._probes)
                self._probes = []

    def wait_s(self) -> float | None:
        """Seconds until the next slice is due; None where there is nothing to send."""
        if self._began is None or self._next >= SLICES * len(self._seconds):
            return None
        return max(0.0, self._began + self._next * SLICE_S - time.monotonic())

    def send_due(self) -> None:
        """Send the next slice; waits where the other side does not read."""
        assert self._began is not None
        second, number = divmod(self._next, SLICES)
        self._next += 1
        if number >= self._share * SLICES:
            return
        due = self._began + (self._next - 1) * SLICE_S
        one = self._seconds[second][number]
        if one.probe is not None:
            self._probes.append((*one.probe, time.time()))
        for to, sent in one.parts:
            self._connections[to].sendall(sent)
        self._updates += one.updates
        self._late = time.monotonic() - due


def main() -> None:
    orders = Orders()
    told = None
    while not told:
        select.select([orders.fd], [], [])
        told = orders.read()
        if told is None:
            return
    options = told[0]
    listening = [socket.create_server(("127.0.0.1", 0)) for _ in range(options.pop("sockets"))]
    say(ports=[one.getsockname()[1] for one in listening])
    gc.disable()  # the traffic is millions of objects that stay
    seconds = play(options.pop("kind"), **options)
    say(made=sum(one.updates for one in seconds[-1]))
    feeder = Feeder(listening, seconds)
    with contextlib.suppress(ConnectionError):
        while True:
            wait = feeder.wait_s()
            if wait or wait is None:
                ready, _, _ = select.select([orders.fd], [], [], wait)
                if ready:
                    came = orders.read()
                    if came is None:
                        return
                    for order in came:
                        feeder.obey(order)
                    continue
            else:
                ready, _, _ = select.select([orders.fd], [], [], 0)
                if ready:
                    for order in orders.read() or ():
                        feeder.obey(order)
            feeder.send_due()
    # The server has stopped: answer what is still asked.
    while True:
        select.select([orders.fd], [], [])
        came = orders.read()
        if came is None:
            return
        for order in came:
            feeder.obey(order)


if __name__ == "__main__":
    main()
