"""Recordings: read and written, played onto a broker and taken from one."""
