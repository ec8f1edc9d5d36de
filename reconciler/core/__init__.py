"""The pure core: values in, values out; no clock, environment, randomness, files or network."""
