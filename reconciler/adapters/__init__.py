"""One technology each; adapters do not know one another."""
