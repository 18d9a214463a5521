"""Watch: what the readings of one thing say of its faults, asked once a second of event time."""
