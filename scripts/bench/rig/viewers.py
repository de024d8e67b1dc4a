"""The viewers: thousands of clients in one process that read frame heads and little else.

A program of the rig. Told ``{"host", "port", "views": [{"bbox", "interval", "path", "sampled"}],
"probes": [icao24 …], "compress", "move", "connects_per_s", "stay_s"}`` it connects them all and
says ``{"ready": n}`` when each has its first frame. Then it answers ``{"do": "counts"}``: what came
since asked last, by class (``fast`` below 0.25 s between frames, else ``normal``).

Sampled clients read their frames: how late each arrives after its ``now``, and when they saw which
probe (see ``traffic``). With ``move`` each looks elsewhere every second. ``connects_per_s`` more
come each second, with the views ``passing`` in turn, and leave after ``stay_s``.
"""

import json
import re
import select
import time
from collections import Counter, deque
from typing import Any, Final

from rig.child import Orders, say
from rig.wire import Refused, Wire, connected, raise_open_files, subscribe, upgrade

FAST_BELOW: Final = 0.25
# Connections that wait for their first frame at once.
AT_ONCE: Final = 50
START_TIMEOUT_S: Final = 120.0
MOVED_DEG: Final = 0.5
_NOW: Final = re.compile(rb'"now":([\d.]+)')


class Viewer:
    """One client."""

    __slots__ = (
        "_asked",
        "compress",
        "fast",
        "left_at",
        "moves",
        "ready",
        "sampled",
        "view",
        "wire",
    )

    def __init__(self, host: str, port: int, view: dict[str, Any], *, compress: bool) -> None:
        path = view.get("path")
        self.view = view
        self.sampled = bool(view.get("sampled")) and not compress
        self.fast = view["interval"] < FAST_BELOW
        self.compress = compress
        self.ready = False
        self.moves = 0
        self.left_at = float("inf")
        self._asked = path is not None
        request = upgrade(path or "/api/v1/live", compress=compress)
        self.wire = Wire(connected(host, port, request), kept=self.sampled)

    def read(self) -> None:
        """Take what is there; ask for the view after the welcome."""
        self.wire.read()
        if not self._asked and self.wire.frames:
            self._asked = True
            self.wire.send(subscribe(self.view["bbox"], self.view["interval"]))
        if not self.ready and self.wire.frames > ("path" not in self.view):
            self.ready = True

    def move(self) -> None:
        """Look a bit east, then a bit west."""
        self.moves += 1
        west, south, east, north = self.view["bbox"]
        by = MOVED_DEG * (self.moves % 2)
        self.wire.send(subscribe([west + by, south, east + by, north], self.view["interval"]))


class Crowd:
    """All of them, on one epoll."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._told = told
        self._compress = bool(told.get("compress"))
        self._probes = set(told.get("probes", ()))
        self._epoll = select.epoll()
        self._viewers: dict[int, Viewer] = {}
        self._waiting = 0
        self.lost = self.came = self.went = 0
        self.refused: Counter[str] = Counter()
        self._gone = {"fast": (0, 0), "normal": (0, 0)}  # frames, bytes of those that left
        self._before = {"fast": (0, 0), "normal": (0, 0)}
        self.late: dict[str, list[float]] = {"fast": [], "normal": []}
        self.seen: list[tuple[str, int, float, str]] = []
        self.orders = Orders()
        self._epoll.register(self.orders.fd, select.EPOLLIN)

    def connect(self, view: dict[str, Any]) -> Viewer:
        """One more."""
        viewer = Viewer(self._told["host"], self._told["port"], view, compress=self._compress)
        number = viewer.wire.sock.fileno()
        self._viewers[number] = viewer
        self._epoll.register(number, select.EPOLLIN)
        self._waiting += 1
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """One fewer."""
        number = viewer.wire.sock.fileno()
        self._epoll.unregister(number)
        del self._viewers[number]
        viewer.wire.sock.close()
        self._waiting -= not viewer.ready
        kind = "fast" if viewer.fast else "normal"
        frames, size = self._gone[kind]
        self._gone[kind] = (frames + viewer.wire.frames, size + viewer.wire.bytes)

    def turn(self, wait_s: float) -> list[dict[str, Any]] | None:
        """Read whatever is there; orders that came, None at the end."""
        orders: list[dict[str, Any]] | None = []
        for number, _ in self._epoll.poll(wait_s):
            viewer = self._viewers.get(number)
            if viewer is None:
                orders = self.orders.read()
                continue
            ready = viewer.ready
            try:
                viewer.read()
            except Refused as error:
                self.refused[str(error)] += 1
                self.leave(viewer)
                continue
            self._waiting -= viewer.ready and not ready
            if viewer.wire.texts:
                self._look(viewer)
            if viewer.wire.closed:
                self.lost += 1
                self.leave(viewer)
        return orders

    def _look(self, viewer: Viewer) -> None:
        """What a sampled client reads."""
        arrived = time.time()
        kind = "fast" if viewer.fast else "normal"
        for text in viewer.wire.texts:
            if found := _NOW.search(text, 0, 200):
                self.late[kind].append(arrived - float(found[1]))
            if self._probes and text.startswith(b'{"type":"delta"'):
                for flight in json.loads(text)["flights"]:
                    if flight["icao24"] in self._probes and "alt_baro" in flight:
                        self.seen.append((flight["icao24"], flight["alt_baro"], arrived, kind))
        viewer.wire.texts.clear()

    def gather(self) -> None:
        """Connect everybody."""
        views = deque(self._told["views"])
        deadline = time.monotonic() + START_TIMEOUT_S
        while (views or self._waiting) and time.monotonic() < deadline:
            while views and self._waiting < AT_ONCE:
                self.connect(views.popleft())
            self.turn(0.02)

    def counts(self) -> dict[str, Any]:
        """What came since asked last."""
        now = {kind: list(self._gone[kind]) for kind in self._gone}
        for viewer in self._viewers.values():
            of_kind = now["fast" if viewer.fast else "normal"]
            of_kind[0] += viewer.wire.frames
            of_kind[1] += viewer.wire.bytes
        found: dict[str, Any] = {
            "open": sum(one.ready for one in self._viewers.values()),
            "lost": self.lost, "refused": self.refused, "came": self.came, "went": self.went,
            "late": self.late, "seen": self.seen,
        }  # fmt: skip
        for kind, (frames, size) in now.items():
            then = self._before[kind]
            found[kind] = {"frames": frames - then[0], "bytes": size - then[1]}
            self._before[kind] = (frames, size)
        self.late, self.seen = {"fast": [], "normal": []}, []
        self.lost = self.came = self.went = 0
        self.refused = Counter()
        return found

    def run(self) -> None:
        """Read, move, come and go, until the input ends."""
        steady = list(self._viewers.values())
        moving = bool(self._told.get("move"))
        per_s = float(self._told.get("connects_per_s", 0.0))
        stay_s = float(self._told.get("stay_s", 5.0))
        views = self._told.get("passing", ())
        passing: deque[Viewer] = deque()
        began = time.monotonic()
        moved = connected_so_far = 0
        while True:
            orders = self.turn(0.02 if moving or per_s else 1.0)
            if orders is None:
                return
            for _ in orders:
                say(**self.counts())
            at = time.monotonic() - began
            if moving:
                due = int(at * len(steady))
                for number in range(max(moved, due - len(steady)), due):
                    steady[number % len(steady)].move()
                moved = due
            while passing and passing[0].left_at <= at:
                viewer = passing.popleft()
                if self._viewers.get(viewer.wire.sock.fileno()) is viewer:
                    self.leave(viewer)
                    self.went += 1
            while per_s and connected_so_far < at * per_s:
                connected_so_far += 1
                viewer = self.connect(views[connected_so_far % len(views)])
                viewer.left_at = at + stay_s
                passing.append(viewer)
                self.came += 1


def main() -> None:
    raise_open_files()
    orders = Orders()
    told = None
    while not told:
        select.select([orders.fd], [], [])
        told = orders.read()
        if told is None:
            return
    crowd = Crowd(told[0])
    crowd.gather()
    found = crowd.counts()
    say(ready=found["open"], refused=found["refused"], lost=found["lost"])
    crowd.run()


if __name__ == "__main__":
    main()
