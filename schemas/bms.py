"""DSX BMS v1: topics and payloads to points and readings."""

from collections import Counter
from collections.abc import Container
from typing import Annotated, Final

import msgspec

from schemas.contract import KNOWN
from schemas.drift import Drift
from schemas.errors import DecodeError, Reason
from schemas.metadata import point_of
from schemas.payload import LARGEST, UNREADABLE, integer, read_object, spelled
from twin.instants import Instant
from twin.points import Point, PointId, PublisherId, Reading, Retraction

PUB: Final = PublisherId("PUB")
"""The BMS as a publisher."""

FARTHEST: Final = 253_402_300_799_999
"""The last millisecond of the year 9999: no source measures later."""

VALUES: Final = "BMS/v1/PUB/Value/"
"""Before the id of a point, on the topics of its values, where the BMS is its publisher."""

_PREFIX: Final = len(VALUES)
_DEPTH: Final = 4  # BMS, v1, publisher, kind
_BITS: Final = range(-(2**63), 2**63)  # what every store and encoder holds


class Value(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """What a value message says by the contract."""

    value: float | None
    timestamp: Annotated[Instant, msgspec.Meta(ge=0, le=FARTHEST)]
    quality: Annotated[int, msgspec.Meta(ge=_BITS.start, le=_BITS.stop - 1)]


read_value: Final = msgspec.json.Decoder(Value).decode
"""A value message that is no larger than ``LARGEST``, to the letter of the contract.

Raises one of ``UNREADABLE`` where it is not: ``decode`` knows what it may be then.
"""


def decode(
    topic: str, payload: bytes, drift: Counter[Drift], known: Container[str] = ()
) -> Point | Reading | Retraction:
    """The point, reading or retraction that a message is.

    Args:
        topic: As it came.
        payload: As it came.
        drift: Counted up by kind.
        known: Points whose metadata was decoded: their types need not be looked at again.

    Raises:
        DecodeError: It is none, and why. Nothing else is ever raised.
    """
    if topic.startswith(VALUES):
        path = topic[_PREFIX:]
        if path not in known:
            _check(path)
        return _reading(PointId(path), PUB, payload, drift)
    return _decode_other(topic, payload, drift)


def value_topic(point: Point) -> str:
    """The topic on which the values of a point are published."""
    cluster = _cluster(point)
    publisher = point.publisher.removeprefix(cluster)
    return f"{cluster}BMS/v1/{publisher}/Value/{point.id.removeprefix(cluster)}"


def metadata_topic(point: Point) -> str:
    """The topic on which the metadata of a point is published."""
    cluster = _cluster(point)
    return f"{cluster}BMS/v1/PUB/Metadata/{point.id.removeprefix(cluster)}"


def _cluster(point: Point) -> str:
    """``cpc/{id}/`` of a federated cluster's point, or nothing."""
    if not point.id.startswith("cpc/"):
        return ""
    return point.id[: point.id.index("/", len("cpc/")) + 1]


def _decode_other(
    topic: str, payload: bytes, drift: Counter[Drift]
) -> Point | Reading | Retraction:
    cluster = ""
    if topic.startswith("cpc/"):
        levels = topic.split("/", 2)
        if len(levels) < 3 or not levels[1]:  # noqa: PLR2004  # cpc, id, rest
            raise DecodeError(Reason.TOPIC)
        cluster, topic = f"cpc/{levels[1]}/", levels[2]
    levels = topic.split("/", _DEPTH)
    if len(levels) <= _DEPTH or levels[:2] != ["BMS", "v1"] or not levels[2]:
        raise DecodeError(Reason.TOPIC)
    _, _, publisher, kind, path = levels
    if kind != "Value" and (publisher, kind) != (PUB, "Metadata"):
        raise DecodeError(Reason.TOPIC)
    _check(path)
    point = PointId(cluster + path)
    if kind == "Value":
        return _reading(point, PublisherId(cluster + publisher), payload, drift)
    return point_of(point, cluster, path, payload, drift) if payload else Retraction(point)


def _check(path: str) -> None:
    """See that a path is ``{objectType}/{pointType}/{tagPath}``, its types the contract's."""
    first = path.find("/")
    second = path.find("/", first + 1)
    if second <= first or second + 1 == len(path):
        raise DecodeError(Reason.TOPIC)
    if path[:second] not in KNOWN:
        raise DecodeError(Reason.TYPE, path[:second])


def _reading(
    point: PointId, publisher: PublisherId, payload: bytes, drift: Counter[Drift]
) -> Reading:
    if len(payload) > LARGEST:
        raise DecodeError(Reason.TOO_LARGE)
    try:
        said = read_value(payload)
    except UNREADABLE:
        return _drifted(point, publisher, payload, drift)
    # The tuple itself: the class's own __new__ would cost as much as all of the JSON.
    return _tuple(Reading, (point, publisher, said.value, said.quality, said.timestamp))


def _drifted(
    point: PointId, publisher: PublisherId, payload: bytes, drift: Counter[Drift]
) -> Reading:
    """What a payload beside the contract says, where that can be understood."""
    said = read_object(payload)
    found = {Drift.EXTRA_KEY} if said.keys() - _KEYS else set()
    value = _value(said, found)
    timestamp = _whole(said.get("timestamp"), Drift.TIMESTAMP_FORM, found)
    if timestamp is None or not 0 <= timestamp <= FARTHEST:
        raise DecodeError(Reason.TIMESTAMP)
    quality = _whole(said.get("quality"), Drift.QUALITY_STRING, found)
    if quality is None or quality not in _BITS:
        raise DecodeError(Reason.QUALITY)
    drift.update(found)
    return Reading(point, publisher, value, quality, Instant(timestamp))


def _value(said: dict[str, object], found: set[Drift]) -> float | None:
    match said:
        case {"value": None}:
            return None
        case {"value": bool(flag)}:
            found.add(Drift.VALUE_BOOLEAN)
            return float(flag)
        case {"value": int(number) | float(number)}:
            return _finite(number)
        case _:
            raise DecodeError(Reason.VALUE)


def _finite(number: float) -> float:
    try:
        return float(number)
    except OverflowError as error:
        raise DecodeError(Reason.VALUE) from error


def _whole(value: object, kind: Drift, found: set[Drift]) -> int | None:
    whole = integer(value)
    if whole is None and (whole := spelled(value)) is not None:
        found.add(kind)
    return whole


_tuple: Final = tuple.__new__
_KEYS: Final = frozenset({"value", "timestamp", "quality"})
