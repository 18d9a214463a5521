"""The catalogue of DSX BMS v1: which object has which points, and what their metadata must say."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

CADENCE_S: Final = 100
"""Values and metadata are republished this often, changed or not."""

HEARTBEAT_S: Final = 10
"""Every publisher says this often that it lives."""


class Owner(StrEnum):
    """Who writes the values of a point."""

    BMS = "the BMS"
    INTEGRATION = "an integration"
    EITHER = "either"


class Identity(StrEnum):
    """How metadata names the object of a point."""

    RACK = "rackLocationName and rackLocationId"
    METER = "objectName, objectId and servesId"
    EQUIPMENT = "objectName and objectId, or associateId"
    SYSTEM = "objectName and objectId"


class Says(StrEnum):
    """How metadata tells what a value means."""

    UNIT = "engUnit"
    STATES = "stateText"
    ONE = "engUnit or stateText"
    AT_MOST_ONE = "engUnit or stateText, or neither"
    NEITHER = "neither engUnit nor stateText"


class Field(StrEnum):
    """Whether a further field may or must stand in metadata."""

    FORBIDDEN = "forbidden"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class PointKind:
    """What the contract says of one point type of one object type."""

    identity: Identity
    says: Says
    owner: Owner = Owner.BMS
    unit: str | None = None
    """The one unit allowed; None where any may stand."""
    is_setpoint: Field = Field.FORBIDDEN
    process_area: Field = Field.FORBIDDEN
    phase: Field = Field.FORBIDDEN
    scope: Field = Field.FORBIDDEN


def _rack(unit: str, *, is_setpoint: Field = Field.FORBIDDEN) -> PointKind:
    return PointKind(Identity.RACK, Says.UNIT, unit=unit, is_setpoint=is_setpoint)


def _rack_state(owner: Owner = Owner.BMS) -> PointKind:
    return PointKind(Identity.RACK, Says.STATES, owner)


def _equipment(
    says: Says, owner: Owner = Owner.BMS, unit: str | None = None, *, setpoint: bool = False
) -> PointKind:
    return PointKind(
        Identity.EQUIPMENT,
        says,
        owner,
        unit,
        is_setpoint=Field.OPTIONAL if setpoint else Field.FORBIDDEN,
        process_area=Field.OPTIONAL,
    )


def _generic(identity: Identity) -> PointKind:
    return PointKind(
        identity,
        Says.AT_MOST_ONE,
        Owner.EITHER,
        is_setpoint=Field.OPTIONAL,
        process_area=Field.REQUIRED,
        phase=Field.OPTIONAL,
    )


_RACK: Final = {
    "RackLiquidSupplyTemperature": _rack("C"),
    "RackLiquidReturnTemperature": _rack("C"),
    "RackLiquidFlow": _rack("LPM"),
    "RackLiquidDifferentialPressure": _rack("kPa"),
    "RackLiquidDifferentialPressureSp": _rack("kPa", is_setpoint=Field.OPTIONAL),
    "RackControlValvePosition": _rack("%"),
    "RackPower": _rack("kW"),
    "RackLeakDetect": _rack_state(),
    "RackLeakSensorFault": _rack_state(),
    "RackLeakDetectTray": _rack_state(Owner.INTEGRATION),
    "RackLiquidIsolationStatus": _rack_state(),
    "RackElectricalIsolationStatus": _rack_state(),
    "RackLiquidIsolationRequest": _rack_state(Owner.INTEGRATION),
    "RackElectricalIsolationRequest": _rack_state(Owner.INTEGRATION),
}

_METER: Final = {
    **dict.fromkeys(
        ("Voltage", "Frequency", "ApparentPower", "ActivePower", "Current", "CurrentLimit"),
        PointKind(Identity.METER, Says.UNIT),
    ),
    "PowerFactor": PointKind(Identity.METER, Says.NEITHER),
    "PhaseCurrent": PointKind(Identity.METER, Says.UNIT, phase=Field.REQUIRED),
    "GenericPoint": _generic(Identity.METER),
}

# The channels list these for integrations on a System alone; metadata may name one on any.
_STATUS: Final = _equipment(Says.STATES, Owner.EITHER)
_EITHER_WAY: Final = _equipment(Says.ONE)
_EITHER_WAY_SP: Final = _equipment(Says.ONE, setpoint=True)
_TEMPERATURE: Final = _equipment(Says.UNIT, unit="C", setpoint=True)
_SP_REQUEST: Final = {
    "LiquidTemperatureSpRequest": _equipment(Says.UNIT, Owner.INTEGRATION, "C"),
}
_AIR: Final = {
    "AirTemperature": _TEMPERATURE,
    "AirDifferentialPressure": _EITHER_WAY_SP,
    "AirRelativeHumidity": _EITHER_WAY_SP,
    "AirFlow": _EITHER_WAY_SP,
    "AirPressure": _EITHER_WAY_SP,
}
_LIQUID: Final = {
    "LiquidTemperature": _TEMPERATURE,
    "LiquidDifferentialPressure": _EITHER_WAY_SP,
    "LiquidFlow": _EITHER_WAY_SP,
    "LiquidPressure": _EITHER_WAY_SP,
}
_ACTUATORS: Final = dict.fromkeys(
    ("ValvePosition", "PumpSpeed", "FanSpeed", "DamperPosition"), _EITHER_WAY
)
_LEAK: Final = {"LeakDetect": _equipment(Says.STATES)}
_SOUND: Final = {"Sound": _equipment(Says.UNIT)}
_STANDING: Final = {"Status": _STATUS, "Available": _STATUS}
_AVAILABLE: Final = {"Available": _STATUS}
_ANY: Final = {"GenericPoint": _generic(Identity.EQUIPMENT)}
_ELECTRICAL: Final = {**_STANDING, **_ANY}
_MECHANICAL: Final = {**_LIQUID, **_STANDING, **_ACTUATORS, **_AIR, **_LEAK, **_ANY}

_HEARTBEATS: Final = {
    **dict.fromkeys(
        ("HeartbeatTimestampBms", "HeartbeatEchoBms"),
        PointKind(Identity.SYSTEM, Says.NEITHER, scope=Field.OPTIONAL),
    ),
    **dict.fromkeys(
        ("HeartbeatTimestampIntegration", "HeartbeatEchoIntegration"),
        PointKind(Identity.SYSTEM, Says.NEITHER, Owner.INTEGRATION),
    ),
}

CATALOGUE: Final[dict[str, dict[str, PointKind]]] = {
    "Rack": _RACK,
    "PowerMeter": _METER,
    **dict.fromkeys(("BESS", "UPS", "ATS", "Generator", "Shunt", "Breaker"), _ELECTRICAL),
    "CDU": {**_MECHANICAL, **_SP_REQUEST},
    **dict.fromkeys(("CoolingTower", "HX", "CRAH", "CRAC", "AHU", "Chiller", "Tank"), _MECHANICAL),
    "Valve": {"ValvePosition": _EITHER_WAY, **_AVAILABLE, **_ANY},
    "Pump": {"PumpSpeed": _EITHER_WAY, **_AVAILABLE, **_ANY},
    "Fan": {"FanSpeed": _EITHER_WAY, **_AVAILABLE, **_ANY},
    "Damper": {"DamperPosition": _EITHER_WAY, **_AVAILABLE, **_ANY},
    "Sensor": {**_LIQUID, **_AIR, **_LEAK, **_SOUND, **_AVAILABLE, **_ANY},
    "GenericObject": {**_MECHANICAL, **_SP_REQUEST, **_SOUND},
    "System": {**_HEARTBEATS, **_STANDING, **_ANY},
}
"""Every object type with its point types."""

KNOWN: Final[frozenset[str]] = frozenset(
    f"{object_type}/{point_type}"
    for object_type, kinds in CATALOGUE.items()
    for point_type in kinds
)
"""``{objectType}/{pointType}`` as they stand in topics."""
