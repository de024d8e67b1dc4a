"""Asking: the awaitable ask answers its own question, the blocking one stays off the loop."""

from __future__ import annotations

import asyncio

import pytest
from thespian.actors import Actor, ActorAddress, ActorSystemFailure

from aerotrack.actors.base import AeroActor, handles
from aerotrack.actors.loopbase import (
    INBOX_LIMIT,
    ActorPoisoned,
    ActorTimeout,
    AskedActorGone,
    BlockingCallOnLoop,
)


class Oracle(AeroActor):
    """Answers ints at once; keeps the askers of strings until told to let go, last one first."""

    __slots__ = ("waiting",)

    def __init__(self):
        self.waiting = []

    @handles(int)
    def answer(self, message, sender):
        self.send(sender, message * 2)

    @handles(str)
    def keep(self, message, sender):
        if message == "let go":
            while self.waiting:
                asker, question = self.waiting.pop()
                self.send(asker, "re " + question)
        else:
            self.waiting.append((sender, message))

    @handles(float)
    def answer_twice(self, message, sender):
        self.send(sender, "first")
        self.send(sender, "second")


class Failing(Actor):
    def receiveMessage(self, msg, sender):
        if msg == "fail":
            raise ValueError("no")


def registered(system):
    return set(system.base.actorRegistry)


def test_an_answer_comes_back(run_on_loop):
    async def scenario(system):
        oracle = system.createActor(Oracle)
        assert await system.ask_async(oracle, 21, 1.0) == 42

    run_on_loop(scenario)


def test_an_answered_ask_leaves_no_timer_behind(run_on_loop):
    async def scenario(system):
        loop = asyncio.get_running_loop()

        def timers():
            return sum(not handle.cancelled() for handle in loop._scheduled)

        before = timers()
        await system.ask_async(system.createActor(Oracle), 21, 3600.0)
        assert before == timers()

    run_on_loop(scenario)


def test_each_question_gets_its_own_answer_whatever_the_order(run_on_loop):
    async def scenario(system):
        oracle = system.createActor(Oracle)
        asks = [
            asyncio.ensure_future(system.ask_async(oracle, question, 5.0)) for question in "abc"
        ]
        await asyncio.sleep(0)
        await system.drained()
        system.tell(oracle, "let go")
        assert ["re a", "re b", "re c"] == await asyncio.gather(*asks)

    run_on_loop(scenario)


def test_an_ask_that_gets_no_answer_times_out_and_leaves_nothing(run_on_loop):
    async def scenario(system):
        oracle = system.createActor(Oracle)
        before = registered(system)
        with pytest.raises(ActorTimeout):
            await system.ask_async(oracle, "never", 0.01)
        assert before == registered(system)
        system.tell(oracle, "let go")  # the late answer is nobody's
        await system.drained()
        assert system.figures().dead_letters == 1
        assert await system.ask_async(oracle, 1, 1.0) == 2

    run_on_loop(scenario)


def test_a_second_answer_is_dropped(run_on_loop):
    async def scenario(system):
        oracle = system.createActor(Oracle)
        before = registered(system)
        assert await system.ask_async(oracle, 1.5, 1.0) == "first"
        await system.drained()
        assert before == registered(system)

    run_on_loop(scenario)


def test_a_cancelled_ask_leaves_nothing(run_on_loop):
    async def scenario(system):
        oracle = system.createActor(Oracle)
        before = registered(system)
        ask = asyncio.ensure_future(system.ask_async(oracle, "never", 60.0))
        await asyncio.sleep(0)
        ask.cancel()
        with pytest.raises(asyncio.CancelledError):
            await ask
        assert before == registered(system)

    run_on_loop(scenario)


def test_an_ask_that_poisons_its_receiver_raises_with_the_reason(run_on_loop):
    async def scenario(system):
        failing = system.createActor(Failing)
        with pytest.raises(ActorPoisoned, match="ValueError: no") as caught:
            await system.ask_async(failing, "fail", 1.0)
        assert caught.value.poison == "fail"

    run_on_loop(scenario)


def test_asking_nobody_fails_at_once(run_on_loop):
    async def scenario(system):
        with pytest.raises(AskedActorGone):
            await system.ask_async(ActorAddress("/A~gone"), 1, 60.0)

    run_on_loop(scenario)


def test_an_ask_open_at_shutdown_fails(run_on_loop):
    async def scenario(system):
        ask = asyncio.ensure_future(system.ask_async(system.createActor(Oracle), "never", 60.0))
        await asyncio.sleep(0)
        system.shutdown()
        with pytest.raises(ActorSystemFailure):
            await ask

    run_on_loop(scenario)


@pytest.mark.parametrize("call", ["ask", "listen"])
def test_blocking_calls_on_the_loop_raise_instead_of_hanging(run_on_loop, call):
    async def scenario(system):
        oracle = system.createActor(Oracle)
        with pytest.raises(BlockingCallOnLoop, match="ask_async"):
            system.ask(oracle, 1, 1.0) if call == "ask" else system.listen(1.0)

    run_on_loop(scenario)


def test_a_blocking_ask_works_from_another_thread(run_on_loop):
    async def scenario(system):
        oracle = system.createActor(Oracle)
        assert await asyncio.to_thread(system.ask, oracle, 21, 5.0) == 42
        assert await asyncio.to_thread(system.ask, oracle, "never", 0.01) is None

    run_on_loop(scenario)


def test_a_private_context_has_its_own_answers(run_on_loop):
    def work(system, oracle):
        with system.private() as mine:
            system.tell(oracle, 1)  # answered to the shared outside address
            return mine.ask(oracle, 21, 5.0)

    async def scenario(system):
        oracle = system.createActor(Oracle)
        before = registered(system)
        assert await asyncio.to_thread(work, system, oracle) == 42
        assert before == registered(system)
        assert await asyncio.to_thread(system.listen, 5.0) == 2

    run_on_loop(scenario)


def test_answers_nobody_fetches_are_bounded_and_counted(run_on_loop):
    async def scenario(system):
        oracle = system.createActor(Oracle)
        for number in range(INBOX_LIMIT + 5):
            system.tell(oracle, number)
        await system.drained()
        assert system.figures().external_dropped == 5
        assert await asyncio.to_thread(system.listen, 1.0) == 10  # the oldest five are gone

    run_on_loop(scenario)
