"""How the threads of the process take turns at the interpreter."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

# A thread that waits for the interpreter may insist on its turn after this long, unless another
# switch came between. The event loop gives the interpreter away for an instant at every turn, every
# 4 ms under load: with Python's own 5 ms the writer beside it never insisted, and stored nothing.
SWITCH_INTERVAL_S: Final = 0.001


@contextmanager
def short_turns() -> Iterator[None]:
    """Within it a busy event loop leaves other threads their share, a millisecond at a time."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
