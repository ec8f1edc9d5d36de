"""What stands on a forge: pull requests, comments, reviews, checks, statuses; and its addresses.

A forge is where a repository is hosted and reviewed. Nothing here speaks with one.
"""
