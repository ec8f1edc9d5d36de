"""Telling people outside what happened: written down first, sent afterwards."""
