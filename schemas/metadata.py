"""Metadata of a point: validated against the contract, with the drift that the field shows."""

from collections import Counter
from functools import cache
from sys import intern
from typing import Annotated, Final

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    ValidationError,
    ValidationInfo,
)

from schemas import contract
from schemas.contract import CATALOGUE, Identity, Owner, PointKind, Says
from schemas.drift import Drift
from schemas.errors import DecodeError, Reason
from schemas.payload import integer, read_object, spelled
from twin.points import EntityId, Point, PointId, PublisherId


def _as_text(value: object, info: ValidationInfo) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    _found(info).add(Drift.NUMBER_AS_TEXT)
    return str(value)


def _as_list(value: object, info: ValidationInfo) -> object:
    if value is None:
        return ()
    if not isinstance(value, str):
        return value
    _found(info).add(Drift.LIST_FORM)
    return [value]


def _as_boolean(value: object, info: ValidationInfo) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return value
    _found(info).add(Drift.SCALAR_FORM)
    return _BOOLEANS.get(str(value).lower(), value)


def _as_integer(value: object, info: ValidationInfo) -> object:
    whole = integer(value)
    if whole is None:
        whole = int(value) if isinstance(value, bool) else spelled(value)
        _found(info).add(Drift.SCALAR_FORM)
    return whole


def _found(info: ValidationInfo) -> set[Drift]:
    assert isinstance(info.context, set)
    return info.context


_BOOLEANS: Final = {"true": True, "false": False, "1": True, "0": False}

Text = Annotated[str, BeforeValidator(_as_text)]
Texts = Annotated[tuple[Text, ...], FailFast(), BeforeValidator(_as_list)]
Flag = Annotated[bool, Field(strict=True), BeforeValidator(_as_boolean)]
States = Annotated[tuple["StateText", ...], FailFast(), BeforeValidator(_as_list)]
State = Annotated[int, Field(strict=True, ge=-(2**63), lt=2**63), BeforeValidator(_as_integer)]


class StateText(BaseModel):
    """What one state value means."""

    model_config = ConfigDict(extra="allow", frozen=True)

    value: State
    text: Text


class Metadata(BaseModel):
    """Every field that any metadata of DSX BMS v1 can have, under every name it goes by."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    object_type: Text | None = Field(None, alias="objectType")
    point_type: Text | None = Field(None, alias="pointType")
    unit: Text | None = Field(None, alias="engUnit")
    states: States = Field((), alias="stateText")
    rack_location_name: Text | None = Field(None, alias="rackLocationName")
    rack_location_id: Text | None = Field(None, alias="rackLocationId")
    rack_name: Text | None = Field(None, alias="rackName")
    rack_id: Text | None = Field(None, alias="rackId")
    object_name: Text | None = Field(None, alias="objectName")
    object_id: Text | None = Field(None, alias="objectId")
    serves: Texts = Field((), alias="servesId")
    associate: Text | None = Field(None, alias="associateId")
    process_area: Texts = Field((), alias="processArea")
    is_setpoint: Flag | None = Field(None, alias="isSetpoint")
    phase: Text | None = None
    scope: Text | None = None
    integration: Text | None = None


def point_of(
    point: PointId, cluster: str, path: str, payload: bytes, drift: Counter[Drift]
) -> Point:
    """The point that a metadata payload describes.

    Args:
        point: Its id, from the topic.
        cluster: ``cpc/{id}/`` of a federated cluster, or nothing.
        path: ``{objectType}/{pointType}/{tagPath}`` of the topic, both types known.
        payload: The bytes, not empty.
        drift: Counted up by kind, once each, where the payload can be understood.

    Raises:
        DecodeError: It cannot be understood, and why.
    """
    object_type, point_type, _ = path.split("/", 2)
    object_type, point_type = intern(object_type), intern(point_type)
    fields = read_object(payload)
    found: set[Drift] = set()
    said = _validated(fields, found)
    _check_types(said, object_type, point_type)
    kind = CATALOGUE[object_type][point_type]
    entity, name = _identify(said, kind)
    drift.update(found | _differences(fields, said, kind))
    return Point(
        id=point,
        object_type=object_type,
        point_type=point_type,
        entity=EntityId(intern(entity)),  # one text, however many points say it
        publisher=PublisherId(intern(cluster + _publisher(said, kind))),
        name=_shared(name),
        unit=_shared(said.unit) or (kind.unit if not said.states else None),
        states=tuple((state.value, state.text) for state in said.states),
        serves=tuple(EntityId(intern(each)) for each in said.serves if each and name is not None),
        associated=name is None,
        process_area=said.process_area,
        is_setpoint=bool(said.is_setpoint),
        phase=said.phase,
        scope=said.scope,
    )


def _shared(text: str | None) -> str | None:
    return None if text is None else intern(text)


def _validated(fields: dict[str, object], found: set[Drift]) -> Metadata:
    try:
        return Metadata.model_validate(fields, context=found)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise DecodeError(Reason.METADATA, f"{where}: {first['msg']}") from error


def _check_types(said: Metadata, object_type: str, point_type: str) -> None:
    """See that metadata names the types of its topic, where it names any."""
    if said.object_type not in (None, object_type) or said.point_type not in (None, point_type):
        raise DecodeError(Reason.METADATA_TYPE, f"{said.object_type}/{said.point_type}")


def _identify(said: Metadata, kind: PointKind) -> tuple[EntityId, str | None]:
    """Whose point it is, and the owner's name; no name where it is only associated."""
    if kind.identity is Identity.RACK:
        identity = said.rack_location_id or said.rack_id
        name = said.rack_location_name or said.rack_name
    elif said.associate and not said.object_id:
        return EntityId(said.associate), None
    else:
        identity, name = said.object_id, said.object_name
    if not identity:
        raise DecodeError(Reason.METADATA_IDENTITY)
    return EntityId(identity), name or identity


def _publisher(said: Metadata, kind: PointKind) -> str:
    """Who writes the values: the BMS keeps what the contract gives it, whatever metadata says."""
    return said.integration if said.integration and kind.owner is not Owner.BMS else "PUB"


def _differences(fields: dict[str, object], said: Metadata, kind: PointKind) -> set[Drift]:
    """Everything in which metadata that was understood differs from the contract of its point."""
    given = {name for name, value in fields.items() if value is not None}
    checks: dict[Drift, object] = {
        Drift.EXTRA_KEY: fields.keys() - _allowed(kind) or _extra_in_states(said),
        Drift.NULL_FIELD: len(given) < len(fields),
        Drift.TYPE_MISSING: _TYPES - given,
        Drift.FIELD_MISSING: _required(kind) - given or said.integration == "",
        Drift.NAME_MISSING: not given & _NAMES[kind.identity],
        Drift.RACK_NAME: fields.keys() & _RACK_NAMES,
        Drift.IDENTITY_MODE: "associateId" in given and given & _OWN,
        Drift.OWNER: kind.owner is Owner.BMS and "integration" in given,
        Drift.PHASE_OTHER: said.phase is not None and said.phase not in PHASES,
        Drift.UNIT_OTHER: kind.unit is not None and said.unit not in (None, kind.unit),
        Drift.UNIT_MISSING: kind.says in _TELLING and not given & _MEANINGS[kind.says],
        Drift.UNIT_AND_STATES: given >= _MEANINGS[Says.ONE],
    }
    return {each for each, holds in checks.items() if holds}


def _extra_in_states(said: Metadata) -> bool:
    return any(state.model_extra for state in said.states)


@cache
def _allowed(kind: PointKind) -> frozenset[str]:
    """The fields that have a meaning on a point; ``integration`` is judged by its owner."""
    some = {name for name, rule in _rules(kind) if rule is not contract.Field.FORBIDDEN}
    return _TYPES | _IDENTITIES[kind.identity] | _MEANINGS[kind.says] | some | {"integration"}


@cache
def _required(kind: PointKind) -> frozenset[str]:
    """The fields that must stand, besides those whose lack is a drift of its own."""
    return frozenset(name for name, rule in _rules(kind) if rule is contract.Field.REQUIRED)


def _rules(kind: PointKind) -> tuple[tuple[str, contract.Field], ...]:
    always = {True: contract.Field.REQUIRED, False: contract.Field.OPTIONAL}
    return (
        ("isSetpoint", kind.is_setpoint),
        ("processArea", kind.process_area),
        ("phase", kind.phase),
        ("scope", kind.scope),
        ("integration", always[kind.owner is Owner.INTEGRATION]),
        *((("servesId", contract.Field.REQUIRED),) if kind.identity is Identity.METER else ()),
    )


PHASES: Final = frozenset("ABC123")

_TYPES: Final = frozenset({"objectType", "pointType"})
_RACK_NAMES: Final = frozenset({"rackName", "rackId"})
_OWN: Final = frozenset({"objectName", "objectId", "servesId"})
_IDENTITIES: Final = {
    Identity.RACK: _RACK_NAMES | {"rackLocationName", "rackLocationId"},
    Identity.METER: _OWN,
    Identity.EQUIPMENT: _OWN | {"associateId"},
    Identity.SYSTEM: _OWN - {"servesId"},
}
_NAMES: Final = {
    Identity.RACK: frozenset({"rackLocationName", "rackName"}),
    Identity.METER: frozenset({"objectName"}),
    Identity.EQUIPMENT: frozenset({"objectName", "associateId"}),
    Identity.SYSTEM: frozenset({"objectName"}),
}
_MEANINGS: Final[dict[Says, frozenset[str]]] = {
    Says.UNIT: frozenset({"engUnit"}),
    Says.STATES: frozenset({"stateText"}),
    Says.ONE: frozenset({"engUnit", "stateText"}),
    Says.AT_MOST_ONE: frozenset({"engUnit", "stateText"}),
    Says.NEITHER: frozenset(),
}
_TELLING: Final = frozenset({Says.UNIT, Says.STATES, Says.ONE})
