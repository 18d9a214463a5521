"""Digest: one short text that tells whether two fleets are in the same state."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256

from schemas.views import equipment_view, rack_view
from twin.fleet import Fleet
from twin.instants import Instant

LEFT_OUT = frozenset({"age_s", "received_at"})
"""What depends on when anyone looked or listened, and not on what was said."""


def state_of(fleet: Fleet, now: Instant) -> dict[str, object]:
    """Every rack's document as JSON values, by id."""
    return {rack.id: rack_view(rack, now).model_dump(mode="json") for rack in fleet.views()}


def digest(fleet: Fleet, faults: Sequence[object] = ()) -> str:
    """``sha256:…`` over all racks, all equipment, and ``faults`` given as JSON values.

    The same at any speed, on every machine, whatever the batches were: neither counters nor ages
    nor times of arrival go in.
    """
    state = {
        "racks": state_of(fleet, fleet.now),
        "equipment": {
            entity.id: equipment_view(entity, fleet, fleet.now).model_dump(mode="json")
            for entity in fleet.equipment()
        },
        "faults": faults,
    }
    return f"sha256:{sha256(canonical(state)).hexdigest()}"


def canonical(state: object) -> bytes:
    """The one JSON text of a state: sorted keys, no spaces, shortest floats."""
    return json.dumps(
        _kept(state), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def _kept(state: object) -> object:
    if isinstance(state, Mapping):
        return {key: _kept(value) for key, value in state.items() if key not in LEFT_OUT}
    if isinstance(state, Sequence) and not isinstance(state, str):
        return [_kept(value) for value in state]
    return state
