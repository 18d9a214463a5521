"""Isolation: whether a rack is cut off as it was asked to be."""

from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from twin.entities import Entity
from twin.fault import UNKNOWN, Judged, Key
from twin.faults.rule import Rules
from twin.points import PointState
from twin.severity import Severity
from twin.watch.states import Says, is_so, means
from twin.watch.verdicts import Verdict

_CODE: Final = "isolation.mismatch"
_WAYS: Final = {"liquid": "RackLiquidIsolation", "electrical": "RackElectricalIsolation"}
_FROM: Final = {"liquid": "its coolant", "electrical": "its power"}


class _Way(NamedTuple):
    key: Key
    statuses: tuple[PointState, ...]
    requests: tuple[PointState, ...]


class Isolation:
    """The ways in which one rack can be cut off, by liquid and by power.

    Args:
        rack: The rack.
        rules: All rows.
    """

    __slots__ = ("_rules", "_ways", "rest")

    def __init__(self, rack: Entity, rules: Rules) -> None:
        self._rules = rules
        told = [
            _Way(
                Key(_CODE, rack.id, name),
                rack.of_type(f"{kind}Status"),
                rack.of_type(f"{kind}Request"),
            )
            for name, kind in _WAYS.items()
            if _CODE in rules
        ]
        self._ways = [way for way in told if way.statuses and way.requests]
        self.rest = [
            (state, _at_rest(state.point.states))
            for way in self._ways
            for state in (*way.statuses, *way.requests)
        ]
        """By which values each point says that nothing is cut off."""

    def calm(self) -> bool:
        """Whether nothing is cut off, and nobody asks for it."""
        for state, rest in self.rest:  # noqa: SIM110  # as it is asked of every rack each second
            if state.value not in rest:
                return False
        return True

    def judge(self, live: Collection[Key], *, calm: bool) -> Iterator[Verdict]:
        """How each way stands, or where all is calm what has a fault."""
        for way in self._ways:
            if not calm or way.key in live:
                yield way.key, self._judged(way)

    def _judged(self, way: _Way) -> Judged:
        isolated, asked = is_so(way.statuses), is_so(way.requests)
        point = way.statuses[0].point.id
        if isolated is None or asked is None:
            return UNKNOWN
        if isolated is asked:
            return Judged(Severity.OK, float(isolated), point=point)
        whence = _FROM[way.key.qualifier]
        if isolated:
            said = f"the rack is cut off from {whence}, and nobody asked for it"
            return Judged(Severity.CRITICAL, 1.0, 0.0, None, point, said)
        said = f"the rack was to be cut off from {whence}, and is not"
        return Judged(self._rules[_CODE].severity, 0.0, 1.0, None, point, said)


@lru_cache(maxsize=1_000)  # few texts, each on many points
def _at_rest(states: tuple[tuple[int, str], ...]) -> frozenset[float | None]:
    """The values that say that it is not so, and none."""
    texts = {float(value): text for value, text in reversed(states)}  # the first of two counts
    values = {0.0, *texts}
    said = (value for value in values if means(texts.get(value), value) is Says.NOT_SO)
    return frozenset({None, *said})
