"""What a client of the live stream holds after the frames it was sent: the protocol's other end.

The rules of DESIGN section 6, as any client has to apply them. Tests and benchmarks hold the server
to it: a client's picture must converge to a fresh snapshot of its view.
"""

from typing import Any

# Of age, not of state: known to the second (``time_position``) or only in whole entries.
AGES = frozenset({"last_contact", "time_position"})


class ProtocolBroken(Exception):
    """The server sent a frame that breaks its own rules."""


class HeldPicture:
    """Flights by icao24, as dictionaries of their fields."""

    def __init__(self) -> None:
        self.flights: dict[str, dict[str, Any]] = {}
        self.seq = 0
        self.pos = 0
        self.complete = False  # whether the last part of a snapshot was seen
        self._in_snapshot = False
        self._resumed = False

    def reconnect(self) -> None:
        """A new connection resumes at ``pos``."""
        self.seq = 0
        self._resumed = True

    def apply(self, frame: dict[str, Any]) -> None:
        """Take in a ``snapshot``, ``delta`` or ``event`` frame; events only count.

        Raises:
            ProtocolBroken: a gap in ``seq``, a falling ``pos``, a delta about an unknown flight.
        """
        if frame["seq"] != self.seq + 1:
            raise ProtocolBroken(f"seq {frame['seq']} after {self.seq}")
        if frame["pos"] < self.pos:
            raise ProtocolBroken(f"pos fell from {self.pos} to {frame['pos']}")
        self.seq, self.pos = frame["seq"], frame["pos"]
        if frame["type"] == "event":
            return
        if frame["type"] == "snapshot":
            if not self._in_snapshot:
                self.flights.clear()
            self._in_snapshot = frame.get("more", False)
            self.complete = not self._in_snapshot
            for entry in frame["flights"]:
                self.flights[entry["icao24"]] = entry
            return
        for gone in frame["gone"]:
            # One whose view moved shortly before it left may have been told already.
            if self.flights.pop(gone["icao24"], None) is None and not self._resumed:
                raise ProtocolBroken(f"{gone['icao24']} is gone but was not there")
        self._resumed = False
        for entry in frame["flights"]:
            self._merge(entry, frame["now"])

    def _merge(self, entry: dict[str, Any], now: float) -> None:
        if entry.get("full"):
            self.flights[entry["icao24"]] = {k: v for k, v in entry.items() if k != "full"}
            return
        held = self.flights.get(entry["icao24"])
        if held is None:
            raise ProtocolBroken(f"a delta about {entry['icao24']}, which was not there")
        for name, value in entry.items():
            if value is None:
                held.pop(name, None)
            else:
                held[name] = value
        if "lat" in held and "time_position" not in entry:
            held["time_position"] = now

    def comparable(self) -> dict[str, dict[str, Any]]:
        """What is held, without the ages, to be compared with another picture's."""
        return {
            icao24: {name: value for name, value in entry.items() if name not in AGES}
            for icao24, entry in self.flights.items()
        }
