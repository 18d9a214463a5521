"""Balances of racks: heat against power, meters against the rack, and who lies."""

from collections.abc import Iterable, Sequence
from typing import Final

from twin.finding import Finding
from twin.points import EntityId
from twin.racks import Rack
from twin.suspects import (
    LIQUID_SHARE,
    Readings,
    Sensor,
    Verdict,
    in_gallons,
    judge_heat,
    judge_meters,
)
from twin.topology import Domain

_UNITS: Final = {
    Sensor.POWER: "kW",
    Sensor.FLOW: "LPM",
    Sensor.SUPPLY: "C",
    Sensor.RETURN: "C",
    Sensor.METERS: "kW",
}


def unbalanced(racks: Iterable[Rack]) -> list[Finding]:
    """Everything that the balances of ``racks`` find, in order of rack and code.

    A rack takes part where all of its heat balance is the truth of now; stale and bad readings
    are no findings of physics.
    """
    known = {rack.id: (rack, readings) for rack in racks if (readings := readings_of(rack))}
    loops: dict[tuple[EntityId, ...], list[tuple[EntityId, Readings]]] = {}
    for rack, readings in known.values():
        loops.setdefault(_loop(rack), []).append((rack.id, readings))
    found: list[Finding] = []
    for identity in sorted(known):
        rack, readings = known[identity]
        peers = [each for peer, each in loops[_loop(rack)] if peer != identity]
        found += _judge(identity, readings, peers)
    return found


def _judge(rack: EntityId, readings: Readings, peers: Sequence[Readings]) -> Iterable[Finding]:
    heat = judge_heat(readings, peers)
    if heat is not None:
        yield _finding("balance.heat", rack, heat, _why_heat(heat))
    meters = judge_meters(readings)
    if meters is not None:
        share = f"its meters add up to {meters.ratio:.1%} of the rack's own reading"
        yield _finding("balance.power", rack, meters, share)


def _why_heat(verdict: Verdict) -> str:
    carried = f"the liquid carries {verdict.ratio:.1%} of the heat that {LIQUID_SHARE:.0%} of "
    if in_gallons(verdict.ratio):
        return f"{carried}the power would be: as a flow in US gallons told as litres"
    return f"{carried}the power would be"


def _finding(code: str, rack: EntityId, verdict: Verdict, reason: str) -> Finding:
    suspect = verdict.suspect
    unit = None if suspect is None else _UNITS[suspect]
    return Finding(code, rack, suspect, reason, verdict.ratio, verdict.implied, unit)


def _loop(rack: Rack) -> tuple[EntityId, ...]:
    """What cools a rack: those with the same are peers."""
    return tuple(rack.upstream[Domain.LIQUID])


def readings_of(rack: Rack) -> Readings | None:
    """What the heat balance of a rack is made of; None unless all of it is the truth of now."""
    thermal = rack.thermal
    values = [each.now for each in (rack.power.load, thermal.flow, thermal.supply, thermal.return_)]
    power, flow, supply, return_ = values
    if power is None or flow is None or supply is None or return_ is None:
        return None
    meters = rack.power.balance.meters.now if rack.power.balance.racks.fresh_and_good else None
    return Readings(power, flow, supply, return_, thermal.coolant, meters)
