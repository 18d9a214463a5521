"""Metadata of a point: validated against the contract, with the drift that the field shows."""

from collections import Counter
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo

from schemas import contract
from schemas.contract import CATALOGUE, Identity, Owner, PointKind, Says
from schemas.drift import Drift
from schemas.errors import DecodeError, Reason
from twin.points import EntityId, Point, PointId, PublisherId


def _as_text(value: object, info: ValidationInfo) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    _found(info)[Drift.NUMBER_AS_TEXT] += 1
    return str(value)


def _as_list(value: object, info: ValidationInfo) -> object:
    if not isinstance(value, str):
        return value
    _found(info)[Drift.LIST_FORM] += 1
    return [value]


def _found(info: ValidationInfo) -> Counter[Drift]:
    assert isinstance(info.context, Counter)
    return info.context


Text = Annotated[str, BeforeValidator(_as_text)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_as_list)]


class StateText(BaseModel):
    """What one state value means."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    value: int
    text: Text


class Metadata(BaseModel):
    """Every field that any metadata of DSX BMS v1 can have, and the names the field has for them."""

    model_config = ConfigDict(extra="allow", frozen=True)

    object_type: Text | None = Field(None, alias="objectType")
    point_type: Text | None = Field(None, alias="pointType")
    unit: Text | None = Field(None, alias="engUnit")
    states: tuple[StateText, ...] | None = Field(None, alias="stateText")
    rack_location_name: Text | None = Field(None, alias="rackLocationName")
    rack_location_id: Text | None = Field(None, alias="rackLocationId")
    rack_name: Text | None = Field(None, alias="rackName")
    rack_id: Text | None = Field(None, alias="rackId")
    object_name: Text | None = Field(None, alias="objectName")
    object_id: Text | None = Field(None, alias="objectId")
    serves: Texts | None = Field(None, alias="servesId")
    associate: Text | None = Field(None, alias="associateId")
    process_area: Texts | None = Field(None, alias="processArea")
    is_setpoint: bool | None = Field(None, alias="isSetpoint")
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
        drift: Counted up by kind where the payload can be understood.

    Raises:
        DecodeError: It cannot be understood, and why.
    """
    object_type, point_type, _ = path.split("/", 2)
    found: Counter[Drift] = Counter()
    try:
        said = Metadata.model_validate_json(payload, context=found)
    except (ValidationError, RecursionError) as error:
        raise _refused(error) from error
    if (said.object_type or object_type, said.point_type or point_type) != (
        object_type,
        point_type,
    ):
        raise DecodeError(Reason.METADATA_TYPE, f"{said.object_type}/{said.point_type}")
    kind = CATALOGUE[object_type][point_type]
    _compare(said, kind, found)
    entity, name = _identify(said, kind, found)
    drift.update(+found)
    return Point(
        id=point,
        object_type=object_type,
        point_type=point_type,
        entity=entity,
        publisher=PublisherId(cluster + _publisher(said, kind)),
        name=name,
        unit=said.unit or (kind.unit if not said.states else None),
        states=tuple((state.value, state.text) for state in said.states or ()),
        serves=tuple(EntityId(each) for each in said.serves or () if each and name is not None),
        associated=name is None,
        process_area=said.process_area or (),
        is_setpoint=bool(said.is_setpoint),
        phase=said.phase,
        scope=said.scope,
    )


def _publisher(said: Metadata, kind: PointKind) -> str:
    """Who writes the values: the BMS keeps what the contract gives it, whatever metadata says."""
    return said.integration if said.integration and kind.owner is not Owner.BMS else "PUB"


def _refused(error: Exception) -> DecodeError:
    if not isinstance(error, ValidationError):
        return DecodeError(Reason.JSON)
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    return DecodeError(Reason.METADATA if where else Reason.JSON, f"{where} {first['msg']}")


def _compare(said: Metadata, kind: PointKind, found: Counter[Drift]) -> None:
    """Count everything in which ``said`` differs from the contract."""
    given = {name for name in said.model_fields_set if getattr(said, name, None) is not None}
    absent = said.model_fields_set - given - set(said.model_extra or ())
    found[Drift.NULL_FIELD] += bool(absent)
    found[Drift.TYPE_MISSING] += not {"object_type", "point_type"} <= given
    allowed = _ALWAYS | _NAMES[kind.identity]
    for name, rule in _rules(kind):
        found[Drift.FIELD_MISSING] += rule is contract.Field.REQUIRED and name not in given
        if rule is not contract.Field.FORBIDDEN:
            allowed |= {name}
    found[Drift.EXTRA_KEY] += bool(given - allowed)
    found[Drift.OWNER] += kind.owner is Owner.BMS and "integration" in given
    found[Drift.PHASE_OTHER] += said.phase is not None and said.phase not in PHASES
    found[Drift.UNIT_OTHER] += None not in (kind.unit, said.unit) and kind.unit != said.unit
    units, states = "unit" in given, "states" in given
    found[Drift.UNIT_MISSING] += not _says_enough(kind.says, units=units, states=states)
    found[Drift.UNIT_AND_STATES] += units and states


def _rules(kind: PointKind) -> tuple[tuple[str, contract.Field], ...]:
    required, optional = contract.Field.REQUIRED, contract.Field.OPTIONAL
    return (
        ("is_setpoint", kind.is_setpoint),
        ("process_area", kind.process_area),
        ("phase", kind.phase),
        ("scope", kind.scope),
        ("integration", required if kind.owner is Owner.INTEGRATION else optional),
        (
            "unit",
            optional if kind.says not in (Says.STATES, Says.NEITHER) else contract.Field.FORBIDDEN,
        ),
        (
            "states",
            optional if kind.says not in (Says.UNIT, Says.NEITHER) else contract.Field.FORBIDDEN,
        ),
    )


def _says_enough(says: Says, *, units: bool, states: bool) -> bool:
    match says:
        case Says.UNIT:
            return units
        case Says.STATES:
            return states
        case Says.ONE:
            return units or states
        case _:
            return True


def _identify(
    said: Metadata, kind: PointKind, found: Counter[Drift]
) -> tuple[EntityId, str | None]:
    """Whose point it is, and the owner's name; no name where it is only associated."""
    if kind.identity is Identity.RACK:
        found[Drift.RACK_NAME] += said.rack_location_id is None or said.rack_location_name is None
        identity = said.rack_location_id or said.rack_id
        name = said.rack_location_name or said.rack_name
    else:
        identity, name = said.object_id, said.object_name
        if said.associate:
            found[Drift.IDENTITY_MODE] += bool(identity or name or said.serves)
            if not identity:
                return EntityId(said.associate), None
    if not identity:
        raise DecodeError(Reason.METADATA_IDENTITY)
    found[Drift.NAME_MISSING] += not name
    return EntityId(identity), name or identity


PHASES: Final = frozenset("ABC123")

_ALWAYS: Final = frozenset({"object_type", "point_type"})
_NAMES: Final = {
    Identity.RACK: frozenset({"rack_location_name", "rack_location_id", "rack_name", "rack_id"}),
    Identity.METER: frozenset({"object_name", "object_id", "serves"}),
    Identity.EQUIPMENT: frozenset({"object_name", "object_id", "serves", "associate"}),
    Identity.SYSTEM: frozenset({"object_name", "object_id"}),
}
