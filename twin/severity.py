"""Severity: how bad something is."""

from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """How bad it is (Redfish's three)."""

    OK = "OK"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"


RANK: Final = {Severity.OK: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}
"""The higher, the worse."""


def worse(one: Severity, other: Severity) -> Severity:
    """The worse of two."""
    return max(one, other, key=RANK.__getitem__)
