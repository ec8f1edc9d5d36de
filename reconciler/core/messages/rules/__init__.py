"""The rules: one file for each code, each with one pure function `rule(review)`."""
