"""Whether a directory lies on an SD card or eMMC, which wear out by being written to."""

import os
from pathlib import Path
from typing import Final

# What Linux calls block devices of the MMC family; eMMC and SD cards alike.
_CARD: Final = "mmcblk"
# Devices made of others (LUKS, LVM, RAID) name them here; a stack is never this deep.
_MADE_OF: Final = "slaves"
_DEEPEST: Final = 8


def lies_on_card(directory: Path, *, sys_root: Path = Path("/sys")) -> bool:
    """Whether ``directory``, or the nearest above it that exists, lies on such a device.

    False where nobody can tell: on other systems than Linux, on a file system without a device of
    its own (overlay, network, several disks), in a container that does not see ``/sys``.
    """
    try:
        device = _nearest(directory).stat().st_dev
    except OSError:
        return False
    return is_card(f"{os.major(device)}:{os.minor(device)}", sys_root=sys_root)


def is_card(device: str, *, sys_root: Path = Path("/sys")) -> bool:
    """The same of a block device by its numbers, such as ``179:2``."""
    try:
        return _is_card((sys_root / "dev" / "block" / device).resolve(strict=True), _DEEPEST)
    except OSError:
        return False


def _is_card(device: Path, deepest: int) -> bool:
    # A partition's directory lies in that of its disk: …/block/mmcblk0/mmcblk0p2
    if device.name.startswith(_CARD):
        return True
    made_of = device / _MADE_OF
    if deepest == 0 or not made_of.is_dir():
        return False
    return any(_is_card(one.resolve(), deepest - 1) for one in made_of.iterdir())


def _nearest(directory: Path) -> Path:
    """``directory`` or the nearest above it that exists: it may be yet to be made."""
    while not directory.exists() and directory != directory.parent:
        directory = directory.parent
    return directory
