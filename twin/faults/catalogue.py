"""The catalogue: every code of fault that the twin knows."""

from typing import Final

from twin.faults.cooling import LIQUID, UNITS
from twin.faults.doubts import BALANCES, DATA, SENSORS
from twin.faults.leaks import SAFETY
from twin.faults.rule import Rules
from twin.faults.supply import POWER

CATALOGUE: Final = Rules.of((*SAFETY, *LIQUID, *UNITS, *POWER, *BALANCES, *SENSORS, *DATA))
"""What is judged, unless a site says otherwise."""
