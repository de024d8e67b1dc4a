"""``aerotrack top``: the live table in a terminal, on :mod:`aerotrack.client`.

``columns`` says what a flight's row holds, ``control`` what keys do, ``page`` what is on screen:
all pure. ``keyboard`` and ``run`` have the terminal and the server.
"""

from aerotrack.top.columns import COLUMNS
from aerotrack.top.run import print_once, watch
from aerotrack.top.wanted import BadWish, bbox, wanted_filter

__all__ = ["COLUMNS", "BadWish", "bbox", "print_once", "wanted_filter", "watch"]
