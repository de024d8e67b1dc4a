"""What the keys do: the state of the page, and how each key changes it. Pure."""

from typing import Final

import msgspec

from aerotrack.top.columns import BY_LETTER, BY_NAME, Column

LONGEST_SEARCH: Final = 40

HELP: Final = (
    ("q Ctrl-C", "quit"),
    ("< >", "sort by the column to the left or right"),
    ("c i t y x", "sort by callsign, ICAO24, type, latitude, longitude"),
    ("a v g k s e", "by altitude, vertical rate, speed, track, squawk, age"),
    ("d p", "by distance from the receiver, phase of flight"),
    ("r", "turn the order round"),
    ("/", "only what has this in callsign, ICAO24, REG, TYPE, SQWK"),
    ("Esc", "all again"),
    ("Up Down PgUp PgDn Home", "scroll"),
    ("Space", "stand still, and go on"),
    ("h ?", "this help"),
)


class Control(msgspec.Struct):
    """What the page shows, as the keys have it. ``typing`` while a search is typed in."""

    sort: str = "callsign"
    descending: bool = False
    search: str = ""
    typing: bool = False
    help: bool = False
    paused: bool = False
    offset: int = 0
    over: bool = False

    @property
    def column(self) -> Column:
        """The column it is sorted by."""
        return BY_NAME[self.sort]

    def press(self, key: str, *, columns: tuple[Column, ...], page: int) -> None:
        """Take a key: a character or a name such as ``up``. ``columns`` are those on the screen.

        ``page`` is how many flights it shows at once.
        """
        if self.typing:
            self._typed(key)
        elif self.help:
            self.help = False
            self.over = key == "q"
        elif key in BY_LETTER:
            self._sort(BY_LETTER[key])
        else:
            self._pressed(key, columns, page)

    def _typed(self, key: str) -> None:
        if key == "enter":
            self.typing = False
        elif key == "esc":
            self.typing, self.search = False, ""
        elif key == "backspace":
            self.search = self.search[:-1]
        elif len(key) == 1 and key.isprintable():
            self.search = (self.search + key)[:LONGEST_SEARCH]
        self.offset = 0

    def _pressed(self, key: str, columns: tuple[Column, ...], page: int) -> None:
        match key:
            case "q":
                self.over = True
            case "h" | "?":
                self.help = True
            case "r":
                self.descending = not self.descending
            case "/":
                self.typing, self.search = True, ""
            case "esc":
                self.search = ""
            case " ":
                self.paused = not self.paused
            case "<" | "left" | ">" | "right":
                self._sort_beside(columns, -1 if key in ("<", "left") else 1)
            case "up" | "down":
                self.offset += 1 if key == "down" else -1
            case "pageup" | "pagedown":
                self.offset += page if key == "pagedown" else -page
            case "home":
                self.offset = 0
        self.offset = max(0, self.offset)

    def _sort_beside(self, columns: tuple[Column, ...], step: int) -> None:
        names = [column.name for column in columns]
        at = names.index(self.sort) if self.sort in names else 0
        self._sort(columns[(at + step) % len(columns)])

    def _sort(self, column: Column) -> None:
        """By another column its own way round; by the same one the other way."""
        again = self.sort == column.name
        self.descending = not self.descending if again else column.descends
        self.sort = column.name
        self.offset = 0
