#!/usr/bin/env python3
"""Print every flight that declares an emergency, when it does and when it is over.

usage: emergencies.py [SERVER]
"""

import asyncio
import contextlib
import sys

from aerotrack import client

SQUAWKS = {"7500": "hijacking", "7600": "no radio", "7700": "emergency"}


def emergency(flight: client.LiveFlight) -> str | None:
    """What it declares, by its squawk or in words."""
    if flight.squawk in SQUAWKS:
        return f"{SQUAWKS[flight.squawk]} ({flight.squawk})"
    return None if flight.emergency in (None, "none") else flight.emergency


async def main(server: str) -> None:
    declared: dict[str, str] = {}
    async with client.connect(server) as live:
        await live.subscribe(interval=5)
        async for change in live.changes():
            if isinstance(change, client.Happened):
                continue
            flight = change.flight
            what = None if isinstance(change, client.Left) else emergency(flight)
            before = declared.get(flight.icao24)
            if what == before:
                continue
            name = f"{flight.callsign or '?':8} {flight.icao24}"
            place = "somewhere" if flight.lat is None else f"at {flight.lat:.3f} {flight.lon:.3f}"
            print(f"{name}  {what or f'over: {before}'}  {place}", flush=True)
            if what is None:
                del declared[flight.icao24]
            else:
                declared[flight.icao24] = what


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(*sys.argv[1:2] or ["http://127.0.0.1:8480"]))
