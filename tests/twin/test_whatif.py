from collections.abc import Callable
from itertools import count

import pytest

from build import a_cooled_rack, a_fleet_showing, a_meter, a_point, a_reading
from schemas.digest import digest
from twin.affected import Case
from twin.fleet import Fleet
from twin.fork import Fork
from twin.points import EntityId, Point
from twin.site import RackPlace, Site
from twin.steps import Steps, run
from twin.topology import Domain
from twin.whatif import Outcome, UnknownIdsError, consequences, stepwise


def a_pod(limit: float = 200.0) -> Fleet:
    """Three racks of 100 kW, each on its tap; ``BUS`` feeds two of them, ``CDU`` cools all."""
    values: dict[Point, float | None] = {}
    for rack in ("R1", "R2", "R3"):
        values |= a_cooled_rack(rack) | a_meter(f"T-{rack}", rack, kw=100)
    values |= a_meter("BUS", "T-R1", "T-R2", kw=200, limit=limit)
    cdu = a_point("CDU/LiquidTemperature", "CDU", unit="C", serves=("R1", "R2", "R3", "R9"))
    return a_fleet_showing(values | {cdu: 32.0})


def lose(fleet: Fleet, *ids: str) -> Outcome:
    return consequences(fleet, Case(lose=frozenset(map(EntityId, ids))))


def test_nothing_assumed_alters_nothing() -> None:
    found = consequences(a_pod(), Case())

    assert (found.racks, found.meters, found.unknown, found.shed.racks) == ((), (), (), ())
    assert found.load.value == found.load_before.value == found.shed.remaining.value == 300
    assert (found.load_lost.value, found.shed.load.value) == (0, 0)
    assert found.over_budget.value is None
    assert found.shed.suffices


def test_the_fleet_stays_as_it_is() -> None:
    fleet = a_pod()
    before = digest(fleet)

    lose(fleet, "BUS", "CDU", "R3")
    consequences(fleet, Case(load_factor=2.0, supply_c=45.0, flow_factor=0.5, budget_kw=1.0))

    assert digest(fleet) == before


def test_a_lost_bus_takes_what_hangs_on_it_alone() -> None:
    found = lose(a_pod(), "BUS")

    assert found.fallen == {
        Domain.POWER: ("BUS", "R1", "R2", "T-R1", "T-R2"),
        Domain.LIQUID: (),
        Domain.AIR: (),
    }
    assert found.without_power == ("R1", "R2")
    assert (found.load_lost.value, found.load.value) == (200, 100)
    assert found.shed.racks == ()


def test_a_lost_unit_leaves_its_racks_without_cooling_and_to_be_shed() -> None:
    found = lose(a_pod(), "CDU")

    assert found.without_cooling == ("R1", "R2", "R3")
    assert found.unknown == ("R9",)
    assert found.shed.racks == ("R1", "R2", "R3")
    assert (found.shed.load.value, found.shed.remaining.value) == (300, None)


def test_a_unit_without_power_cools_nothing() -> None:
    fleet = a_pod()
    for point in a_meter("CDU-FEED", "CDU"):
        fleet.apply(point, fleet.now)

    assert lose(fleet, "CDU-FEED").without_cooling == ("R1", "R2", "R3")
    assert lose(fleet, "CDU-FEED").without_power == ()


def test_a_lost_rack_or_hall_is_without_power() -> None:
    fleet = a_pod()
    fleet.configure(Site(racks={EntityId("R1"): RackPlace(hall="North", row="1")}))

    assert lose(fleet, "R1").without_power == ("R1",)
    assert lose(fleet, "R1").without_cooling == ()
    assert lose(fleet, "North").without_power == ("R1",)


def test_a_meter_further_up_is_relieved_by_what_is_lost() -> None:
    (bus,) = lose(a_pod(), "T-R1").meters

    assert (bus.meter, bus.before.value, bus.then.load.value) == ("BUS", 200, 100)


def test_racks_are_shed_until_the_budget_holds() -> None:
    found = consequences(a_pod(), Case(budget_kw=150.0))

    assert found.over_budget.value == 150
    assert found.shed.racks == ("R1", "R2")
    assert found.shed.remaining.value == 100
    assert found.shed.suffices


def test_a_meter_that_is_pushed_over_its_limit_sheds_whom_it_feeds() -> None:
    fleet = a_pod(limit=300.0)  # 207.8 kW
    case = Case(load_factors={EntityId("R1"): 1.15})

    found = consequences(fleet, case)

    (bus,) = found.meters
    assert bus.pushed_over
    assert bus.then.load.value == pytest.approx(215)
    assert found.shed.racks == ("R1",)
    assert found.over_limits == found.redundancy_lost == ()


def test_a_meter_that_is_over_its_limit_already_sheds_nobody() -> None:
    found = consequences(a_pod(limit=100.0), Case(load_factors={EntityId("R1"): 1.1}))

    assert [each.pushed_over for each in found.meters] == [False]
    assert found.shed.racks == ()


def test_a_budget_cannot_be_vouched_for_while_a_load_is_unknown() -> None:
    fleet = a_pod()
    fleet.apply(a_point("Rack/RackPower", "R4"), fleet.now)

    assert consequences(fleet, Case(budget_kw=1000.0)).shed.suffices is None
    assert consequences(fleet, Case()).shed.suffices is True


def test_names_that_nobody_told_of_are_named() -> None:
    with pytest.raises(UnknownIdsError, match=r"'X', 'Y'") as raised:
        consequences(
            a_pod(),
            Case(lose=frozenset({EntityId("Y"), EntityId("R9")}), load_factors={EntityId("X"): 1}),
        )

    assert raised.value.ids == ("X", "Y")


def test_ids_that_are_no_racks_do_no_harm() -> None:
    fleet, case = a_pod(), Case(load_factor=1.2)
    ids = [each.id for each in (*fleet.racks(), *fleet.equipment())]

    assert run(stepwise(Fork(fleet, ids), case)) == consequences(fleet, case)


def test_what_comes_between_two_steps_alters_nothing() -> None:
    fleet = a_pod(limit=300.0)
    case = Case(lose=frozenset({EntityId("T-R3")}), load_factor=1.2, budget_kw=150.0)
    expected, kw = consequences(fleet, case), count(1)
    fork = Fork(fleet)
    steps = stepwise(fork, case)

    def go_on() -> None:
        for point in list(fleet.points()):
            reading = a_reading(point.point, next(kw), fleet.now)
            fork.keep(reading)
            fleet.apply(reading, fleet.now)

    assert run(paused(steps, go_on)) == expected
    assert consequences(fleet, case) != expected


def test_no_step_is_more_than_one_rack_or_meter() -> None:
    fleet, taken = a_pod(), count()

    run(paused(stepwise(Fork(fleet), Case(load_factor=1.2)), lambda: next(taken)))

    assert next(taken) >= 3 + 3 + 1  # racks, shifts of their feeds, and the bus


def paused(steps: Steps[Outcome], between: Callable[[], object]) -> Steps[Outcome]:
    """The same steps, with something done after each."""
    try:
        while True:
            next(steps)
            between()
            yield
    except StopIteration as end:
        found: Outcome = end.value
        return found
