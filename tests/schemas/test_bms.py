import csv
import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from schemas import bms
from schemas.contract import CATALOGUE, KNOWN
from schemas.drift import Drift
from schemas.errors import DecodeError, Reason
from schemas.payload import LARGEST
from twin.points import EntityId, Point, PointId, PublisherId, Reading, Retraction

T0 = 1_767_225_600_000
PATH = "Rack/RackPower/site/r1/power"
VALUE = f"BMS/v1/PUB/Value/{PATH}"
METADATA = f"BMS/v1/PUB/Metadata/{PATH}"
GOOD: dict[str, Any] = {"value": 35.2, "timestamp": T0, "quality": 1}
RACK: dict[str, Any] = {
    "objectType": "Rack",
    "pointType": "RackPower",
    "engUnit": "kW",
    "rackLocationName": "R1",
    "rackLocationId": "R1",
}

LEVELS = ["BMS", "v1", "v2", "PUB", "MEPAI", "Value", "Metadata", "cpc", "pod1", "", "Rack", "CDU"]
LEVELS += ["RackPower", "Status", "GenericPoint", "tag", "+", "#", " "]
KEYS = ["value", "timestamp", "quality", *RACK, "objectId", "objectName", "servesId", "stateText"]
NUMBERS = [0, 1, -1, 1.0, 0.5, T0, T0 + 0.5, float(T0), -0.0, 1e300, 2**63, -(2**63) - 1, 10**400]
BOUNDS = [bms.FARTHEST, bms.FARTHEST + 1, 2**63 - 1, -(2**63), math.nan, math.inf, -math.inf]
SCALARS: list[Any] = [None, True, False, "", "1", "-1", "x", str(T0), "nan", *NUMBERS, *BOUNDS]

scalars = st.sampled_from(SCALARS) | st.integers() | st.floats() | st.text(max_size=5)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=12,
)
near_misses = st.dictionaries(st.sampled_from([*KEYS, "other"]), documents).map(
    lambda changed: {**GOOD, **RACK, **changed}
)
topics = st.one_of(
    st.sampled_from([VALUE, METADATA, f"cpc/pod1/{VALUE}", f"BMS/v1/MEPAI/Value/{PATH}"]),
    st.lists(st.sampled_from(LEVELS), max_size=9).map("/".join),
    st.text(),
)


def decoded(topic: str, payload: bytes) -> tuple[Point | Reading | Retraction, Counter[Drift]]:
    drift: Counter[Drift] = Counter()
    return bms.decode(topic, payload, drift), drift


def read(fields: dict[str, Any]) -> tuple[Reading, Counter[Drift]]:
    reading, drift = decoded(VALUE, json.dumps(fields).encode())
    assert isinstance(reading, Reading)
    return reading, drift


def reason(topic: str, payload: bytes) -> Reason:
    drift: Counter[Drift] = Counter()
    with pytest.raises(DecodeError) as refusal:
        bms.decode(topic, payload, drift)
    assert not drift
    return refusal.value.reason


def judge(topic: str, payload: bytes) -> bool:
    """Whether a message can be understood; what is returned keeps its promises either way."""
    drift: Counter[Drift] = Counter()
    try:
        message = bms.decode(topic, payload, drift)
    except DecodeError:
        assert not drift
        return False
    if isinstance(message, Reading):
        assert message.value is None or type(message.value) is float
        assert message.value is None or math.isfinite(message.value)
        assert type(message.quality) is int
        assert -(2**63) <= message.quality < 2**63
        assert type(message.measured_at) is int
        assert 0 <= message.measured_at <= bms.FARTHEST
    return True


# -- values --------------------------------------------------------------------------------------


def test_value_is_a_reading_of_its_point_by_its_publisher() -> None:
    expected = Reading(PointId(PATH), PublisherId("PUB"), 35.2, 1, GOOD["timestamp"])

    assert read(GOOD) == (expected, Counter())


@pytest.mark.parametrize(
    ("topic", "point", "publisher"),
    [
        (f"BMS/v1/MEPAI/Value/{PATH}", PATH, "MEPAI"),
        (f"cpc/pod1/{VALUE}", f"cpc/pod1/{PATH}", "cpc/pod1/PUB"),
        (f"cpc/pod1/BMS/v1/MEPAI/Value/{PATH}", f"cpc/pod1/{PATH}", "cpc/pod1/MEPAI"),
        ("BMS/v1/PUB/Value/CDU/Status/a//b/ c", "CDU/Status/a//b/ c", "PUB"),
    ],
)
def test_topic_says_whose_value_of_which_point(topic: str, point: str, publisher: str) -> None:
    reading, _ = decoded(topic, json.dumps(GOOD).encode())

    assert isinstance(reading, Reading)
    assert (reading.point, reading.publisher) == (point, publisher)


def test_value_of_every_point_of_the_contract_is_understood() -> None:
    for types in KNOWN:
        for publisher in ("PUB", "MEPAI"):
            assert judge(f"BMS/v1/{publisher}/Value/{types}/tag", json.dumps(GOOD).encode())


def test_integers_become_floats() -> None:
    assert type(read(GOOD | {"value": 3})[0].value) is float
    assert type(read(GOOD | {"value": 3, "other": 1})[0].value) is float
    assert read(GOOD | {"value": 2**70})[0].value == 2.0**70


def test_null_is_no_value() -> None:
    assert read(GOOD | {"value": None})[0].value is None
    assert read(GOOD | {"value": None, "other": 1})[0].value is None


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"quality": "1"}, Drift.QUALITY_STRING),
        ({"value": True}, Drift.VALUE_BOOLEAN),
        ({"timestamp": str(T0)}, Drift.TIMESTAMP_FORM),
        ({"unit": "kW"}, Drift.EXTRA_KEY),
        ({"unit": None, "more": [{}]}, Drift.EXTRA_KEY),
    ],
)
def test_drift_is_counted_and_the_reading_taken(changed: dict[str, Any], kind: Drift) -> None:
    reading, drift = read(GOOD | changed)

    assert drift == {kind: 1}
    assert reading[2:] == (1.0 if "value" in changed else 35.2, 1, T0)


def test_integral_floats_are_integers_as_json_schema_has_it() -> None:
    assert read(GOOD | {"timestamp": float(T0), "quality": 1.0}) == read(GOOD)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"value": ...}, Reason.VALUE),
        ({"value": "35.2"}, Reason.VALUE),
        ({"value": [35.2]}, Reason.VALUE),
        ({"value": {}}, Reason.VALUE),
        ({"value": 10**400}, Reason.VALUE),
        ({"value": math.nan}, Reason.JSON),
        ({"value": -math.inf}, Reason.JSON),
        ({"timestamp": ...}, Reason.TIMESTAMP),
        ({"timestamp": None}, Reason.TIMESTAMP),
        ({"timestamp": True}, Reason.TIMESTAMP),
        ({"timestamp": -1}, Reason.TIMESTAMP),
        ({"timestamp": T0 + 0.5}, Reason.TIMESTAMP),
        ({"timestamp": bms.FARTHEST + 1}, Reason.TIMESTAMP),
        ({"timestamp": 2**64}, Reason.TIMESTAMP),
        ({"timestamp": "2026-01-01T00:00:00Z"}, Reason.TIMESTAMP),
        ({"timestamp": "-1"}, Reason.TIMESTAMP),
        ({"quality": ...}, Reason.QUALITY),
        ({"quality": None}, Reason.QUALITY),
        ({"quality": True}, Reason.QUALITY),
        ({"quality": 0.5}, Reason.QUALITY),
        ({"quality": "GOOD"}, Reason.QUALITY),
        ({"quality": 2**63}, Reason.QUALITY),
        ({"quality": -(2**63) - 1}, Reason.QUALITY),
        ({"quality": 1e300}, Reason.QUALITY),
        ({"quality": str(2**63)}, Reason.QUALITY),
    ],
    ids=str,
)
def test_value_that_cannot_be_understood_is_refused_by_reason(
    changed: dict[str, Any], why: Reason
) -> None:
    fields = {name: each for name, each in (GOOD | changed).items() if each is not ...}

    assert reason(VALUE, json.dumps(fields).encode()) is why
    assert reason(VALUE, json.dumps(fields | {"other": 1}).encode()) is why


def test_bounds_of_time_and_quality_are_taken() -> None:
    assert read(GOOD | {"timestamp": 0, "quality": -(2**63)})[0][3:] == (-(2**63), 0)
    assert read(GOOD | {"timestamp": bms.FARTHEST, "quality": 2**63 - 1})[0].quality == 2**63 - 1


@pytest.mark.parametrize("topic", [VALUE, METADATA, f"cpc/pod1/{VALUE}"])
@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"[]", Reason.JSON),
        (b"35.2", Reason.JSON),
        (b"null", Reason.JSON),
        (b'{"value":1e999,"timestamp":1,"quality":1}', Reason.JSON),
        (b'{"value":1,"timestamp":1,"quality":1,"other":"\xff"}', Reason.JSON),
        (b"\xff\xfe", Reason.JSON),
        (b'{"value":' + b"[" * 100_000, Reason.JSON),
        (b'{"value":' * 100_000 + b"1" + b"}" * 100_000, Reason.JSON),
        (b"[" * 1_000_000, Reason.JSON),
        (b" " * (LARGEST + 1), Reason.TOO_LARGE),
        (json.dumps(GOOD | RACK).encode().ljust(LARGEST + 1), Reason.TOO_LARGE),
    ],
    ids=lambda case: repr(case[:20]) if isinstance(case, bytes) else str(case),
)
def test_what_is_no_object_of_the_bus_is_refused(topic: str, payload: bytes, why: Reason) -> None:
    assert reason(topic, payload) is why


def test_empty_value_is_refused_and_empty_metadata_retracts() -> None:
    assert reason(VALUE, b"") is Reason.JSON
    assert decoded(METADATA, b"") == (Retraction(PointId(PATH)), Counter())
    assert decoded(f"cpc/a/{METADATA}", b"")[0] == Retraction(PointId(f"cpc/a/{PATH}"))


def test_good_value_of_more_bytes_than_the_bus_carries_is_refused() -> None:
    payload = json.dumps(GOOD).encode()

    assert judge(VALUE, payload.ljust(LARGEST))
    assert reason(VALUE, payload.ljust(LARGEST + 1)) is Reason.TOO_LARGE


def test_megabyte_of_padding_or_of_other_keys_is_understood() -> None:
    extra = {f"key{number}": number for number in range(50_000)}

    assert judge(VALUE, json.dumps(GOOD).encode().ljust(1_000_000))
    assert read(GOOD | extra)[1] == {Drift.EXTRA_KEY: 1}
    assert judge(METADATA, json.dumps(RACK | extra | {"objectName": "x" * 1_000_000}).encode())


@given(st.fixed_dictionaries({}, optional=dict.fromkeys((*GOOD, "other"), scalars)))
def test_value_keeps_to_the_contract_exactly_if_its_schema_says_so(
    value_schema: Draft202012Validator, fields: dict[str, Any]
) -> None:
    _expect_as_the_schema_says(value_schema, fields)


@given(st.sampled_from([*GOOD, "other"]), documents)
def test_value_with_one_change_keeps_to_the_contract_exactly_if_its_schema_says_so(
    value_schema: Draft202012Validator, name: str, changed: object
) -> None:
    _expect_as_the_schema_says(value_schema, GOOD | {name: changed})


def _expect_as_the_schema_says(schema: Draft202012Validator, fields: dict[str, Any]) -> None:
    payload = json.dumps(fields).encode()
    try:
        clean = not decoded(VALUE, payload)[1]
    except DecodeError:
        clean = False
    assert clean == (schema.is_valid(fields) and _holdable(fields))


def _holdable(fields: dict[str, Any]) -> bool:
    """Whether numbers that the schema leaves boundless are within what a time or float can be."""
    value, timestamp, quality = fields["value"], fields["timestamp"], fields["quality"]
    held = (value is None or abs(value) < 2**1024, 0 <= timestamp <= bms.FARTHEST)
    return all(held) and bool(-(2**63) <= quality < 2**63)


# -- topics --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "why"),
    [
        ("", Reason.TOPIC),
        ("BMS", Reason.TOPIC),
        ("BMS/v1/PUB/Value", Reason.TOPIC),
        ("BMS/v1/PUB/Value/", Reason.TOPIC),
        ("BMS/v1/PUB/Value/Rack", Reason.TOPIC),
        ("BMS/v1/PUB/Value/Rack/RackPower", Reason.TOPIC),
        ("BMS/v1/PUB/Value/Rack/RackPower/", Reason.TOPIC),
        ("BMS/v1/MEPAI/Value/Rack/RackPower/", Reason.TOPIC),
        ("BMS/v1/PUB/Metadata/Rack/RackPower/", Reason.TOPIC),
        ("BMS/v2/PUB/Value/Rack/RackPower/tag", Reason.TOPIC),
        ("bms/v1/PUB/Value/Rack/RackPower/tag", Reason.TOPIC),
        ("/BMS/v1/PUB/Value/Rack/RackPower/tag", Reason.TOPIC),
        ("BMS/v1//Value/Rack/RackPower/tag", Reason.TOPIC),
        ("BMS/v1/MEPAI/Metadata/Rack/RackPower/tag", Reason.TOPIC),
        ("BMS/v1/PUB/Values/Rack/RackPower/tag", Reason.TOPIC),
        ("BMS/v1/PUB/Command/Toaster/RackPower/tag", Reason.TOPIC),
        ("cpc", Reason.TOPIC),
        ("cpc/pod1", Reason.TOPIC),
        (f"cpc//{VALUE}", Reason.TOPIC),
        (f"cpc/a/cpc/b/{VALUE}", Reason.TOPIC),
        ("NICO/v1/machine/7/state", Reason.TOPIC),
        ("BMS/v1/PUB/Value/Toaster/RackPower/tag", Reason.TYPE),
        ("BMS/v1/PUB/Value/Rack/Voltage/tag", Reason.TYPE),
        ("BMS/v1/PUB/Value/Rack//tag", Reason.TYPE),
        ("BMS/v1/PUB/Value//RackPower/tag", Reason.TYPE),
        ("BMS/v1/MEPAI/Value/rack/RackPower/tag", Reason.TYPE),
        ("BMS/v1/PUB/Metadata/PowerMeter/RackPower/tag", Reason.TYPE),
    ],
)
def test_topic_outside_the_contract_is_refused(topic: str, why: Reason) -> None:
    assert reason(topic, json.dumps(GOOD).encode()) is why


@pytest.mark.parametrize(
    ("cluster", "publisher", "topic"),
    [
        ("", "PUB", VALUE),
        ("", "MEPAI", f"BMS/v1/MEPAI/Value/{PATH}"),
        ("", "cpc/odd", f"BMS/v1/cpc/odd/Value/{PATH}"),
        ("cpc/pod1/", "PUB", f"cpc/pod1/{VALUE}"),
        ("cpc/pod1/", "MEPAI", f"cpc/pod1/BMS/v1/MEPAI/Value/{PATH}"),
    ],
)
def test_points_topics_lead_back_to_it(cluster: str, publisher: str, topic: str) -> None:
    point = Point(
        PointId(cluster + PATH),
        "Rack",
        "RackPower",
        EntityId("R1"),
        PublisherId(cluster + publisher),
    )

    assert bms.value_topic(point) == topic
    assert bms.metadata_topic(point) == f"{cluster}{METADATA}"
    assert decoded(bms.metadata_topic(point), b"")[0] == Retraction(point.id)


def test_metadata_of_every_object_type_is_a_point() -> None:
    for object_type, kinds in CATALOGUE.items():
        for point_type in kinds:
            names = {"objectId": "X", "rackLocationId": "X"}
            topic = f"cpc/a/BMS/v1/PUB/Metadata/{object_type}/{point_type}/tag"
            point, _ = decoded(topic, json.dumps(names).encode())
            assert isinstance(point, Point)
            assert (point.object_type, point.point_type) == (object_type, point_type)


# -- whatever comes ------------------------------------------------------------------------------


@given(topics, st.binary())
def test_any_bytes_are_understood_or_refused(topic: str, payload: bytes) -> None:
    judge(topic, payload)


@given(topics, near_misses | documents)
def test_any_json_is_understood_or_refused(topic: str, document: object) -> None:
    judge(topic, json.dumps(document).encode())


@given(st.sampled_from([VALUE, METADATA]), near_misses, st.data())
def test_any_damage_is_understood_or_refused(
    topic: str, document: object, data: st.DataObject
) -> None:
    payload = bytearray(json.dumps(document).encode())
    for position in data.draw(st.lists(st.integers(0, len(payload) - 1), max_size=3)):
        payload[position] = data.draw(st.integers(0, 255))

    judge(topic, bytes(payload))


def test_the_real_recording_is_understood_without_drift(dsx: Path) -> None:
    kinds: Counter[type] = Counter()
    drift: Counter[Drift] = Counter()
    points = set()
    with (dsx / "dsx_exemplar.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            payload = row["payload"].replace("{{timestamp_ms}}", str(T0)).encode()
            message = bms.decode(row["topic"], payload, drift)
            kinds[type(message)] += 1
            points |= {message.id} if isinstance(message, Point) else set()

    assert kinds == {Point: 166, Reading: 4_545}
    assert len(points) == 166
    assert not drift


def test_a_known_points_types_are_not_looked_at_again() -> None:
    path = "Rack/NoSuchType/site/r1"
    payload = b'{"value":1,"timestamp":1,"quality":1}'

    with pytest.raises(DecodeError):
        bms.decode(f"BMS/v1/PUB/Value/{path}", payload, Counter())

    assert isinstance(
        bms.decode(f"BMS/v1/PUB/Value/{path}", payload, Counter(), known={path}), Reading
    )
