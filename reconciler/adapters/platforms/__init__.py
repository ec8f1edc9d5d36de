"""The systems that run environments, one package each; they know ports and core only."""
