"""What goes over the wire comes out as it was."""

from pathlib import Path

from aerotrack.runtime.fanout import wire
from aerotrack.web.settings import WebSettings


def test_the_settings_of_the_web_go_over_whole() -> None:
    web = WebSettings(server="aerotrack/0.1.0", epoch="e1", dashboard=Path("/some/where"))
    sent = wire.Configure(web=web, log_level="info", log_format="text")
    assert sent == wire.decode_to_worker(wire.encode(sent))
