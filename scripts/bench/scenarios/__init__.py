"""The scenarios of ``stream.py``, a module each: ``run`` plays it, ``show`` is for people."""
