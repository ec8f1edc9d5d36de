"""The command line: parse, call one service, show its answer. No logic of its own."""
