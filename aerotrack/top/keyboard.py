"""The keys of a terminal, as they are pressed. Nothing where standard input is no terminal."""

import asyncio
import codecs
import contextlib
import os
import sys
import termios
from collections.abc import Callable, Iterator
from typing import Final

# What terminals send for the keys that are no characters; both forms of the arrows are in use.
_SEQUENCES: Final = {
    "\x1b[A": "up", "\x1b[B": "down", "\x1b[C": "right", "\x1b[D": "left",
    "\x1bOA": "up", "\x1bOB": "down", "\x1bOC": "right", "\x1bOD": "left",
    "\x1b[5~": "pageup", "\x1b[6~": "pagedown", "\x1b[H": "home", "\x1b[1~": "home",
    "\x1bOH": "home",
}  # fmt: skip
_NAMED: Final = {"\r": "enter", "\n": "enter", "\x7f": "backspace", "\x08": "backspace"}


def keys_in(text: str) -> list[str]:
    """The keys behind what a terminal sent in one go.

    A lone escape is the key; one in front of something that is not known is dropped with it.
    """
    keys = []
    while text:
        if text[0] == "\x1b":
            sequence = next((s for s in _SEQUENCES if text.startswith(s)), None)
            if sequence is not None:
                keys.append(_SEQUENCES[sequence])
                text = text[len(sequence) :]
                continue
            if text == "\x1b":
                keys.append("esc")
            break
        keys.append(_NAMED.get(text[0], text[0]))
        text = text[1:]
    return keys


@contextlib.contextmanager
def pressed(on_key: Callable[[str], None]) -> Iterator[None]:
    """Call ``on_key`` for each key, on the running loop, until the context ends."""
    if not sys.stdin.isatty():
        yield
        return
    number = sys.stdin.fileno()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    loop = asyncio.get_running_loop()

    def read() -> None:
        try:
            sent = os.read(number, 1024)
        except OSError:
            sent = b""
        if not sent:  # the terminal is gone; its hang-up signal ends us
            loop.remove_reader(number)
            return
        for key in keys_in(decoder.decode(sent)):
            on_key(key)

    before = termios.tcgetattr(number)
    raw = termios.tcgetattr(number)
    # Keys at once and unseen; Ctrl-C stays a signal. Ctrl-Z would leave its shell such a terminal.
    raw[3] &= ~(termios.ICANON | termios.ECHO)
    raw[6][termios.VMIN], raw[6][termios.VTIME], raw[6][termios.VSUSP] = 1, 0, b"\0"
    termios.tcsetattr(number, termios.TCSADRAIN, raw)
    loop.add_reader(number, read)
    try:
        yield
    finally:
        loop.remove_reader(number)
        # Keys that nobody took are not for the shell.
        termios.tcsetattr(number, termios.TCSAFLUSH, before)
