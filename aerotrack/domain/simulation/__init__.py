"""A simulated sky: airliners between real airports, exact by seed. Pure: time is passed in."""

from aerotrack.domain.simulation.flight import Flight, Plan
from aerotrack.domain.simulation.world import World

__all__ = ["Flight", "Plan", "World"]
