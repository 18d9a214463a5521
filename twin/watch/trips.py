"""Trips: state points that are judged the moment they are heard, late ones included."""

from collections.abc import Iterator, Mapping
from typing import Final

from twin.entities import Entity
from twin.fault import UNKNOWN, Fault, Judged, Key
from twin.faults.rule import Rules
from twin.points import Point, PointId, PointState
from twin.severity import Severity
from twin.watch.states import Says, says, told
from twin.watch.verdicts import Verdict, against

_LEAK: Final = "leak.detected"
_TRAY: Final = "leak.tray"
_FAULT: Final = "leak.sensor_fault"

_TRAYS: Final = "RackLeakDetectTray"
_FAULTS: Final = "RackLeakSensorFault"
_ROPE: Final = "RackLeakDetect"

_CODES: Final = {_ROPE: _LEAK, "LeakDetect": _LEAK, _TRAYS: _TRAY, _FAULTS: _FAULT}


def trips(point: Point) -> bool:
    """Whether a changed reading of a point is to be judged at once."""
    return point.point_type in _CODES


def trip(
    rules: Rules, entity: Entity, state: PointState, value: float | None, *, late: bool = False
) -> Verdict | None:
    """What one reading of a point that ``trips`` says; None where that changes nothing.

    Args:
        rules: All rows.
        entity: What the point belongs to, as it is now.
        state: The point.
        value: What was read; None where that is not to be trusted.
        late: The point holds a later reading: what was so for a while still trips, and nothing
            else counts. ``tripped`` has the present value.
    """
    verdict = _trip(rules, entity, state, value)
    return None if late and verdict is not None and not _raises(verdict) else verdict


def tripped(rules: Rules, entity: Entity, live: Mapping[Key, Fault]) -> Iterator[Verdict]:
    """How the faults of such points stand now.

    Args:
        rules: All rows.
        entity: What they belong to.
        live: The faults of the entity that there are.
    """
    for key in tuple(live):  # whoever judges may change them on the way
        if key.code not in rules:
            continue
        if key.code == _TRAY:
            yield key, _trays(rules, entity, {})
        elif key.code in {_LEAK, _FAULT}:
            state = entity.points.get(PointId(key.qualifier))
            judged = UNKNOWN if state is None else _one(rules, entity, key, state, told(state))
            yield key, judged


def _trip(rules: Rules, entity: Entity, state: PointState, value: float | None) -> Verdict | None:
    point = state.point
    code = _CODES[point.point_type]
    if point.point_type == _ROPE and value is not None and says(point, value) is Says.BROKEN:
        code = _FAULT
    if code not in rules:
        return None
    if code == _TRAY:
        return Key(code, entity.id), _trays(rules, entity, {point.id: value})
    key = Key(code, entity.id, point.id)
    return key, _one(rules, entity, key, state, value)


def _raises(verdict: Verdict) -> bool:
    return verdict[1].severity not in {None, Severity.OK}


def _one(rules: Rules, entity: Entity, key: Key, state: PointState, value: float | None) -> Judged:
    if value is None:
        return UNKNOWN
    point, said = state.point, says(state.point, value)
    if said is Says.SO or (said is Says.BROKEN and key.code == _FAULT):
        text = point.text(value) or f"{value:g}"
        message = f"{point.point_type} says {text}"
        return Judged(rules[key.code].severity, value, point=point.id, message=message)
    if key.code == _LEAK and (said is Says.BROKEN or _blind(entity)):
        return UNKNOWN
    return Judged(Severity.OK, value, point=point.id)


def _blind(entity: Entity) -> bool:
    """Whether its leak detectors are not to be trusted: what they say is no all-clear then."""
    return any(
        (value := told(state)) is not None and says(state.point, value) is not Says.NOT_SO
        for state in entity.of_type(_FAULTS)
    )


def _trays(rules: Rules, entity: Entity, read: Mapping[PointId, float | None]) -> Judged:
    """How many trays of a rack leak: those that are known to."""
    states = {state.point.id: state for state in entity.of_type(_TRAYS)}
    values = {**{key: told(state) for key, state in states.items()}, **read}
    said = [
        None if value is None else says(states[key].point, value) for key, value in values.items()
    ]
    count = said.count(Says.SO)
    if not count and any(each is not Says.NOT_SO for each in said):
        return UNKNOWN
    limits = rules.limits(_TRAY, "leaking_trays")
    assert limits is not None, "the row has them"
    point = next((key for key, value in zip(values, said, strict=True) if value is Says.SO), None)
    what = "1 tray leaks" if count == 1 else f"{count} trays leak"
    return against(limits, count, None, point=point, what=what)
