#!/usr/bin/env python3
"""Write every new position in a box to standard output, as CSV, until Ctrl-C.

usage: box_to_csv.py WEST,SOUTH,EAST,NORTH [SERVER]
"""

import asyncio
import contextlib
import csv
import sys

from aerotrack import client

COLUMNS = ("time_position", "icao24", "flight_id", "callsign", "lat", "lon", "alt_baro", "gs")


async def main(box: str, server: str = "http://127.0.0.1:8480") -> None:
    rows = csv.writer(sys.stdout)
    rows.writerow(COLUMNS)
    async with client.connect(server) as live:
        await live.subscribe(bbox=map(float, box.split(",")))
        async for change in live.changes():
            match change:
                case client.Appeared(flight):
                    pass
                case client.Updated(flight, fields) if fields & {"lat", "lon"}:
                    pass
                case _:
                    continue
            rows.writerow(getattr(flight, column) for column in COLUMNS)
            sys.stdout.flush()


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        asyncio.run(main(*sys.argv[1:]))
