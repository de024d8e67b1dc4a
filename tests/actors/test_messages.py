"""Every message has somebody who takes it, travels unchanged, and stands in docs/actors.md."""

import pickle
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aerotrack.actors import messages
from aerotrack.actors.base import AeroActor
from aerotrack.actors.broadcaster import Broadcaster
from aerotrack.actors.flight import Flight
from aerotrack.actors.persistence import Persistence
from aerotrack.actors.registry import Registry
from aerotrack.actors.relay import FollowingBroadcaster, RelayingBroadcaster

ACTORS: list[type[AeroActor]] = [
    Registry, Flight, Broadcaster, Persistence, RelayingBroadcaster, FollowingBroadcaster,
]  # fmt: skip
# Taken by what is no actor: the writer's and the sockets' mailboxes, and whoever asked.
EDGES = {"StoreBatch", "SendFrame", "RefuseView", "Drained", "Figures", "Picture", "FlightFound",
         "FindIdentity", "SendBatch", "DurableDone", "DurableFailed",
         "KeepStates"}  # fmt: skip
PARTS = {"Figure", "Identity"}  # stand inside another message
MESSAGES = {
    name: kind
    for name, kind in vars(messages).items()
    if isinstance(kind, type) and kind.__module__ == messages.__name__
}
DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "actors.md").read_text(encoding="utf-8")


def taken(actor: type[AeroActor]) -> set[str]:
    """The names of our messages an actor has handlers for, beyond those of the actor it is."""
    above: Any = actor.__base__
    inherited = above.handled_messages()
    own = actor.handled_messages() - inherited
    return {kind.__name__ for kind in own if kind in MESSAGES.values()}


def test_every_message_is_taken_by_somebody_and_nobody_waits_for_another() -> None:
    handled = set[str]().union(*map(taken, ACTORS))
    assert set(MESSAGES) - PARTS == handled | EDGES


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_a_message_is_a_frozen_struct_with_a_contract(name: str) -> None:
    kind: Any = MESSAGES[name]
    assert issubclass(kind, msgspec.Struct)
    assert kind.__struct_config__.frozen
    assert (kind.__doc__ or "").strip()
    assert [msgspec.Struct] == list(kind.__bases__)


@pytest.mark.parametrize("actor", ACTORS)
def test_the_document_says_what_each_actor_takes(actor: type[AeroActor]) -> None:
    [row] = re.findall(rf"^\| `{actor.__name__}` \| (`\w+`(?: `\w+`)*) \|$", DOCUMENT, re.M)
    assert taken(actor) == set(re.findall(r"`(\w+)`", row))


def test_messages_survive_pickling() -> None:
    changed = messages.FlightChanged("4ca2d6", "4ca2d6-1", (("lat", 1.5),), True, 1.0, 2.0, 3.0)
    figures = messages.Figures((messages.Figure("flights", 3, (("feed", "home"),)),))
    for message in (changed, figures, messages.Tick(1.5)):
        assert message == pickle.loads(pickle.dumps(message))
