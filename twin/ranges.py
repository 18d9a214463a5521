"""Ranges: what each kind of point can read at all, and what it means where it reads something else.

They are as wide as anything real goes, and say nothing about what is usual or safe.
"""

from collections.abc import Iterable
from functools import lru_cache
from math import inf
from typing import Final, NamedTuple

from twin.entities import Entity
from twin.finding import Finding
from twin.misread import MISREADINGS
from twin.points import Freshness, PointState
from twin.quantities import factor

_CODE: Final = "sensor.implausible"


class Range(NamedTuple):
    """What a point type can read."""

    low: float
    high: float
    unit: str
    why: str
    """What keeps it there."""
    usual: tuple[float, float] = (0.0, 0.0)
    """What it reads on most days, by which a wrong unit is known; none where it says nothing."""
    errors: tuple[float, ...] = ()
    """What lies within the range, and is never read but in error; a set-point may be it."""
    at_rest: float | None = None
    """What lies outside of it, and is read where nothing runs."""


REGISTER_ERRORS: Final = {
    65535.0: "a register full of ones, as Modbus devices fill one that they do not have",
    6553.5: "a register full of ones, in tenths",
    32767.0: "the end of a 16-bit register",
    3276.7: "the end of a 16-bit register, in tenths",
    -32768.0: "the end of a 16-bit register",
    -3276.8: "the end of a 16-bit register, in tenths",
    4294967295.0: "a register full of ones, as Modbus devices fill one that they do not have",
    2147483647.0: "the end of a 32-bit register",
    -2147483648.0: "the end of a 32-bit register",
    2147483632.0: "what DCGM tells where it has no value",
    2.0**47: "what DCGM tells where it has no value",
    2.0**63: "what DCGM tells where it has no value",  # 9223372036854775792 to …795, as a float
}
"""Values that stand for none, in whatever unit.

SunSpec, Information Model Specification: 0xFFFF, 0x8000 and their 32-bit forms are "not
implemented". DCGM, dcgm_structs.h: DCGM_INT32_BLANK, DCGM_FP64_BLANK and DCGM_INT64_BLANK.
"""

THERMOMETER_ERRORS: Final = {
    85.0: "what a DS18B20 reads before it has measured",
    -127.0: "what the driver of a DS18B20 tells where there is none",
}
"""DS18B20 data sheet (power-on reset value of the temperature register); -127 is
DEVICE_DISCONNECTED_C of the driver that most use, DallasTemperature."""

_SUPPLY: Final = Range(-10, 80, "C", "glycol freezes below, racks have shut down above", (10, 60))
_RETURN: Final = Range(
    -10, 100, "C", "glycol freezes below, what heats it has shut down above", (15, 70), (85.0,)
)
_LIQUID: Final = Range(-40, 110, "C", "brines freeze below, cooling loops boil above", (5, 60))
_AIR: Final = Range(-60, 80, "C", "no weather is below, no aisle above", (0, 50), errors=(85.0,))
_RACK_DP: Final = Range(-1400, 1400, "kPa", "no loop of racks is built for more", (1, 500))
_PRESSURE: Final = Range(
    -101.325, 2500, "kPa", "a vacuum is below, the strongest pipes burst above", (1, 1000)
)
_SHARE: Final = Range(-5, 105, "%", "shut is below, open above")
_SPEED: Final = Range(-5, 150, "%", "rest is below, half as fast again as rated above")
_CURRENT: Final = Range(-100e3, 100e3, "A", "a short circuit has less")

RANGES: Final[dict[str, Range]] = {
    "RackLiquidSupplyTemperature": _SUPPLY,
    "RackLiquidReturnTemperature": _RETURN,
    "RackLiquidFlow": Range(-2000, 2000, "LPM", "the largest rack takes no more"),
    "RackLiquidDifferentialPressure": _RACK_DP,
    "RackLiquidDifferentialPressureSp": _RACK_DP,
    "RackControlValvePosition": _SHARE,
    "RackPower": Range(
        -2,
        2000,
        "kW",
        "a rack gives nothing back, the largest takes half",
        (1, 1000),
    ),
    "Voltage": Range(0, 800e3, "V", "an RMS value is never negative, and no line has more"),
    "Frequency": Range(42.5, 69, "Hz", "no grid or generator runs so", at_rest=0.0),
    "ApparentPower": Range(0, 1e6, "kVA", "a magnitude is never negative, and no site takes 1 GVA"),
    "ActivePower": Range(-1e6, 1e6, "kW", "no site takes 1 GW"),
    "PowerFactor": Range(-1.02, 1.02, "", "no active power exceeds the apparent", (0.3, 1)),
    "Current": _CURRENT,
    "PhaseCurrent": _CURRENT,
    "CurrentLimit": _CURRENT._replace(low=0, why="no limit is negative, no bar carries more"),
    "LiquidTemperature": _LIQUID._replace(errors=(85.0,)),
    "LiquidTemperatureSpRequest": _LIQUID,
    "LiquidDifferentialPressure": _PRESSURE._replace(
        low=-2500, why="the strongest pipes burst beyond"
    ),
    "LiquidFlow": Range(-200e3, 200e3, "LPM", "a pipe of 1 m across carries no more"),
    "LiquidPressure": _PRESSURE,
    "ValvePosition": _SHARE,
    "DamperPosition": _SHARE,
    "PumpSpeed": _SPEED,
    "FanSpeed": _SPEED,
    "AirTemperature": _AIR,
    "AirDifferentialPressure": Range(-10, 10, "kPa", "no fan of a hall presses so"),
    "AirRelativeHumidity": _SHARE._replace(why="dry is below, dripping above"),
    "AirPressure": Range(-101.325, 200, "kPa", "a vacuum is below, no weather above"),
    "Sound": Range(-20, 194, "dB", "nothing is more silent, air at 1 atm carries nothing louder"),
}
"""By point type of the contract; ``AirFlow`` and ``GenericPoint`` may be anything.

Sources, where it is not plainly physics:

- 25 % propylene glycol freezes near -10 °C. Silicon shuts down at 100 to 105 °C, and rises 35 to
  49 K above a cold plate's inlet: no liquid is hotter than what heats it.
- A rack: the largest announced takes 1 MW; 2 LPM a kW is the most that OCP asks for. Its loop:
  DMTF's model of a CDU is critical at 1,380 kPa.
- Frequency: what class A instruments have to measure, 42.5 to 57.5 and 51 to 69 Hz
  (IEC 61000-4-30).
- Positions: an analogue signal is valid from -1.25 to 103.125 % (NAMUR NE 43), and a little more.
- Power factor: P ≤ S, of two class 1 meters (IEC 62053-21).
- Pipes: few of a cooling loop are built for more than PN 25 (EN 1092-1); 4 m/s in 1 m are
  190,000 LPM. Lines: 765 kV is the highest in use.
"""

_Span = tuple[float, float, frozenset[float]]
"""From where to where a point can read, and what it reads in error between."""

_ERRORS: Final = frozenset(REGISTER_ERRORS) | frozenset(THERMOMETER_ERRORS)


class Ranged:
    """The points of an entity that have ranges; for whoever judges them again and again."""

    def __init__(self, entity: Entity) -> None:
        self._entity = entity
        self._described: int | None = None
        self._states: list[PointState] = []
        self._spans: list[_Span] = []

    def judge(self) -> Iterable[Finding]:
        """What its live and good readings cannot be, once for each point type, in their order."""
        if self._described != self._entity.described:
            self._take()
        doubtful = [
            state
            for state, (low, high, errors) in zip(self._states, self._spans, strict=True)
            if (value := state.value) is not None
            and (not low <= value <= high or (errors and value in errors))
        ]
        return _told(doubtful) if doubtful else ()  # as nearly always

    def _take(self) -> None:
        """Take its points as they are described now."""
        entity = self._entity
        known = [
            (state, span)
            for state in entity.points.values()
            if (span := _span_of(state.point.point_type, state.point.unit)) is not None
        ]
        self._states, self._spans = [state for state, _ in known], [span for _, span in known]
        self._described = entity.described


@lru_cache(maxsize=1_000)  # few types, each in few units
def _span_of(kind: str, unit: str | None) -> _Span | None:
    limits = limits_of(kind, unit)
    return None if limits is None else (*limits, _within(_ERRORS, limits))


@lru_cache(maxsize=1_000)
def errors_within(limits: tuple[float, float]) -> frozenset[float]:
    """What stands for no value in whatever unit, though it lies within these limits."""
    return _within(REGISTER_ERRORS, limits)


def _within(errors: Iterable[float], limits: tuple[float, float]) -> frozenset[float]:
    low, high = limits
    return frozenset([each for each in errors if low <= each <= high])


def _told(doubtful: list[PointState]) -> Iterable[Finding]:
    told: dict[str, Finding] = {}
    for state in sorted(doubtful, key=_order):
        found = _judge(state, RANGES[state.point.point_type])
        if found is not None:
            told.setdefault(state.point.point_type, found)
    return told.values()


@lru_cache(maxsize=1_000)  # few types, each in few units
def limits_of(kind: str, unit: str | None) -> tuple[float, float] | None:
    """The range of a point type in ``unit``; None where it has none.

    A unit that cannot be converted leaves only what stands for no value in any unit.
    """
    limits = RANGES.get(kind)
    if limits is None:
        return None
    scale = factor(unit, limits.unit)
    return (-inf, inf) if scale is None else (limits.low / scale, limits.high / scale)


def stands_for_none(kind: str, value: float) -> bool:
    """Whether a point of that type only shows ``value`` in error; of a set-point it may be one."""
    limits = RANGES.get(kind)
    return value in REGISTER_ERRORS or (limits is not None and value in limits.errors)


def _order(state: PointState) -> tuple[str, str]:
    return state.point.point_type, state.point.id


def _judge(state: PointState, limits: Range) -> Finding | None:
    point, value = state.point, state.value
    if value is None or state.bad or state.freshness is not Freshness.LIVE or point.states:
        return None
    scale = factor(point.unit, limits.unit)
    right = None if scale is None else value * scale
    within = right is None or limits.low <= right <= limits.high
    odd = not within or (value in limits.errors and not point.is_setpoint)
    error = THERMOMETER_ERRORS.get(value) if odd and limits.unit == "C" else None
    error = error or REGISTER_ERRORS.get(value)
    if error is not None:
        why, implied = error, None
    elif right is None or within or right == limits.at_rest:
        return None
    else:
        why, implied = _why(right, limits, converted=right != value)
    unit = limits.unit or None
    reason = f"{_shown(value, point.unit)}: {why}"
    return Finding(_CODE, point.entity, point.point_type, reason, implied=implied, unit=unit)


def _why(value: float, limits: Range, *, converted: bool) -> tuple[str, float | None]:
    """Why a value cannot be, and what it would be where another unit makes it a usual one."""
    low, high = limits.usual
    for each in () if converted else MISREADINGS:
        meant = (value - each.plus) / each.by
        if each.unit == limits.unit and low <= meant <= high:
            return f"as {_shown(meant, limits.unit, digits=4)} would be, {each.name}", meant
    span = f"{limits.low:.10g} to {_shown(limits.high, limits.unit)}"
    return f"beyond {span} ({limits.why})", None


def _shown(value: float, unit: str | None, *, digits: int = 10) -> str:
    return f"{value:.{digits}g} {unit or ''}".rstrip()
