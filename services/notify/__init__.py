"""Notify: who is told of faults outside: by MQTT, Alertmanager and webhook. Nobody waits for it."""
