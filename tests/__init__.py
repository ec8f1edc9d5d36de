"""Tests; `from tests import …` reaches the helpers that stand beside this file."""
