"""The live socket in front of the real broadcaster on the real actor system."""

import asyncio
import time

import msgspec
from tornado.netutil import bind_sockets
from tornado.websocket import websocket_connect

from aerotrack.actors.broadcaster import Broadcaster
from aerotrack.actors.loopbase import start_actor_system
from aerotrack.actors.messages import FlightChanged, FlightGone, GetFigures, Tick
from aerotrack.feeds.feed import Clock
from aerotrack.web.app import make_app, make_server
from aerotrack.web.ports import Ports
from aerotrack.web.settings import WebSettings

NOW = 1_764_000_000.5
PATIENCE_S = 30.0


def changed(icao24: str, lat: float, lon: float, *, whole: bool = False) -> FlightChanged:
    return FlightChanged(
        icao24=icao24,
        flight_id=f"{icao24}-692159a0",
        changed=(("lat", lat), ("lon", lon)),
        whole=whole,
        time_position=NOW,
        last_contact=NOW,
        received=time.monotonic(),
    )


def unused(*_args: object, **_kwargs: object) -> object:
    raise AssertionError("the live stream needs only actors and clocks")


def test_a_view_follows_the_picture_until_the_socket_closes():
    async def scene():
        system = start_actor_system()
        broadcaster = system.createActor(Broadcaster)
        ports = Ports(
            actors=system,
            registry=broadcaster,
            broadcaster=broadcaster,
            history=unused,
            feeds=lambda: (),
            receivers=lambda: (),
            sink=unused,
            durable=unused,
            room=unused,
            parse_posted=unused,
            figures=unused,
            readiness=lambda: (),
            stats=unused,
            clock=Clock(lambda: NOW, time.monotonic),
        )
        app = make_app(ports, WebSettings(server="aerotrack/0.1.0", epoch="e1"))
        server = make_server(app)
        sockets = bind_sockets(0, "127.0.0.1")
        server.add_sockets(sockets)
        port = sockets[0].getsockname()[1]

        async def heard():
            return msgspec.json.decode(await asyncio.wait_for(socket.read_message(), PATIENCE_S))

        async def subscribers() -> float:
            figures = await system.ask_async(broadcaster, GetFigures(), PATIENCE_S)
            return next(f.value for f in figures.values if f.name == "subscribers")

        system.tell(broadcaster, changed("4ca2d6", 53.4, -6.2, whole=True))
        system.tell(broadcaster, changed("3c6444", 50.0, 8.5, whole=True))
        socket = await websocket_connect(f"ws://127.0.0.1:{port}/api/v1/live")
        assert (await heard())["type"] == "welcome"
        await socket.write_message('{"type":"subscribe","bbox":[-11,51,-5,56],"interval":0.1}')
        snapshot = await heard()
        assert (snapshot["type"], snapshot["seq"]) == ("snapshot", 1)
        assert [flight["icao24"] for flight in snapshot["flights"]] == ["4ca2d6"]

        system.tell(broadcaster, changed("4ca2d6", 53.5, -6.3))
        system.tell(broadcaster, Tick(NOW + 1))
        delta = await heard()
        assert (delta["type"], delta["seq"]) == ("delta", 2)
        assert [(f["icao24"], f["lat"]) for f in delta["flights"]] == [("4ca2d6", 53.5)]

        await socket.write_message('{"type":"subscribe","bbox":[8,49,9,51],"interval":0.1}')
        moved = await heard()
        assert [gone["reason"] for gone in moved["gone"]] == ["left_view"]
        assert [(f["icao24"], f["full"]) for f in moved["flights"]] == [("3c6444", True)]

        system.tell(broadcaster, FlightGone("3c6444", "3c6444-692159a0", "ended", "silence", NOW))
        system.tell(broadcaster, Tick(NOW + 2))
        assert (await heard())["gone"] == [
            {
                "icao24": "3c6444",
                "flight_id": "3c6444-692159a0",
                "reason": "ended",
                "cause": "silence",
            }
        ]
        assert await subscribers() == 1
        socket.close()
        while len(app.live):
            await asyncio.sleep(0.001)
        await system.drained()
        assert await subscribers() == 0
        assert system.figures().mailboxes == 0
        server.stop()
        await server.close_all_connections()
        system.shutdown()

    asyncio.run(asyncio.wait_for(scene(), 2 * PATIENCE_S))
