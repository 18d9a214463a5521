import json
from collections import Counter
from collections.abc import Iterator
from itertools import chain, combinations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from schemas.contract import CATALOGUE, PointKind
from schemas.drift import Drift
from schemas.errors import DecodeError, Reason
from schemas.metadata import point_of
from twin.points import EntityId, Point, PointId, PublisherId

Pair = tuple[str, str]
Names = tuple[str, ...]
Fields = dict[str, Any]
Schemas = dict[Pair, Draft202012Validator]
Spellings = dict[PointKind, list[Names]]

STATE_TEXT = [{"value": 0, "text": "Off"}, {"value": 1, "text": "On"}]
SAMPLES: Fields = {
    "engUnit": "kW",
    "stateText": STATE_TEXT,
    "rackLocationName": "Rack 1",
    "rackLocationId": "R1",
    "objectName": "Object 1",
    "objectId": "O1",
    "servesId": ["O2", "O3"],
    "associateId": "O4",
    "processArea": ["Secondary", "Supply"],
    "isSetpoint": True,
    "phase": "A",
    "scope": "BMS/v1/PUB/Value/Rack/#",
    "integration": "MEPAI",
}
IDENTITIES: tuple[Names, ...] = (
    ("rackLocationName", "rackLocationId"),
    ("objectName", "objectId"),
    ("objectName", "objectId", "servesId"),
    ("associateId",),
)
MEANINGS: tuple[Names, ...] = ((), ("engUnit",), ("stateText",))
OPTIONS = ("processArea", "isSetpoint", "phase", "scope", "integration")
UNKNOWN: Fields = {"rackName": "Rack 1", "rackId": "R1", "vendorTag": {"any": [None]}, "unit": None}
VALUES: list[Any] = [1.0, "0", True, 1.5, None, [], "x"]
TEXTS: list[Any] = [5, None, True, []]
STATES: list[Fields] = [
    {"value": 1},
    {"text": "On"},
    {"value": 0, "text": "Off", "colour": "red"},
    {"value": 0, "text": "Off", "colour": None},
    *({"value": value, "text": "On"} for value in VALUES),
    *({"value": 0, "text": text} for text in TEXTS),
]
JUNK: list[Any] = [None, 5, 1.5, True, "x", "true", "1", "A", "C", {}, *STATES]
JUNK += [[], ["x"], [5], [None], [True], [["x"]], [{}], *([state] for state in STATES)]


def kind_of(pair: Pair) -> PointKind:
    return CATALOGUE[pair[0]][pair[1]]


PAIRS: list[Pair] = [(thing, point) for thing, kinds in CATALOGUE.items() for point in kinds]
ONE_OF_EACH = {kind_of(pair): pair for pair in PAIRS}
RACK_POWER, METER_CURRENT = ("Rack", "RackPower"), ("PowerMeter", "PhaseCurrent")
CDU_STATUS, CDU_FLOW, ANY_POINT = ("CDU", "Status"), ("CDU", "LiquidFlow"), ("CDU", "GenericPoint")
TRAY = ("Rack", "RackLeakDetectTray")


def decoded(pair: Pair, fields: object) -> tuple[Point | None, set[Drift]]:
    """The point with its drift, or None where it cannot be understood: then no drift counts."""
    drift: Counter[Drift] = Counter()
    path = "/".join((*pair, "a/tag"))
    try:
        point = point_of(PointId(path), "", path, json.dumps(fields).encode(), drift)
    except DecodeError:
        assert not drift
        return None, set()
    assert set(drift.values()) <= {1}
    return point, set(drift)


def keeps(pair: Pair, fields: object) -> bool:
    """Whether a payload keeps to the contract as our decoder has it."""
    point, drift = decoded(pair, fields)
    return point is not None and not drift


def point_and_drift(pair: Pair, **changed: object) -> tuple[Point, set[Drift]]:
    """What becomes of a good payload of which some fields are changed, or left out by ``...``."""
    fields = {**GOOD[pair], **changed}
    point, drift = decoded(pair, {name: each for name, each in fields.items() if each is not ...})
    assert point is not None
    return point, drift


def reason(pair: Pair, payload: bytes) -> Reason:
    drift: Counter[Drift] = Counter()
    path = "/".join((*pair, "tag"))
    with pytest.raises(DecodeError) as refusal:
        point_of(PointId(path), "", path, payload, drift)
    assert not drift
    return refusal.value.reason


def sample(pair: Pair, names: Names) -> Fields:
    """A payload with these fields, and the types of its topic."""
    fields: Fields = {"objectType": pair[0], "pointType": pair[1]}
    fields |= {name: SAMPLES[name] for name in names}
    return fields | ({"engUnit": kind_of(pair).unit or "kW"} if "engUnit" in names else {})


GOOD: dict[Pair, Fields] = {
    RACK_POWER: sample(RACK_POWER, ("rackLocationName", "rackLocationId", "engUnit")),
    TRAY: sample(TRAY, ("rackLocationName", "rackLocationId", "stateText", "integration")),
    METER_CURRENT: sample(
        METER_CURRENT, ("objectName", "objectId", "servesId", "engUnit", "phase")
    ),
    CDU_STATUS: sample(CDU_STATUS, ("objectName", "objectId", "stateText")),
    CDU_FLOW: sample(CDU_FLOW, ("associateId", "engUnit")),
    ANY_POINT: sample(ANY_POINT, ("objectName", "objectId", "processArea")),
}


def spellings_of(pair: Pair, schema: Draft202012Validator) -> list[Names]:
    """Every choice of identity, meaning and options that NVIDIA's schema allows a point."""
    optional = chain.from_iterable(combinations(OPTIONS, size) for size in range(len(OPTIONS) + 1))
    choices = (sum(choice, ()) for choice in product(IDENTITIES, MEANINGS, optional))
    return [names for names in choices if schema.is_valid(sample(pair, names))]


@pytest.fixture(scope="module")
def spellings(metadata_schemas: Schemas) -> Spellings:
    return {kind: spellings_of(pair, metadata_schemas[pair]) for kind, pair in ONE_OF_EACH.items()}


def variants(fields: Fields) -> Iterator[Fields]:
    """A payload with one thing changed."""
    for name in fields:
        yield {key: value for key, value in fields.items() if key != name}
        yield fields | {name: None}
    for name, value in (SAMPLES | UNKNOWN).items():
        if name not in fields:
            yield fields | {name: value}
            yield fields | {name: None}
    for name, value in (("objectType", "Toaster"), ("pointType", "Heat"), ("phase", "D")):
        yield fields | {name: value}
    yield fields | {"engUnit": "furlong"}
    if "rackLocationId" in fields:
        rest = {key: value for key, value in fields.items() if not key.startswith("rack")}
        yield rest | {"rackName": "Rack 1", "rackId": "R1"}


@pytest.mark.parametrize("object_type", CATALOGUE)
def test_whatever_the_contract_allows_is_understood_without_drift(
    object_type: str, metadata_schemas: Schemas, spellings: Spellings
) -> None:
    for point_type, kind in CATALOGUE[object_type].items():
        pair = (object_type, point_type)
        assert spellings[kind]
        for names in spellings[kind]:
            assert metadata_schemas[pair].is_valid(sample(pair, names)), (pair, names)
            assert keeps(pair, sample(pair, names)), (pair, names)


@pytest.mark.parametrize("pair", ONE_OF_EACH.values(), ids="/".join)
def test_every_other_choice_of_fields_is_drift_or_refused(pair: Pair, spellings: Spellings) -> None:
    allowed = set(spellings[kind_of(pair)])
    optional = chain.from_iterable(combinations(OPTIONS, size) for size in range(len(OPTIONS) + 1))
    for choice in product(IDENTITIES, MEANINGS, optional):
        names = sum(choice, ())
        assert keeps(pair, sample(pair, names)) == (names in allowed), names


@pytest.mark.parametrize("object_type", CATALOGUE)
def test_one_change_breaks_the_contract_exactly_where_its_schema_says(
    object_type: str, metadata_schemas: Schemas, spellings: Spellings
) -> None:
    for point_type, kind in CATALOGUE[object_type].items():
        pair = (object_type, point_type)
        for fields in variants(sample(pair, max(spellings[kind], key=len))):
            assert keeps(pair, fields) == metadata_schemas[pair].is_valid(fields), (pair, fields)


@pytest.mark.parametrize("pair", ONE_OF_EACH.values(), ids="/".join)
def test_any_field_of_another_form_is_drift_or_refused_unless_the_schema_allows_it(
    pair: Pair, metadata_schemas: Schemas, spellings: Spellings
) -> None:
    good = sample(pair, max(spellings[kind_of(pair)], key=len))
    for name, junk in product(good, JUNK):
        fields = good | {name: junk}
        assert keeps(pair, fields) == metadata_schemas[pair].is_valid(fields), fields


@given(st.data())
def test_any_payload_keeps_to_the_contract_exactly_if_its_schema_says_so(
    metadata_schemas: Schemas, spellings: Spellings, data: st.DataObject
) -> None:
    pair = data.draw(st.sampled_from(PAIRS))
    fields = sample(pair, data.draw(st.sampled_from(spellings[kind_of(pair)])))
    for name in data.draw(st.lists(st.sampled_from([*SAMPLES, *UNKNOWN, *fields]), max_size=4)):
        if data.draw(st.booleans()):
            fields.pop(name, None)
        else:
            fields[name] = data.draw(st.sampled_from([*JUNK, SAMPLES.get(name, "x")]))

    assert keeps(pair, fields) == metadata_schemas[pair].is_valid(fields)


@pytest.mark.parametrize(
    ("pair", "changed", "kinds"),
    [
        (RACK_POWER, {"vendorTag": "x"}, {Drift.EXTRA_KEY}),
        (RACK_POWER, {"is_setpoint": True}, {Drift.EXTRA_KEY}),
        (RACK_POWER, {"vendorTag": None}, {Drift.EXTRA_KEY, Drift.NULL_FIELD}),
        (RACK_POWER, {"processArea": ["Row"]}, {Drift.EXTRA_KEY}),
        (RACK_POWER, {"rackName": "R1"}, {Drift.RACK_NAME}),
        (RACK_POWER, {"rackLocationName": ...}, {Drift.NAME_MISSING}),
        (RACK_POWER, {"objectType": ...}, {Drift.TYPE_MISSING}),
        (RACK_POWER, {"pointType": None}, {Drift.TYPE_MISSING, Drift.NULL_FIELD}),
        (RACK_POWER, {"engUnit": "W"}, {Drift.UNIT_OTHER}),
        (RACK_POWER, {"engUnit": ...}, {Drift.UNIT_MISSING}),
        (RACK_POWER, {"integration": "MEPAI"}, {Drift.OWNER}),
        (RACK_POWER, {"rackLocationId": 7}, {Drift.NUMBER_AS_TEXT}),
        (METER_CURRENT, {"servesId": "O2"}, {Drift.LIST_FORM}),
        (METER_CURRENT, {"servesId": ...}, {Drift.FIELD_MISSING}),
        (METER_CURRENT, {"servesId": [1, 2]}, {Drift.NUMBER_AS_TEXT}),
        (METER_CURRENT, {"phase": "D"}, {Drift.PHASE_OTHER}),
        (METER_CURRENT, {"phase": ...}, {Drift.FIELD_MISSING}),
        (METER_CURRENT, {"objectName": ...}, {Drift.NAME_MISSING}),
        (TRAY, {"integration": ...}, {Drift.FIELD_MISSING}),
        (TRAY, {"integration": ""}, {Drift.FIELD_MISSING}),
        (ANY_POINT, {"isSetpoint": "true"}, {Drift.SCALAR_FORM}),
        (ANY_POINT, {"engUnit": "V", "stateText": []}, {Drift.UNIT_AND_STATES}),
        (ANY_POINT, {"associateId": "O4"}, {Drift.IDENTITY_MODE}),
        (ANY_POINT, {"processArea": ...}, {Drift.FIELD_MISSING}),
        (CDU_FLOW, {"objectName": "Object 1"}, {Drift.IDENTITY_MODE}),
        (CDU_FLOW, {"servesId": ["O2"]}, {Drift.IDENTITY_MODE}),
        (CDU_STATUS, {"stateText": [{"value": "0", "text": "Off"}]}, {Drift.SCALAR_FORM}),
        (CDU_STATUS, {"stateText": [{"value": 0, "text": "", "a": 1}]}, {Drift.EXTRA_KEY}),
        (CDU_STATUS, {"stateText": ...}, {Drift.UNIT_MISSING}),
    ],
    ids=lambda case: " ".join(sorted(case)) if isinstance(case, set) else str(case),
)
def test_drift_is_counted_by_kind(pair: Pair, changed: Fields, kinds: set[Drift]) -> None:
    assert point_and_drift(pair, **changed)[1] == kinds


@pytest.mark.parametrize(
    ("pair", "fields", "why"),
    [
        (RACK_POWER, {"rackLocationId": ""}, Reason.METADATA_IDENTITY),
        (RACK_POWER, {"rackLocationId": None}, Reason.METADATA_IDENTITY),
        (CDU_FLOW, {"associateId": ""}, Reason.METADATA_IDENTITY),
        (RACK_POWER, {"objectType": "CDU"}, Reason.METADATA_TYPE),
        (RACK_POWER, {"objectType": ""}, Reason.METADATA_TYPE),
        (RACK_POWER, {"pointType": "Voltage"}, Reason.METADATA_TYPE),
        (RACK_POWER, {"engUnit": True}, Reason.METADATA),
        (ANY_POINT, {"isSetpoint": "maybe"}, Reason.METADATA),
        (ANY_POINT, {"isSetpoint": 2}, Reason.METADATA),
        (ANY_POINT, {"processArea": {"a": 1}}, Reason.METADATA),
        (CDU_STATUS, {"stateText": "Off"}, Reason.METADATA),
        (CDU_STATUS, {"stateText": [{"value": 2**63, "text": "On"}]}, Reason.METADATA),
        (CDU_STATUS, {"stateText": [{"value": 1}]}, Reason.METADATA),
        (CDU_STATUS, {"vendorTag": float("nan")}, Reason.JSON),
        (CDU_STATUS, {"vendorTag": float("inf")}, Reason.JSON),
    ],
    ids=str,
)
def test_what_cannot_be_understood_is_refused_by_reason(
    pair: Pair, fields: Fields, why: Reason
) -> None:
    assert reason(pair, json.dumps(GOOD[pair] | fields).encode()) is why


def test_refusal_says_which_field_is_wrong() -> None:
    payload = json.dumps(GOOD[CDU_STATUS] | {"stateText": [{"value": 0, "text": None}]}).encode()

    with pytest.raises(DecodeError, match=r"stateText\.0\.text: "):
        point_of(PointId("p"), "", "CDU/Status/tag", payload, Counter())


def test_a_million_wrong_items_cost_no_more_than_the_first() -> None:
    payload = b'{"objectId":"O1","servesId":[%s]}' % b",".join([b"[]"] * 1_000_000)

    assert reason(ANY_POINT, payload) is Reason.METADATA


def test_point_has_what_its_metadata_says() -> None:
    fields = sample(ANY_POINT, ("objectName", "objectId", "servesId", "stateText", *OPTIONS))

    point, drift = decoded(ANY_POINT, fields)

    assert drift == {Drift.EXTRA_KEY}  # the scope, which is for heartbeats
    assert point == Point(
        id=PointId("CDU/GenericPoint/a/tag"),
        object_type="CDU",
        point_type="GenericPoint",
        entity=EntityId("O1"),
        publisher=PublisherId("MEPAI"),
        name="Object 1",
        states=((0, "Off"), (1, "On")),
        serves=(EntityId("O2"), EntityId("O3")),
        process_area=("Secondary", "Supply"),
        is_setpoint=True,
        phase="A",
        scope="BMS/v1/PUB/Value/Rack/#",
    )


def test_point_of_a_federated_cluster_has_a_publisher_of_that_cluster() -> None:
    payload = json.dumps(GOOD[TRAY]).encode()
    path = "Rack/RackLeakDetectTray/tag"

    point = point_of(PointId(f"cpc/a/{path}"), "cpc/a/", path, payload, Counter())

    assert (point.id, point.publisher) == (f"cpc/a/{path}", "cpc/a/MEPAI")


def test_associated_point_belongs_to_the_other_object_and_has_no_name_or_serves() -> None:
    point, _ = point_and_drift(CDU_FLOW, servesId=["O2"])

    assert (point.entity, point.name, point.associated, point.serves) == ("O4", None, True, ())


def test_object_id_rules_over_an_associate_id() -> None:
    point, _ = point_and_drift(ANY_POINT, associateId="O4")

    assert (point.entity, point.name, point.associated) == ("O1", "Object 1", False)


def test_rack_goes_by_its_other_name_where_that_is_all_there_is() -> None:
    names = {"rackLocationName": ..., "rackLocationId": ..., "rackName": "Rack 9", "rackId": "R9"}

    point, drift = point_and_drift(RACK_POWER, **names)

    assert (point.entity, point.name, drift) == ("R9", "Rack 9", {Drift.RACK_NAME})


def test_id_stands_in_for_an_empty_name() -> None:
    assert point_and_drift(RACK_POWER, rackLocationName="")[0].name == "R1"


def test_empty_served_ids_serve_nobody() -> None:
    assert point_and_drift(METER_CURRENT, servesId=["", "O2"])[0].serves == ("O2",)


def test_unit_is_the_contracts_where_metadata_has_none() -> None:
    assert point_and_drift(RACK_POWER, engUnit=...)[0].unit == "kW"
    assert point_and_drift(RACK_POWER, engUnit="W")[0].unit == "W"
    assert point_and_drift(CDU_FLOW, engUnit=...)[0].unit is None
    assert point_and_drift(RACK_POWER, engUnit=..., stateText=STATE_TEXT)[0].unit is None


def test_bms_keeps_its_own_points_whatever_metadata_says() -> None:
    assert point_and_drift(RACK_POWER, integration="MEPAI")[0].publisher == "PUB"
    assert point_and_drift(CDU_STATUS, integration="MEPAI")[0].publisher == "MEPAI"
    assert point_and_drift(TRAY, integration=...)[0].publisher == "PUB"


@pytest.mark.parametrize(
    ("spelt", "meant"),
    [(True, True), ("true", True), ("True", True), (1, True), ("1", True), ("false", False)],
)
def test_setpoint_flag_is_understood_as_it_is_spelt(spelt: object, *, meant: bool) -> None:
    assert point_and_drift(ANY_POINT, isSetpoint=spelt)[0].is_setpoint is meant


@pytest.mark.parametrize(("spelt", "meant"), [(1, 1), (1.0, 1), ("1", 1), (True, 1), ("-3", -3)])
def test_state_value_is_understood_as_it_is_spelt(spelt: object, meant: int) -> None:
    states = [{"value": spelt, "text": "On"}]

    assert point_and_drift(CDU_STATUS, stateText=states)[0].states == ((meant, "On"),)
