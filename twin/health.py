"""Health: racks with what their faults amount to.

A rack of the fleet is the sum of its readings, whatever the course of things; its faults are not.
So its severity there is what its own detectors say now, and here what is raised on it.
"""

from collections.abc import Iterator
from dataclasses import replace

from twin.fleet import Fleet
from twin.points import EntityId
from twin.racks import Rack


def rack_in_health(fleet: Fleet, rack: EntityId) -> Rack | None:
    """The view of one rack; None where there is no such rack."""
    found = fleet.rack(rack)
    return None if found is None else _rolled_up(found, fleet)


def racks_in_health(fleet: Fleet) -> Iterator[Rack]:
    """The views of all racks, in order of id, each worked out when it is taken."""
    return (_rolled_up(rack, fleet) for rack in fleet.views())


def _rolled_up(rack: Rack, fleet: Fleet) -> Rack:
    severity = fleet.faults.health(rack.id)
    return rack if severity is rack.severity else replace(rack, severity=severity)
