"""Sends texts to mail addresses and chat services with Apprise; it knows nothing of releases."""
