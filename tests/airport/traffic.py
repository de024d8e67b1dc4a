"""What goes on in a day: each function flies one aircraft from a time on and notes the truth."""

from collections.abc import Callable
from typing import Final

from .day import CDG, HOURS, LE_BOURGET, MEAUX, MORNING, PONTOISE, Day, renamed
from .pilot import Pilot, State, beyond
from .radio import Heard

MINUTE: Final = 60


def silent(*gaps: tuple[int, int]) -> Heard:
    """Nothing is heard in these spans of time."""
    return lambda state: not any(begin <= state.ts < end for begin, end in gaps)


def above(height: float, elevation: float) -> Heard:
    """Nothing is heard lower than that over the field."""
    return lambda state: state.altitude >= elevation + height


def arrival(day: Day, ts: int) -> None:
    """Comes, parks, switches off."""
    by, name, runway = day.airliner(), day.callsign(), day.runway(CDG, ts)
    pilot = day.inbound(ts, runway)
    day.land(pilot, runway)
    day.park(pilot, CDG, 120)
    day.listen(pilot, by, name)
    day.flown("arrival", by, name, (None, "LFPG"), pilot)


def departure(day: Day, ts: int) -> None:
    """Switches on at the gate, goes."""
    by, name, runway = day.airliner(), day.callsign(), day.runway(CDG, ts)
    pilot = day.parked(ts, CDG, day.rng.randrange(60, 600), 392.0)
    day.leave(pilot, runway)
    day.listen(pilot, by, name)
    day.flown("departure", by, name, ("LFPG", None), pilot)


def turnaround(day: Day, ts: int) -> None:
    """On all the time at the gate, where the crew enters the next callsign."""
    by, first, second = day.airliner(), day.callsign(), day.callsign()
    runway = day.runway(CDG, ts)
    pilot = day.inbound(ts, runway)
    day.land(pilot, runway)
    day.park(pilot, CDG, day.rng.randrange(20, 50) * MINUTE)
    change = pilot.ts
    day.park(pilot, CDG, 8 * MINUTE)
    day.leave(pilot, day.runway(CDG, pilot.ts))
    day.listen(pilot, by, renamed((ts, first), (change, second)))
    day.flown("turnaround in", by, first, (None, "LFPG"), pilot, over=change - 1)
    day.flown("turnaround out", by, second, ("LFPG", None), pilot, began=change)


def quick_turnaround(day: Day, ts: int) -> None:
    """Off at the gate for less than half an hour; the next callsign, once or twice after a while
    with the old one."""
    by, first, second = day.airliner(), day.callsign(), day.callsign()
    runway = day.runway(CDG, ts)
    pilot = day.inbound(ts, runway)
    day.land(pilot, runway)
    day.park(pilot, CDG, 90)
    off = pilot.ts
    pilot.stand(day.rng.randrange(12, 25) * MINUTE)
    on = change = pilot.ts
    if day.rng.random() < 0.5:
        pilot.stand(90)
        change = pilot.ts
    pilot.stand(4 * MINUTE)
    day.leave(pilot, day.runway(CDG, pilot.ts))
    covered = silent((off, on))
    day.listen(pilot, by, renamed((ts, first), (change, second)), covered)
    day.flown("quick in", by, first, (None, "LFPG"), pilot, over=change - 1, covered=covered)
    day.flown("quick out", by, second, ("LFPG", None), pilot, began=change, covered=covered)


def same_name_again(day: Day, ts: int) -> None:
    """A business jet at Le Bourget: its registration is its callsign, off again in minutes."""
    by, name, runway = day.airliner(), "FGXAB", day.runway(LE_BOURGET, ts)
    pilot = day.inbound(ts, runway)
    day.land(pilot, runway, 120.0)
    day.park(pilot, LE_BOURGET, day.rng.randrange(4, 9) * MINUTE)
    day.leave(pilot, day.runway(LE_BOURGET, pilot.ts), rotate=120.0, climb=3_000.0)
    day.listen(pilot, by, name)
    # The next flight begins where it takes off, or at most with the roll before.
    begins = pilot.takeoffs[0] - 35
    day.flown("same name in", by, name, (None, "LFPB"), pilot, over=begins)
    day.flown("same name out", by, name, ("LFPB", None), pilot, began=begins)


def out_of_sight(day: Day, ts: int) -> None:
    """No ground coverage: last heard at 300 ft on final, first heard at 800 ft after departure."""
    by, first = day.airliner(), day.callsign()
    second = day.rng.choice((first, day.callsign()))
    field = day.rng.choice((CDG, LE_BOURGET))
    runway = day.runway(field, ts)
    pilot = day.inbound(ts, runway)
    day.land(pilot, runway)
    lands = pilot.ts
    day.park(pilot, field, day.rng.randrange(8, 75) * MINUTE)
    day.leave(pilot, day.runway(field, pilot.ts))
    arriving, leaving = above(300.0, runway.elevation), above(800.0, runway.elevation)

    def covered(state: State) -> bool:
        return arriving(state) if state.ts < lands else leaving(state)

    day.listen(pilot, by, renamed((ts, first), (lands, second)), covered)
    day.flown("unseen in", by, first, (None, field.icao), pilot, over=lands, covered=covered)
    day.flown("unseen out", by, second, (field.icao, None), pilot, began=lands, covered=covered)


def go_around(day: Day, ts: int) -> None:
    """Up again at 200 ft, once round, and down."""
    by, name, runway = day.airliner(), day.callsign(), day.runway(CDG, ts)
    pilot = day.inbound(ts, runway)
    place = beyond(runway.lat, runway.lon, runway.heading + 180.0, 18.0)
    pilot.fly(*place, 6_000.0, 230.0, 1_700.0)
    pilot.approach(runway, 140.0, day.rng.choice((200.0, 600.0, 1_200.0)))
    pilot.go_around(2_000.0)
    right = day.rng.choice((90.0, -90.0))
    for bearing, nmi in ((right, 6.0), (right + right * 0.55, 12.0)):
        place = beyond(runway.lat, runway.lon, runway.heading + bearing, nmi)
        pilot.fly(*place, runway.elevation + 3_500.0, 200.0)
    day.land(pilot, runway)
    day.park(pilot, CDG, 120)
    day.listen(pilot, by, name)
    day.flown("go-around", by, name, (None, "LFPG"), pilot)


def rejected(day: Day, ts: int) -> None:
    """A take-off is broken off at 90 kt; ten minutes later it goes."""
    by, name, runway = day.airliner(), day.callsign(), day.runway(CDG, ts)
    pilot = day.parked(ts, CDG, 120, 392.0)
    pilot.line_up(runway)
    pilot.reject(90.0)
    day.park(pilot, CDG, 8 * MINUTE)
    day.leave(pilot, runway)
    day.listen(pilot, by, name)
    day.flown("rejected", by, name, ("LFPG", None), pilot)


def hole(day: Day, ts: int) -> None:
    """Lost on the way for ten minutes, or for forty to ninety; then it comes in and lands."""
    by, name, runway = day.airliner(), day.callsign(), day.runway(CDG, ts)
    gone = day.rng.choice((10, 20, 40, 60, 90)) * MINUTE
    pilot = day.inbound(ts, runway, nmi=70.0 + gone * 430.0 / 3_600.0, altitude=35_000.0, gs=430.0)
    pilot.fly(*beyond(runway.lat, runway.lon, runway.heading + 180.0, 50.0), 16_000.0, 430.0)
    day.land(pilot, runway)
    day.park(pilot, CDG, 120)
    begin = ts + 2 * MINUTE
    covered = silent((begin, begin + gone))
    day.listen(pilot, by, name, covered)
    day.flown("hole", by, name, (None, "LFPG"), pilot, covered=covered)


def light_pilot(day: Day, ts: int) -> tuple[Pilot, Callable[[], None]]:
    """A light aircraft at Pontoise, and how it flies one circuit."""
    runway = day.runway(PONTOISE, ts)
    pilot = day.parked(ts, PONTOISE, 150, 325.0)
    pilot.line_up(runway)
    side = day.rng.choice((90.0, -90.0))

    def circuit() -> None:
        pilot.take_off(55.0, 700.0)
        for bearing, nmi in ((side * 0.5, 1.8), (side * 1.5, 1.9)):
            place = beyond(runway.lat, runway.lon, runway.heading + bearing, nmi)
            pilot.fly(*place, runway.elevation + 1_000.0, 85.0, 700.0)
        pilot.approach(runway, 65.0, 15.0, final=1.2)
        pilot.touch(runway)

    return pilot, circuit


def touch_and_go(day: Day, ts: int) -> None:
    """Circuits at Pontoise, all one flight; some aircraft never say they are on the ground."""
    by = day.light(says_ground=day.rng.choice((True, True, False, None)))
    pilot, circuit = light_pilot(day, ts)
    for _ in range(day.rng.randrange(1, 4)):
        circuit()
        pilot.roll(12)
    circuit()
    pilot.roll_out(12.0)
    day.park(pilot, PONTOISE, 150)
    day.listen(pilot, by, "FGABC")
    day.flown("touch-and-go", by, "FGABC", ("LFPT", "LFPT"), pilot)
    if not by.says_ground:
        # Touching at sixty knots without a word of it is no different from a low pass.
        truth = day.truths.pop()
        day.truths.append(truth._replace(takeoffs=truth.takeoffs[:1], landings=truth.landings[-1:]))


def over_land(day: Day, ts: int) -> None:
    """A light aircraft from Meaux to Pontoise, low, past Charles de Gaulle and Le Bourget."""
    by = day.light(says_ground=day.rng.choice((True, False)))
    pilot = day.parked(ts, MEAUX, 150, 217.0)
    pilot.line_up(day.runway(MEAUX, ts))
    pilot.take_off(55.0, 700.0)
    pilot.fly(49.09, 2.70, 1_800.0, 105.0, 600.0)
    pilot.fly(49.12, 2.30, 1_500.0, 105.0, 600.0)
    runway = day.runway(PONTOISE, pilot.ts)
    pilot.approach(runway, 65.0, 15.0, final=1.5)
    pilot.touch(runway)
    pilot.roll_out(12.0)
    day.park(pilot, PONTOISE, 150)
    day.listen(pilot, by, "FHIJK")
    day.flown("over land", by, "FHIJK", ("LFPE", "LFPT"), pilot)


def helicopter(day: Day, ts: int) -> None:
    """From the apron of Le Bourget, a look at something, and back."""
    by = day.helicopter()
    pilot = day.parked(ts, LE_BOURGET, 150, 218.0)
    pilot.lift_off(60.0)
    pilot.fly(48.90, 2.38, 1_200.0, 110.0, 900.0)
    pilot.hover(300)
    pilot.fly(48.93, 2.42, 700.0, 100.0, 600.0)
    pilot.fly(*LE_BOURGET.parking, 300.0, 40.0, 500.0)
    pilot.hover(40)
    pilot.set_down(218.0)
    pilot.stand(150)
    day.listen(pilot, by, "SAMU93")
    day.flown("helicopter", by, "SAMU93", ("LFPB", "LFPB"), pilot)


def overflight(day: Day, ts: int) -> None:
    """Crosses at 35,000 ft; no movement, and no airport of its own."""
    by, name, bearing = day.airliner(), day.callsign(), day.rng.uniform(0, 360)
    place = beyond(*CDG.parking, bearing, 60.0)
    pilot = Pilot(ts, place, altitude=35_000.0, gs=450.0, track=bearing + 180.0, on_ground=False)
    pilot.fly(*beyond(*CDG.parking, bearing + 180.0, 60.0), 35_000.0, 450.0)
    day.listen(pilot, by, name)
    day.flown("overflight", by, name, (None, None), pilot)


# How often in a day; 500 movements.
TRAFFIC: Final = (
    (arrival, 95), (departure, 95), (turnaround, 40), (quick_turnaround, 30), (same_name_again, 15),
    (out_of_sight, 30), (go_around, 12), (rejected, 6), (hole, 15), (touch_and_go, 6),
    (over_land, 4), (helicopter, 6), (overflight, 20),
)  # fmt: skip


def a_day(seed: int, pressure: float = -300.0) -> Day:
    """All of it, spread over the hours. ``pressure`` altitude lies that much over true (ft)."""
    day = Day(seed, pressure)
    for fly, often in TRAFFIC:
        for _ in range(often):
            fly(day, MORNING + day.rng.randrange((HOURS - 2) * 3_600))
    return day
