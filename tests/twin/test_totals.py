from math import sqrt
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import (
    Values,
    a_cooled_rack,
    a_fleet_showing,
    a_fleet_with,
    a_meter,
    a_point,
    a_reading,
    at,
    tell,
)
from twin.fleet import Fleet
from twin.points import Freshness
from twin.racks import Severity
from twin.totals import Totals, totals_of


def _totals(fleet: Fleet) -> Totals:
    racks = [fleet.rack(entity.id) for entity in fleet.racks()]
    return totals_of([rack for rack in racks if rack is not None])


def _showing(*parts: Values) -> Totals:
    return _totals(a_fleet_showing({k: v for part in parts for k, v in part.items()}))


def test_fleet_without_racks_totals_nothing() -> None:
    totals = totals_of([])

    assert (totals.racks, totals.power.value, totals.power.expected) == (0, None, 0)


def test_totals_are_sums_over_all_racks() -> None:
    totals = _showing(a_cooled_rack("R1", kw=100.0), a_cooled_rack("R2", kw=30.5))

    assert (totals.racks, totals.power.value) == (2, 130.5)
    assert (totals.heat.fresh, totals.heat.expected) == (2, 2)


def test_heat_is_expected_of_the_racks_that_are_cooled() -> None:
    totals = _showing(a_cooled_rack("R1"), {a_point("Rack/RackPower", "R2"): 1.0})

    assert (totals.heat.fresh, totals.heat.expected) == (1, 1)
    assert (totals.power.fresh, totals.power.expected) == (2, 2)


def test_cooled_rack_that_was_not_heard_yet_is_missing_from_the_heat() -> None:
    totals = _totals(a_fleet_with(*a_cooled_rack("R1")))

    assert (totals.heat.value, totals.heat.fresh, totals.heat.expected) == (None, 0, 1)


def test_headroom_is_expected_of_the_racks_that_have_feeds() -> None:
    totals = _showing(a_cooled_rack("R1", kw=38.0), a_cooled_rack("R2"), a_meter("M1", "R1"))

    assert totals.headroom.value == pytest.approx(sqrt(3) * 80 - 38)
    assert (totals.headroom.fresh, totals.headroom.expected) == (1, 1)


def test_racks_are_counted_by_severity_and_freshness() -> None:
    wet, silent = a_point("Rack/RackLeakDetect", "R2"), a_point("Rack/RackPower", "R3")
    fleet = a_fleet_showing({a_point("Rack/RackPower", "R1"): 1.0, silent: 1.0})
    tell(fleet, at(10), wet, a_reading(wet), a_reading(a_point("Rack/RackPower"), 1.0, at(10)))
    tell(fleet, at(255))

    totals = _totals(fleet)

    assert totals.by_severity == {Severity.OK: 2, Severity.WARNING: 0, Severity.CRITICAL: 1}
    assert totals.by_freshness == {
        Freshness.UNHEARD: 0,
        Freshness.LIVE: 2,
        Freshness.STALE: 1,
    }


@given(st.lists(st.floats(0.001, 1e6), max_size=8), st.randoms(use_true_random=False))
def test_totals_do_not_depend_on_order(loads: list[float], random: Random) -> None:
    fleet = a_fleet_showing(
        {a_point("Rack/RackPower", f"R{n}"): load for n, load in enumerate(loads)}
    )
    racks = [rack for entity in fleet.racks() if (rack := fleet.rack(entity.id)) is not None]
    shuffled = list(racks)
    random.shuffle(shuffled)

    assert totals_of(shuffled) == totals_of(racks)
