"""Findings: everything about the data of the present state that cannot be true."""

from collections.abc import Iterable

from twin.balances import unbalanced
from twin.cdu import CDU, cdu_of
from twin.finding import Finding
from twin.fleet import Fleet
from twin.implausible import judge_cdu, judge_meter
from twin.meters import METER
from twin.racks import Rack


def findings_of(fleet: Fleet, racks: Iterable[Rack] | None = None) -> list[Finding]:
    """What the balances and neighbours of every reading find, racks first, in order of id.

    Args:
        fleet: Whose state is judged; it does not change.
        racks: Views of all of its racks, where somebody has them already.
    """
    found = unbalanced(fleet.views() if racks is None else racks)
    for entity in fleet.equipment():
        if entity.kind == METER:
            found += judge_meter(entity)
        elif entity.kind == CDU:
            unit = cdu_of(entity, fleet.topology, fleet.entity, fleet.coolant, fleet.site)
            found += judge_cdu(entity.id, unit)
    return found
