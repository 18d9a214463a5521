"""Physics: what every gauge of a site would show at any second, as a function of the seed."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from services.simulate.cooling import cdu_gauges, rack_gauges
from services.simulate.electric import meter_gauges
from services.simulate.liquid import SETTLING, circulate
from services.simulate.load import demand_kw
from services.simulate.noise import Array, Noise, Whole
from services.simulate.script import Draws, FeedLost, PumpLost, PumpsLost, Suffered, WarmWater
from services.simulate.site import Site

_COAST_MS: Final = 5_000  # pumps run down in this time
_WARMING_MS: Final = 180_000  # the water of a facility changes its temperature in this time
_DRAWN_S: Final = 10  # no load is quite even
_BEAT_S: Final = 10
_FAR: Final = 2**53  # later than anything is simulated, and no float loses it

Shown = dict[str, dict[str, Array]]


class Physics:
    """A site in motion. It keeps nothing: what it showed before does not change what it shows."""

    def __init__(self, site: Site, noise: Noise, suffered: tuple[Suffered, ...] = ()) -> None:
        self._site = site
        self._noise = noise
        self._suffered = suffered
        self._racks = {rack.id: column for column, rack in enumerate(site.racks)}
        self._taps = {tap.id: column for column, tap in enumerate(site.taps)}

    def shown(self, first: int, rows: int) -> Shown:
        """By kind and quantity, each second from ``first`` (down) of each object (across).

        Args:
            first: In whole seconds since 1970.
            rows: How many seconds.
        """
        seconds = np.arange(first - SETTLING, first + rows)[:, None]
        sizes = self._site.rows
        plant = self._plant(seconds)
        liquid = circulate(self._noise, sizes, plant.demand, plant.pumps, seconds, plant.warmer_k)
        taps, busways = meter_gauges(self._noise, sizes, liquid.power_kw, seconds, plant.live)
        whole: Shown = {
            "rack": rack_gauges(self._noise, liquid, seconds),
            "cdu": cdu_gauges(self._noise, liquid, sizes, seconds, plant.second_pump),
            "tap": taps,
            "busway": busways,
            "bms": {"heartbeat": _beats(seconds)},
            "nico": {"heartbeat": _beats(seconds)},
        }
        return {
            kind: {quantity: series[-rows:] for quantity, series in quantities.items()}
            for kind, quantities in whole.items()
        }

    def _plant(self, seconds: Whole) -> "_Plant":
        """What the site is driven by, and all that the script makes of it."""
        rows = np.zeros((len(seconds), len(self._site.rows)))
        plant = _Plant(
            demand=demand_kw(self._noise, len(self._racks), seconds),
            pumps=rows + 1,
            second_pump=rows.copy(),
            warmer_k=rows.copy(),
            live=np.ones((len(seconds), len(self._taps))),
        )
        for each in self._suffered:
            self._suffer(each, plant, seconds[:, 0] * 1000)
        return plant

    def _suffer(self, each: Suffered, plant: "_Plant", when: Whole) -> None:
        match each:
            case PumpsLost():
                left = 1 - (1 - each.left) * _during(each, when, _COAST_MS)
                plant.pumps[:, each.row] = np.minimum(plant.pumps[:, each.row], left)
            case PumpLost():
                plant.second_pump[:, each.row] = 0.5 + 0.5 * _during(each, when)
            case WarmWater():
                plant.warmer_k[:, each.row] += each.by_k * _during(each, when, _WARMING_MS)
            case FeedLost():
                plant.live[:, self._taps[each.tap]] *= 1 - _during(each, when)
            case Draws():
                lane = np.array([self._racks[each.rack]])
                drawn = each.kw + self._noise.wander("drawn", lane, when[:, None], _DRAWN_S)
                demand = plant.demand[:, lane]
                so = _during(each, when, _COAST_MS)[:, None]
                plant.demand[:, lane] += (drawn - demand) * so


@dataclass(frozen=True, slots=True)
class _Plant:
    """What drives a site, each second (down) for each rack, row or tap (across)."""

    demand: Array
    pumps: Array
    """What the pumps of each row bring, 0 to 1."""
    second_pump: Array
    """The part of it that the second of them brings."""
    warmer_k: Array
    live: Array
    """1, or 0 where a tap is dead."""


def _during(each: Suffered, when: Whole, takes_ms: int = 1) -> Array:
    """From 0 to 1 in ``takes_ms`` as it begins, and back to 0 as it ends."""
    begun = np.clip((when - each.at) / takes_ms, 0.0, 1.0)
    over = np.clip((when - min(each.until, _FAR)) / takes_ms, 0.0, 1.0)
    so: Array = begun - over
    return so


def _beats(seconds: Whole) -> Array:
    """The instant of the last heartbeat, as the heartbeat's value."""
    return (seconds // _BEAT_S * _BEAT_S * 1000).astype(np.float64)
