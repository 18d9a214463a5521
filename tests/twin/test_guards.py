"""Guards ask whoever watches an entity, with its faults and its suspects."""

from dataclasses import replace

from build import a_fleet_with, a_point, a_reading, a_state, an_entity, at, tell
from twin.circuits import UNRATED
from twin.fault import FINE, Fault, Judged, Key
from twin.faults.catalogue import CATALOGUE
from twin.guards import Guard, Loops, Meters, Tripped
from twin.points import EntityId
from twin.severity import Severity
from twin.steady import Steady, gather
from twin.thermal import Coolant
from twin.watch.meter_screen import MeterScreen
from twin.watch.meters import MeterWatch
from twin.watch.rack_screen import RackScreen
from twin.watch.racks import RackWatch

R1 = EntityId("R1")
KEY = Key("liquid.flow_low", R1)
LEAK = replace(
    a_point("CDU/LeakDetect", "C1"), states=((0, "NoLeak"), (1, "LeakDetected")), unit=None
)


class Echo:
    """A watch that says what it was asked with."""

    def __init__(self, *, well: bool = False) -> None:
        self._well = well

    def well(self) -> bool:
        return self._well

    def look(self, at, live, suspects):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        yield KEY, Judged(Severity.OK, at, message=f"{sorted(live)} {sorted(suspects)}")


def test_each_watch_is_asked_with_the_faults_and_suspects_of_its_entity() -> None:
    guard = Guard(R1, [Echo(), Echo()])

    found = list(guard.look(at(1), lambda _: {KEY: Fault(KEY)}, lambda _: {"RackPower"}))

    assert [judged.message for _, judged in found] == [f"{[KEY]} ['RackPower']"] * 2


def test_nobody_looks_where_all_is_well_and_there_is_no_fault() -> None:
    well = Echo(well=True)

    assert list(Guard(R1, [well, well]).look(at(1), lambda _: {}, lambda _: ())) == []
    for guard, live in (
        (Guard(R1, [well, Echo()]), {}),
        (Guard(R1, [well] * 2), {KEY: Fault(KEY)}),
    ):
        assert len(list(guard.look(at(1), lambda _, live=live: live, lambda _: ()))) == 2  # type: ignore[misc]


def a_meter_of(meter: str, amps: float) -> MeterWatch:
    current = a_state(a_point("PowerMeter/Current", meter), amps)
    limit = a_state(a_point("PowerMeter/CurrentLimit", meter), 200.0)
    return MeterWatch(an_entity(meter, current, limit), UNRATED, CATALOGUE)


def test_meters_that_are_not_well_or_have_a_fault_are_looked_at() -> None:
    watches = [a_meter_of(each, amps) for each, amps in (("M1", 80), ("M2", 190), ("M3", 80))]
    meters = Meters(MeterScreen(watches))
    over = {each: Key("power.over_current", EntityId(each)) for each in ("M2", "M3")}
    live = {over["M3"]: Fault(over["M3"])}

    found = meters.look(at(1), lambda each: live if each == "M3" else {}, lambda _: ())
    assert [(key, judged.severity) for key, judged in found] == [
        (over["M2"], Severity.WARNING),
        (over["M3"], Severity.OK),
    ]


def test_a_suspect_of_a_meter_is_not_believed() -> None:
    meters = Meters(MeterScreen([a_meter_of("M1", 190)]))

    assert list(meters.look(at(1), lambda _: {}, lambda _: {"Current"})) == []


def test_racks_of_a_ring_are_seen_beside_one_another() -> None:
    watches = []
    for number, kpa in enumerate((80.0, 79.0, 81.0, 80.0, 190.0)):
        dp = a_state(a_point("Rack/RackLiquidDifferentialPressure", f"R{number}", unit="kPa"), kpa)
        load = a_state(a_point("Rack/RackPower", f"R{number}"), 50.0)
        rack = an_entity(f"R{number}", dp, load)
        watches.append(RackWatch(rack, Steady(rack, (), Coolant.PG25), CATALOGUE))

    racks = [each.steady for each in watches]
    smoothing = gather(racks)
    smoothing.sample(at(1))
    columns = {rack.rack: column for column, rack in enumerate(racks)}
    loops = Loops(RackScreen([watches], smoothing, columns))
    found = list(loops.look(at(1), lambda _: {}, lambda _: ()))

    assert [(key.code, key.entity) for key, _ in found] == [("liquid.dp_deviation", "R4")]


def test_a_leak_detector_of_what_is_no_rack_is_judged_while_it_has_a_fault() -> None:
    unit = an_entity("C1", a_state(LEAK, 0.0))
    key = Key("leak.detected", EntityId("C1"), LEAK.id)
    watch = Tripped(unit, CATALOGUE)

    assert watch.well()
    assert list(watch.look(at(1), {}, ())) == []
    ((told, judged),) = watch.look(at(1), {key: Fault(key)}, ())
    assert told == key
    assert judged.severity is FINE.severity


def test_a_leak_at_a_unit_clears_when_its_detector_says_so() -> None:
    fleet = a_fleet_with(LEAK)
    for second in range(1, 100):
        wet = 2 <= second < 5
        tell(fleet, at(second), a_reading(LEAK, float(wet), at(second)))

    (fault,) = fleet.faults.standing()
    assert fault.key.entity == "C1"
    assert fault.cleared_at is not None
    assert fault.latched
