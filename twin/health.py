"""Health: racks with what their faults amount to.

A rack of the fleet is the sum of its readings, whatever the course of things; its faults are not.
So its severity there is what its own detectors say now, and here what is raised on it.
"""

from collections.abc import Iterator
from dataclasses import replace

from twin.entities import RACK, Entity
from twin.fleet import Fleet
from twin.gist import Gist, gist_of
from twin.points import EntityId
from twin.racks import Rack


def gist_in_health(fleet: Fleet, rack: EntityId) -> Gist | None:
    """The gist of one rack; None where there is no such rack."""
    found = fleet.entity(rack)
    return None if found is None or found.kind != RACK else _gist(found, fleet)


def gists_in_health(fleet: Fleet) -> Iterator[Gist]:
    """The gists of all racks, in order of id, each worked out when it is taken."""
    return (_gist(rack, fleet) for rack in fleet.racks())


def rack_in_health(fleet: Fleet, rack: EntityId) -> Rack | None:
    """The view of one rack; None where there is no such rack."""
    found = fleet.rack(rack)
    return None if found is None else _rolled_up(found, fleet)


def racks_in_health(fleet: Fleet) -> Iterator[Rack]:
    """The views of all racks, in order of id, each worked out when it is taken."""
    return (_rolled_up(rack, fleet) for rack in fleet.views())


def _gist(rack: Entity, fleet: Fleet) -> Gist:
    severity = fleet.faults.health(rack.id)
    return gist_of(rack, severity, fleet.topology, fleet.entity, fleet.coolant, fleet.site)


def _rolled_up(rack: Rack, fleet: Fleet) -> Rack:
    severity = fleet.faults.health(rack.id)
    return rack if severity is rack.severity else replace(rack, severity=severity)
