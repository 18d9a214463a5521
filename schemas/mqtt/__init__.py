"""MQTT 3.1.1 as bytes, as far as one needs it who listens: no socket, no clock."""
