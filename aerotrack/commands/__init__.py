"""The commands that are more than a few lines, one module each, put together by aerotrack.cli."""
