"""The programs in examples/client run as they are, and so does the one of docs/client.md."""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import aerotrack

from .conftest import PATIENCE_S, World

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "client"
# The programs are to find the package under test, wherever that is.
OURS = {"PYTHONPATH": str(Path(aerotrack.__file__).parents[1])}


async def line(process: Process) -> str:
    """The next line it prints."""
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)).decode().rstrip()


def played(
    world: Callable[[], AbstractAsyncContextManager[World]],
    arguments: list[str],
    play: Callable[[World, Process], Awaitable[None]],
    *,
    until: signal.Signals = signal.SIGINT,
) -> None:
    """Run Python with ``arguments`` ({url} is the server's) while ``play`` plays.

    Then ``until`` ends it: quietly and with code 0 where that is Ctrl-C's signal.
    """

    async def scene():
        async with world() as here:
            here.change("4ca2d6", whole=True, lat=53.4, lon=-6.2, callsign="EIN1", alt_baro=3000)
            filled = [argument.replace("{url}", here.url) for argument in arguments]
            process = await asyncio.create_subprocess_exec(
                sys.executable, *filled, stdout=PIPE, stderr=PIPE, env=os.environ | OURS
            )
            try:
                await play(here, process)
                if process.returncode is None and not process.stdout.at_eof():
                    process.send_signal(until)
                _, errors = await asyncio.wait_for(process.communicate(), PATIENCE_S)
                expected = 0 if until is signal.SIGINT else -until
                assert (expected, b"") == (process.returncode, errors)
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()

    asyncio.run(asyncio.wait_for(scene(), 4 * PATIENCE_S))


async def subscribed(world: World) -> None:
    """Wait until the program has its view."""
    async with asyncio.timeout(PATIENCE_S):
        while not await world.subscribers():
            await asyncio.sleep(0.01)


def test_emergencies_are_printed_when_they_begin_and_end(world):
    async def play(here: World, process: Process) -> None:
        await subscribed(here)
        here.change("4ca2d6", squawk="7700")
        here.tick(10)
        assert "EIN1     4ca2d6  emergency (7700)  at 53.400 -6.200" == await line(process)
        here.change("4ca2d6", squawk="1000")
        here.tick(10)
        printed = await line(process)
        assert "EIN1     4ca2d6  over: emergency (7700)  at 53.400 -6.200" == printed

    played(world, [str(EXAMPLES / "emergencies.py"), "{url}"], play)


def test_the_positions_in_a_box_become_csv(world):
    async def play(here: World, process: Process) -> None:
        assert "time_position,icao24,flight_id,callsign,lat,lon,alt_baro,gs" == await line(process)
        first = "1764000000.5,4ca2d6,4ca2d6-692159a0,EIN1,53.4,-6.2,3000,"
        assert first == await line(process)
        here.change("4ca2d6", squawk="1000")
        here.tick()
        here.change("4ca2d6", lat=53.5)
        here.tick()
        assert "53.5" == (await line(process)).split(",")[4]

    played(world, [str(EXAMPLES / "box_to_csv.py"), "-11,51,-5,56", "{url}"], play)


def test_a_flight_is_followed_to_its_end(world):
    async def play(here: World, process: Process) -> None:
        assert "EIN1  53.4 lat  -6.2 lon  3000 ft  - kt" in await line(process)
        here.change("4ca2d6", lat=53.5)
        here.tick()
        assert "EIN1  53.5 lat" in await line(process)
        here.end("4ca2d6")
        here.tick()
        assert "EIN1 is gone: ended" == await line(process)
        assert "" == await line(process)

    played(world, [str(EXAMPLES / "follow_flight.py"), "4ca2d6", "{url}"], play)


def test_the_program_of_the_document_runs(world):
    text = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert "http://127.0.0.1:8480" in code

    async def play(here: World, process: Process) -> None:
        assert "1 flights" == await line(process)
        assert "EIN1 53.4 -6.2 3000" == await line(process)
        here.end("4ca2d6")
        here.tick()
        assert "EIN1 left: ended" == await line(process)

    arguments = ["-u", "-c", code.replace("http://127.0.0.1:8480", "{url}")]
    played(world, arguments, play, until=signal.SIGTERM)
