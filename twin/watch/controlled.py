"""Controlled: what a cooling unit keeps at a set-point, and how far off that it is."""

from collections.abc import Collection, Iterator
from typing import Final

from twin.cdu import Areas, points_at
from twin.entities import Entity
from twin.instants import Instant
from twin.points import Freshness
from twin.ranges import stands_for_none
from twin.sensors import Sensor
from twin.watch.band import Band

_UNHEARD: Final = Freshness.UNHEARD

Read = tuple[float, str]
"""A value, and the point that shows it."""


class Controlled:
    """One quantity of a unit with its set-point; looked at once a second.

    Args:
        cdu: Of which the points are as they are now.
        point_type: Of both.
        unit: In which they are compared.
        areas: Where they are.
    """

    def __init__(self, cdu: Entity, point_type: str, unit: str, areas: Areas) -> None:
        shown = points_at(cdu, point_type, areas)
        asked = points_at(cdu, point_type, areas, setpoint=True)
        self._type = point_type
        self._shown = [(state, Sensor(state, unit)) for state in shown]
        self._asked = [(state, Sensor(state, unit)) for state in asked]
        every = [state for state in cdu.of_type(point_type) if not state.point.is_setpoint]
        self._only = len(every) == len(shown)
        self._band = Band()
        self._known = False

    def take(self, at: Instant) -> None:
        """Take in the set-point as it is ``at``."""
        told = next((value for _, each in self._asked if (value := each.now) is not None), None)
        self._known = told is not None
        self._band.take(told, at)

    @property
    def asked(self) -> bool:
        """Whether a set-point was ever told."""
        return any(state.freshness is not _UNHEARD for state, _ in self._asked)

    def read(self, suspects: Collection[str]) -> Read | None:
        """What it is now.

        A suspect type that has points elsewhere as well may be one of those: what cannot be is
        left out in any case, and what is frozen was so once.
        """
        if self._only and self._type in suspects:
            return None
        return next(self._believed(), None)

    def off(self, read: Read | None, sign: int) -> tuple[float, float] | None:
        """By how much it is above its set-point, or below for ``sign`` -1, and that set-point.

        Of those of late it is the one that is nearest, for it takes time to follow.
        """
        return None if read is None or not self._known else self._band.off(read[0], sign)

    def _believed(self) -> Iterator[Read]:
        for state, sensor in self._shown:
            reads, told = sensor.now, state.value
            if reads is None or told is None or stands_for_none(self._type, told):
                continue
            yield reads, state.point.id
