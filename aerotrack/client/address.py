"""Where the live stream of a server is, from whatever somebody calls that server."""

from typing import Final
from urllib.parse import urlsplit, urlunsplit

PATH: Final = "/api/v1/live"
DEFAULT_SERVER: Final = "http://127.0.0.1:8480"
_SCHEMES: Final = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


def live_url(server: str) -> str:
    """The WebSocket's URL for a server's.

    ``server`` is ``http``, ``https``, ``ws`` or ``wss``, with or without the path of the stream and
    with the base path of a proxy where there is one; without a scheme it is ``http``. A query is
    kept (a proxy may want a token there).

    Raises:
        ValueError: it is no such URL; the message says why.

    >>> live_url("https://example.org/planes/")
    'wss://example.org/planes/api/v1/live'
    >>> live_url("127.0.0.1:8480")
    'ws://127.0.0.1:8480/api/v1/live'
    """
    parts = urlsplit(server if "://" in server else f"http://{server}")
    scheme = _SCHEMES.get(parts.scheme)
    if scheme is None:
        raise ValueError(f"{server} is none of http, https, ws and wss")
    if not parts.hostname:
        raise ValueError(f"{server} names no host")
    _ = parts.port  # raises ValueError where it is no port
    path = parts.path.rstrip("/")
    if not path.endswith(PATH):
        path += PATH
    return urlunsplit((scheme, parts.netloc, path, parts.query, ""))
