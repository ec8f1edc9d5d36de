"""What was parsed and validated once, remembered between runs."""
