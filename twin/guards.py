"""Guards: whoever watches an entity, asked every second or two what is not well."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from twin.entities import Entity
from twin.fault import Fault, Judged, Key
from twin.faults.rule import Rules
from twin.instants import Instant
from twin.points import EntityId
from twin.watch.heat import Crowd
from twin.watch.meter_screen import MeterScreen
from twin.watch.rack_screen import RackScreen
from twin.watch.racks import crowd_of
from twin.watch.trips import tripped

On = Callable[[EntityId], Mapping[Key, Fault]]
"""The faults that there are on an entity."""

Suspects = Callable[[EntityId], Collection[str]]
"""Types of the points of an entity that are not to be believed."""


class Watch(Protocol):
    """One way of looking at one entity."""

    def well(self) -> bool:
        """Whether there is plainly nothing to be told, unless there is a fault already."""

    def look(
        self, at: Instant, live: Mapping[Key, Fault], suspects: Collection[str]
    ) -> Iterator[tuple[Key, Judged]]:
        """What is not well now, and whatever has a fault."""


class Guard:
    """All that watch one entity."""

    __slots__ = ("_entity", "_watches", "hurries")

    def __init__(
        self, entity: EntityId, watches: Sequence[Watch], *, hurries: bool = False
    ) -> None:
        self._entity = entity
        self._watches = watches
        self.hurries = hurries
        """Whether it is to look each second."""

    def look(self, at: Instant, on: On, suspects: Suspects) -> Iterable[tuple[Key, Judged]]:
        """What is not well with it now, and whatever has a fault."""
        live = on(self._entity)
        if not live:
            for watch in self._watches:
                if not watch.well():
                    break
            else:
                return ()  # as nearly always
        doubted = suspects(self._entity)
        return [told for watch in self._watches for told in watch.look(at, live, doubted)]


class Loops:
    """The racks of several loops, each of which is seen beside the others of its own.

    Args:
        screen: Tells who is plainly well.
    """

    def __init__(self, screen: RackScreen) -> None:
        self._screen = screen

    def look(self, at: Instant, on: On, suspects: Suspects) -> Iterator[tuple[Key, Judged]]:
        """What is not well with them now, and whatever has a fault."""
        screen = self._screen
        well = iter(screen.well(at))
        for loop in screen.loops:
            crowd: Crowd | None = None
            for each in loop:
                live = on(each.rack)
                if not next(well) or live:
                    crowd = crowd or crowd_of(loop)
                    yield from each.look(at, live, suspects(each.rack), crowd)
                    screen.note(each)


class Meters:
    """Several meters, all of which look at one time.

    Args:
        screen: Tells which of them are plainly well.
    """

    def __init__(self, screen: MeterScreen) -> None:
        self._screen = screen

    def look(self, at: Instant, on: On, suspects: Suspects) -> Iterator[tuple[Key, Judged]]:
        """What is not well with them now, and whatever has a fault."""
        screen = self._screen
        for row, well in enumerate(screen.well()):
            watch = screen.watches[row]
            live = on(watch.meter)
            if live or not well:
                yield from watch.look(at, live, suspects(watch.meter))
                screen.note(row)


class Tripped:
    """How the faults of leak detectors and their like stand on what is no rack."""

    __slots__ = ("_entity", "_rules")

    def __init__(self, entity: Entity, rules: Rules) -> None:
        self._entity = entity
        self._rules = rules

    def well(self) -> bool:
        """Whatever it has to tell is of a fault."""
        return True

    def look(
        self, at: Instant, live: Mapping[Key, Fault], suspects: Collection[str]
    ) -> Iterator[tuple[Key, Judged]]:
        """What has such a fault."""
        del at, suspects
        if live:
            yield from tripped(self._rules, self._entity, live)
