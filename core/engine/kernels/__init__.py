"""Faster ways to the same numbers, for processors that compute in single precision."""
