"""Bounds: the limits of the coolant as the rules have them, and within what all is plainly well."""

from math import inf
from typing import NamedTuple

from twin.faults.rule import Limits, Rules
from twin.watch.verdicts import outermost


class Rows(NamedTuple):
    """The limits of the coolant; None where no rule asks for one."""

    flow: Limits | None
    supply_high: Limits | None
    supply_low: Limits | None
    return_high: Limits | None
    delta_t: Limits | None
    dp_over: Limits | None
    dp_under: Limits | None
    dp_peers: Limits | None
    time: Limits | None


class Bounds(NamedTuple):
    """Within what nothing is amiss: the limits that are met first."""

    least: float
    """Of the flow, in LPM/kW."""
    cold: float
    hot: float
    warm: float
    """Of supply and return, in °C."""
    rise: float
    """In kelvins."""
    under: float
    over: float
    """Of the set-point of the differential pressure, as a part of it …"""
    times: float
    """… and of that of its peers."""


def rows_of(rules: Rules) -> Rows:
    """The limits of the coolant as the rules have them."""
    return Rows(
        flow=rules.limits("liquid.flow_low", "flow_lpm_per_kw"),
        supply_high=rules.limits("liquid.supply_temperature_high", "supply_c"),
        supply_low=rules.limits("liquid.supply_temperature_low", "supply_c"),
        return_high=rules.limits("liquid.return_temperature_high", "return_c"),
        delta_t=rules.limits("liquid.delta_t_high", "delta_t_k"),
        dp_over=rules.limits("liquid.dp_deviation", "over_setpoint_pct"),
        dp_under=rules.limits("liquid.dp_deviation", "under_setpoint_pct"),
        dp_peers=rules.limits("liquid.dp_deviation", "times_peers"),
        time=rules.limits("liquid.time_to_limit", "time_to_limit_s"),
    )


def bounds_of(rows: Rows) -> Bounds:
    """Within what nothing is amiss, as these limits have it."""
    return Bounds(
        least=outermost(rows.flow, below=True),
        cold=outermost(rows.supply_low, below=True),
        hot=outermost(rows.supply_high),
        warm=outermost(rows.return_high),
        rise=outermost(rows.delta_t),
        under=1 - outermost(rows.dp_under) / 100,
        over=1 + outermost(rows.dp_over) / 100,
        times=outermost(rows.dp_peers),
    )


def criticals_of(rows: Rows) -> tuple[float, float, float, float]:
    """The critical limits that slopes may lead to; nothing is near where no rule asks for it."""
    if rows.time is None:
        return -inf, inf, inf, inf
    return (
        _critical(rows.supply_low, -inf),
        _critical(rows.supply_high, inf),
        _critical(rows.return_high, inf),
        _critical(rows.delta_t, inf),
    )


def _critical(limits: Limits | None, none: float) -> float:
    return none if limits is None or limits.critical is None else limits.critical
