from typing import Any

import pytest

from build import Values, a_cooled_rack, a_fleet_showing, a_meter, a_point
from twin.affected import FLOWS, Affected, Case, affected_of
from twin.fork import Fork
from twin.limits import Of
from twin.points import EntityId, Freshness
from twin.redundancy import Redundancy
from twin.severity import Severity
from twin.site import RackPlace, Site
from twin.topology import Domain

R1 = EntityId("R1")


def a_rack_on_two(lpm: float = 150.0) -> dict[Any, float | None]:
    """R1 on two taps, of which each could carry 138.6 kW, and on one unit."""
    return (
        a_cooled_rack(lpm=lpm)
        | a_meter("A", "R1", kw=60)
        | a_meter("B", "R1", kw=40)
        | {a_point("CDU/LiquidTemperature", "CDU", unit="C", serves=("R1",)): 32.0}
    )


def assume(
    values: Values,
    case: Case,
    power: tuple[str, ...] = (),
    liquid: tuple[str, ...] = (),
    site: Site | None = None,
) -> Affected:
    fleet = a_fleet_showing(values)
    fleet.configure(site or Site())
    rack = fleet.rack(R1)
    assert rack is not None
    fallen = {each: frozenset[EntityId]() for each in FLOWS}
    fallen |= {
        Domain.POWER: frozenset(map(EntityId, power)),
        Domain.LIQUID: frozenset(map(EntityId, liquid)),
    }
    return affected_of(Fork(fleet), case, rack, fallen)


def test_nothing_assumed_is_the_present() -> None:
    found = assume(a_rack_on_two(), Case())

    assert (found.load, found.loses) == (found.load_before, ())
    assert found.return_.value == pytest.approx(42.0)
    assert found.delta_t.value == pytest.approx(10.0)
    assert [each.load.value for each in found.feeds] == [60, 40]
    assert found.redundancy is found.redundancy_before is Redundancy.TWO_N
    assert found.ride_through.freshness is Freshness.UNHEARD
    assert found.breaches == ()
    assert (found.over_limits, found.redundancy_lost, Case().alters(R1)) == (False,) * 3


def test_what_is_left_carries_all() -> None:
    found = assume(a_rack_on_two(), Case(), power=("A",))

    (left,) = found.feeds
    assert (left.meter, left.load.value, found.lost_feeds) == ("B", 100, ("A",))
    assert found.capacity.value == pytest.approx(138.56, abs=0.01)
    assert found.headroom.value == pytest.approx(38.56, abs=0.01)
    assert (found.redundancy, found.redundancy_lost) == (Redundancy.N, True)
    assert [(each.feed, each.before.value, each.after.value) for each in found.shifts] == [
        ("A", 60, 0),
        ("B", 40, 100),
    ]
    assert not found.without_power


def test_a_feed_beyond_its_limit_is_critical() -> None:
    found = assume(a_rack_on_two(lpm=300), Case(load_factor=1.5), power=("A",))

    (over,) = found.breaches
    assert (over.of, over.entity, over.severity) == (Of.FEED_LOADING_PCT, "B", Severity.CRITICAL)
    assert over.value.value == pytest.approx(108.25, abs=0.01)
    assert found.over_limits


def test_without_power_nothing_is_drawn_and_nothing_gets_warm() -> None:
    found = assume(a_rack_on_two(), Case(), power=("A", "B", "R1"), liquid=("CDU", "R1"))

    assert (found.without_power, found.without_cooling) == (True, False)
    assert found.loses == (Domain.POWER, Domain.LIQUID)
    assert (found.load.value, found.capacity.value, found.headroom.value) == (0, 0, 0)
    assert found.redundancy is Redundancy.LOST
    assert (found.feeds, found.breaches) == ((), ())
    assert found.return_.value is None


def test_without_cooling_it_lasts_as_long_as_it_would_ride_through() -> None:
    fleet = a_fleet_showing(a_rack_on_two())
    rack = fleet.rack(R1)
    assert rack is not None

    found = assume(a_rack_on_two(), Case(), liquid=("CDU", "R1"))

    assert found.without_cooling
    assert (found.flow.value, found.return_.value) == (0, None)
    assert found.ride_through.value == pytest.approx(rack.thermal.ride_through.value)


def test_no_flow_is_no_cooling() -> None:
    stopped = assume(a_rack_on_two(), Case(flow_factor=0.0))
    warm = assume(a_rack_on_two(), Case(flow_factor=0.0, supply_offset_k=10.0))

    assert stopped.without_cooling
    assert 0 < (warm.ride_through.value or 0) < (stopped.ride_through.value or 0)


def test_more_heat_in_less_flow_comes_back_warmer() -> None:
    found = assume(a_rack_on_two(), Case(load_factor=1.2, flow_factor=0.5, supply_c=30.0))

    assert (found.supply.value, found.flow.value) == (30.0, 75.0)
    assert found.delta_t.value == pytest.approx(24.0, abs=0.1)
    assert found.return_.value == pytest.approx(54.0, abs=0.1)
    assert [each.of for each in found.breaches] == [Of.DELTA_T_K, Of.FLOW_LPM_PER_KW]


def test_warmer_supply_is_a_warmer_return() -> None:
    found = assume(a_rack_on_two(), Case(supply_offset_k=10.0))

    assert found.supply.value == 42.0
    assert found.return_.value == pytest.approx(52.0, abs=0.1)
    assert [each.of for each in found.breaches] == [Of.SUPPLY_C]
    assert not found.over_limits


def test_one_rack_s_factor_goes_over_that_of_all() -> None:
    case = Case(load_factor=2.0, load_factors={R1: 0.0})
    found = assume(a_rack_on_two(), case)

    assert (case.factor(R1), case.factor(EntityId("R2"))) == (0.0, 2.0)
    assert found.load.value == 0
    assert found.breaches == ()


def test_air_counts_where_there_is_no_liquid() -> None:
    fleet = a_fleet_showing({a_point("Rack/RackPower"): 10.0})
    rack = fleet.rack(R1)
    assert rack is not None
    fallen = {each: frozenset[EntityId]() for each in FLOWS}

    hot = affected_of(Fork(fleet), Case(), rack, fallen | {Domain.AIR: frozenset({R1})})

    assert (hot.without_cooling, hot.loses) == (True, (Domain.AIR,))
    assert hot.ride_through.value is None
    assert hot.flow.freshness is Freshness.UNHEARD


def test_a_rack_that_is_not_known_to_be_fed_has_its_rating() -> None:
    site = Site(racks={R1: RackPlace(rated_kw=132.0)})

    alone = assume({a_point("Rack/RackPower"): 10.0}, Case(load_factor=2.0), site=site)
    dumb = {a_point("Rack/RackPower"): 10.0, a_point("PowerMeter/Voltage", "A", serves=("R1",)): 0}
    fed = assume(dumb, Case(load_factor=2.0), site=site)

    assert (alone.capacity.value, alone.headroom.value) == (132.0, 112.0)
    assert (fed.capacity.value, fed.headroom.value) == (132.0, 112.0)
    assert fed.redundancy is Redundancy.UNKNOWN


def test_capacity_of_feeds_that_say_nothing_is_unknown() -> None:
    dumb = {a_point("Rack/RackPower"): 10.0, a_point("PowerMeter/Voltage", "A", serves=("R1",)): 0}

    assert assume(dumb, Case()).capacity.value is None
