"""The flights of a view as a mapping, kept by the server's frames, and what each frame changes.

The rules of merging are :class:`~aerotrack.domain.held.HeldPicture`'s. Added are flights as typed
objects, the parts of a snapshot taken in at once, and the way over a lost connection.
"""

import weakref
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from aerotrack.client.changes import Changes, Left, LeftReason
from aerotrack.domain.held import HeldPicture, ProtocolBroken
from aerotrack.domain.live import Event
from aerotrack.domain.records import EndCause
from aerotrack.domain.vocabulary import Live as LiveFlight

_FIELDS: Final = frozenset(LiveFlight.__struct_fields__)


def typed(entry: dict[str, Any]) -> LiveFlight:
    """A held entry as an object; fields that we do not know are left out.

    Values are the server's and not judged again: it may know sources or phases that we do not.
    """
    values = entry
    if not entry.keys() <= _FIELDS:
        values = {name: value for name, value in entry.items() if name in _FIELDS}
    if "nav_modes" in values:
        values = {**values, "nav_modes": tuple(values["nav_modes"])}
    try:
        return LiveFlight(**values)
    except TypeError as error:
        raise ProtocolBroken(f"an entry without what every flight has: {error}") from None


class Picture(Mapping[str, LiveFlight]):
    """The flights of the view by icao24, read-only; ``watchers`` hear what changes."""

    def __init__(self) -> None:
        self._held = HeldPicture()
        self._typed: dict[str, LiveFlight] = {}
        self._parts: list[dict[str, Any]] = []
        self._watchers: weakref.WeakSet[Changes] = weakref.WeakSet()
        self.now = 0.0  # of the last frame, the server's clock
        self.updates = 0  # entries taken in

    # -- the mapping -------------------------------------------------------------------------------

    def __getitem__(self, icao24: str) -> LiveFlight:
        made = self._typed.get(icao24)
        if made is None:
            made = self._typed[icao24] = typed(self._held.flights[icao24])
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(self._held.flights)

    def __len__(self) -> int:
        return len(self._held.flights)

    def __contains__(self, icao24: object) -> bool:
        return icao24 in self._held.flights

    # -- watchers ----------------------------------------------------------------------------------

    def watch(self) -> Changes:
        """An iterator over what changes from now on; first it hears of every flight there is."""
        changes = Changes(self.get)
        for icao24 in self._held.flights:
            changes.appeared(icao24)
        self._watchers.add(changes)
        return changes

    def end(self, error: BaseException | None = None) -> None:
        """The stream is over for all watchers."""
        for watcher in self._watchers:
            watcher.end(error)

    # -- the connection ----------------------------------------------------------------------------

    @property
    def complete(self) -> bool:
        """Whether the view was seen whole once."""
        return self._held.complete

    @property
    def pos(self) -> int:
        """The position to resume from."""
        return self._held.pos

    def connected(self, *, resumable: bool) -> None:
        """A connection begins; unless ``resumable`` another run of the server counts from 0."""
        self._parts.clear()
        self._held.seq = 0
        if not resumable:
            self._held.pos = 0

    # -- frames ------------------------------------------------------------------------------------

    def apply(self, frame: dict[str, Any]) -> None:
        """Take in a ``snapshot``, ``delta`` or ``event``.

        Raises:
            ProtocolBroken: it does not follow what came before; what is held is not to be trusted
                to be the server's until the next snapshot.
        """
        try:
            self.now = frame["now"]
            if frame["type"] != "snapshot":
                self._in_order(frame)
            if frame["type"] == "snapshot":
                self._parts.append(frame)
                if not frame.get("more", False):
                    self._replace()
            elif frame["type"] == "delta":
                self._merge(frame)
            else:
                self._happened(frame)
        except (KeyError, TypeError, AttributeError) as error:
            raise ProtocolBroken(f"a frame that is none: {error!r}") from None

    def _in_order(self, frame: dict[str, Any]) -> None:
        if frame["seq"] != self._held.seq + 1 or frame["pos"] < self._held.pos:
            raise ProtocolBroken(f"out of order: seq {frame['seq']}, pos {frame['pos']}")

    def _replace(self) -> None:
        """All parts of a snapshot are here: they are the picture now."""
        before, parts, self._parts = self._held.flights, self._parts, []
        self._held.flights = {}
        try:
            for part in parts:
                self._held.apply(part)
        except Exception:
            self._held.flights = before
            raise
        self.updates += sum(len(part["flights"]) for part in parts)
        self._typed.clear()
        after = self._held.flights
        for icao24, old in before.items():
            if icao24 not in after:
                self._tell_left(Left(typed(old), "missed"))
        for icao24, new in after.items():
            self._tell_new(icao24, before.get(icao24), new)

    def _merge(self, frame: dict[str, Any]) -> None:
        held = self._held.flights
        # After a resume the server names flights that we never held.
        gone = [one for one in frame["gone"] if one["icao24"] in held]
        leaving = {
            one["icao24"]: self._left(one["icao24"], one["reason"], one.get("cause"))
            for one in gone
        }
        entries = frame["flights"]
        replaced: dict[str, dict[str, Any]] = {}
        come: set[str] = set()
        # Looked at before anything is taken in: what watchers are told is all that was.
        for entry in entries:
            icao24 = entry["icao24"]
            known = icao24 in held and icao24 not in leaving
            if entry.get("full"):
                come.add(icao24)
                if known:
                    replaced[icao24] = held[icao24]
            elif not known and icao24 not in come:
                raise ProtocolBroken(f"a delta about {icao24}, which was not there")
        self._held.apply({**frame, "gone": gone})
        self.updates += len(entries)
        for icao24, left in leaving.items():
            self._typed.pop(icao24, None)
            self._tell_left(left)
        for entry in entries:
            icao24 = entry["icao24"]
            if entry.get("full"):
                self._tell_new(icao24, replaced.get(icao24), held[icao24])
            else:
                self._tell_merged(icao24, entry, held[icao24])
            self._typed.pop(icao24, None)

    def _happened(self, frame: dict[str, Any]) -> None:
        """An event changes nothing that is held but counts among the frames."""
        self._held.seq, self._held.pos = frame["seq"], frame["pos"]
        try:
            event = msgspec.convert(frame, Event)
        except msgspec.ValidationError:
            return  # of a kind that came after us
        for watcher in self._watchers:
            watcher.happened(event)

    def _left(self, icao24: str, reason: LeftReason, cause: EndCause | None = None) -> Left:
        return Left(self[icao24], reason, cause)

    def _tell_left(self, left: Left) -> None:
        for watcher in self._watchers:
            watcher.left(left)

    def _tell_merged(self, icao24: str, entry: dict[str, Any], held: dict[str, Any]) -> None:
        """Fields merged into what was ``held``."""
        # What is told of now was heard now; the server says so in whole entries only.
        held["last_contact"] = max(held.get("last_contact", 0.0), round(self.now, 1))
        fields = entry.keys() - {"icao24"}
        if "lat" in held:
            fields.add("time_position")
        for watcher in self._watchers:
            watcher.updated(icao24, fields)

    def _tell_new(self, icao24: str, old: dict[str, Any] | None, new: dict[str, Any]) -> None:
        """A whole entry in place of ``old``, or of nothing."""
        if old is not None and old["flight_id"] != new["flight_id"]:
            self._tell_left(Left(typed(old), "missed"))
            old = None
        if old is None:
            for watcher in self._watchers:
                watcher.appeared(icao24)
            return
        fields = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
        if fields:
            for watcher in self._watchers:
                watcher.updated(icao24, fields)
