"""From the bus into the fleet."""
