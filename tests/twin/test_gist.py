from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import (
    START,
    a_cooled_rack,
    a_fleet_showing,
    a_fleet_with,
    a_meter,
    a_point,
    a_reading,
    at,
    tell,
)
from services.intake import Intake
from services.simulate.plant import Plant
from streams import Sent, end_of, fold, recording, streams
from twin.fleet import Fleet
from twin.gist import CAPACITY, DELTA_T, FLOW, LOAD, SUPPLY, Gist
from twin.health import gist_in_health, rack_in_health
from twin.hearing import STALE_AFTER
from twin.instants import Instant, Millis, after
from twin.points import EntityId
from twin.racks import Rack
from twin.site import RackPlace, Site
from twin.topology import Domain


def gist(fleet: Fleet, rack: str = "R1") -> Gist:
    found = gist_in_health(fleet, EntityId(rack))
    assert found is not None
    return found


def in_short(rack: Rack) -> Gist:
    """What the gist of a rack must be, from its whole view."""
    power, thermal, place = rack.power, rack.thermal, rack.place
    measured = (
        power.load,
        power.capacity,
        power.headroom,
        thermal.supply,
        thermal.return_,
        thermal.delta_t,
        thermal.flow,
        thermal.heat,
    )
    return Gist(
        id=rack.id,
        place=place,
        severity=rack.severity,
        freshness=rack.freshness,
        cooled=thermal.cooled,
        rated=bool(power.feeds) or place.rated_kw is not None,
        upstream=(*rack.upstream[Domain.POWER], *rack.upstream[Domain.LIQUID]),
        numbers=tuple(chain(*measured)),
    )


def assert_same(fleet: Fleet) -> int:
    """Each gist says what the view says; of how many racks."""
    ids = [each.id for each in fleet.racks()]
    for each in ids:
        rack = rack_in_health(fleet, each)
        assert rack is not None
        found = gist(fleet, each)
        assert found == in_short(rack)
        power, heat = rack.power, rack.thermal.heat
        assert (found.load, found.headroom, found.heat) == (power.load, power.headroom, heat)
    return len(ids)


def test_gist_has_what_a_rack_draws_and_what_its_liquid_carries() -> None:
    fleet = a_fleet_showing(a_cooled_rack(kw=100.0) | a_meter("M1", "R1"))
    found = gist(fleet)

    assert [found.now(each) for each in (LOAD, FLOW, DELTA_T)] == [100.0, 150.0, 10.0]
    assert (found.cooled, found.rated) == (True, True)


def test_number_that_is_not_of_now_may_still_be_good_and_a_bad_one_is_neither() -> None:
    supply = a_point("Rack/RackLiquidSupplyTemperature")
    fleet = a_fleet_with(a_point("Rack/RackPower"), supply)
    tell(fleet, at(1), a_reading(a_point("Rack/RackPower"), 90.0, at(1)))
    tell(fleet, at(1), a_reading(supply, 30.0, at(1), quality=0))
    now = gist(fleet)
    tell(fleet, Instant(at(1) + 2 * STALE_AFTER))
    later = gist(fleet)

    assert [(now.good(each), now.now(each)) for each in (LOAD, SUPPLY, CAPACITY)] == [
        (90.0, 90.0),
        (None, None),
        (None, None),
    ]
    assert (later.good(LOAD), later.now(LOAD)) == (90.0, None)
    assert [now.measured_at(each) for each in (LOAD, CAPACITY)] == [at(1), None]


def test_rack_of_which_little_is_told_is_neither_cooled_nor_rated() -> None:
    found = gist(a_fleet_with(a_point("Rack/RackPower")))

    assert (found.cooled, found.rated, found.load.value) == (False, False, None)


def test_rack_without_feeds_is_rated_where_that_is_written_down() -> None:
    fleet = a_fleet_showing(a_cooled_rack(kw=38.0))
    fleet.configure(Site(racks={EntityId("R1"): RackPlace("North", "A", rated_kw=132.0)}))
    found = gist(fleet)

    assert (found.rated, found.headroom.value, found.place.hall) == (True, 94.0, "North")


def test_meter_that_nobody_described_is_no_feed() -> None:
    fleet = a_fleet_showing({a_point("PowerMeter/ActivePower", "BUS", serves=("M1",)): 1.0})
    tell(fleet, at(0), *a_meter("M1", "R1"), a_point("Rack/RackPower"))
    found = gist(fleet)

    assert (found.upstream, found.rated) == (in_short_of(fleet).upstream, True)


def in_short_of(fleet: Fleet) -> Gist:
    """The gist of R1 by its view."""
    rack = rack_in_health(fleet, EntityId("R1"))
    assert rack is not None
    return in_short(rack)


@given(streams(), st.integers(0, 2 * STALE_AFTER))
def test_gist_says_what_the_whole_view_says(sent: list[Sent], later: int) -> None:
    fleet, _ = fold(sent, Instant(end_of(sent) + later))

    assert_same(fleet)


@pytest.mark.parametrize("seconds", [0, 20, 90])
def test_gist_says_what_the_whole_view_says_of_a_simulated_fleet(seconds: int) -> None:
    intake, plant = Intake(Fleet()), Plant(20, seed=3)
    end = after(START, Millis(1000 * seconds + 500))
    intake.take_all(plant.recording(START, end))
    for point in list(intake.fleet.points())[::7]:
        tell(intake.fleet, end, a_reading(point.point, None, end))

    assert assert_same(intake.fleet) == 20


def test_gist_says_what_the_whole_view_says_of_the_real_recording(dsx: Path) -> None:
    sent = recording(dsx)

    assert assert_same(fold(sent, at(100))[0]) == 6
    assert assert_same(fold(sent, at(400))[0]) == 6
