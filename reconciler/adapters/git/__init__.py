"""Reads git without letting it run anything: commits, files by object id, remotes."""
