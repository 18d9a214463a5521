"""History: every accepted reading on its way to a store, and back."""
