"""How long a thread waits for its turn while the server runs."""

import sys

from aerotrack.actors.loopbase._dispatch import SLICE_SECONDS
from aerotrack.runtime.turns import SWITCH_INTERVAL_S, short_turns


def test_turns_are_shorter_than_a_slice_of_the_actors_and_only_while_the_server_runs() -> None:
    before = sys.getswitchinterval()
    with short_turns():
        assert SWITCH_INTERVAL_S == sys.getswitchinterval()
        assert SWITCH_INTERVAL_S < SLICE_SECONDS
    assert before == sys.getswitchinterval()
