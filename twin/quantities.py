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
    ("%", ""): 1e-2,
}

_SPELLINGS: Final[dict[str, str]] = {
    "kw": "kW",
    "w": "W",  # and no "mw", which is a million of them or a thousandth
    "l/min": "LPM",
    "lpm": "LPM",
    "gpm": "gpm",
    "°c": "C",
    "degc": "C",
    "amps": "A",
    "volts": "V",
    "kpa": "kPa",
    "%rh": "%",
}

_BASES: Final = dict(_FACTORS.keys())


def factor(unit: str | None, wanted: str) -> float | None:
    """What a value in ``unit`` is multiplied by to stand in ``wanted``; None if unrelated.

    No unit is that of a ratio, which ``wanted`` writes as an empty text.
    """
    given = unit or ""
    known = _SPELLINGS.get(given.lower(), given)
    if known == wanted:
        return 1.0
    return _FACTORS.get((known, wanted))


def base_of(unit: str) -> str:
    """The unit that ``unit`` is converted to, itself where to none: what has the same is akin."""
    known = _SPELLINGS.get(unit.lower(), unit)
    return _BASES.get(known, known)
