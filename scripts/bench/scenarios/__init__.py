"""The scenarios of ``stream.py``, a module each; ``run`` of each plays it and returns what it found."""
