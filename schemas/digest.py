"""Digest: one short text that tells whether two fleets are in the same state."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from schemas.faults import fault_view
from schemas.views import equipment_view, rack_view
from twin.fleet import Fleet
from twin.health import racks_in_health
from twin.instants import Instant
from twin.racks import Rack

LEFT_OUT = frozenset({"age_s", "received_at"})
"""What depends on when anyone looked or listened, and not on what was said."""


OF_FAULTS = frozenset({"severity", "faults"})
"""What racks have of their faults, which depend on the course of things."""


def state_of(fleet: Fleet, now: Instant) -> dict[str, dict[str, Any]]:
    """Every rack's document as JSON values, by id."""
    return {rack.id: _document(rack, fleet, now) for rack in racks_in_health(fleet)}


def faults_of(fleet: Fleet) -> list[object]:
    """Every occurrence that is known as JSON values, in the order of raising."""
    found = fleet.faults.occurrences()
    return [fault_view(each, fleet).model_dump(mode="json") for each in found]


def digest(fleet: Fleet) -> str:
    """``sha256:…`` over all racks, all equipment, and all occurrences of faults.

    The same at any speed, on every machine, whatever the batches were: neither counters nor ages
    nor times of arrival go in.
    """
    return _hashed(_state(fleet) | {"faults": faults_of(fleet)})


def state_digest(fleet: Fleet) -> str:
    """The same over racks and equipment alone, which late or swapped messages do not alter either.

    Faults depend on the course of things: on when something was heard, as well as on what it was.
    """
    return _hashed(_state(fleet))


def canonical(state: object) -> bytes:
    """The one JSON text of a state: sorted keys, no spaces, shortest floats."""
    return json.dumps(
        _kept(state), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def _state(fleet: Fleet) -> dict[str, object]:
    return {
        "racks": {
            rack.id: _without_faults(rack_view(rack, fleet.now).model_dump(mode="json"))
            for rack in fleet.views()
        },
        "equipment": {
            entity.id: equipment_view(entity, fleet, fleet.now).model_dump(mode="json")
            for entity in fleet.equipment()
        },
    }


def _hashed(state: object) -> str:
    return f"sha256:{sha256(canonical(state)).hexdigest()}"


def _document(rack: Rack, fleet: Fleet, now: Instant) -> dict[str, Any]:
    faults = [each.id for each in fleet.faults.of(rack.id)]
    return rack_view(rack, now, faults).model_dump(mode="json")


def _without_faults(rack: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in rack.items() if key not in OF_FAULTS}


def _kept(state: object) -> object:
    if isinstance(state, Mapping):
        return {key: _kept(value) for key, value in state.items() if key not in LEFT_OUT}
    if isinstance(state, Sequence) and not isinstance(state, str):
        return [_kept(value) for value in state]
    return state
