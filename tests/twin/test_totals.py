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
    a_measured,
    a_meter,
    a_point,
    a_reading,
    at,
    tell,
)
from twin.fleet import Fleet
from twin.health import gists_in_health
from twin.measured import Measured, nothing
from twin.points import EntityId, Freshness
from twin.severity import Severity
from twin.site import RackPlace, Site
from twin.steps import Steps
from twin.totals import (
    AT_ONCE,
    Groups,
    Totals,
    grouping,
    groups_of,
    ppue_cooling,
    summing_up,
    totals_of,
)


def _totals(fleet: Fleet) -> Totals:
    return totals_of(gists_in_health(fleet))


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

    assert totals.by_severity == {Severity.OK: 1, Severity.WARNING: 1, Severity.CRITICAL: 1}
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
    racks = list(gists_in_health(fleet))
    shuffled = list(racks)
    random.shuffle(shuffled)

    assert totals_of(shuffled) == totals_of(racks)


def _sum(value: float | None, fresh: int, expected: int) -> Measured:
    return a_measured(value)._replace(fresh=fresh, expected=expected)


def test_cooling_pue_is_all_that_is_drawn_per_it() -> None:
    ppue = ppue_cooling(_sum(200.0, 5, 6), _sum(4.0, 2, 2))

    assert (ppue.value, ppue.unit) == (1.02, "")
    assert (ppue.fresh, ppue.expected) == (7, 8)


@pytest.mark.parametrize(
    ("it", "cooling"),
    [
        (_sum(200.0, 6, 6), _sum(4.0, 1, 2)),
        (_sum(200.0, 6, 6), nothing("kW")._replace(fresh=0, expected=2)),
        (_sum(200.0, 6, 6), nothing("kW")._replace(fresh=0, expected=0)),
        (_sum(0.0, 6, 6), _sum(4.0, 2, 2)),
        (nothing("kW")._replace(fresh=0, expected=6), _sum(4.0, 2, 2)),
        (nothing("kW"), nothing("kW")),
    ],
)
def test_there_is_no_cooling_pue_of_parts_that_are_missing(it: Measured, cooling: Measured) -> None:
    ppue = ppue_cooling(it, cooling)

    assert ppue.value is None
    assert ppue.expected == (it.expected or 0) + (cooling.expected or 0)


def test_headroom_is_expected_of_the_racks_that_are_rated() -> None:
    fleet = a_fleet_showing(a_cooled_rack("R1", kw=38.0) | a_cooled_rack("R2"))
    fleet.configure(Site(racks={EntityId("R1"): RackPlace(rated_kw=132.0)}))

    headroom = _totals(fleet).headroom
    assert (headroom.value, headroom.fresh, headroom.expected) == (94.0, 1, 1)


def _groups(fleet: Fleet) -> Groups:
    return groups_of(gists_in_health(fleet))


def test_racks_are_summed_up_by_hall_and_by_row_within_it() -> None:
    fleet = a_fleet_showing(
        a_cooled_rack("R1", kw=1.0)
        | a_cooled_rack("R2", kw=2.0)
        | a_cooled_rack("R3", kw=4.0)
        | {a_point("Rack/RackPower", "R4"): None, a_point("Rack/RackPower", "R5"): 8.0}
    )
    places = {
        "R1": RackPlace("South", "A"),
        "R2": RackPlace("North", "A"),
        "R3": RackPlace("North", "B"),
        "R4": RackPlace("North"),
    }
    fleet.configure(Site(racks={EntityId(rack): place for rack, place in places.items()}))
    groups = _groups(fleet)

    assert [(g.hall, g.row, g.racks, g.power.value) for g in groups.halls] == [
        ("North", None, 3, 6.0),
        ("South", None, 1, 1.0),
    ]
    assert [(g.hall, g.row, g.racks, g.power.value) for g in groups.rows] == [
        ("North", "A", 1, 2.0),
        ("North", "B", 1, 4.0),
        ("South", "A", 1, 1.0),
    ]
    north = groups.halls[0]
    assert (north.power.fresh, north.power.expected) == (2, 3)
    assert (north.heat.fresh, north.heat.expected) == (2, 2)


def test_racks_of_which_nothing_is_written_are_in_no_group() -> None:
    assert _groups(a_fleet_showing(a_cooled_rack())) == Groups()


def _paused(steps: Steps[object]) -> int:
    """How often others have their turn."""
    return sum(1 for _ in steps)


def test_sums_over_many_racks_leave_others_their_turn() -> None:
    (rack,) = gists_in_health(a_fleet_showing(a_cooled_rack()))
    few, many = [rack] * (AT_ONCE - 1), [rack] * AT_ONCE

    assert _paused(summing_up(many)) == _paused(summing_up(few)) + 1
    assert _paused(grouping(many)) == _paused(grouping(few)) + 1
