"""The live stream of an AeroTrack server, from Python; docs/client.md shows it at work.

.. code-block:: python

    import asyncio
    from aerotrack import client

    async def main():
        async with client.connect("http://127.0.0.1:8480") as live:
            await live.subscribe(bbox=(-11, 51, -5, 56))
            print(len(live.flights), "flights")
            async for change in live.changes():
                match change:
                    case client.Appeared(flight) | client.Updated(flight):
                        print(flight.callsign, flight.lat, flight.lon, flight.alt_baro)
                    case client.Left(flight, reason):
                        print(flight.callsign, "left:", reason)

    asyncio.run(main())

It needs neither a database nor anything else of the server.
"""

import logging
from collections.abc import Mapping

from aerotrack.client.address import DEFAULT_SERVER, live_url
from aerotrack.client.changes import (
    Appeared,
    Change,
    Changes,
    Happened,
    Left,
    LeftReason,
    Updated,
)
from aerotrack.client.errors import CannotConnect, ConnectionLost, LiveError, RequestRefused
from aerotrack.client.stream import LiveStream, State
from aerotrack.domain.geo import Box
from aerotrack.domain.live import Event, Filter
from aerotrack.domain.vocabulary import Live as LiveFlight

__all__ = [
    "Appeared",
    "Box",
    "CannotConnect",
    "Change",
    "Changes",
    "ConnectionLost",
    "Event",
    "Filter",
    "Happened",
    "Left",
    "LeftReason",
    "LiveError",
    "LiveFlight",
    "LiveStream",
    "RequestRefused",
    "State",
    "Updated",
    "connect",
    "live_url",
]

# What is logged here goes where the program's logging sends it, and nowhere where it has none.
logging.getLogger(__name__).addHandler(logging.NullHandler())


def connect(
    server: str = DEFAULT_SERVER,
    *,
    reconnect: bool = True,
    compress: bool = True,
    headers: Mapping[str, str] | None = None,
) -> LiveStream:
    """The live stream of ``server``, to be entered as an async context.

    ``server`` is its URL: ``http``, ``https``, ``ws`` or ``wss``, with the base path of a proxy
    where there is one. Entering connects, and raises :class:`CannotConnect` where that fails; later
    losses are mended with growing pauses, unless ``reconnect`` is false. ``compress`` takes
    compressed frames from a server that offers them, ``headers`` go with the request, for a proxy
    that wants to know who is there.

    Raises:
        ValueError: ``server`` is no such URL.
    """
    return LiveStream(server, reconnect=reconnect, compress=compress, headers=dict(headers or {}))
