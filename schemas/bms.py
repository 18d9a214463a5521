"""DSX BMS v1: topics and payloads to points and readings."""

from collections import Counter
from typing import Final

import msgspec

from schemas.contract import KNOWN
from schemas.drift import Drift
from schemas.errors import DecodeError, Reason
from schemas.metadata import point_of
from twin.instants import Instant
from twin.points import Point, PointId, PublisherId, Reading, Retraction

PUB: Final = PublisherId("PUB")
"""The BMS as a publisher."""

LARGEST: Final = 4 * 1024 * 1024
"""Bytes in a payload: the DSX event bus carries no more."""

FARTHEST: Final = 253_402_300_799_999
"""The last millisecond of the year 9999: no source measures later."""

_VALUES: Final = "BMS/v1/PUB/Value/"
_DEPTH: Final = 4  # BMS, v1, publisher, kind


class _Value(msgspec.Struct, forbid_unknown_fields=True):
    value: float | None
    timestamp: int
    quality: int


_strict: Final = msgspec.json.Decoder(_Value).decode
_loose: Final = msgspec.json.Decoder(dict[str, object]).decode


def decode(topic: str, payload: bytes, drift: Counter[Drift]) -> Point | Reading | Retraction:
    """The point, reading or retraction that a message is; ``drift`` is counted up by kind.

    Raises:
        DecodeError: It is none, and why. Nothing else is ever raised.
    """
    if topic.startswith(_VALUES):
        path = topic[len(_VALUES) :]
        _check(path)
        return _reading(PointId(path), PUB, payload, drift)
    return _decode_other(topic, payload, drift)


def value_topic(point: Point) -> str:
    """The topic on which the values of a point are published."""
    return f"{_prefix(point)}{_local(point.publisher)}/Value/{_local(point.id)}"


def metadata_topic(point: Point) -> str:
    """The topic on which the metadata of a point is published."""
    return f"{_prefix(point)}PUB/Metadata/{_local(point.id)}"


def _prefix(point: Point) -> str:
    return f"{point.id[: len(point.id) - len(_local(point.id))]}BMS/v1/"


def _local(identity: str) -> str:
    """An id without the prefix of its cluster."""
    return identity.split("/", 2)[2] if identity.startswith("cpc/") else identity


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
    _check(path)
    point = PointId(cluster + path)
    if kind == "Value":
        return _reading(point, PublisherId(cluster + publisher), payload, drift)
    if kind != "Metadata" or publisher != PUB:
        raise DecodeError(Reason.TOPIC)
    if not payload:
        return Retraction(point)
    if len(payload) > LARGEST:
        raise DecodeError(Reason.TOO_LARGE)
    return point_of(point, cluster, path, payload, drift)


def _check(path: str) -> None:
    """See that a path is ``{objectType}/{pointType}/{tagPath}`` and its types are the contract's."""
    first = path.find("/")
    second = path.find("/", first + 1)
    if path[:second] not in KNOWN or second + 1 >= len(path) or second < 0:
        raise DecodeError(Reason.TYPE if first > 0 and second > 0 else Reason.TOPIC)


def _reading(
    point: PointId, publisher: PublisherId, payload: bytes, drift: Counter[Drift]
) -> Reading:
    try:
        said = _strict(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = _drifted(payload, drift)
    if not 0 <= said.timestamp <= FARTHEST:
        raise DecodeError(Reason.TIMESTAMP)
    return Reading(point, publisher, said.value, said.quality, Instant(said.timestamp))


def _drifted(payload: bytes, drift: Counter[Drift]) -> _Value:
    """What a payload beside the contract says, where that can be understood."""
    if len(payload) > LARGEST:
        raise DecodeError(Reason.TOO_LARGE)
    try:
        said = _loose(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError(Reason.JSON) from error
    found: Counter[Drift] = Counter()
    value = _Value(
        _value(said.get("value", said), found),
        _integer(said.get("timestamp"), Reason.TIMESTAMP, Drift.TIMESTAMP_FORM, found),
        _integer(said.get("quality"), Reason.QUALITY, Drift.QUALITY_STRING, found),
    )
    found[Drift.EXTRA_KEY] += len(said) > 3  # noqa: PLR2004  # value, timestamp, quality
    drift.update(+found)
    return value


def _value(value: object, found: Counter[Drift]) -> float | None:
    if isinstance(value, bool):
        found[Drift.VALUE_BOOLEAN] += 1
        return float(value)
    if value is None:
        return None
    if isinstance(value, int | float) and abs(value) <= _LARGEST_FLOAT:
        return float(value)
    raise DecodeError(Reason.VALUE)


def _integer(value: object, reason: Reason, kind: Drift, found: Counter[Drift]) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        number = float(value) if isinstance(value, str | float) else None
    except ValueError:
        number = None
    if number is None or not number.is_integer():
        raise DecodeError(reason)
    found[kind] += 1
    return int(number)


_LARGEST_FLOAT: Final = 1.7976931348623157e308  # IEEE 754 binary64
