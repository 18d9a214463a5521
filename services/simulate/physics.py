"""Physics: what every gauge of a site would show at any second, as a function of the seed."""

from typing import Final

import numpy as np

from services.simulate.cooling import cdu_gauges, rack_gauges
from services.simulate.electric import meter_gauges
from services.simulate.liquid import SETTLING, circulate
from services.simulate.load import demand_kw
from services.simulate.noise import Array, Noise, Whole
from services.simulate.scenarios import PumpsLost
from services.simulate.site import Site

_COAST_MS: Final = 5_000  # pumps run down in this time
_BEAT_S: Final = 10

Shown = dict[str, dict[str, Array]]


class Physics:
    """A site in motion. It keeps nothing: what it showed before does not change what it shows."""

    def __init__(self, site: Site, noise: Noise, pumps_lost: tuple[PumpsLost, ...] = ()) -> None:
        self._site = site
        self._noise = noise
        self._pumps_lost = pumps_lost

    def shown(self, first: int, rows: int) -> Shown:
        """By kind and quantity, each second from ``first`` (down) of each object (across).

        Args:
            first: In whole seconds since 1970.
            rows: How many seconds.
        """
        seconds = np.arange(first - SETTLING, first + rows)[:, None]
        sizes = self._site.rows
        demand = demand_kw(self._noise, len(self._site.racks), seconds)
        liquid = circulate(self._noise, sizes, demand, self._pumps(seconds), seconds)
        taps, busways = meter_gauges(self._noise, sizes, liquid.power_kw, seconds)
        whole: Shown = {
            "rack": rack_gauges(self._noise, liquid, seconds),
            "cdu": cdu_gauges(self._noise, liquid, sizes, seconds),
            "tap": taps,
            "busway": busways,
            "bms": {"heartbeat": _beats(seconds)},
            "nico": {"heartbeat": _beats(seconds)},
        }
        return {
            kind: {quantity: series[-rows:] for quantity, series in quantities.items()}
            for kind, quantities in whole.items()
        }

    def _pumps(self, seconds: Whole) -> Array:
        brought = np.ones((len(seconds), len(self._site.rows)))
        for loss in self._pumps_lost:
            coasted = np.clip((seconds[:, 0] * 1000 - loss.at) / _COAST_MS, 0.0, 1.0)
            left = 1 - (1 - loss.left) * coasted
            brought[:, loss.row] = np.minimum(brought[:, loss.row], left)
        return brought


def _beats(seconds: Whole) -> Array:
    """The instant of the last heartbeat, as the heartbeat's value."""
    return (seconds // _BEAT_S * _BEAT_S * 1000).astype(np.float64)
