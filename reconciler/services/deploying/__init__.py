"""Carries plans out: one list of steps, journaled, and what to do about an interrupted one."""
