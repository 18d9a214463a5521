"""Ripples: what meters further up carry, when what hangs on them draws more or less."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from math import fsum
from typing import NamedTuple

from twin.circuits import Rating, able_of, circuit_of
from twin.entities import Entity
from twin.limits import METER, Breach, breach
from twin.measured import Measured, derive
from twin.points import EntityId
from twin.redundancy import Carried, Side, bearing
from twin.steps import Steps
from twin.topology import Domain, Topology


class Shift(NamedTuple):
    """What one feed of a rack carries now, and what then."""

    rack: EntityId
    feed: EntityId
    before: Measured
    after: Measured


@dataclass(frozen=True, slots=True)
class Burdened:
    """One meter that carries more or less than now."""

    meter: EntityId
    before: Measured
    able: Measured
    """What it could carry."""
    then: Carried
    breaches: tuple[Breach, ...]

    @property
    def excess_kw(self) -> float:
        """By how much it carries more than it could; 0 where that is not known."""
        return _beyond(self.then.load, self.able)

    @property
    def pushed_over(self) -> bool:
        """Whether it would be beyond what it could carry, and is not there already."""
        return self.excess_kw > 0 and _beyond(self.before, self.able) <= 0


def ripples(
    shifts: Iterable[Shift],
    fallen: Collection[EntityId],
    topology: Topology,
    find: Callable[[EntityId], Entity | None],
    rating: Callable[[EntityId], Rating],
) -> Steps[tuple[Burdened, ...]]:
    """The meters that bear ``shifts`` of what racks draw, in order of id.

    A meter reads now what it reads, and then as much more as all that hangs on it alone does. The
    feed of a single rack is left out: what it carries is told with its rack. So is what is above
    something with several feeders, for nobody knows how they would share.
    """
    reached: dict[EntityId, list[Shift]] = {}
    for shift in shifts:
        if shift.before != shift.after:
            for each in way_of(shift.feed, topology):
                reached.setdefault(each, []).append(shift)
        yield
    served = topology.serves(Domain.POWER)
    found = []
    for each in sorted(reached.keys() - set(fallen)):
        meter = find(each)
        own = len(served.get(each, ())) == 1 and all(s.feed == each for s in reached[each])
        if meter is not None and meter.of_type("ActivePower") and not own:
            found.append(_burdened(meter, reached[each], rating(each)))
        yield
    return tuple(found)


def way_of(feed: EntityId, topology: Topology) -> list[EntityId]:
    """``feed``, and all above it up to whatever has several feeders, or none."""
    way = [feed]
    while len(near := topology.feeders(way[-1], Domain.POWER)) == 1 and near[0] not in way:
        way += near
    return way


def _burdened(meter: Entity, shifts: list[Shift], rating: Rating) -> Burdened:
    circuit = circuit_of(meter, rating)
    able = able_of(meter, circuit)
    inputs = [circuit.load, *(each for shift in shifts for each in (shift.before, shift.after))]
    load = derive("kW", inputs, _moved)
    then = bearing(Side(meter.id, able, circuit.limit), load)
    return Burdened(meter.id, circuit.load, able, then, breach(METER, meter.id, then.loading))


def _moved(reads: float, *parts: float) -> float:
    """A reading, with the later of each pair of ``parts`` instead of the earlier."""
    return fsum((reads, *parts[1::2])) - fsum(parts[::2])


def _beyond(does: Measured, may: Measured) -> float:
    if does.now is None or may.now is None:
        return 0.0
    return max(0.0, does.now - may.now)
