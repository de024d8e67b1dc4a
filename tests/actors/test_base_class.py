"""The actor base class, on both bases: dispatch and the failure policy."""

from __future__ import annotations

import logging

import msgspec
import pytest
from thespian.actors import Actor, ActorAddress, ActorExitRequest, ChildActorExited, WakeupMessage

from aerotrack.actors.base import AeroActor, handles
from aerotrack.actors.failures import (
    POISON_MESSAGE,
    UNKNOWN_MESSAGE,
    FailureCounts,
    FailureKind,
    worth_logging,
)


class Add(msgspec.Struct, frozen=True):
    amount: int


class AddMore(Add, frozen=True):
    pass


class GetSum(msgspec.Struct, frozen=True):
    pass


class Divide(msgspec.Struct, frozen=True):
    by: int


class Refused(msgspec.Struct, frozen=True):
    reason: str


class Adder(AeroActor):
    __slots__ = ("sum",)

    def __init__(self) -> None:
        self.sum = 0

    @handles(Add)
    def add(self, message: Add, sender: ActorAddress) -> None:
        self.sum += message.amount

    @handles(GetSum)
    def answer(self, message: GetSum, sender: ActorAddress) -> None:
        self.send(sender, self.sum)

    @handles(Divide)
    def divide(self, message: Divide, sender: ActorAddress) -> None:
        self.sum += 100
        self.sum //= message.by


class DoubleAdder(Adder):
    __slots__ = ()

    def add(self, message: Add, sender: ActorAddress) -> None:
        self.sum += 2 * message.amount


class PoliteAdder(Adder):
    __slots__ = ()

    def on_failure(self, message: object, sender: ActorAddress, error: Exception) -> None:
        self.send(sender, Refused(type(error).__name__))


class ClumsyAdder(Adder):
    __slots__ = ()

    def on_failure(self, message: object, sender: ActorAddress, error: Exception) -> None:
        raise KeyError("clumsy")


class Family(AeroActor):
    __slots__ = ("child", "exited", "woken")

    def __init__(self) -> None:
        self.exited: list[ActorAddress] = []
        self.woken: list[object] = []

    @handles(str)
    def command(self, message: str, sender: ActorAddress) -> None:
        if message == "have":
            self.child = self.createActor(Adder)
        elif message == "lose":
            self.send(self.child, ActorExitRequest())
        elif message == "wake":
            self.wakeupAfter(0.001, "payload")

    def handle_child_exited(self, message: ChildActorExited, sender: ActorAddress) -> None:
        self.exited.append(message.childAddress)

    def handle_wakeup(self, message: WakeupMessage, sender: ActorAddress) -> None:
        self.woken.append(message.payload)


class Fragile(Actor):
    def receiveMessage(self, msg, sender) -> None:
        if isinstance(msg, Add):
            raise RuntimeError("fragile")


class Sender(AeroActor):
    __slots__ = ()

    @handles(ActorAddress)
    def provoke(self, message: ActorAddress, sender: ActorAddress) -> None:
        self.send(message, Add(1))


def test_a_message_reaches_the_handler_of_its_type(actor_system):
    sink = actor_system.collector()
    adder = actor_system.create(Adder, Add(2), Add(3))
    actor_system.tell(adder, GetSum(), sender=sink.address)
    actor_system.settle()
    assert [5] == sink.messages
    assert [adder] == sink.senders


def test_overriding_a_handler_by_name_replaces_it(actor_system):
    adder = actor_system.create(DoubleAdder, Add(2))
    actor_system.settle()
    assert actor_system.instance(adder).sum == 4


def test_a_subclass_of_a_message_has_no_handler_of_its_own_accord(actor_system):
    adder = actor_system.create(Adder, AddMore(2))
    actor_system.settle()
    assert actor_system.instance(adder).sum == 0
    assert {FailureKind("Adder", "AddMore", UNKNOWN_MESSAGE): 1} == actor_system.failures()


def test_two_handlers_of_one_type_are_refused_when_the_class_is_made():
    with pytest.raises(TypeError, match="first and second both handle Add"):

        class Torn(AeroActor):
            @handles(Add)
            def first(self, message, sender):
                pass

            @handles(Add)
            def second(self, message, sender):
                pass


def test_a_class_names_the_messages_it_handles():
    assert {Add, GetSum, Divide} == Adder.handled_messages() - AeroActor.handled_messages()


def test_a_failing_handler_runs_once_and_the_actor_lives_on(actor_system):
    adder = actor_system.create(Adder, Add(1), Divide(0), Add(1))
    actor_system.settle()
    assert actor_system.instance(adder).sum == 102  # 100 from the one run that raised
    assert {FailureKind("Adder", "Divide", "ZeroDivisionError"): 1} == actor_system.failures()


def test_a_flood_of_one_failure_is_counted_in_full_and_logged_at_powers_of_ten(
    actor_system, caplog
):
    adder = actor_system.create(Adder)
    for _ in range(250):
        actor_system.tell(adder, Divide(0))
    actor_system.settle()
    assert {FailureKind("Adder", "Divide", "ZeroDivisionError"): 250} == actor_system.failures()
    logged = [record for record in caplog.records if "handler_failed" in record.message]
    assert [True, False, False] == [bool(record.exc_info) for record in logged]
    assert "message=Divide" in logged[0].message
    assert "times=100" in logged[2].message


def test_a_flood_of_unknown_messages_is_logged_once_a_power_of_ten(actor_system, caplog):
    adder = actor_system.create(Adder)
    for _ in range(20):
        actor_system.tell(adder, 3.5)
    actor_system.settle()
    assert {FailureKind("Adder", "float", UNKNOWN_MESSAGE): 20} == actor_system.failures()
    logged = [record for record in caplog.records if "message_unknown" in record.message]
    assert [logging.WARNING, logging.WARNING] == [record.levelno for record in logged]


def test_on_failure_may_answer_the_sender_with_a_reason(actor_system):
    sink = actor_system.collector()
    adder = actor_system.create(PoliteAdder)
    actor_system.tell(adder, Divide(0), sender=sink.address)
    actor_system.settle()
    assert [Refused("ZeroDivisionError")] == sink.messages


def test_a_failing_on_failure_is_counted_too(actor_system):
    adder = actor_system.create(ClumsyAdder, Divide(0), Add(1))
    actor_system.settle()
    assert actor_system.instance(adder).sum == 101
    assert {
        FailureKind("ClumsyAdder", "Divide", "ZeroDivisionError"): 1,
        FailureKind("ClumsyAdder", "Divide", "KeyError"): 1,
    } == actor_system.failures()


def test_the_parent_hears_of_a_child_that_ended(actor_system):
    parent = actor_system.create(Family, "have")
    actor_system.settle()
    child = actor_system.instance(parent).child
    actor_system.tell(parent, "lose")
    actor_system.settle()
    assert [child] == actor_system.instance(parent).exited
    assert actor_system.instance(child) is None


def test_a_wakeup_reaches_its_handler_with_its_payload(actor_system):
    actor = actor_system.create(Family, "wake")
    actor_system.wait_until(lambda: actor_system.instance(actor).woken)
    assert ["payload"] == actor_system.instance(actor).woken


def test_own_messages_that_came_back_as_poison_are_counted(actor_system):
    fragile = actor_system.create(Fragile)
    actor_system.create(Sender, fragile)
    actor_system.settle()
    assert {FailureKind("Sender", "Add", POISON_MESSAGE): 1} == actor_system.failures()


def test_exit_needs_no_handler_and_ends_the_actor(actor_system):
    adder = actor_system.create(Adder)
    actor_system.exit(adder)
    assert actor_system.instance(adder) is None


def test_actors_of_one_loop_system_share_their_counts(run_on_loop):
    async def scenario(system):
        for _ in range(2):
            system.tell(system.createActor(Adder), Divide(0))
        await system.drained()
        assert {
            FailureKind("Adder", "Divide", "ZeroDivisionError"): 2
        } == system.failures.snapshot()
        assert system.figures().handler_failures == 2

    run_on_loop(scenario)


def test_powers_of_ten_are_worth_logging():
    assert [1, 10, 100, 1000] == [count for count in range(1, 2001) if worth_logging(count)]


def test_counts_are_kept_by_actor_message_and_error():
    counts = FailureCounts()
    assert counts.record(Adder, Add, "ValueError") == 1
    assert counts.record(Adder, Add, "ValueError") == 2
    assert counts.record(Adder, Add, "KeyError") == 1
    assert counts.total == 3
