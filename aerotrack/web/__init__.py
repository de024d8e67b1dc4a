"""HTTP and WebSocket faces, on Tornado."""
