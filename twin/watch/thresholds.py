"""Thresholds of a site, held against the points of one entity."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from twin.entities import Entity
from twin.fault import FINE, UNKNOWN, Fault, Judged, Key
from twin.faults.rule import Limits
from twin.faults.thresholds import Threshold
from twin.instants import Instant
from twin.sensors import Sensor
from twin.watch.verdicts import against


class _Row(NamedTuple):
    key: Key
    sensor: Sensor
    limits: Limits
    point_type: str


class ThresholdWatch:
    """Every threshold that a point of one entity is held against; false where there is none."""

    __slots__ = ("_rows",)

    def __init__(self, entity: Entity, thresholds: Iterable[Threshold]) -> None:
        self._rows = [
            _Row(
                Key(each.code, entity.id, key),
                Sensor(state, each.limits.unit),
                each.limits,
                each.point_type,
            )
            for each in thresholds
            for key, state in sorted(entity.points.items())
            if each.covers(state.point)
        ]

    def __bool__(self) -> bool:
        return bool(self._rows)

    def well(self) -> bool:
        """That is told by looking."""
        return False

    def look(
        self, at: Instant, live: Mapping[Key, Fault], suspects: Collection[str]
    ) -> Iterator[tuple[Key, Judged]]:
        """What is not well now, and whatever has a fault.

        Args:
            at: Now.
            live: The faults of the entity that there are.
            suspects: Types of its points that are not to be believed.
        """
        del at
        for key, sensor, limits, point_type in self._rows:
            fault = live.get(key)
            value = sensor.now
            if value is None or point_type in suspects:
                if fault is not None:
                    yield key, UNKNOWN
                continue
            judged = against(limits, value, fault, point=key.qualifier, what=f"{point_type} {{}}")
            if judged is not FINE:
                yield key, judged
