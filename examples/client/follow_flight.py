#!/usr/bin/env python3
"""Follow one aircraft wherever it is, a line for each report, until its flight ends.

usage: follow_flight.py ICAO24 [SERVER]
"""

import asyncio
import contextlib
import sys

from aerotrack import client

NOTHING_ELSE = (0, 0, 0, 0)  # a box of no size


def line(flight: client.LiveFlight) -> str:
    """What there is to say of it in a line; a dash is not known."""
    known = {
        "lat": flight.lat, "lon": flight.lon, "ft": flight.alt_baro, "kt": flight.gs,
        "ft/min": flight.baro_rate, "deg": flight.track,
    }  # fmt: skip
    said = "  ".join(f"{'-' if value is None else value} {unit}" for unit, value in known.items())
    return f"{flight.callsign or flight.icao24}  {said}  {flight.phase or ''}"


async def main(icao24: str, server: str = "http://127.0.0.1:8480") -> None:
    async with client.connect(server) as live:
        try:
            await live.subscribe(follow=[icao24], bbox=NOTHING_ELSE)
        except client.RequestRefused as refused:
            if refused.code != "not_supported":
                raise
            await live.subscribe()  # an older server shows all, and we pick
        async for change in live.changes():
            match change:
                case client.Appeared(flight) | client.Updated(flight) if flight.icao24 == icao24:
                    print(line(flight), flush=True)
                case client.Left(flight, reason) if flight.icao24 == icao24:
                    print(f"{flight.callsign or icao24} is gone: {reason}", flush=True)
                    if reason == "ended":
                        return


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(*sys.argv[1:]))
