"""Faults: what is wrong, once, with its cause, and never forgotten."""
