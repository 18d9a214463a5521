"""Misreadings: numbers that are right in another unit than the one they are told in."""

from typing import Final, NamedTuple

NEAR: Final = 0.08
"""How far a number may be off what the misreading makes of the truth: as heat against power."""


class Misreading(NamedTuple):
    """A way to tell a number in the wrong unit: ``by`` times the truth and ``plus`` is told."""

    unit: str
    """The unit it is told in."""
    by: float
    plus: float
    name: str


MISREADINGS: Final = (
    Misreading("LPM", 1 / 3.785412, 0.0, "US gallons told as litres"),
    Misreading("LPM", 3.785412, 0.0, "litres a minute taken for US gallons"),
    Misreading("LPM", 0.06, 0.0, "cubic metres an hour told as litres a minute"),
    Misreading("LPM", 1 / 0.06, 0.0, "litres a minute taken for cubic metres an hour"),
    Misreading("LPM", 1 / 60, 0.0, "litres a second told as litres a minute"),
    Misreading("LPM", 60.0, 0.0, "litres a minute taken for litres a second"),
    Misreading("kW", 1000.0, 0.0, "watts told as kilowatts"),
    Misreading("kW", 0.001, 0.0, "kilowatts taken for watts"),
    Misreading("kPa", 1000.0, 0.0, "pascals told as kilopascals"),
    Misreading("", 100.0, 0.0, "per cent told as a ratio"),
    Misreading("C", 1.8, 32.0, "degrees Fahrenheit told as Celsius"),
    Misreading("C", 1 / 1.8, -32 / 1.8, "degrees Celsius taken for Fahrenheit"),
    Misreading("C", 1.0, 273.15, "kelvins told as degrees Celsius"),
)
"""Factors of NIST SP 811, appendix B: a US gallon is 3.785412 L, t/°C = (t/°F - 32) / 1.8 and
t/°C = T/K - 273.15. Hours, seconds and thousands are exact. Gallons are the trap of the field: a
Belimo energy valve counts in tenths of a gallon a minute."""


def misread(reads: float, truth: float, unit: str) -> str | None:
    """What a number is misread as that should be ``truth``; None where no usual way leads there."""
    for each in MISREADINGS:
        told = each.by * truth + each.plus
        if each.unit == unit and told and abs(reads / told - 1) <= NEAR:
            return each.name
    return None
