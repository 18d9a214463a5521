"""The one door to MQTT: listen, publish, and a broker of our own for a demo or a test."""
