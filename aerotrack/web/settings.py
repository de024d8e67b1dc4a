"""How the web behaves; built by the configuration, never read from the environment here."""

from pathlib import Path

import msgspec

MEGABYTE = 1 << 20
# Where the build puts the dashboard.
BUILT_DASHBOARD = Path(__file__).parent / "static"


class LiveSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the live stream needs, wherever it is served. Sizes are bytes, times seconds.

    It goes to processes of the fan-out, so it holds no secrets and only what MessagePack can say.
    """

    server: str  # such as aerotrack/0.1.0
    epoch: str  # names this run of the server
    # Path all of it lives under behind a proxy: "" or "/flights".
    base_path: str = ""
    # Origins (scheme://host[:port]) that may open the WebSocket and post, beside our own host.
    allowed_origins: tuple[str, ...] = ()
    # Addresses or networks whose X-Forwarded-* headers are believed.
    trusted_proxies: tuple[str, ...] = ()
    # Live sockets at once; each is a file descriptor and up to a few hundred kB in the kernel.
    max_clients: int = 10_000
    # permessage-deflate costs 50 us a frame and memory for each client; off until it is measured.
    compress: bool = False
    # What the kernel may hold for one client before we see that it does not read (Linux doubles
    # it). Large enough for a fast client to take a snapshot part in a few turns of the loop.
    send_buffer: int = 64 * 1024
    # Proxies drop connections idle for a minute; a ping twice as often keeps them.
    keepalive: float = 30.0
    # A client that answered no ping for three of those is gone, whatever TCP thinks.
    pong_timeout: float = 90.0


class WebSettings(LiveSettings, frozen=True, kw_only=True):
    """Settings of HTTP and WebSocket. Sizes are bytes, times seconds."""

    ingest_token: str | None = None
    # The built dashboard; without it ``/`` leads to a page that says how to build it.
    dashboard: Path = BUILT_DASHBOARD
    # Where the receiver stands as it is shown (lat, lon in degrees), which is not where it stands.
    receiver: tuple[float, float] | None = None
    # About 80,000 observations.
    post_limit: int = 16 * MEGABYTE
    # A query is a few hundred bytes at the actors; ten seconds means something is very wrong.
    ask_timeout: float = 10.0

    def live(self) -> LiveSettings:
        """The part of it that the live stream needs."""
        return msgspec.convert(self, LiveSettings, from_attributes=True)
