"""Watch of meters: what their circuits carry, against what they may and against what is allotted.

Nobody looks at a healthy one, for there are thousands of them: see ``MeterScreen``.
"""

from collections.abc import Collection, Iterator, Mapping
from math import fsum, nan
from typing import Final

from twin.circuits import Rating
from twin.entities import Entity
from twin.fault import FINE, UNKNOWN, Fault, Judged, Key
from twin.faults.rule import Rules
from twin.implausible import TRIPS_AT, UNDER_LOAD_A
from twin.instants import Instant
from twin.points import EntityId, Freshness, PointState
from twin.ranges import stands_for_none
from twin.sensors import Sensor, sensor_of
from twin.severity import Severity
from twin.watch.judging import HAIR, calm, telling
from twin.watch.verdicts import Verdict, against

OVER: Final = "power.over_current"
APART: Final = "power.phase_imbalance"
BUDGET: Final = "power.over_budget"

LOADED: Final = 0.1
"""Of its limit, from which on it matters how a load is spread over the phases; ours."""

_PHASES: Final = 2
"""One alone deviates from nothing."""

Shown = tuple[PointState, Sensor]

_NO_POWER: Final = Sensor(None, "kW")


class MeterWatch:
    """One meter; looked at where it is not plainly well.

    It remembers the limit under which it saw the current stay. What is far beyond one that never
    held tells of a wrong limit, and is left to ``sensor.implausible``; beyond one that did, of an
    overload.

    Args:
        meter: Of which the points are as they are now.
        rating: What is written down of its circuit beside the bus.
        rules: What is judged.
    """

    __slots__ = (
        "_amps",
        "_apart",
        "_budget",
        "_current",
        "_keys",
        "_limit",
        "_loading",
        "_phases",
        "_power",
        "_rating",
        "amps",
        "bounds",
        "drawn",
        "kept",
        "limit_a",
        "meter",
    )

    def __init__(self, meter: Entity, rating: Rating, rules: Rules) -> None:
        self.meter: EntityId = meter.id
        self._rating = rating
        self._keys = [Key(code, meter.id) for code in (OVER, APART, BUDGET)]
        self._loading = rules.limits(OVER, "loading_pct")
        self._apart = rules.limits(APART, "imbalance_pct")
        self._budget = rules.limits(BUDGET, "over_budget_pct")
        self._current = sensor_of(meter, "Current", "A")
        self._limit = sensor_of(meter, "CurrentLimit", "A")
        self._phases = _phases_of(meter)
        current = [(state, self._current) for state in meter.of_type("Current")[:1]]
        self._amps: list[Shown] = [*current, *self._phases]
        power = meter.of_type("ActivePower")[:1]
        self._power = [(state, Sensor(state, "kW")) for state in power if rating.rated_kw]
        self.amps = [sensor for _, sensor in self._amps] or [self._current]
        """Its currents, of whatever phase."""
        self.drawn = [self._limit, self._power[0][1] if self._power else _NO_POWER]
        """What its current may be, and its power where one is allotted."""
        self.limit_a = rating.limit_a or nan
        """What its current may be where nobody says so."""
        self.bounds = (
            calm(self._loading) / 100 * (1 - HAIR),
            calm(self._apart) / 100 * (1 - HAIR),
            (rating.rated_kw or 0.0) * (1 + calm(self._budget) / 100) * (1 - HAIR),
        )
        """Within what all is plainly well: part of the limit, of the lowest phase, and in kW."""
        self.kept: float | None = None
        """The limit under which its current stayed when it was looked at last."""

    def look(
        self, at: Instant, live: Mapping[Key, Fault], suspects: Collection[str]
    ) -> Iterator[Verdict]:
        """What is not well now, and whatever has a fault.

        Args:
            at: Now.
            live: The faults of the meter that there are.
            suspects: Types of its points that are not to be believed.
        """
        del at
        yield from telling(self._judge(live, suspects), live)

    def _judge(self, live: Mapping[Key, Fault], suspects: Collection[str]) -> Iterator[Verdict]:
        over, apart, budget = self._keys
        if self._loading is not None:
            yield over, self._over_current(live.get(over), suspects)
        if self._apart is not None:
            yield apart, self._phase_imbalance(live.get(apart), suspects)
        if self._budget is not None and (self._power or budget in live):
            yield budget, self._over_budget(live.get(budget), suspects)

    # -- current against its limit ---------------------------------------------------------------

    def _over_current(self, fault: Fault | None, suspects: Collection[str]) -> Judged:
        """The highest current: a breaker trips by its worst phase."""
        assert self._loading is not None
        told = [
            (amps, state)
            for state, each in self._amps
            if state.point.point_type not in suspects and (amps := _read(state, each)) is not None
        ]
        if not told:
            return UNKNOWN
        amps, state = max(told, key=lambda each: each[0])
        limit = self._limit_now(fault)
        if limit is None:
            # Nothing that is beyond a limit which is wrong is beyond what the circuit may carry.
            wrong = self._limit.now is not None and "CurrentLimit" in suspects
            return FINE if wrong else UNKNOWN
        what = f"current {amps:.1f} A, {{}} of the {limit:.4g} A that it may be"
        loading = amps / limit * 100
        judged = against(self._loading, loading, fault, point=state.point.id, what=what)
        if judged.severity is Severity.OK and self._silent(suspects):
            return UNKNOWN
        return judged

    def _limit_now(self, fault: Fault | None) -> float | None:
        """What it may carry; None where nobody says, or where what the bus says never held."""
        told, written = self._limit.now or None, self._rating.limit_a or None
        amps = self._current.now
        if told is None or amps is None:
            return told or written
        if amps < TRIPS_AT * told or (self.kept is None and fault is not None and fault.stands):
            self.kept = told  # what stands was raised by one that had held
        return told if told == self.kept else written

    def _silent(self, suspects: Collection[str]) -> bool:
        """Whether a current that was told is not told now."""
        return any(
            each.now is None and state.freshness is not Freshness.UNHEARD
            for state, each in self._amps
            if state.point.point_type not in suspects
        )

    # -- phases, and power -----------------------------------------------------------------------

    def _phase_imbalance(self, fault: Fault | None, suspects: Collection[str]) -> Judged:
        """The largest deviation from the mean, as ``phases.imbalance_of`` has it, under load."""
        assert self._apart is not None
        heard = [each for each in self._phases if each[0].freshness is not Freshness.UNHEARD]
        amps = [reads for state, each in heard if (reads := _read(state, each)) is not None]
        if "PhaseCurrent" in suspects or len(amps) < max(len(heard), _PHASES):
            return UNKNOWN
        mean = fsum(amps) / len(amps)
        limit = self._limit_now(None) or 0.0
        if mean < max(UNDER_LOAD_A, LOADED * limit):
            return FINE
        deviation = max([abs(each - mean) for each in amps]) / mean * 100
        said = ", ".join(f"{each:.1f}" for each in amps)
        what = f"phases of {said} A, one of them {{}} off their mean"
        return against(self._apart, deviation, fault, point="PhaseCurrent", what=what)

    def _over_budget(self, fault: Fault | None, suspects: Collection[str]) -> Judged:
        assert self._budget is not None
        rated = self._rating.rated_kw
        if not rated:
            return FINE  # nothing is allotted any more
        if not self._power:
            return UNKNOWN
        ((state, power),) = self._power
        drawn = _read(state, power)
        if drawn is None or "ActivePower" in suspects:
            return UNKNOWN
        what = f"power {drawn:.1f} kW, {{}} over its budget of {rated:.4g} kW"
        over = (drawn - rated) / rated * 100
        return against(self._budget, over, fault, point=state.point.id, what=what)


def _phases_of(meter: Entity) -> list[Shown]:
    """Its phases in order of name; where several points tell of one, the first of them does."""
    found: dict[str, PointState] = {}
    for state in meter.of_type("PhaseCurrent"):
        if state.point.phase is not None:
            found.setdefault(state.point.phase, state)
    return [(found[name], Sensor(found[name], "A")) for name in sorted(found)]


def _read(state: PointState, sensor: Sensor) -> float | None:
    """What is read, unless it stands for no value."""
    reads, told = sensor.now, state.value
    if told is None or stands_for_none(state.point.point_type, told):
        return None
    return reads
