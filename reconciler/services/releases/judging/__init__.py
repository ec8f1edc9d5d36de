"""Whether a release counts: its tag, who approved, what is held, every gate."""
