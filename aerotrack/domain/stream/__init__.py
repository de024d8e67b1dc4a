"""The live stream's server side, pure: the picture of all flights, and what each client is sent.

``pyramid`` divides the world into cells, ``picture`` knows every live flight and its cell,
``layers`` remembers who came and left, ``beats`` gathers what changed and makes each client's
frames of it, ``catchup`` serves those who were not there. ``stream`` puts them together. Whoever
has a clock and sockets stands outside.
"""
