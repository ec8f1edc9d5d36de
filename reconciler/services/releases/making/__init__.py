"""Drafts and commits releases, and makes the tags by which people state things."""
