"""The benchmarks: figures that were measured here and now, never asserted."""
