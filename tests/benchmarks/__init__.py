"""What plan, reconcile and apply cost beside bare scripts; `python -m tests.benchmarks`."""
