"""Watch of cooling units: whether they serve, their pumps, and how they keep their set-points."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from math import fsum
from statistics import median
from typing import Final, NamedTuple

from twin.cdu import SIDE, SUPPLY
from twin.entities import Entity
from twin.fault import FINE, UNKNOWN, Fault, Judged, Key
from twin.faults.rule import Limits, Rules
from twin.instants import Instant
from twin.misread import misread
from twin.points import Freshness, PointState
from twin.severity import Severity
from twin.steady import Steady
from twin.watch.controlled import Controlled, Read
from twin.watch.judging import telling, worst
from twin.watch.pumps import Pumps, Turn
from twin.watch.states import told
from twin.watch.verdicts import Verdict, against, outermost, standing
from twin.watch.words import Word, word_at, word_of

UNAVAILABLE: Final = "cdu.unavailable"
PUMP: Final = "cdu.pump_lost"
HIGH: Final = "liquid.supply_temperature_high"
LOW: Final = "liquid.supply_temperature_low"
DP: Final = "liquid.dp_deviation"

LOAD_KW: Final = 1.0
"""Racks that draw less need no cooling; one for support draws 0.1 kW in NVIDIA's recording."""

LEAST_KPA: Final = 1.0
"""Of a smaller set-point nothing can be said in per cent; ours."""

_RESTS: Final = {Word.OFF, Word.READY}
_SIDES: Final = (("over", 1), ("under", -1))

Live = Mapping[Key, Fault]
Suspects = Collection[str]


class _Duty(NamedTuple):
    """What is asked of a unit at one instant."""

    load: float | None
    """What the racks behind it draw, as far as it is known."""
    alone: bool
    """Whether racks have no other unit."""

    @property
    def none(self) -> bool:
        """Whether it is known that there is nothing to cool."""
        return self.load is not None and self.load < LOAD_KW

    @property
    def told(self) -> str:
        """It, for whoever reads."""
        return f"the racks behind it draw {self.load:.0f} kW"


class UnitWatch:
    """One cooling unit; looked at once a second, after its racks.

    Args:
        unit: Of which the points are as they are now.
        racks: Those that it serves.
        rules: What is judged.
        alone: Whether any of them has no other unit: where all have, one that stands may rest.
    """

    def __init__(
        self, unit: Entity, racks: Sequence[Steady], rules: Rules, *, alone: bool = True
    ) -> None:
        codes = [code for code in (UNAVAILABLE, PUMP, HIGH, LOW, DP) if code in rules]
        self._keys = {code: Key(code, unit.id) for code in codes}
        self._limits = {(code, each.of): each for code in codes for each in rules[code].limits}
        self._racks = racks
        self._alone = alone
        self._available = _own(unit, "Available")
        self._status = _own(unit, "Status")
        self._pumps = Pumps(unit)
        self._supply = Controlled(unit, "LiquidTemperature", "C", SUPPLY)
        self._dp = Controlled(unit, "LiquidDifferentialPressure", "kPa", SIDE)
        self._fine = [
            *_fine(self._available, {Word.ON, Word.READY}),
            *_fine(self._status, {Word.ON}),
            *_fine(self._pumps.faulty, {*Word} - {Word.FAULT}),
        ]
        self._coldest = outermost(self._limits.get((LOW, "supply_c")), below=True)
        self._hottest = outermost(self._limits.get((HIGH, "supply_c")))
        self._most_k = self._outermost((HIGH, LOW), "setpoint_k")
        self._most_pct = self._outermost((DP, DP), "setpoint_pct")

    def well(self) -> bool:
        """That is told by looking."""
        return False

    def look(self, at: Instant, live: Live, suspects: Suspects) -> Iterator[Verdict]:
        """What is not well now, and whatever has a fault.

        Args:
            at: Now.
            live: The faults of the unit that there are.
            suspects: Types of its points that are not to be believed.
        """
        turn = self._pumps.look(at, self._fault(PUMP, live))
        self._supply.take(at)
        self._dp.take(at)
        if not live and self._calm(turn):
            return  # as nearly always
        drawn = [rack.power for rack in self._racks if rack.power is not None]
        duty = _Duty(fsum(drawn) if drawn else None, self._alone)
        idle = duty.none or (turn.stands and not duty.alone)
        judged = {
            UNAVAILABLE: self._serves(duty, suspects),
            PUMP: self._pump_lost(turn, duty, suspects),
            HIGH: self._supplies(HIGH, live, suspects, idle=idle),
            LOW: self._supplies(LOW, live, suspects, idle=idle),
            DP: FINE if idle else self._deviates(live, suspects),
        }
        yield from telling([(key, judged[code]) for code, key in self._keys.items()], live)

    def _fault(self, code: str, live: Live) -> Fault | None:
        key = self._keys.get(code)
        return None if key is None else live.get(key)

    # -- whether all is well ---------------------------------------------------------------------

    def _calm(self, turn: Turn) -> bool:
        """Whether all is so plainly well that nothing has to be looked at.

        It decides nothing: it may only be wrong by saying that something is to be looked at.
        """
        if turn.stands or turn.missing > turn.unknown:
            return False
        for state, fine in self._fine:
            if state.value not in fine:
                return False
        supply, dp = self._supply.read(()), self._dp.read(())
        if supply is not None and not self._coldest <= supply[0] <= self._hottest:
            return False
        return self._keeps(supply) and self._presses(dp)

    def _keeps(self, supply: Read | None) -> bool:
        for (_, sign), most in zip(_SIDES, self._most_k, strict=True):
            off = self._supply.off(supply, sign)
            if off is not None and off[0] > most:
                return False
        return True

    def _presses(self, dp: Read | None) -> bool:
        for (_, sign), most in zip(_SIDES, self._most_pct, strict=True):
            off = self._dp.off(dp, sign)
            if off is not None and off[1] >= LEAST_KPA and off[0] / off[1] * 100 > most:
                return False
        return True

    def _outermost(self, codes: tuple[str, str], of: str) -> list[float]:
        """How far each side may be off its set-point before anything is met."""
        sides = zip(codes, _SIDES, strict=True)
        return [outermost(self._limits.get((code, f"{side}_{of}"))) for code, (side, _) in sides]

    # -- states ----------------------------------------------------------------------------------

    def _serves(self, duty: _Duty, suspects: Suspects) -> Judged:
        said = [_available(each) for each in _heard(self._available)]
        said += [_on(each, duty) for each in _heard(self._status)]
        doubted = not {"Available", "Status"}.isdisjoint(suspects)
        return UNKNOWN if doubted else worst(said)

    def _pump_lost(self, turn: Turn, duty: _Duty, suspects: Suspects) -> Judged:
        said = [_failed(each) for each in _heard(self._pumps.faulty)]
        if "PumpSpeed" in suspects:
            said = [UNKNOWN]
        elif self._pumps:
            said.append(self._turning(turn, duty))
        return worst(said)

    def _turning(self, turn: Turn, duty: _Duty) -> Judged:
        """Whether as many pumps run as used to, and any where one is needed."""
        if turn.stands and (duty.none or (not duty.alone and self._rests())):
            self._pumps.forget()
            return FINE
        if turn.stands and duty.alone and duty.load is not None:
            message = f"no pump runs, and {duty.told}"
            return Judged(Severity.CRITICAL, 0.0, point=turn.lost, message=message)
        if turn.missing > turn.unknown:
            run = "1 pump runs" if turn.running == 1 else f"{turn.running} pumps run"
            message = f"{run}, where {turn.running + turn.missing} used to"
            return Judged(Severity.WARNING, turn.running, point=turn.lost, message=message)
        if turn.unknown or (not turn.running and duty.alone):
            return UNKNOWN
        return Judged(Severity.OK, turn.running)

    def _rests(self) -> bool:
        return any(told(each) is not None and word_of(each) in _RESTS for each in self._status)

    # -- what it controls ------------------------------------------------------------------------

    def _supplies(self, code: str, live: Live, suspects: Suspects, *, idle: bool) -> Judged:
        side, sign = _SIDES[code == LOW]
        supply = self._supply
        read = supply.read(suspects)
        value, point = read or (None, None)
        fault = self._fault(code, live)
        limits = self._limits.get((code, "supply_c"))
        said = [*_against(limits, value, fault, point, partial(str, "supply {}"))]
        if supply.asked and not idle:
            off, asked = supply.off(read, sign) or (None, None)
            limits = self._limits.get((code, f"{side}_setpoint_k"))
            said += _against(limits, off, fault, point, partial(_supplied, value, asked, side))
        judged = worst(said)
        if value is None or judged.severity is Severity.OK or not self._told_otherwise(value):
            return judged
        return UNKNOWN

    def _told_otherwise(self, supply_c: float) -> bool:
        """Whether a supply is what its racks get, told in another unit."""
        got = [rack.supply for rack in self._racks if rack.supply is not None]
        return bool(got) and misread(supply_c, median(got), "C") is not None

    def _deviates(self, live: Live, suspects: Suspects) -> Judged:
        read, fault = self._dp.read(suspects), self._fault(DP, live)
        value, point = read or (None, None)
        said: list[Judged] = []
        for side, sign in _SIDES:
            off, asked = self._dp.off(read, sign) or (None, None)
            share = None
            if off is not None and asked is not None and asked >= LEAST_KPA:
                share = off / asked * 100
            limits = self._limits.get((DP, f"{side}_setpoint_pct"))
            said += _against(limits, share, fault, point, partial(_pressed, value, asked, side))
        return worst(said)


def _against(
    limits: Limits | None,
    value: float | None,
    fault: Fault | None,
    point: str | None,
    what: Callable[[], str],
) -> Iterator[Judged]:
    """What limits make of a value, in words only where it is not well."""
    if limits is None:
        return
    if value is None:
        yield UNKNOWN
    elif limits.judge(value, standing(fault)) is Severity.OK:
        yield Judged(Severity.OK, value, None, limits.unit, point)
    else:
        yield against(limits, value, fault, point=point, what=what())


def _supplied(value: float | None, asked: float | None, side: str) -> str:
    return f"supply {_compared(value, asked, side, 'C')}"


def _pressed(value: float | None, asked: float | None, side: str) -> str:
    return f"differential pressure {_compared(value, asked, side, 'kPa')}"


def _compared(value: float | None, asked: float | None, side: str, unit: str) -> str:
    """What is read and what was asked for, around the difference of the two."""
    assert value is not None
    assert asked is not None
    return f"{value:.4g} {unit}, {{}} {side} its set-point of {asked:.4g} {unit}"


def _own(unit: Entity, point_type: str) -> list[PointState]:
    """The first state of the unit itself, and not of a valve or a pump in it."""
    return [each for each in unit.of_type(point_type) if not each.point.associated][:1]


def _fine(
    states: Sequence[PointState], words: Collection[Word]
) -> Iterator[tuple[PointState, frozenset[float | None]]]:
    """Points of states, each with the values that say nothing else than these words."""
    for state in states:
        point = state.point
        values = (0.0, 1.0, *(float(value) for value, _ in point.states))
        said = {value: word_at(point, value) for value in values}
        yield state, frozenset({None, *(v for v, word in said.items() if word in words)})


def _heard(states: Sequence[PointState]) -> Iterator[PointState]:
    return (each for each in states if each.freshness is not Freshness.UNHEARD)


def _available(state: PointState) -> Judged:
    word = None if told(state) is None else word_of(state)
    if word is None:
        return UNKNOWN
    well = word in {Word.ON, Word.READY}
    return Judged(Severity.OK, state.value) if well else _says(state, Severity.CRITICAL)


def _on(state: PointState, duty: _Duty) -> Judged:
    """Whether a unit runs; one that does not is missed where racks need it and have no other."""
    word = None if told(state) is None else word_of(state)
    if word is Word.FAULT:
        return _says(state, Severity.CRITICAL)
    if word is Word.ON or (word is not None and (duty.none or not duty.alone)):
        return Judged(Severity.OK, state.value)
    if word is None or duty.load is None:
        return UNKNOWN
    return _says(state, Severity.CRITICAL, f", and {duty.told}")


def _failed(state: PointState) -> Judged:
    if told(state) is None:
        return UNKNOWN
    if word_of(state) is Word.FAULT:
        return _says(state, Severity.WARNING)
    return Judged(Severity.OK, state.value)


def _says(state: PointState, severity: Severity, more: str = "") -> Judged:
    point, value = state.point, state.value
    message = f"{point.point_type} says {point.text(value) or value}{more}"
    return Judged(severity, value, point=point.id, message=message)
