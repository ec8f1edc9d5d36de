"""Releases as values: versions, manifests, tag names, tag objects, trust; pure."""
