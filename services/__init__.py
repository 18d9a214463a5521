"""Processes and their I/O: everything that waits, reads a clock or touches the outside."""
