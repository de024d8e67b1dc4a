"""The collector's policy: cheap ticks, nothing lost for good, everything put back."""

from __future__ import annotations

import gc
import weakref

import pytest

from aerotrack.gc_policy import OLD_THRESHOLD, GcPolicy


class Node:
    def __init__(self):
        self.itself = self


@pytest.fixture
def policy():
    policy = GcPolicy(deep_seconds=100.0)
    policy.start(0.0)
    yield policy
    policy.stop()


def test_stop_puts_the_collector_back():
    before = gc.get_threshold()
    policy = GcPolicy()
    policy.start(0.0)
    assert OLD_THRESHOLD == gc.get_threshold()[2]
    policy.stop()
    policy.stop()
    assert before == gc.get_threshold()
    assert gc.get_freeze_count() == 0
    assert policy._watch not in gc.callbacks


def test_starting_twice_is_an_error(policy):
    with pytest.raises(RuntimeError):
        policy.start(0.0)


def test_a_tick_frees_young_cycles(policy):
    node = weakref.ref(Node())
    policy.tick(1.0)
    assert node() is None


def test_a_cycle_that_dies_after_it_was_frozen_waits_for_the_deep_collection(policy):
    node = Node()
    dead = weakref.ref(node)
    policy.tick(1.0)
    del node
    policy.tick(99.0)
    assert dead() is not None
    policy.tick(100.0)
    assert dead() is None


def test_a_tick_does_not_walk_what_an_earlier_one_froze(policy):
    held = [Node() for _ in range(1000)]
    policy.tick(1.0)
    assert not any(isinstance(thing, Node) for thing in gc.get_objects())
    assert len(held) == 1000


def test_pauses_are_counted_and_the_longest_kept(policy):
    policy.tick(1.0)
    assert policy.pauses == 1
    assert policy.longest_pause_s > 0.0
    policy.reset_longest_pause()
    assert policy.longest_pause_s == 0.0


def test_a_tick_before_start_does_nothing():
    before = gc.get_freeze_count()  # of whatever else runs in this process
    GcPolicy().tick(1.0)
    assert before == gc.get_freeze_count()
