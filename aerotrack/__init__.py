"""AeroTrack: a real-time flight tracker server."""

__version__ = "0.1.0"
