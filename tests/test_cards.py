"""Where a data directory lies, by a /sys made for the test."""

import os
from pathlib import Path

import pytest

from aerotrack.cards import is_card, lies_on_card


@pytest.fixture
def sys_root(tmp_path: Path) -> Path:
    """A Raspberry Pi's: a card, a USB disk, LUKS on a partition of each."""
    devices, by_number = tmp_path / "devices", tmp_path / "dev" / "block"
    by_number.mkdir(parents=True)
    for number, where in {
        "179:0": "mmc0/block/mmcblk0",
        "179:2": "mmc0/block/mmcblk0/mmcblk0p2",
        "8:1": "usb1/block/sda/sda1",
        "254:0": "virtual/block/dm-0",
        "254:1": "virtual/block/dm-1",
    }.items():
        (devices / where).mkdir(parents=True, exist_ok=True)
        (by_number / number).symlink_to(devices / where)
    for made, of in (("dm-0", "mmc0/block/mmcblk0/mmcblk0p2"), ("dm-1", "usb1/block/sda/sda1")):
        slaves = devices / "virtual/block" / made / "slaves"
        slaves.mkdir()
        (slaves / Path(of).name).symlink_to(devices / of)
    return tmp_path


@pytest.mark.parametrize(
    ("device", "card"),
    [("179:0", True), ("179:2", True), ("254:0", True), ("8:1", False), ("254:1", False),
     ("0:42", False)],
)  # fmt: skip
def test_cards_are_known_by_their_device_and_what_is_made_of_them(
    sys_root: Path, device: str, card: bool
) -> None:
    assert card == is_card(device, sys_root=sys_root)


def test_a_directory_yet_to_be_made_lies_where_the_one_above_it_does(
    sys_root: Path, tmp_path: Path
) -> None:
    device = tmp_path.stat().st_dev
    there = sys_root / "dev" / "block" / f"{os.major(device)}:{os.minor(device)}"
    there.unlink(missing_ok=True)
    there.symlink_to(sys_root / "devices/mmc0/block/mmcblk0/mmcblk0p2")
    assert lies_on_card(tmp_path / "to" / "come", sys_root=sys_root)


def test_without_a_sys_nothing_is_a_card(tmp_path: Path) -> None:
    assert not lies_on_card(tmp_path, sys_root=tmp_path / "none")
