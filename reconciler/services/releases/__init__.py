"""Releases: what is live, what may be next, how one is made, judged and promoted."""
