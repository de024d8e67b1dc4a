"""The actors and the system base they run on; the only package that imports thespian."""
