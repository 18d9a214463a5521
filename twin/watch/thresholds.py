"""Thresholds of a site, held against the points of one entity."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from twin.entities import Entity
from twin.fault import UNKNOWN, Condition, Fault, Judged, Key
from twin.faults.rule import Limits
from twin.faults.thresholds import Threshold
from twin.instants import Instant
from twin.severity import Severity
from twin.steady import Sensor

_OK: Final = Severity.OK


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
            severity = limits.judge(value, _OK if fault is None else _standing(fault))
            if severity is not _OK or fault is not None:
                yield key, _judged(key, limits, value, severity)


def _judged(key: Key, limits: Limits, value: float, severity: Severity) -> Judged:
    limit = limits.beyond(severity)
    said = ""
    if limit is not None:
        side = "below" if limits.below else "above"
        said = f"{limits.of} {_shown(value, limits)} is {side} {_shown(limit, limits)}"
    return Judged(severity, value, limit, limits.unit, key.qualifier, said)


def _shown(value: float, limits: Limits) -> str:
    return f"{value:.6g} {limits.unit}".rstrip()


def _standing(fault: Fault) -> Severity:
    """As what it stands, for the deadband."""
    return fault.severity_now if fault.condition is Condition.ACTIVE else _OK
