import numpy as np

from services.simulate.gauges import GAUGES
from services.simulate.noise import Noise
from services.simulate.physics import Physics
from services.simulate.script import PumpsLost
from services.simulate.site import site_of
from twin.instants import Instant

START = 1_767_225_600
PHYSICS = Physics(site_of(18), Noise(4))


def test_every_gauge_finds_its_quantity() -> None:
    shown = PHYSICS.shown(START, 2)
    wanted = {(kind, g.quantity) for kind, (_, gs) in GAUGES.items() for g in gs if g.quantity}
    assert wanted == {(kind, quantity) for kind, each in shown.items() for quantity in each}


def test_what_is_shown_does_not_depend_on_the_span_asked_for() -> None:
    whole, part = PHYSICS.shown(START, 90), PHYSICS.shown(START + 40, 7)
    for kind, quantities in part.items():
        for quantity, series in quantities.items():
            assert (series == whole[kind][quantity][40:47]).all(), (kind, quantity)


def test_all_of_it_is_finite() -> None:
    for quantities in PHYSICS.shown(START, 30).values():
        assert all(np.isfinite(series).all() for series in quantities.values())


def test_pumps_coast_down_in_their_row_alone() -> None:
    lost = Physics(site_of(18), Noise(4), (PumpsLost(Instant((START + 10) * 1000), row=1),))
    flow, usual = lost.shown(START, 20)["rack"]["flow"], PHYSICS.shown(START, 20)["rack"]["flow"]
    assert (flow[:, :16] == usual[:, :16]).all()
    assert (flow[:11] == usual[:11]).all()
    assert (flow[15:, 16:] < 0.11 * usual[15:, 16:]).all()
    assert (np.diff(flow[10:16, 16:], axis=0) < 0).all()


def test_heartbeat_tells_the_tens_of_seconds() -> None:
    beats = PHYSICS.shown(START, 21)["bms"]["heartbeat"][:, 0]
    assert np.unique(beats).tolist() == [START * 1e3, START * 1e3 + 1e4, START * 1e3 + 2e4]
