from math import sqrt
from pathlib import Path as PathOnDisk

import pytest

from build import START, Values, a_fleet_showing, a_measured, a_meter, a_point, a_reading, at, tell
from streams import fold, recording
from twin.fleet import Fleet
from twin.measured import nothing
from twin.points import EntityId, Freshness, Quality
from twin.power import CapacityFrom, Path, Power
from twin.redundancy import Redundancy
from twin.site import RackPlace, Site

POWER = a_point("Rack/RackPower")


def _power(*parts: Values) -> Power:
    values = {point: value for part in parts for point, value in part.items()}
    rack = a_fleet_showing({POWER: 100.0} | values).rack(EntityId("R1"))
    assert rack is not None
    return rack.power


def test_load_is_the_rack_s_own_reading() -> None:
    power = _power(a_meter("M1", "R1", kw=60.0), a_meter("M2", "R1", kw=41.0))

    assert power.load == a_measured(100.0)


@pytest.mark.parametrize("unit", ["kW", "furlong"])
def test_load_without_a_good_reading_is_what_the_meters_say(unit: str) -> None:
    own = a_point("Rack/RackPower", unit=unit)
    value = None if unit == "kW" else 100.0
    meters = a_meter("M1", "R1", kw=60.0) | a_meter("M2", "R1", kw=41.0)
    rack = a_fleet_showing({own: value} | meters).rack(EntityId("R1"))
    assert rack is not None

    assert (rack.power.load.value, rack.power.load.derived_from) == (101.0, 2)


def test_load_is_stale_rather_than_bad() -> None:
    fleet = a_fleet_showing({POWER: 100.0} | a_meter("M1", "R1"))
    tell(fleet, at(250), *(a_reading(point, None, at(250)) for point in a_meter("M1", "R1")))
    rack = fleet.rack(EntityId("R1"))
    assert rack is not None

    assert (rack.power.load.value, rack.power.load.freshness) == (100.0, Freshness.STALE)


def test_load_by_stale_meters_is_better_than_a_bad_one() -> None:
    fleet = a_fleet_showing({POWER: 100.0} | a_meter("M1", "R1", kw=99.0))
    tell(fleet, at(250), a_reading(POWER, None, at(250)))
    rack = fleet.rack(EntityId("R1"))
    assert rack is not None

    assert (rack.power.load.value, rack.power.load.freshness) == (99.0, Freshness.STALE)


def test_load_that_nobody_measures_is_nothing() -> None:
    rack = a_fleet_showing({a_point("Rack/RackLiquidFlow"): 1.0}).rack(EntityId("R1"))
    assert rack is not None

    assert rack.power.load == nothing("kW")
    assert rack.power.redundancy is Redundancy.UNKNOWN


def test_capacity_of_a_feed_is_root_three_volts_amps_and_power_factor() -> None:
    power = _power(a_meter("M1", "R1", volts=400.0, limit=200.0, power_factor=0.95))

    assert power.capacity.value == pytest.approx(sqrt(3) * 400 * 200 * 0.95 / 1000)


def test_power_factor_that_nobody_measures_is_one() -> None:
    meter = {
        point: value
        for point, value in a_meter("M1", "R1").items()
        if point.point_type != "PowerFactor"
    }

    assert _power(meter).capacity.value == pytest.approx(sqrt(3) * 400 * 200 / 1000)


@pytest.mark.parametrize(
    "meter",
    [
        a_meter("M1", "R1", volts=0.0),
        a_meter("M1", "R1", power_factor=0.0),
        a_meter("M1", "R1", power_factor=98.4),
    ],
)
def test_meter_that_cannot_be_right_gives_no_capacity(meter: Values) -> None:
    power = _power(meter, a_meter("M2", "R1"))

    assert (power.capacity.value, power.capacity.quality) == (None, Quality.BAD)
    assert power.headroom.value is None
    assert power.redundancy is Redundancy.UNKNOWN


def test_headroom_is_what_the_feeds_may_carry_beyond_the_load() -> None:
    power = _power(a_meter("M1", "R1"), a_meter("M2", "R1"))

    assert power.headroom.value == pytest.approx(2 * sqrt(3) * 400 * 200 / 1000 - 100)


def test_feeds_stand_in_order_with_their_share() -> None:
    power = _power(a_meter("M2", "R1", kw=30.0), a_meter("M1", "R1", kw=90.0))

    assert [(feed.meter, feed.share) for feed in power.feeds] == [("M1", 0.75), ("M2", 0.25)]
    assert power.feeds[0].limit == a_measured(200.0, "A")


@pytest.mark.parametrize("kw", [0.0, None])
def test_share_is_unknown_where_the_feeds_show_no_load(kw: float | None) -> None:
    meter = a_meter("M1", "R1") | {a_point("PowerMeter/ActivePower", "M1", serves=("R1",)): kw}

    assert _power(meter).feeds[0].share is None


def test_balance_is_positive_where_the_meters_read_more() -> None:
    balance = _power(a_meter("M1", "R1", kw=60.0), a_meter("M2", "R1", kw=41.0)).balance

    assert (balance.meters.value, balance.racks.value) == (101.0, 100.0)
    assert balance.residual_pct == pytest.approx(1.0)


@pytest.mark.parametrize("own", [0.0, None])
def test_balance_against_nothing_has_no_residual(own: float | None) -> None:
    assert _power({POWER: own}, a_meter("M1", "R1")).balance.residual_pct is None


def test_rack_without_feeds_has_neither_capacity_nor_balance() -> None:
    power = _power()

    assert power.capacity == nothing("kW")
    assert power.headroom.freshness is Freshness.UNHEARD
    assert power.balance.residual_pct is None
    assert power.feeds == ()


def _behind_busways(**kw: float) -> Fleet:
    """A rack on two taps, each behind a busway; so much headroom as ``kw`` has is on each."""
    full = sqrt(3) * 400 * 200 / 1000
    return a_fleet_showing(
        {POWER: 100.0}
        | a_meter("TAP-1", "R1", kw=full - kw["tap_1"])
        | a_meter("TAP-2", "R1", kw=full - kw["tap_2"])
        | a_meter("BUS-1", "TAP-1", kw=full - kw["bus_1"])
        | a_meter("BUS-2", "TAP-2", kw=full - kw["bus_2"])
    )


def _path(fleet: Fleet) -> Path:
    rack = fleet.rack(EntityId("R1"))
    assert rack is not None
    return rack.power.path


def test_path_has_the_headroom_of_its_tightest_meter() -> None:
    fleet = _behind_busways(tap_1=30.0, tap_2=20.0, bus_1=10.0, bus_2=40.0)
    rack = fleet.rack(EntityId("R1"))
    assert rack is not None
    one, two = (feed.path for feed in rack.power.feeds)

    assert [one.headroom.value, two.headroom.value] == pytest.approx([10.0, 20.0])
    assert (one.bound_by, two.bound_by) == ("BUS-1", "TAP-2")
    assert rack.power.path.bound_by == "BUS-1"
    assert (rack.power.path.headroom.fresh, rack.power.path.headroom.expected) == (4, 4)


def test_path_with_a_silent_meter_has_at_most_what_the_others_leave() -> None:
    fleet = _behind_busways(tap_1=30.0, tap_2=20.0, bus_1=10.0, bus_2=40.0)
    bus = a_point("PowerMeter/ActivePower", "BUS-1", serves=("TAP-1",))
    tell(fleet, at(1), a_reading(bus, None, at(1)))
    path = _path(fleet)

    assert path.headroom.value == pytest.approx(20.0)
    assert path.bound_by == "TAP-2"
    assert (path.headroom.fresh, path.headroom.expected) == (3, 4)


def test_busway_of_both_feeds_counts_once() -> None:
    taps = a_meter("M1", "R1") | a_meter("M2", "R1")
    path = _power(taps, a_meter("BUS", "M1", "M2", kw=130.0)).path

    assert (path.bound_by, path.headroom.expected) == ("BUS", 3)


def test_what_feeds_without_metering_bounds_nothing() -> None:
    ups = {a_point("UPS/Status", "UPS", serves=("M1",)): 1.0}

    assert _power(a_meter("M1", "R1"), ups).path.headroom.expected == 1


def test_path_without_meters_is_bound_by_nobody() -> None:
    path = _power().path

    assert (path.headroom.value, path.bound_by) == (None, None)


def test_lost_feed_leaves_all_of_the_load_to_its_sister() -> None:
    power = _power(a_meter("M1", "R1", kw=60.0), a_meter("M2", "R1", kw=41.0, limit=100.0))
    (small,), (large,) = (feed.if_lost for feed in power.feeds)

    assert (small.meter, small.load, small.over_limit) == ("M2", power.load, True)
    assert small.current.value == pytest.approx(100_000 / (sqrt(3) * 400))
    assert (large.meter, large.over_limit) == ("M1", False)
    assert power.redundancy is Redundancy.LOST


def test_dead_voltmeter_does_not_hide_redundancy() -> None:
    amps = {a_point("PowerMeter/Current", "M1"): 80.0, a_point("PowerMeter/Current", "M2"): 80.0}
    meters = a_meter("M1", "R1", kw=50.0, volts=0.0), a_meter("M2", "R1", kw=50.0, volts=0.0)
    power = _power(*meters, amps)

    assert power.capacity.value is None
    assert [each.current.value for feed in power.feeds for each in feed.if_lost] == [160.0, 160.0]
    assert power.redundancy is Redundancy.TWO_N


@pytest.fixture(scope="module")
def real(dsx: PathOnDisk) -> Power:
    """The one rack of the real recording whose taps speak."""
    rack = fold(recording(dsx))[0].rack(EntityId("Pod1C-E05"))
    assert rack is not None
    return rack.power


def test_real_taps_close_with_their_rack(real: Power) -> None:
    assert [feed.load.value for feed in real.feeds] == pytest.approx([28.73, 19.10], abs=0.005)
    assert real.load.value == 47.83
    assert abs(real.balance.residual_pct or 9) < 0.1


def test_real_taps_could_each_carry_their_rack(real: Power) -> None:
    (first,), (second,) = (feed.if_lost for feed in real.feeds)

    assert (first.meter, second.meter) == ("C-E05-TAP-E2", "C-E05-TAP-E1")
    assert first.loading.value == pytest.approx(84.0, abs=0.1)  # by its worst phase
    assert second.loading.value == pytest.approx(71.6, abs=0.1)
    assert real.redundancy is Redundancy.TWO_N


def test_real_path_is_bound_by_a_busway_beyond_its_limit(real: Power) -> None:
    assert [feed.path.bound_by for feed in real.feeds] == ["C-E-BUS-E1", "C-E-BUS-E2"]
    assert real.path.bound_by == "C-E-BUS-E2"
    assert (real.path.headroom.fresh, real.path.headroom.expected) == (2, 4)


def _rated(*parts: Values, rated_kw: float | None = 132.0) -> Power:
    fleet = a_fleet_showing({POWER: 100.0} | {p: v for part in parts for p, v in part.items()})
    fleet.configure(Site(racks={EntityId("R1"): RackPlace(rated_kw=rated_kw)}))
    rack = fleet.rack(EntityId("R1"))
    assert rack is not None
    return rack.power


def test_rating_is_the_capacity_where_the_feeds_tell_none() -> None:
    dead = _rated(a_meter("M1", "R1", volts=0.0))

    assert (dead.capacity.value, dead.headroom.value) == (132.0, 32.0)
    assert dead.capacity_from is CapacityFrom.RATING
    assert (dead.headroom.freshness, dead.headroom.measured_at) == (Freshness.LIVE, START)
    assert _rated().headroom.value == 32.0


def test_capacity_is_the_smaller_of_what_feeds_bring_and_the_rack_is_built_for() -> None:
    weak, strong = _rated(a_meter("M1", "R1"), rated_kw=140.0), _rated(a_meter("M1", "R1"))

    assert weak.capacity.value == pytest.approx(sqrt(3) * 80)
    assert weak.capacity_from is CapacityFrom.FEEDS
    assert strong.capacity.value == 132.0
    assert strong.capacity_from is CapacityFrom.RATING


def test_capacity_that_is_not_known_comes_from_nowhere() -> None:
    assert _rated(rated_kw=None).capacity_from is None
    assert _rated(a_meter("M1", "R1", volts=0.0), rated_kw=None).capacity_from is None
