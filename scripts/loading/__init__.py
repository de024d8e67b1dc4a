"""The parts of ``scripts/load_flights.py``: reading files, moving flights, posting, comparing."""
