"""Pure flight-tracking rules: no IO, no clock, no actors. Imports nothing of ours."""
