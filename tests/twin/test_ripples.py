import pytest

from build import a_fleet_showing, a_measured, a_meter, a_point
from twin.circuits import UNRATED
from twin.fleet import Fleet
from twin.measured import Measured
from twin.points import EntityId
from twin.ripples import Burdened, Shift, ripples, way_of
from twin.steps import run


def a_tree() -> Fleet:
    """``BUS`` feeds ``TAP`` and ``BOTH``; ``TAP`` feeds R1 alone, ``BOTH`` R2 and R3."""
    return a_fleet_showing(
        a_meter("TAP", "R1", kw=40)
        | a_meter("BOTH", "R2", "R3", kw=60)
        | a_meter("BUS", "TAP", "BOTH", kw=100)
        | {a_point("PowerMeter/Current", "MAIN", serves=("BUS",)): 10}
    )


def ripple(fleet: Fleet, *shifts: Shift, fallen: tuple[str, ...] = ()) -> dict[str, Burdened]:
    gone = set(map(EntityId, fallen))
    found = run(ripples(shifts, gone, fleet.topology, fleet.entity, lambda _: UNRATED))
    return {each.meter: each for each in found}


def a_shift(feed: str, before: Measured | float, after: float, rack: str = "R1") -> Shift:
    was = before if isinstance(before, Measured) else a_measured(before)
    return Shift(EntityId(rack), EntityId(feed), was, a_measured(after))


def test_a_meter_carries_as_much_more_as_what_hangs_on_it() -> None:
    (bus,) = ripple(a_tree(), a_shift("TAP", 40, 70)).values()

    assert bus.meter == "BUS"
    assert (bus.before.value, bus.then.load.value) == (100, 130)
    assert not bus.pushed_over


def test_the_feed_of_several_racks_is_told() -> None:
    found = ripple(a_tree(), a_shift("BOTH", 60, 50, "R2"), a_shift("TAP", 40, 45))

    assert {each: found[each].then.load.value for each in found} == {"BOTH": 50, "BUS": 95}


def test_one_that_is_beyond_its_limit_is_pushed_over_only_if_it_was_not() -> None:
    fleet = a_tree()
    able = (3**0.5) * 400 * 200 / 1000

    once = ripple(fleet, a_shift("TAP", 40, 90))["BUS"]
    again = Burdened(once.meter, a_measured(able + 1), once.able, once.then, once.breaches)

    assert once.excess_kw == pytest.approx(150 - able)
    assert once.pushed_over
    assert not again.pushed_over
    assert [each.limit for each in once.breaches] == [100]


def test_what_is_not_known_is_beyond_nothing() -> None:
    bus = ripple(a_tree(), a_shift("TAP", a_measured(None), 90))["BUS"]

    assert bus.then.load.value is None
    assert (bus.excess_kw, bus.breaches) == (0, ())


def test_nothing_is_told_of_what_stays_or_is_lost() -> None:
    assert ripple(a_tree(), a_shift("TAP", 40, 40)) == {}
    assert ripple(a_tree(), a_shift("TAP", 40, 0), fallen=("BUS",)) == {}


def test_a_way_ends_where_there_are_several_feeders_or_a_loop() -> None:
    fleet = a_fleet_showing(
        a_meter("TAP", "R1")
        | a_meter("BUS", "TAP")
        | a_meter("M1", "BUS")
        | a_meter("M2", "BUS")
        | a_meter("X", "Y")
        | a_meter("Y", "X")
    )

    assert way_of(EntityId("TAP"), fleet.topology) == ["TAP", "BUS"]
    assert way_of(EntityId("X"), fleet.topology) == ["X", "Y"]


def test_one_that_nobody_described_is_passed_over() -> None:
    fleet = a_tree()

    assert ripple(fleet, a_shift("nowhere", 1, 2)) == {}
