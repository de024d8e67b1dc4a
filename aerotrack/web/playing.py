"""The part of a live socket that plays history: whether it may, and what steers it."""

from typing import TYPE_CHECKING, Final

from msgspec import UNSET

from aerotrack.domain.live import ClientPause, ClientSeek, ClientSpeed, Playing
from aerotrack.domain.playback import Watch
from aerotrack.web import live_messages as messages
from aerotrack.web.live_messages import Refused
from aerotrack.web.playback import Player

if TYPE_CHECKING:
    from aerotrack.web.hub import LiveHub
    from aerotrack.web.outgoing import Outgoing
    from aerotrack.web.ports import LivePorts

# Viewers of the past at once: each reads rows of its own, and the live stream shares the machine.
PLAYERS_MOST: Final = 100


class PlaysHistory:
    """Mixed into the socket, which owns what is named here."""

    outgoing: "Outgoing"
    _view: messages.View | None
    _view_waits: bool
    _live: bool
    _player: Player | None

    if TYPE_CHECKING:

        @property
        def ports(self) -> "LivePorts": ...
        @property
        def hub(self) -> "LiveHub": ...
        def refuse(self, refused: Refused) -> None: ...

    @property
    def playing(self) -> bool:
        """Whether history is played here."""
        return self._player is not None

    def play(self, view: messages.View) -> None:
        """Play history from now on. Frames of two sources cannot be numbered as one stream, so a
        connection that was live stays so."""
        given = UNSET if view.request_id is None else view.request_id
        if self.ports.replays is None:
            raise Refused(
                "not_supported", "History is played where the address says ?at=TIME.", given
            )
        if self._live:
            raise Refused("already_live", "Open another connection for history.", given)
        if self._player is None:
            if view.at is None:
                raise Refused("not_playing", "speed needs at.", given)
            if sum(other.playing for other in self.hub) >= PLAYERS_MOST:
                raise Refused("too_many_players", f"{PLAYERS_MOST} others play history.", given)
            self._player = Player(
                self.ports.replays,
                self.ports.clock,
                send=lambda frame: self.outgoing.send(frame, paced=True),
                say=self._say_playing,
                away=lambda: self.refuse(
                    Refused("database_away", "Playback goes on when the history can be read.")
                ),
            )
        self._view, self._view_waits = view, False
        if view.speed is not None:
            self._player.speed, self._player.paused = view.speed, False
        watch = Watch(view.box, view.which, view.follow)
        self._player.watch(watch, view.interval, view.at, view.request_id)

    def steer(self, message: ClientPause | ClientSeek | ClientSpeed) -> None:
        player = self._player
        if player is None:
            raise Refused("not_playing", "Subscribe with at first.", message.id)
        request_id = None if message.id is UNSET else message.id
        if isinstance(message, ClientPause):
            player.pause(request_id)
        elif isinstance(message, ClientSeek):
            player.seek(messages.time_of(message.at, message.id), request_id)
        else:
            player.set_speed(message.speed, request_id)

    def _say_playing(self, player: Player, request_id: int | str | None) -> None:
        said = Playing(
            at=round(player.at, 3),
            speed=player.speed,
            paused=player.paused,
            present=player.present,
            id=UNSET if request_id is None else request_id,
        )
        self.outgoing.send(messages.encode(said))
