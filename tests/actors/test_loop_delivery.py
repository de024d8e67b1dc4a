"""Delivery on the loop: order, slices, threads, dead letters, retries."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from thespian.actors import Actor, ActorAddress, ActorTypeDispatcher, DeadEnvelope, PoisonMessage
from thespian.system.messages.status import (
    Thespian_ActorStatus,
    Thespian_StatusReq,
    Thespian_SystemStatus,
)

from aerotrack.actors.base import AeroActor, handles
from aerotrack.actors.loopbase import MAX_ATTEMPTS, start_actor_system


class Keeper(AeroActor):
    __slots__ = ("kept",)

    def __init__(self):
        self.kept = []

    @handles(int, str, tuple)
    def keep(self, message, sender):
        self.kept.append(message)


class Relay(AeroActor):
    """Sends what it is told to another actor, noting whether a handler ran inside a handler."""

    __slots__ = ("depth", "nested", "to")

    def __init__(self):
        self.depth = 0
        self.nested = False

    @handles(ActorAddress)
    def configure(self, message, sender):
        self.to = message

    @handles(int)
    def relay(self, message, sender):
        self.depth += 1
        self.nested = self.nested or self.depth > 1
        if message > 0:
            self.send(self.to, message - 1)
        self.depth -= 1


class Failing(Actor):
    runs = 0

    def receiveMessage(self, msg, sender):
        if msg == "fail":
            self.runs += 1
            raise ValueError("no")


class Undertaker(AeroActor):
    __slots__ = ("letters",)

    @handles(str)
    def command(self, message, sender):
        self.letters = []
        self.handleDeadLetters(message == "start")

    def handle_dead_letter(self, message, sender):
        self.letters.append((message.deadAddress, message.deadMessage))


class Slow(AeroActor):
    __slots__ = ()

    @handles(float)
    def work(self, message, sender):
        time.sleep(message)  # stands for computing, which is what this is about


def actor_of(system, address):
    return system.base.actorRegistry[address.actorAddressString].instance


def test_messages_of_one_sender_arrive_in_order(run_on_loop):
    async def scenario(system):
        keeper = system.createActor(Keeper)
        for number in range(5000):
            system.tell(keeper, number)
        await system.drained()
        assert list(range(5000)) == actor_of(system, keeper).kept

    run_on_loop(scenario, slice_seconds=0.0)


def test_handlers_never_nest_even_when_they_send_to_themselves(run_on_loop):
    async def scenario(system):
        relay = system.createActor(Relay)
        system.tell(relay, relay)
        system.tell(relay, 100)
        await system.drained()
        assert actor_of(system, relay).nested is False
        assert system.figures().deliveries == 102

    run_on_loop(scenario)


def test_telling_delivers_nothing_before_the_loop_turns(run_on_loop):
    async def scenario(system):
        keeper = system.createActor(Keeper)
        system.tell(keeper, 1)
        assert [] == actor_of(system, keeper).kept
        await system.drained()
        assert [1] == actor_of(system, keeper).kept

    run_on_loop(scenario)


def test_other_callbacks_of_the_loop_run_between_slices(run_on_loop):
    async def scenario(system):
        slow = system.createActor(Slow)
        for _ in range(320):
            system.tell(slow, 0.0005)
        turns = 0
        while system.figures().queue_depth:
            await asyncio.sleep(0)
            turns += 1
        # 160 ms of work in slices of 4 ms, which look at the clock every 32 deliveries (16 ms)
        assert 5 <= turns <= 40

    run_on_loop(scenario)


def test_what_waits_gets_as_long_as_the_rest_of_the_loop_takes(run_on_loop):
    async def scenario(system):
        slow = system.createActor(Slow)
        for _ in range(600):
            system.tell(slow, 0.0005)
        turns = 0
        while system.figures().queue_depth:
            await asyncio.sleep(0)
            time.sleep(0.08)  # as fifty sockets with something to read
            turns += 1
        # 300 ms of work: at 16 ms a slice it would be 19 turns
        assert 3 <= turns <= 9

    run_on_loop(scenario)


def test_the_longest_slice_is_measured_and_can_be_reset(run_on_loop):
    async def scenario(system):
        system.tell(system.createActor(Slow), 0.03)
        await system.drained()
        assert 0.03 <= system.figures().longest_slice_s < 1.0
        system.base.reset_longest_slice()
        assert system.figures().longest_slice_s == 0.0

    run_on_loop(scenario)


def test_threads_may_tell_and_each_keeps_its_order(run_on_loop):
    per_thread = 2000

    async def scenario(system):
        keeper = system.createActor(Keeper)

        def work(name):
            for number in range(per_thread):
                system.tell(keeper, (name, number))

        threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        kept = actor_of(system, keeper).kept
        while len(kept) < 4 * per_thread:
            await asyncio.sleep(0.001)
        for thread in threads:
            thread.join()
        for name in range(4):
            assert [(name, n) for n in range(per_thread)] == [m for m in kept if m[0] == name]

    run_on_loop(scenario)


def test_a_tell_from_a_thread_wakes_an_idle_loop(run_on_loop):
    async def scenario(system):
        asyncio.get_running_loop().set_debug(True)  # notices a call that is not thread-safe
        arrived = asyncio.Event()
        mailbox = system.create_mailbox(lambda message, sender: arrived.set())
        await asyncio.sleep(0)
        thread = threading.Thread(target=system.tell, args=(mailbox, "hello"))
        thread.start()
        await arrived.wait()
        thread.join()

    run_on_loop(scenario)


def test_actors_made_in_another_thread_live_on_the_loop(run_on_loop):
    async def scenario(system):
        address = await asyncio.to_thread(system.createActor, Keeper)
        system.tell(address, 1)
        await system.drained()
        assert [1] == actor_of(system, address).kept

    run_on_loop(scenario)


def test_an_exception_of_a_constructor_reaches_the_thread_that_asked_for_the_actor(run_on_loop):
    class Stillborn(Actor):
        def __init__(self):
            raise LookupError("stillborn")

    async def scenario(system):
        with pytest.raises(LookupError, match="stillborn"):
            await asyncio.to_thread(system.createActor, Stillborn)
        assert system.figures().live_actors == 0

    run_on_loop(scenario)


def test_a_plain_actor_that_raises_gets_three_runs_and_the_sender_one_poison(run_on_loop):
    async def scenario(system):
        received = []
        mailbox = system.create_mailbox(lambda message, sender: received.append((message, sender)))
        failing = system.createActor(Failing)
        system.tell_as(mailbox, failing, "fail")
        await system.drained()
        assert actor_of(system, failing).runs == MAX_ATTEMPTS == 3
        [(poison, sender)] = received
        assert isinstance(poison, PoisonMessage)
        assert poison.poisonMessage == "fail"
        assert "ValueError: no" in poison.details
        assert sender == failing
        assert system.figures().poison_messages == 1

    run_on_loop(scenario)


def test_dead_letters_go_to_their_handler_and_are_counted(run_on_loop):
    async def scenario(system):
        handler = system.createActor(Undertaker)
        nobody = ActorAddress("/A~nobody")
        system.tell(nobody, "before")
        system.tell(handler, "start")
        system.tell(nobody, "letter")
        await system.drained()
        assert [("/A~nobody", "letter")] == actor_of(system, handler).letters
        system.tell(handler, "stop")
        system.tell(nobody, "after")
        await system.drained()
        assert system.figures().dead_letters == 3

    run_on_loop(scenario)


def test_a_mailbox_may_not_unsettle_who_writes_to_it(run_on_loop, caplog):
    async def scenario(system):
        def broken(message, sender):
            raise ValueError("callback")

        mailbox = system.create_mailbox(broken)
        for _ in range(20):
            system.tell(mailbox, "x")
        await system.drained()
        assert system.figures().mailbox_errors == 20
        assert system.figures().poison_messages == 0

    run_on_loop(scenario)
    logged = [record for record in caplog.records if "mailbox_callback_failed" in record.message]
    assert len(logged) == 2  # the first and the tenth


def test_a_mailbox_gets_message_and_sender_and_nothing_after_it_is_closed(run_on_loop):
    async def scenario(system):
        received = []
        mailbox = system.create_mailbox(lambda message, sender: received.append((message, sender)))
        relay = system.createActor(Relay)
        system.tell(relay, mailbox)
        system.tell(relay, 5)
        await system.drained()
        assert [(4, relay)] == received
        system.close_mailbox(mailbox)
        system.close_mailbox(mailbox)
        system.tell(relay, 5)
        await system.drained()
        assert [(4, relay)] == received
        assert system.figures().dead_letters == 1
        assert system.figures().mailboxes == 0

    run_on_loop(scenario)


def test_a_mailbox_may_tell_and_close_from_its_callback(run_on_loop):
    async def scenario(system):
        keeper = system.createActor(Keeper)

        def callback(message, sender):
            system.tell(keeper, message)
            system.close_mailbox(mailbox)

        mailbox = system.create_mailbox(callback)
        system.tell(mailbox, "once")
        system.tell(mailbox, "twice")
        await system.drained()
        assert ["once"] == actor_of(system, keeper).kept

    run_on_loop(scenario)


def test_status_of_an_actor_and_of_the_system(run_on_loop):
    async def scenario(system):
        keeper = system.createActor(Keeper, globalName="keeper")
        status = await system.ask_async(keeper, Thespian_StatusReq(), 1.0)
        assert isinstance(status, Thespian_ActorStatus)
        assert status.actorClass == "Keeper"
        status = await system.ask_async(system.systemAddress, Thespian_StatusReq(), 1.0)
        assert isinstance(status, Thespian_SystemStatus)
        assert [keeper] == status.childActors
        assert {"keeper": keeper} == status.globalActors
        assert status.miscKeyVals["live_actors"] == 1

    run_on_loop(scenario)


def test_drained_returns_at_once_when_nothing_is_queued(run_on_loop):
    async def scenario(system):
        await asyncio.wait_for(system.drained(), 1.0)

    run_on_loop(scenario)


def test_two_systems_in_one_process_do_not_share_anything(run_on_loop):
    async def scenario(system):
        other = start_actor_system(capabilities={"other": True})
        try:
            one, two = system.createActor(Keeper), other.createActor(Keeper)
            system.tell(one, 1)
            other.tell(two, 2)
            await system.drained()
            await other.drained()
            assert [1] == actor_of(system, one).kept
            assert [2] == actor_of(other, two).kept
            assert "other" not in system.capabilities
            assert other.capabilities is other.base.capabilities
        finally:
            other.shutdown()

    run_on_loop(scenario)


def test_a_base_needs_the_running_loop():
    with pytest.raises(RuntimeError):
        start_actor_system()


def test_thespians_own_dispatcher_still_works(run_on_loop):
    class Old(ActorTypeDispatcher):
        def receiveMsg_int(self, message, sender):
            self.send(sender, message + 1)

    async def scenario(system):
        assert await system.ask_async(system.createActor(Old), 1, 1.0) == 2

    run_on_loop(scenario)


def test_a_letter_in_a_dead_envelope_names_address_and_message():
    envelope = DeadEnvelope("/A~1", "x")
    assert ("/A~1", "x") == (envelope.deadAddress, envelope.deadMessage)
