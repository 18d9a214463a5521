"""Metadata: what the BMS says of a point, as the contract wants it."""

import msgspec

from services.simulate.gauges import PUB
from twin.entities import RACK
from twin.points import Point


def metadata_of(point: Point) -> bytes:
    """The payload of a point's metadata message."""
    rack = point.object_type == RACK
    name, identity = ("rackLocationName", "rackLocationId") if rack else ("objectName", "objectId")
    said: dict[str, object] = {
        "objectType": point.object_type,
        "pointType": point.point_type,
        name: point.name,
        identity: point.entity,
        "engUnit": point.unit,
        "stateText": [{"value": value, "text": text} for value, text in point.states],
        "servesId": point.serves,
        "processArea": point.process_area,
        "phase": point.phase,
        "isSetpoint": point.is_setpoint,
        "integration": point.publisher if point.publisher != PUB else None,
    }
    return msgspec.json.encode({key: value for key, value in said.items() if value})
