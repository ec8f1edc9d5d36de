"""Judges SSH signatures; it must not know git, tags or who may do what."""
