"""The limit of open files: raised as far as it goes, and a word where that is not enough."""

import logging
import subprocess
import sys

# A process of its own: a limit once lowered cannot be raised again by everybody.
PROGRAM = """
import logging, resource, sys
from aerotrack import logs
from aerotrack.runtime.limits import raise_open_files
soft, hard, clients = map(int, sys.argv[1:])
logs.setup("info", "text")
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
print(raise_open_files(clients), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def raised(soft: int, hard: int, clients: int) -> tuple[list[int], str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(soft), str(hard), str(clients)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return [int(number) for number in done.stdout.split()], done.stderr


def test_the_soft_limit_becomes_the_hard_one() -> None:
    assert ([512, 512, 512], "") == raised(128, 512, clients=400)


def test_a_limit_too_low_for_the_clients_is_said() -> None:
    limits, said = raised(128, 512, clients=10_000)
    assert [512, 512, 512] == limits
    assert said.endswith("open_files_limit limit=512 max_clients=10000 needed=10100\n")
    assert logging.getLevelName(logging.WARNING) in said
