"""Columns: every point of a site, one column each, in the order in which a second sends them."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from services.simulate.gauges import GAUGES, Gauge
from services.simulate.noise import Array, Noise, Whole
from services.simulate.site import BMS, NICO, Site, Thing
from twin.entities import RACK
from twin.points import Point, PointId

SECOND_MS: Final = 1000
_SYSTEM: Final = "System"


class Columns:
    """The points of a site, well mixed, so that nothing that many of them do comes in a burst."""

    def __init__(self, site: Site, noise: Noise) -> None:
        gauged = list(_gauged(site))
        points = [_point(gauge, thing, GAUGES[kind][0]) for kind, gauge, thing in gauged]
        systems = np.array([point.object_type == _SYSTEM for point in points])
        mixed = noise.uniform("column", np.arange(len(points))) + 1
        order = np.argsort(np.where(systems, 0.0, mixed), kind="stable")
        self.points = [points[index] for index in order]
        self.offsets: Whole = np.arange(len(points)) * SECOND_MS // len(points)
        """Milliseconds into each second at which a point may speak, rising."""
        self.offsets[: systems.sum()] = 0  # a heartbeat says the very instant it is sent at
        gauges = [gauged[index][1] for index in order]
        self.decimals = [gauge.decimals for gauge in gauges]
        self.steps: Array = np.array([gauge.step for gauge in gauges])
        self._rest: Array = np.array([gauge.rest for gauge in gauges])
        self._groups = _groups(gauged, np.argsort(order))

    def steps_of(self, shown: Mapping[str, Mapping[str, Array]]) -> Array:
        """What the gauges show, counted in their steps: a row each second, a column each point."""
        rows = len(shown["rack"]["power"])
        counted = np.tile(self._rest, (rows, 1))
        for (kind, quantity), columns in self._groups:
            counted[:, columns] = np.rint(shown[kind][quantity] / self.steps[columns])
        return counted + 0.0  # no negative zero


def _gauged(site: Site) -> Iterator[tuple[str, Gauge, Thing]]:
    things = {
        "bms": (Thing(BMS, BMS),),
        "nico": (Thing(NICO, NICO),),
        "rack": site.racks,
        "tap": site.taps,
        "busway": site.busways,
        "cdu": site.cdus,
    }
    for kind, (_, gauges) in GAUGES.items():
        for gauge in gauges:
            yield from ((kind, gauge, thing) for thing in things[kind])


def _groups(
    gauged: list[tuple[str, Gauge, Thing]], columns: Whole
) -> list[tuple[tuple[str, str], Whole]]:
    """The columns that each quantity fills, object by object."""
    found: dict[tuple[str, str], list[int]] = {}
    for (kind, gauge, _), column in zip(gauged, columns.tolist(), strict=True):
        if gauge.quantity is not None:
            found.setdefault((kind, gauge.quantity), []).append(column)
    return [(key, np.array(group)) for key, group in found.items()]


def _point(gauge: Gauge, thing: Thing, object_type: str) -> Point:
    return Point(
        id=PointId(f"{object_type}/{gauge.point_type}/{thing.path}/{gauge.tag}"),
        object_type=object_type,
        point_type=gauge.point_type,
        entity=thing.id,
        publisher=gauge.publisher,
        name=thing.id,
        unit=gauge.unit,
        states=gauge.states,
        serves=() if object_type == RACK else thing.serves,
        process_area=gauge.area,
        is_setpoint=gauge.is_setpoint,
        phase=gauge.phase,
    )
