"""Brings releases to their environments, and what the store remembers of it."""
