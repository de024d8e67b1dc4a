"""Mode S messages, from their bytes to observations."""
