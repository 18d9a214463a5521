"""A physically consistent fleet that never was: pure physics inside, a thin publisher outside."""
