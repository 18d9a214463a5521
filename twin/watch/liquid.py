"""Liquid: the coolant of one rack, held against the limits of its rules."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf, isfinite
from typing import Final, NamedTuple

from twin.entities import Entity
from twin.fault import UNKNOWN, Fault, Judged, Key
from twin.faults.rule import Limits, Rules
from twin.instants import Instant, Millis
from twin.points import EntityId, Freshness
from twin.severity import Severity
from twin.smoothing import EVERY, TAU_S
from twin.steady import Steady
from twin.suspects import LIQUID_SHARE
from twin.thermal import time_to_limit_s, warmed_c
from twin.watch.bounds import bounds_of, criticals_of, rows_of
from twin.watch.heat import DP, FLOW, RETURN, SUPPLY, Shown, fits_otherwise, point_of, warms_up
from twin.watch.verdicts import Verdict, against

NEVER_DOUBTED_LPM_PER_KW: Final = 0.5
"""At so little coolant warms up by 29 K, far beyond its limit: no second opinion is waited for."""

HORIZON_S: Final = 120.0 + TAU_S
"""Nothing is worked out of slopes as long as nothing comes near within this time."""

_OK: Final = Severity.OK

BLIND_FOR: Final = Millis(30_000)
"""So long after a start a flow that is not 0 waits for the temperatures that bear it out; ours."""

BEARS_OUT_FOR: Final = Millis(60_000)
"""So long after a flow fell the warmth of the coolant is held against what it was before: by then
the return has followed, whatever its sensor; ours."""


class _Fell(NamedTuple):
    """A flow that is low."""

    since: Instant
    seen: Instant
    before: float
    """What flowed until then."""


class Look(NamedTuple):
    """What there is to judge a rack by at one instant."""

    at: Instant
    shown: Shown
    """What its sensors read; nothing of those that are suspects."""
    peers_kpa: float | None
    """The differential pressure of its peers; None where they are too few."""
    feeds: Sequence[float | None]
    """What each of its feeds reads, in kW."""
    live: Mapping[Key, Fault]
    """The faults of the rack that there are."""
    doubted: Callable[[], bool]
    """Whether its sensors contradict one another, where its peers' do not."""
    outruns: Callable[[], bool]
    """Whether its load is more than its heat bears out."""


class Liquid:
    """The liquid side of one rack.

    Args:
        rack: The rack.
        steady: What its sensors read of late.
        rules: All rows.
        idle_kw: What it draws where it needs no flow.
    """

    __slots__ = (
        "_blind_since",
        "_fell",
        "_idle_kw",
        "_points",
        "_rack",
        "_rows",
        "_steady",
        "_temperatures",
        "bounds",
        "criticals",
    )

    def __init__(self, rack: Entity, steady: Steady, rules: Rules, idle_kw: float) -> None:
        self._temperatures = [*rack.of_type(SUPPLY)[:1], *rack.of_type(RETURN)[:1]]
        self._blind_since: Instant | None = None
        self._fell: _Fell | None = None
        self._rack: EntityId = rack.id
        self._steady = steady
        self._idle_kw = idle_kw
        self._rows = rows = rows_of(rules)
        self._points = {kind: point_of(rack, kind) for kind in (FLOW, SUPPLY, RETURN, DP)}
        self.bounds = bounds_of(rows)
        self.criticals = criticals_of(rows)

    def calm(self, shown: Shown, peers_kpa: float | None) -> bool:
        """Whether all is so plainly well that nothing has to be looked at.

        It decides nothing: it may only be wrong by saying that something is to be looked at.
        """
        _, served, flow, supply, return_, dp, setpoint = shown
        least, cold, hot, warm, rise, under, over, times = self.bounds
        if flow is not None and served is not None and flow < least * served:
            return False
        if dp is not None:
            if setpoint and not under * setpoint <= dp <= over * setpoint:
                return False
            if peers_kpa is not None and dp > times * peers_kpa:
                return False
        if supply is not None:
            if not cold <= supply <= hot:
                return False
            if return_ is not None and return_ - supply > rise:
                return False
        return (return_ is None or return_ <= warm) and not self._nears()

    def judge(self, look: Look, *, calm: bool) -> Iterator[Verdict]:
        """How what a rule asks for stands: all of it, or where all is calm what has a fault."""
        live, rack = look.live, self._rack
        for code, check in _CHECKS:
            key = Key(code, rack)
            fault = live.get(key)
            if fault is None and calm:
                continue
            judged = check(self, look, fault)
            if judged is not None:
                yield key, judged

    # -- one by one ------------------------------------------------------------------------------

    def flow_low(self, look: Look, fault: Fault | None) -> Judged | None:
        """Flow under what the load needs."""
        limits, shown, point = self._rows.flow, look.shown, self._points[FLOW]
        served, flow = shown.served, shown.flow
        if limits is None:
            return None
        if served is not None and served < self._idle_kw:
            return Judged(_OK, point=point)
        if flow is None or served is None:
            return UNKNOWN
        value = flow / served
        judged = against(limits, value, fault, point=point, what="flow {}")
        if judged.severity is not _OK and flow and self._blind(look.at):
            return UNKNOWN
        if judged.severity is _OK or self._borne_out(look) or not look.doubted():
            return judged
        certain = value < NEVER_DOUBTED_LPM_PER_KW
        return judged if certain and not fits_otherwise(self._steady, shown, FLOW) else UNKNOWN

    def _borne_out(self, look: Look) -> bool:
        """Whether the coolant warms up as a flow that has just fallen makes it."""
        at, fell = look.at, self._fell
        if fell is None or at - fell.seen > EVERY:
            flow = self._steady.flow
            assert flow is not None, "it reads something now"
            fell = _Fell(at, at, flow)
        self._fell = fell = fell._replace(seen=at)
        lately = at - fell.since <= BEARS_OUT_FOR
        return lately and warms_up(self._steady, look.shown, fell.before)

    def _blind(self, at: Instant) -> bool:
        """Whether the temperatures that could tell a lying flow were never heard, and may yet be.

        So it is after a start: a flow in another unit would be a loss of it until they are.
        """
        if all(state.freshness is not Freshness.UNHEARD for state in self._temperatures):
            return False
        if self._blind_since is None:
            self._blind_since = at
        return at - self._blind_since < BLIND_FOR

    def supply_high(self, look: Look, fault: Fault | None) -> Judged | None:
        """Coolant that comes too warm."""
        return self._warmth(self._rows.supply_high, SUPPLY, look.shown.supply, look, fault)

    def supply_low(self, look: Look, fault: Fault | None) -> Judged | None:
        """Coolant that comes too cold."""
        return self._warmth(self._rows.supply_low, SUPPLY, look.shown.supply, look, fault)

    def return_high(self, look: Look, fault: Fault | None) -> Judged | None:
        """Coolant that leaves too warm."""
        return self._warmth(self._rows.return_high, RETURN, look.shown.return_, look, fault)

    def _warmth(
        self, limits: Limits | None, kind: str, value: float | None, look: Look, fault: Fault | None
    ) -> Judged | None:
        """What is critically warm counts, doubted or not, unless it is told in another unit."""
        if limits is None:
            return None
        if value is None:
            return UNKNOWN
        what = _CALLED[limits.of]
        judged = against(limits, value, fault, point=self._points[kind], what=what)
        if judged.severity is _OK or not look.doubted():
            return judged
        certain = judged.severity is Severity.CRITICAL and not limits.below
        return judged if certain and not fits_otherwise(self._steady, look.shown, kind) else UNKNOWN

    def delta_t_high(self, look: Look, fault: Fault | None) -> Judged | None:
        """Coolant that warms up by too much."""
        limits, shown = self._rows.delta_t, look.shown
        if limits is None:
            return None
        if shown.supply is None or shown.return_ is None:
            return UNKNOWN
        rise = shown.return_ - shown.supply
        judged = against(limits, rise, fault, point=self._points[RETURN], what=_RISE)
        return UNKNOWN if judged.severity is not _OK and look.doubted() else judged

    def dp_deviation(self, look: Look, fault: Fault | None) -> Judged | None:
        """The worst of what it is against its set-point, and against its peers."""
        dp, setpoint, rows = look.shown.dp, look.shown.dp_setpoint, self._rows
        if rows.dp_under is None and rows.dp_over is None and rows.dp_peers is None:
            return None
        if dp is None:
            return UNKNOWN
        off = None if not setpoint else (dp / setpoint - 1) * 100
        peers = look.peers_kpa
        told = []
        for limits, value, beside in (
            (rows.dp_under, None if off is None else -off, setpoint),
            (rows.dp_over, off, setpoint),
            (rows.dp_peers, None if peers is None else dp / peers, peers),
        ):
            if limits is not None and value is not None:
                before = fault if fault is not None and fault.judged.unit == limits.unit else None
                compared = _COMPARED[limits.of].replace("[]", f"{beside:.4g} kPa")
                what = f"differential pressure {dp:.4g} kPa, {compared}"
                told.append(against(limits, value, before, point=self._points[DP], what=what))
        return _worst(told)

    def time_to_limit(self, look: Look, fault: Fault | None) -> Judged | None:
        """A critical temperature that is near at the present slopes."""
        limits, shown, steady = self._rows.time, look.shown, self._steady
        if limits is None:
            return None
        if shown.supply is None or shown.return_ is None or not steady.settled:
            return UNKNOWN
        value = self._lasts(shown)
        if not isfinite(value):
            return Judged(_OK, unit=limits.unit)
        point, what = self._points[RETURN], "a critical temperature is {} away as it goes on now"
        judged = against(limits, value, fault, point=point, what=what)
        return UNKNOWN if judged.severity is not _OK and look.doubted() else judged

    # -- slopes ----------------------------------------------------------------------------------

    def _nears(self) -> bool:
        """Whether a critical limit comes near at the present slopes, if that may matter."""
        steady = self._steady
        supply, return_ = steady.supply, steady.return_
        if supply is None or return_ is None:
            return False
        coldest, hottest, warmest, steepest = self.criticals
        cold = supply + HORIZON_S * steady.supply_slope
        warm = return_ + HORIZON_S * steady.return_slope
        return warm > warmest or warm - cold > steepest or not coldest <= cold <= hottest

    def _lasts(self, shown: Shown) -> float:
        """Seconds until the first critical limit that is not met yet; for ever if none is neared.

        What is smoothed lags a ramp by slope times time constant. The return goes no further than
        to where load, flow and supply take it: a rack that starts to work warms up steeply, and
        stops.
        """
        steady, (coldest, hottest, warmest, steepest) = self._steady, self.criticals
        assert steady.supply is not None
        assert steady.return_ is not None
        cold = steady.supply + TAU_S * steady.supply_slope
        warm = steady.return_ + TAU_S * steady.return_slope
        in_the_end = self._in_the_end(shown, cold)
        times = [
            _time_to(hottest - cold, steady.supply_slope),
            _time_to(cold - coldest, -steady.supply_slope),
        ]
        if in_the_end > warmest:
            times.append(_time_to(warmest - warm, steady.return_slope))
        if in_the_end - cold > steepest:
            slope = steady.return_slope - steady.supply_slope
            times.append(_time_to(steepest - (warm - cold), slope))
        return min(times)

    def _in_the_end(self, shown: Shown, cold: float) -> float:
        """How warm the coolant would come back if all stayed as it is, and the supply went on."""
        load, flow = shown.load, shown.flow
        if load is None or flow is None:
            return inf
        later = cold + HORIZON_S * max(0.0, self._steady.supply_slope)
        warm = warmed_c(LIQUID_SHARE * load, flow, later, self._steady.coolant)
        return inf if warm is None else warm


_CALLED: Final = {"supply_c": "supply {}", "return_c": "return {}"}

_RISE: Final = "the coolant warms up by {}"

_COMPARED: Final = {
    "over_setpoint_pct": "{} over its set-point of []",
    "under_setpoint_pct": "{} under its set-point of []",
    "times_peers": "{} times the [] of its peers",
}
"""With ``[]`` for what it is compared with."""


_CHECKS: Final = (
    ("liquid.flow_low", Liquid.flow_low),
    ("liquid.supply_temperature_high", Liquid.supply_high),
    ("liquid.supply_temperature_low", Liquid.supply_low),
    ("liquid.return_temperature_high", Liquid.return_high),
    ("liquid.delta_t_high", Liquid.delta_t_high),
    ("liquid.dp_deviation", Liquid.dp_deviation),
    ("liquid.time_to_limit", Liquid.time_to_limit),
)


def _time_to(margin: float, closing: float) -> float:
    """What is beyond its limit has been told by the limit itself."""
    return inf if margin <= 0 else time_to_limit_s(margin, closing)


def _worst(told: list[Judged]) -> Judged:
    for severity in (Severity.CRITICAL, Severity.WARNING):
        for each in told:
            if each.severity is severity:
                return each
    return told[0] if told else UNKNOWN
