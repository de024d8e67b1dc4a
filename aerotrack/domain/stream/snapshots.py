"""A snapshot on its way: everything a view shows, in parts, each made when there is time for it."""

from typing import Final

from aerotrack.domain.stream.catchup import Look
from aerotrack.domain.stream.picture import LivePicture
from aerotrack.domain.stream.view import View

# A part of a snapshot stays under this many bytes (the protocol allows 512 kB): encoding it anew,
# some 600 flights, takes about four milliseconds, as long as a slice of deliveries may.
PART_BYTES: Final = 250_000


class Snapshot:
    """What a view showed at its position, to be sent part by part.

    Flights are sent as they are when their part is made, also those that left meanwhile: what
    changed after the view's position is told when the snapshot is complete.
    """

    __slots__ = ("_left", "view")

    def __init__(self, view: View, look: Look, picture: LivePicture, pos: int) -> None:
        self.view = view
        view.area, view.layer, view.follow = look.area, look.layer, look.follow
        view.pos = view.held = pos
        self._left = list(picture if look.everything else look.entries(picture))
        self._left.reverse()

    @property
    def complete(self) -> bool:
        """Whether the last part was made."""
        return not self._left

    def part(self, now: float, most: int = PART_BYTES) -> bytes:
        """The next part, of one flight or of ``most`` bytes of them."""
        rows: list[bytes] = []
        size, left = 0, self._left
        while left:
            encoded = left[-1].encoded()
            if rows and size + len(encoded) > most:
                break
            left.pop()
            rows.append(encoded)
            size += len(encoded) + 1
        return self.view.snapshot_part(rows, self.view.pos, now, more=bool(left))

    def cut_off(self, now: float) -> bytes:
        """An empty last part, where another snapshot is to follow."""
        self._left.clear()
        return self.view.snapshot_part((), self.view.pos, now, more=False)
