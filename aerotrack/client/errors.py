"""What a client of the live stream may have to catch.

.. code-block:: text

    LiveError               anything below; ``code`` is stable, str() is for people
    ├── CannotConnect       no connection came about: ``unreachable``, ``unsupported_protocol``,
    │                       or what the server answered: ``bad_origin``, ``too_many_clients``,
    │                       ``http_502``
    ├── ConnectionLost      it ended and is not to come back: ``connection_lost``, ``closed``
    └── RequestRefused      the server did not do what it was asked: a code of docs/live.md
"""


class LiveError(Exception):
    """Base of all. ``code`` is a stable snake_case word."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class CannotConnect(LiveError):
    """No connection came about. ``retry_after`` is the seconds the server asked to wait, if so."""

    def __init__(self, code: str, message: str, retry_after: float | None = None) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


class ConnectionLost(LiveError):
    """The connection ended, and nobody is going to bring it back."""


class RequestRefused(LiveError):
    """The server answered with an error; the view stays what it was."""
