"""Thresholds: limits on any point type that a site asks for besides the catalogue."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from twin.faults.rule import Limits, Rules
from twin.points import EntityId, Point


@dataclass(frozen=True, slots=True)
class Threshold:
    """Limits of what every point of one type reads; its code has a row among the rules."""

    code: str
    point_type: str
    limits: Limits
    object_type: str | None = None
    """None where any will do; so of those below."""
    entities: frozenset[EntityId] = frozenset()
    process_area: str | None = None
    """One of the words of a point's, in small letters."""

    def covers(self, point: Point) -> bool:
        """Whether a point is held against it; what is asked for, a set-point, never is."""
        return (
            point.point_type == self.point_type
            and not point.is_setpoint
            and self.object_type in {None, point.object_type}
            and (not self.entities or point.entity in self.entities)
            and (self.process_area is None or self.process_area in _words(point))
        )


def covered(code: str, point: Point, thresholds: Iterable[Threshold]) -> bool:
    """Whether a point is still held against a limit of a code."""
    return any(each.code == code and each.covers(point) for each in thresholds)


def _words(point: Point) -> tuple[str, ...]:
    return tuple(word.lower() for word in point.process_area)


class SiteRules(NamedTuple):
    """What is judged at a site: the rows, and the thresholds of those that are its own."""

    rules: Rules
    thresholds: tuple[Threshold, ...] = ()
