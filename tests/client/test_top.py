"""``aerotrack top`` as its user has it: a process in a terminal, in front of a real server."""

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aerotrack

from .conftest import PATIENCE_S, World

SIZES = ("COLUMNS", "LINES", "NO_COLOR")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in SIZES} | {
    "PYTHONPATH": str(Path(aerotrack.__file__).parents[1]),
    "TERM": "xterm-256color",
}
COMMAND = [sys.executable, "-m", "aerotrack", "top"]
# A terminal sends Ctrl-C and new sizes to those it controls.
CONTROLLED = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, sys.argv[1:])
"""
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
LEAVES = "\x1b[?1049l"


class Terminal:
    """A terminal with a process in it; ``shown`` is all that was drawn."""

    def __init__(self, master: int, process: asyncio.subprocess.Process) -> None:
        self.master = master
        self.process = process
        self.raw = ""
        self._more = asyncio.Event()
        asyncio.get_running_loop().add_reader(master, self._read)

    def _read(self) -> None:
        try:
            sent = os.read(self.master, 65_536)
        except OSError:  # the other side is closed
            asyncio.get_running_loop().remove_reader(self.master)
            return
        self.raw += sent.decode(errors="replace")
        self._more.set()

    @property
    def shown(self) -> str:
        return ESCAPES.sub("", self.raw)

    async def until(self, shown: str) -> None:
        """Wait until this is drawn; what was drawn before is forgotten."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not re.search(shown, self.shown, re.DOTALL):
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            raise AssertionError(f"not drawn: {shown}\n{self.shown}") from None
        self.raw = ""

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        """A new size; whoever runs in the terminal is told as by a real one."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    async def ended(self) -> int:
        """The exit code, and everything drawn until then."""
        code = await asyncio.wait_for(self.process.wait(), PATIENCE_S)
        async with asyncio.timeout(PATIENCE_S):
            while LEAVES not in self.raw:
                self._more.clear()
                await self._more.wait()
        return code


@contextlib.asynccontextmanager
async def terminal(*arguments: str) -> AsyncIterator[Terminal]:
    """``aerotrack top`` in a terminal of 80 by 24, whose settings it must leave as they were."""
    master, slave = pty.openpty()
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    before = termios.tcgetattr(slave)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CONTROLLED, *COMMAND, *arguments),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=ENVIRONMENT,
    )
    seen = Terminal(master, process)
    try:
        yield seen
        assert before == termios.tcgetattr(slave)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        asyncio.get_running_loop().remove_reader(master)
        os.close(slave)
        os.close(master)


def run(world: Callable[..., contextlib.AbstractAsyncContextManager[World]], scene) -> None:
    async def staged() -> None:
        async with world() as here:
            here.change("4ca2d6", whole=True, lat=53.4, lon=-6.2, callsign="EIN1", gs=150.5)
            here.change("3c6444", whole=True, lat=50.0, lon=8.5, callsign="DLH9U", gs=420.0)
            await scene(here)

    asyncio.run(asyncio.wait_for(staged(), 6 * PATIENCE_S))


def test_the_table_is_live_takes_keys_and_sizes_and_outlives_the_server(world):
    async def scene(here: World) -> None:
        async with terminal(here.url, "--interval", "0.1") as screen:
            await screen.until("live  aerotrack/0.1.0 at .*2 flights.*DLH9U .*EIN1 .*150.*q quit")
            here.change("4ca2d6", gs=180.0)
            here.tick()
            await screen.until("EIN1 .*180")
            screen.press("g")
            await screen.until("by gs down.*DLH9U .*EIN1")
            screen.press("/ein\r")
            await screen.until("1 of 2 flights with 'ein'")
            screen.resize(40, 10)
            await screen.until(r"CALLSIGN ICAO24  ALT ft FT/MIN   KT  AGE\s+EIN1")
            screen.press("\x1b")
            await screen.until("2 flights.*DLH9U")
            await here.stop()
            await screen.until(r"(waiting|connecting): Connection ref")
            here.change("4ca2d6", gs=200.0)
            here.start()
            await screen.until("live.*EIN1 .*200")
            screen.press("q")
            assert 0 == await screen.ended()
            assert screen.raw.rstrip().endswith("\x1b[?25h")
            assert LEAVES in screen.raw

    run(world, scene)


def test_ctrl_c_ends_it_as_cleanly_as_q(world):
    async def scene(here: World) -> None:
        async with terminal(here.url) as screen:
            await screen.until("EIN1")
            screen.press("\x03")
            assert 0 == await screen.ended()
            assert (True, False) == (LEAVES in screen.raw, "Traceback" in screen.raw)

    run(world, scene)


def test_a_signal_ends_it_and_gives_the_terminal_back(world):
    async def scene(here: World) -> None:
        async with terminal(here.url, "--bbox=-11,51,-5,56") as screen:
            await screen.until("1 flight .*EIN1")
            screen.process.send_signal(signal.SIGTERM)
            assert 0 == await screen.ended()

    run(world, scene)


async def output(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error, without a terminal."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT
    )
    printed, errors = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode is not None
    return process.returncode, printed.decode(), errors.decode()


def test_once_prints_all_there_is_without_a_terminal(world):
    async def scene(here: World) -> None:
        for n in range(60):
            here.change(f"{n:06x}", whole=True, lat=53.0, lon=-7.0, alt_baro=100 * n)
        code, printed, errors = await output(
            here.url, "--once", "--bbox=-11,51,-5,56", "--sort", "alt_baro"
        )
        assert (0, "") == (code, errors)
        head, *rows = printed.splitlines()
        assert ("CALLSIGN", "OPERATOR") == (head.split()[0], head.split()[-1])
        assert (61, "5900", "EIN1") == (len(rows), rows[0].split()[6], rows[-1].split()[0])
        assert "\x1b" not in printed

    run(world, scene)


def test_what_cannot_be_is_said_in_a_line(world):
    async def scene(here: World) -> None:
        nowhere = here.url
        for arguments, expected, said in (
            (["--once", here.url, "--bbox=0,10,1,5"], 1, "(bad_bbox)"),
            (["--once", "ftp://x"], 2, "none of http, https, ws and wss"),
            ([here.url], 2, "standard output is no terminal"),
            (["--once", here.url, "--filter", "colour=red"], 2, "colour"),
        ):
            code, printed, errors = await output(*arguments)
            assert (expected, "") == (code, printed)
            assert said in errors
        await here.stop()
        code, printed, errors = await output("--once", nowhere)
        assert (1, "") == (code, printed)
        assert f"Error: {nowhere}: Connection refused (unreachable)" == errors.strip()

    run(world, scene)
