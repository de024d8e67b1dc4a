"""What is on the screen: a header, the table, a line of help. Pure: state in, lines out."""

import time
from collections.abc import Iterable

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aerotrack.domain.vocabulary import Live as LiveFlight
from aerotrack.top.columns import Column, fitting, in_emergency, matches, ordered
from aerotrack.top.control import HELP, Control

# Two lines above the table, its own head, one below.
LINES_AROUND = 4


class Seen(msgspec.Struct, frozen=True):
    """What is known of the server: its flights, and how the stream is.

    ``trouble`` says why there is no connection, empty while there is one. ``now`` is the server's
    clock, 0 where it is not known.
    """

    flights: list[LiveFlight]
    now: float
    server: str
    url: str
    updates_per_s: float
    trouble: str = ""


def rows_for(height: int) -> int:
    """How many flights a terminal of so many lines shows."""
    return max(1, height - LINES_AROUND)


def page(seen: Seen, control: Control, width: int, height: int) -> RenderableType:
    """Everything on the screen."""
    columns = fitting(width)
    if control.help:
        return Group(_title(seen), Text(), *_help(), Text(), Text("any key: back", style="dim"))
    shown = [f for f in seen.flights if not control.search or matches(f, control.search)]
    shown = ordered(shown, control.column, seen.now, descending=control.descending)
    rows = rows_for(height)
    control.offset = min(control.offset, max(0, len(shown) - rows))
    visible = shown[control.offset : control.offset + rows]
    body = table(visible, columns, seen.now, sorted_by=control)
    missing = Text("\n" * (rows - len(visible)), end="") if len(visible) < rows else Text(end="")
    return Group(_title(seen), _figures(seen, control, shown), body, missing, _footer(control))


def table(
    flights: Iterable[LiveFlight],
    columns: tuple[Column, ...],
    now: float,
    *,
    sorted_by: Control | None = None,
) -> Table:
    """The flights, a row each, in the order they come."""
    made = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="reverse")
    for column in columns:
        title = Text(column.title)
        if sorted_by is not None and sorted_by.sort == column.name:
            title.stylize("bold underline")
        made.add_column(
            title,
            width=column.width,
            justify="right" if column.right else "left",
            no_wrap=True,
            overflow="crop",
        )
    for flight in flights:
        style = "bold red" if in_emergency(flight) else None
        made.add_row(*(column.cell(flight, now) for column in columns), style=style)
    return made


def _title(seen: Seen) -> Text:
    line = Text("aerotrack top  ", style="bold", no_wrap=True, overflow="ellipsis")
    if seen.trouble:
        line.append(seen.trouble, style="red")
    else:
        line.append("live", style="green")
    line.append(f"  {seen.server or 'server'} at {seen.url}", style="not bold")
    return line


def _figures(seen: Seen, control: Control, shown: list[LiveFlight]) -> Text:
    flights = f"{len(seen.flights)} flight{'s' * (len(seen.flights) != 1)}"
    if control.search:
        flights = f"{len(shown)} of {flights} with '{control.search}'"
    order = "down" if control.descending else "up"
    parts = [flights, f"{seen.updates_per_s:.0f} updates/s", f"by {control.sort} {order}"]
    if control.offset:
        parts.append(f"from {control.offset + 1}")
    if control.paused:
        parts.append("standing still")
    if seen.now:
        parts.append(time.strftime("%H:%M:%SZ", time.gmtime(seen.now)))
    return Text("  ".join(parts), no_wrap=True, overflow="ellipsis")


def _footer(control: Control) -> Text:
    if control.typing:
        return Text.assemble(("/", "bold"), control.search, ("_", "blink"), no_wrap=True, end="")
    keys = "q quit  < > sort  r reverse  / search  space pause  h help"
    return Text(keys, style="dim", no_wrap=True, overflow="ellipsis", end="")


def _help() -> list[Text]:
    return [Text.assemble((f"{keys:>23}  ", "bold"), what, no_wrap=True) for keys, what in HELP]
