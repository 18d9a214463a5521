"""Faults on disk: what happened to them, and what operators did."""
