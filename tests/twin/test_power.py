from math import sqrt

import pytest

from build import Values, a_fleet_showing, a_measured, a_meter, a_point, a_reading, at, tell
from twin.measured import nothing
from twin.points import EntityId, Freshness, Quality
from twin.power import Feed, Power, Redundancy, redundancy_of

POWER = a_point("Rack/RackPower")


def _power(*parts: Values) -> Power:
    values = {point: value for part in parts for point, value in part.items()}
    rack = a_fleet_showing({POWER: 100.0} | values).rack(EntityId("R1"))
    assert rack is not None
    return rack.power


def _feed(capacity: float | None) -> Feed:
    nobody = nothing(None)
    known = a_measured(capacity, quality=Quality.BAD if capacity is None else Quality.GOOD)
    return Feed(EntityId("M"), nobody, nobody, nobody, known, None)


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


@pytest.mark.parametrize(
    ("capacities", "expected"),
    [
        ([120.0, 120.0], Redundancy.TWO_N),
        ([100.0, 120.0], Redundancy.TWO_N),
        ([99.0, 120.0], Redundancy.LOST),
        ([60.0, 60.0, 60.0], Redundancy.N_PLUS_1),
        ([10.0, 60.0, 60.0], Redundancy.LOST),
        ([120.0], Redundancy.N),
        ([], Redundancy.UNKNOWN),
        ([120.0, None], Redundancy.UNKNOWN),
        ([None], Redundancy.UNKNOWN),
    ],
)
def test_redundancy_is_what_the_others_could_carry_with_the_largest_feed_gone(
    capacities: list[float | None], expected: Redundancy
) -> None:
    feeds = [_feed(capacity) for capacity in capacities]

    assert redundancy_of(feeds, a_measured(100.0)) is expected


def test_redundancy_is_unknown_without_a_load_of_now() -> None:
    feeds = [_feed(120.0), _feed(120.0)]

    assert redundancy_of(feeds, nothing("kW")) is Redundancy.UNKNOWN
    stale = a_measured(100.0, freshness=Freshness.STALE)
    assert redundancy_of(feeds, stale) is Redundancy.UNKNOWN
