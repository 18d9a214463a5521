"""Units of the wire, and their conversion to the units the twin speaks."""

from typing import Final

_FACTORS: Final[dict[tuple[str, str], float]] = {
    ("W", "kW"): 1e-3,
    ("MW", "kW"): 1e3,
    ("VA", "kVA"): 1e-3,
    ("MVA", "kVA"): 1e3,
    ("mA", "A"): 1e-3,
    ("kA", "A"): 1e3,
    ("mV", "V"): 1e-3,
    ("kV", "V"): 1e3,
    ("Pa", "kPa"): 1e-3,
    ("bar", "kPa"): 100.0,
    ("psi", "kPa"): 6.894757,  # NIST SP 811, table of conversion factors
    ("gpm", "LPM"): 3.785412,  # US gallon, NIST SP 811
}

_SPELLINGS: Final[dict[str, str]] = {
    "kw": "kW",
    "w": "W",
    "mw": "MW",
    "l/min": "LPM",
    "lpm": "LPM",
    "gpm": "gpm",
    "°c": "C",
    "degc": "C",
    "amps": "A",
    "volts": "V",
    "kpa": "kPa",
}


def factor(unit: str | None, wanted: str) -> float | None:
    """What a value in ``unit`` is multiplied by to stand in ``wanted``; None if unrelated."""
    if unit == wanted:
        return 1.0
    if unit is None:
        return None
    known = _SPELLINGS.get(unit.lower(), unit)
    if known == wanted:
        return 1.0
    return _FACTORS.get((known, wanted))
