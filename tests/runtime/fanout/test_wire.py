"""What goes over the link comes out as it went in, and no secret goes."""

from pathlib import Path

import pytest

from aerotrack.actors.messages import Figure, Figures, FlightChanged, FlightGone, PictureBatch
from aerotrack.runtime.fanout import wire
from aerotrack.web.ports import MetricSample
from aerotrack.web.settings import LiveSettings, WebSettings

WEB = WebSettings(
    server="aerotrack/0.1.0",
    epoch="e1",
    base_path="/flights",
    allowed_origins=("https://ours",),
    trusted_proxies=("10.0.0.0/8",),
    ingest_token="a secret of ours",
    dashboard=Path("/srv/map"),
    receiver=(51.4, -0.4),
    max_clients=7,
)


@pytest.mark.parametrize(
    "message",
    [
        wire.Configure(WEB.live(), "debug", "json"),
        wire.Leave(1001, "going_away"),
        PictureBatch(
            (
                FlightChanged(
                    "4ca2d6", "4ca2d6-1", (("lat", 1.0), ("a", None)), True, None, 2.5, 3.5
                ),
                FlightGone("4ca2d6", "4ca2d6-1", "ended", "landed", 1.5),
            ),
            7,
            1.5,
            complete=True,
        ),
    ],
    ids=lambda message: type(message).__name__,
)
def test_what_is_sent_to_a_process_arrives(message: wire.ToWorker) -> None:
    assert message == wire.decode_to_worker(wire.encode(message))


@pytest.mark.parametrize(
    "message",
    [
        wire.Started(),
        wire.Complete(),
        wire.Released(3),
        wire.Report(
            (MetricSample("a", "a_total", (("code", "x"),), 1.5),),
            2,
            {"process": Figures((Figure("clients", 2, (("a", "b"),)),))},
        ),
    ],
    ids=lambda message: type(message).__name__,
)
def test_what_a_process_says_arrives(message: wire.FromWorker) -> None:
    assert message == wire.decode_from_worker(wire.encode(message))


def test_a_process_is_told_of_the_live_stream_and_of_nothing_else() -> None:
    live = WEB.live()
    assert LiveSettings is type(live)
    assert ("/flights", ("https://ours",), 7) == (
        live.base_path, live.allowed_origins, live.max_clients,
    )  # fmt: skip
    assert b"secret" not in wire.encode(wire.Configure(live, "info", "text"))
