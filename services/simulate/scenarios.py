"""Scenarios: what goes wrong in a simulated fleet, and the truth about it, told beforehand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from services.simulate.gauges import PUB
from services.simulate.site import BMS, Site, site_of
from twin.instants import Instant, Millis, after
from twin.points import EntityId, PublisherId


class Label(NamedTuple):
    """One injected truth: what a twin should find, where, and since when it is so."""

    at: Instant
    entity: EntityId
    code: str
    """A fault code."""
    what: str


@dataclass(frozen=True, slots=True)
class PumpsLost:
    """The pumps of a row's CDU stop; natural circulation leaves a part of the flow."""

    at: Instant
    row: int
    left: float = 0.1


@dataclass(frozen=True, slots=True)
class Shows:
    """A point shows a value from an instant on, whatever is the case."""

    at: Instant
    entity: EntityId
    point_type: str
    value: float


@dataclass(frozen=True, slots=True)
class Silence:
    """A publisher says no more: no heartbeat, no values, and of the BMS no metadata."""

    at: Instant
    publisher: PublisherId


@dataclass(frozen=True, slots=True)
class Script:
    """What a plant is made to suffer, and the labels that say so."""

    pumps_lost: tuple[PumpsLost, ...] = ()
    shows: tuple[Shows, ...] = ()
    silences: tuple[Silence, ...] = ()
    labels: tuple[Label, ...] = ()


STEADY: Final = Script()
_LEAK: Final = Millis(30_000)
_TRAY: Final = Millis(20_000)
_LOSS: Final = Millis(60_000)


def stage(name: str, racks: int, began: Instant) -> Script:
    """The script of a scenario for a site of ``racks`` whose simulation begins at ``began``.

    Raises:
        ValueError: There is no such scenario.
    """
    if name not in SCENARIOS:
        raise ValueError(f"no scenario {name!r}: there are {', '.join(SCENARIOS)}")
    return SCENARIOS[name](site_of(racks), began)


def _steady(_site: Site, _began: Instant) -> Script:
    return STEADY


def _leak(site: Site, began: Instant) -> Script:
    rack = site.racks[0].id
    tray, rope = after(began, _TRAY), after(began, _LEAK)
    return Script(
        shows=(
            Shows(tray, rack, "RackLeakDetectTray", 1),
            Shows(rope, rack, "RackLeakDetect", 1),
        ),
        labels=(
            Label(tray, rack, "leak.tray", "a tray leaks"),
            Label(rope, rack, "leak.detected", "the leak reaches the rack's rope"),
        ),
    )


def _heartbeat(_site: Site, began: Instant) -> Script:
    at = after(began, _LOSS)
    label = Label(at, BMS, "data.publisher_lost", "the BMS falls silent")
    return Script(silences=(Silence(at, PUB),), labels=(label,))


def _flow_loss(site: Site, began: Instant) -> Script:
    at = after(began, _LOSS)
    cdu = site.cdus[0]
    racks = {
        "liquid.flow_low": "a tenth of the flow is left",
        "liquid.dp_deviation": "the differential pressure collapses",
        "liquid.delta_t_high": "the little flow that is left takes up much heat",
        "liquid.return_temperature_high": "the coolant comes back hot",
    }
    labels = [
        Label(at, cdu.id, "cdu.pump_lost", "both pumps stand"),
        Label(at, cdu.id, "liquid.dp_deviation", "the differential pressure collapses"),
        *(Label(at, rack, code, what) for rack in cdu.serves for code, what in racks.items()),
    ]
    return Script(pumps_lost=(PumpsLost(at, row=0),), labels=tuple(labels))


SCENARIOS: Final[Mapping[str, Callable[[Site, Instant], Script]]] = {
    "steady": _steady,
    "leak": _leak,
    "heartbeat": _heartbeat,
    "flow_loss": _flow_loss,
}
"""By the name that the command line knows them under."""
