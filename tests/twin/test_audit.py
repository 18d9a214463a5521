"""The audit of a fleet that is told readings in time, as the intake tells it."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise
from math import exp

import pytest

from build import (
    START,
    Values,
    a_cooled_rack,
    a_fleet_showing,
    a_fleet_with,
    a_heartbeat,
    a_meter,
    a_point,
    a_reading,
    at,
    tell,
)
from twin.audit import STEPS
from twin.balance import FLOW, HEAT, POWER, Closure
from twin.changes import Change, Derived, FaultChanged, FindingChanged
from twin.faults.catalogue import CATALOGUE
from twin.faults.rule import Rules
from twin.faults.thresholds import SiteRules
from twin.fleet import Fleet
from twin.hearing import LOST_AFTER, STALE_AFTER
from twin.instants import Instant, after
from twin.points import EntityId, Point, Retraction
from twin.rota import BEAT, BEATS
from twin.site import RackPlace, Site
from twin.steps import run
from twin.suspects import LIQUID_SHARE
from twin.thermal import Coolant, heat_kw

R1 = EntityId("R1")
LPM, SUPPLY_C = 150.0, 32.0
KW_PER_K = heat_kw(1.0, SUPPLY_C + 4.5, SUPPLY_C + 5.5, Coolant.PG25) / LIQUID_SHARE
"""What a rack draws for each LPM and kelvin by which it warms it."""

Shown = Callable[[float], Values]
"""What all points show at a second."""


def a_closed_rack(
    rack: str = R1, *, lpm: float = LPM, rise: float = 10.0
) -> dict[Point, float | None]:
    """A rack whose heat is its power."""
    kw = heat_kw(lpm, SUPPLY_C, SUPPLY_C + rise, Coolant.PG25) / LIQUID_SHARE
    return a_cooled_rack(rack, kw=kw, lpm=lpm, supply=SUPPLY_C, rise=rise)


def bent(values: Values, point_type: str, by: float) -> dict[Point, float | None]:
    return {
        point: (value or 0.0) * by if point.point_type == point_type else value
        for point, value in values.items()
    }


def a_loop(*racks: str) -> Point:
    flow = a_point("CDU/LiquidFlow", "C1", unit="LPM", serves=racks)
    return replace(flow, process_area=("Secondary",))


def hear(fleet: Fleet, shown: Values | Shown, seconds: Iterable[float]) -> list[Change]:
    """Let the fleet hear all that is shown, each of these seconds."""
    changes: list[Change] = []
    for second in seconds:
        values = shown(second) if callable(shown) else shown
        messages = [a_reading(point, value, at(second)) for point, value in values.items()]
        changes += tell(fleet, at(second), *messages)
    return changes


def told(changes: Iterable[Change], *codes: str) -> list[FindingChanged]:
    """What came to count and what no longer does, of all codes or of these."""
    return [
        change
        for change in changes
        if isinstance(change, FindingChanged) and (not codes or change.finding.code in codes)
    ]


def standing(fleet: Fleet, code: str = HEAT) -> list[str]:
    """Who has a finding of a code."""
    return [each.finding.entity for each in fleet.audit.findings() if each.finding.code == code]


def closures(fleet: Fleet) -> dict[tuple[str, str], Closure]:
    return {(each.code, each.entity): each.closure for each in fleet.audit.balances()}


def a_fleet_that_lies() -> Fleet:
    """Of one rack whose heat is half of its power, for long."""
    lying = bent(a_closed_rack(), "RackLiquidFlow", 0.5)
    fleet = a_fleet_with(*lying)
    hear(fleet, lying, range(1, 152, 10))
    assert standing(fleet) == [R1]
    return fleet


# -- what lasts ----------------------------------------------------------------------------------


def test_readings_that_fit_find_nothing() -> None:
    shown = a_closed_rack()
    fleet = a_fleet_with(*shown)

    assert told(hear(fleet, shown, range(1, 600, 5))) == []
    assert closures(fleet) == {(HEAT, R1): Closure.CLOSED}


@pytest.mark.parametrize("by", [0.85, 1.15])
@pytest.mark.parametrize(
    "sensor",
    [
        "RackPower",
        "RackLiquidFlow",
        "RackLiquidSupplyTemperature",
        "RackLiquidReturnTemperature",
    ],
)
def test_bias_of_15_per_cent_is_found_in_2_minutes_and_gone_3_minutes_after_it_ends(
    sensor: str, by: float
) -> None:
    sound = a_closed_rack()
    lying = bent(sound, sensor, by)
    fleet = a_fleet_with(*sound)

    assert told(hear(fleet, sound, range(1, 100))) == []
    (found,) = told(hear(fleet, lying, range(100, 400)))
    (gone,) = told(hear(fleet, sound, range(400, 700)))

    assert (found.finding.code, found.finding.entity, found.standing) == (HEAT, R1, True)
    assert found.at <= at(100 + 120)
    assert (gone.finding.code, gone.standing) == (HEAT, False)
    assert gone.at <= at(400 + 180)
    assert fleet.audit.findings() == []


def test_among_its_peers_the_sensor_that_lies_is_named() -> None:
    racks = [f"R{number}" for number in range(1, 6)]
    loop = a_loop(*racks)
    sound = {p: v for rack in racks for p, v in a_closed_rack(rack).items()} | {loop: 5 * LPM}
    (flow,) = (p for p in sound if (p.entity, p.point_type) == ("R3", "RackLiquidFlow"))
    fleet = a_fleet_with(*sound)
    hear(fleet, sound | {flow: LPM * 0.264}, range(1, 200))

    (found,) = (each for each in fleet.audit.findings() if each.finding.code == HEAT)

    assert (found.finding.entity, found.finding.suspect) == ("R3", "RackLiquidFlow")
    assert found.finding.implied == pytest.approx(LPM, rel=0.01)
    assert found.since < at(60)


def test_findings_stand_in_order_of_code_and_entity() -> None:
    shown = bent(a_closed_rack("R2") | a_closed_rack("R1"), "RackLiquidFlow", 0.5)
    shown |= {a_loop("R1", "R2"): 0.0}
    fleet = a_fleet_with(*shown)
    hear(fleet, shown, range(1, 200, 5))

    found = [(each.finding.code, each.finding.entity) for each in fleet.audit.findings()]

    assert found == sorted(found)
    assert {(FLOW, "C1"), (HEAT, "R1"), (HEAT, "R2")} <= {*found}


# -- transients ----------------------------------------------------------------------------------


def a_rack_that_steps(before_kw: float, after_kw: float, lpm: float, tau_s: float = 30.0) -> Shown:
    """Power changes at 100 s; the return temperature follows as a body of first order does."""
    first, last = (kw / (KW_PER_K * lpm) for kw in (before_kw, after_kw))

    def shown(second: float) -> Values:
        gone = 1 - exp(-max(0.0, second - 100) / tau_s)
        kw = before_kw if second < 100 else after_kw
        return a_cooled_rack(
            kw=kw, lpm=lpm, supply=SUPPLY_C, rise=round(first + (last - first) * gone, 2)
        )

    return shown


@pytest.mark.parametrize("lpm", [60.0, 90.0, 120.0, 150.0, 200.0])
@pytest.mark.parametrize(
    ("before_kw", "after_kw"),
    [(40.0, 50.0), (40.0, 100.0), (40.0, 130.0), (100.0, 40.0), (130.0, 40.0), (100.0, 90.0)],
)
def test_no_step_between_idle_and_full_load_finds_anything(
    before_kw: float, after_kw: float, lpm: float
) -> None:
    """It holds for 30 s of lag: up to 40 to 130 kW and back, at 60 to 200 LPM.

    From 100 kW it holds down to 15 at 200 LPM, and down to 10 where less flows. With 45 s of lag it
    holds for all rises still, and for falls from 100 to 60 kW; with 60 s for falls to 90.
    """
    fleet = a_fleet_with(*a_cooled_rack())

    changes = hear(fleet, a_rack_that_steps(before_kw, after_kw, lpm), range(1, 400))

    assert told(changes) == []
    assert closures(fleet) == {(HEAT, R1): Closure.CLOSED}


@pytest.mark.parametrize("half_period", [10, 30, 60, 120])
def test_load_that_comes_and_goes_finds_nothing(half_period: int) -> None:
    kw, body = 40.0, [10.0]

    def shown(second: float) -> Values:
        load = kw if second < 100 or second // half_period % 2 else 100.0
        body.append(body[-1] + (load / (KW_PER_K * LPM) - body[-1]) / 31)
        return a_cooled_rack(kw=load, lpm=LPM, supply=SUPPLY_C, rise=round(body[-1], 2))

    fleet = a_fleet_with(*a_cooled_rack())

    assert told(hear(fleet, shown, range(1, 900))) == []


@pytest.mark.parametrize("slope", [-3.0, 3.0])
def test_supply_that_drifts_by_3_kelvin_a_minute_finds_nothing(slope: float) -> None:
    """The return comes 20 s later, as the coolant brings it."""
    sound = a_closed_rack()

    def shown(second: float) -> Values:
        now, then = (slope * min(240.0, max(0.0, s - 100)) / 60 for s in (second, second - 20))
        return {
            point: (value or 0.0) + {"Supply": now, "Return": then}.get(point.point_type[10:16], 0)
            for point, value in sound.items()
        }

    fleet = a_fleet_with(*sound)

    assert told(hear(fleet, shown, range(1, 600))) == []


def test_meters_that_lie_let_no_transient_be_found() -> None:
    step = a_rack_that_steps(100.0, 40.0, LPM)
    meter = a_point("PowerMeter/ActivePower", "M1", serves=("R1",))

    def shown(second: float) -> Values:
        return {**step(second), meter: (100.0 if second < 100 else 40.0) * 1.05}

    fleet = a_fleet_with(*shown(0))
    changes = hear(fleet, shown, range(1, 600))

    assert told(changes, HEAT) == []
    assert len(standing(fleet, POWER)) == 1


# -- what is silent ------------------------------------------------------------------------------


def test_silence_neither_raises_nor_clears() -> None:
    fleet = a_fleet_that_lies()
    before = fleet.audit.findings()

    assert told(fleet.advance(at(50_000))) == []
    assert fleet.audit.findings() == before


def test_silence_of_all_leaves_every_balance_unknown() -> None:
    shown = a_closed_rack()
    fleet = a_fleet_with(*shown)
    hear(fleet, shown, range(1, 100))
    assert closures(fleet) == {(HEAT, R1): Closure.CLOSED}

    fleet.advance(at(50_000))

    assert closures(fleet) == {(HEAT, R1): Closure.UNKNOWN}


def test_what_was_off_before_a_silence_has_to_last_anew() -> None:
    lying = bent(a_closed_rack(), "RackLiquidFlow", 0.5)
    heart = a_heartbeat()
    fleet = a_fleet_with(heart, *lying)
    hear(fleet, lying | {heart: 1.0}, range(1, 60, 5))

    assert told(fleet.advance(at(5_000))) == []

    (found,) = told(hear(fleet, lying, range(5_000, 5_200, 5)), HEAT)
    assert found.at >= at(5_000 + 45 + 60)


def test_finding_stays_while_a_sensor_of_its_balance_is_bad() -> None:
    fleet = a_fleet_that_lies()
    (flow,) = (s for s in fleet.points() if s.point.point_type == "RackLiquidFlow")
    sound = a_closed_rack()

    for second in range(160, 400, 5):
        readings = [
            a_reading(p, v, at(second), quality=int(p != flow.point)) for p, v in sound.items()
        ]
        assert told(tell(fleet, at(second), *readings)) == []
    assert standing(fleet) == [R1]
    assert [each.standing for each in told(hear(fleet, sound, range(400, 580, 5)))] == [False]


def test_voltage_stays_found_while_no_current_is_known() -> None:
    volts, amps = (a_point(f"PowerMeter/{kind}", "M1", serves=("R1",)) for kind in _ELECTRIC)
    fleet = a_fleet_with(volts, amps)
    hear(fleet, {volts: 0.0, amps: 50.0}, range(1, 100, 5))
    assert "M1" in standing(fleet, "sensor.implausible")

    for second in range(100, 300, 5):
        readings = (a_reading(volts, 0.0, at(second)), a_reading(amps, 9.0, at(second), quality=0))
        assert told(tell(fleet, at(second), *readings), "sensor.implausible") == []


_ELECTRIC = ("Voltage", "Current")


# -- what was so before it was heard -------------------------------------------------------------


def test_what_a_point_first_says_has_been_so_since_it_was_described() -> None:
    volts, amps = (a_point(f"PowerMeter/{kind}", "M1", serves=("R1",)) for kind in _ELECTRIC)
    fleet = a_fleet_with(volts, amps)
    tell(fleet, START, a_reading(amps, 50.0))
    tell(fleet, at(100), a_reading(volts, 0.0, at(100)))

    (found,) = told(fleet.advance(at(101)), "sensor.implausible")

    assert found.finding.suspect == "Voltage"
    (since,) = (e.since for e in fleet.audit.findings() if e.finding == found.finding)
    assert since == START


def test_reading_that_waited_for_its_metadata_does_not_turn_back_the_time() -> None:
    shown = a_closed_rack()
    late = a_point(entity="R2")
    fleet = a_fleet_with(*shown)
    tell(fleet, at(1), a_reading(late, 1.0, at(1)))
    hear(fleet, shown, range(1, 100))
    tell(fleet, at(100), late)

    derived = [each.at for each in fleet.advance(at(200)) if isinstance(each, Derived)]

    assert derived
    assert min(derived) >= at(100)


# -- what comes and goes -------------------------------------------------------------------------


@pytest.mark.parametrize("others", [True, False])
@pytest.mark.parametrize("lag_ms", [0, 50, 499, 950])
def test_rack_that_leaves_has_no_finding_any_more(lag_ms: int, *, others: bool) -> None:
    fleet = a_fleet_that_lies()
    if others:
        tell(fleet, at(152), a_point(entity="R2"), a_reading(a_point(entity="R2"), 1.0, at(152)))
    when = Instant(at(153) + lag_ms)
    points = [state.point.id for state in fleet.points() if state.point.entity == R1]

    changes = tell(fleet, when, *map(Retraction, points))
    changes += fleet.advance(at(170))

    (gone,) = told(changes, HEAT)
    assert (gone.finding.entity, gone.standing) == (R1, False)
    assert gone.at - when <= BEAT * BEATS + 1_000
    assert fleet.audit.findings() == []
    assert fleet.audit.steady(R1) is None


@pytest.mark.parametrize("number", range(40))
def test_rack_may_leave_just_before_it_is_judged(number: int) -> None:
    """Between two rewirings a part may still judge what is gone: each name has its own beat."""
    rack = f"R{number}"
    lying = bent(a_closed_rack(rack), "RackLiquidFlow", 0.5)
    fleet = a_fleet_with(*lying)
    hear(fleet, lying, range(1, 160, 50))
    tell(fleet, at(161.05), *(Retraction(point.id) for point in lying))

    fleet.advance(at(180))

    assert fleet.audit.findings() == []


def test_rack_of_which_only_the_word_of_others_is_left_has_no_balance() -> None:
    rack = a_closed_rack()
    other = replace(a_point("Sensor/AirTemperature", R1, unit="C"), associated=True)
    fleet = a_fleet_with(*rack, other)
    hear(fleet, rack | {other: 20.0}, range(1, 60))
    tell(fleet, at(61), *(Retraction(point.id) for point in rack))
    fleet.advance(at(80))

    assert closures(fleet) == {}


def test_finding_lasts_through_new_metadata_of_its_rack() -> None:
    fleet = a_fleet_that_lies()
    lying = bent(a_closed_rack(), "RackLiquidFlow", 0.5)
    before = [each for each in fleet.audit.findings() if each.finding.code == HEAT]

    renamed = {replace(point, name="another"): value for point, value in lying.items()}
    changes = tell(fleet, at(152), *renamed)
    changes += hear(fleet, renamed, range(153, 400, 5))

    assert told(changes, HEAT) == []
    assert [e.since for e in fleet.audit.findings() if e.finding.code == HEAT] == [before[0].since]


def test_what_is_written_down_of_a_site_clears_no_finding() -> None:
    fleet = a_fleet_that_lies()
    fleet.configure(Site(racks={R1: RackPlace("H", "A")}))

    assert told(hear(fleet, bent(a_closed_rack(), "RackLiquidFlow", 0.5), range(152, 300))) == []
    assert standing(fleet) == [R1]


def test_another_coolant_is_another_heat() -> None:
    shown = a_closed_rack(rise=10.0)
    fleet = a_fleet_with(*shown)
    hear(fleet, shown, range(1, 60))
    before = {each.code: each.shown for each in fleet.audit.balances()}
    fleet.configure(Site(coolant=Coolant.WATER))
    hear(fleet, shown, range(60, 120))
    after_all = {each.code: each.shown for each in fleet.audit.balances()}

    assert before[HEAT] is not None
    assert after_all[HEAT] is not None
    assert after_all[HEAT] > before[HEAT] * 1.02


# -- when it is judged ---------------------------------------------------------------------------


def test_nothing_is_judged_before_anything_is_live() -> None:
    fleet = a_fleet_with(*a_closed_rack())

    assert fleet.advance(at(100)) == ()
    assert fleet.audit.next_at > at(100)
    assert [*closures(fleet).values()] in ([], [Closure.UNKNOWN])


def test_each_balance_is_drawn_up_once_a_round() -> None:
    shown = a_closed_rack()
    fleet = a_fleet_with(*shown)
    changes = hear(fleet, shown, range(1, 122))
    derived = [each for each in changes if isinstance(each, Derived)]

    heat = [each for each in derived if each.metric == "heat_kw"]
    residual = [each for each in derived if each.metric == "heat_residual_pct"]

    assert len(heat) == len(residual) == 120_000 // (BEATS * BEAT)
    gaps = {later.at - former.at for former, later in pairwise(heat)}
    assert gaps == {BEATS * BEAT}
    assert all(each.at % BEAT == 0 for each in heat)
    assert heat[-1].value == pytest.approx(heat_kw(LPM, 32.0, 42.0, Coolant.PG25))
    assert residual[-1].value == pytest.approx(0.0, abs=1e-6)


def a_large_site() -> tuple[Fleet, Values]:
    """More racks than are drawn up in one beat, one of which lies."""
    lying = bent(a_closed_rack(), "RackLiquidFlow", 0.5)
    shown: dict[Point, float | None] = {**lying}
    for number in range(STEPS // 5):
        shown |= a_closed_rack(f"L{number}")
    return a_fleet_with(*shown), shown


def test_large_site_is_drawn_up_over_several_beats_and_the_same_however_time_is_cut() -> None:
    fleet, shown = a_large_site()
    hear(fleet, shown, [1])
    assert fleet.audit.steady(R1) is None
    assert fleet.audit.next_at == after(at(1), BEAT)
    fleet.advance(at(4))
    whole = fleet.audit.steady(R1)

    other, shown = a_large_site()
    hear(other, shown, [1])
    for tenth in range(10, 41):
        other.advance(at(tenth / 10))
    parts = other.audit.steady(R1)

    assert whole is not None
    assert parts is not None
    assert (whole.since, whole.at, whole.flow) == (parts.since, parts.at, parts.flow)
    assert whole.since > at(1)


def test_other_rules_are_judged_by_though_all_was_being_drawn_up_by_the_old_ones() -> None:
    fleet, shown = a_large_site()
    hear(fleet, shown, [1])
    fleet.govern(SiteRules(Rules({}, off=CATALOGUE.by_code)), at(1))
    changes = hear(fleet, shown, range(2, 152, 10))

    assert not [each for each in changes if isinstance(each, FaultChanged)]
    assert standing(fleet) == [R1]


def test_fleet_in_which_nothing_is_live_is_drawn_up_to_the_end() -> None:
    fleet, shown = a_large_site()
    hear(fleet, shown, [1])
    for point in shown:
        tell(fleet, at(1), Retraction(point.id))
    fleet.advance(at(200))

    assert fleet.audit.idle
    assert [*fleet.audit.balances()] == []


def test_what_is_known_of_a_rack_of_late_can_be_asked_for() -> None:
    shown = a_closed_rack()
    fleet = a_fleet_with(*shown)
    assert fleet.audit.steady(R1) is None
    hear(fleet, shown, range(1, 60))
    steady = fleet.audit.steady(R1)

    assert steady is not None
    assert steady.settled
    assert steady.flow == pytest.approx(LPM)


def test_publisher_that_is_lost_silences_before_the_balances_of_that_instant_are_drawn_up() -> None:
    heart = a_heartbeat()
    shown = a_closed_rack()
    fleet = a_fleet_with(heart, *shown)
    hear(fleet, shown, range(1, 60))
    tell(fleet, at(60), a_reading(heart, 1.0, at(60)))
    lost = after(at(60), LOST_AFTER)

    derived = [each for each in fleet.advance(at(400)) if isinstance(each, Derived)]

    assert all(each.at < lost for each in derived)
    assert STALE_AFTER > LOST_AFTER


def test_meters_and_their_rack_are_one_balance() -> None:
    rack = a_closed_rack()
    kw = rack[a_point()] or 0.0
    shown = rack | a_meter("M1", R1, kw=kw / 2) | a_meter("M2", R1, kw=kw / 2)
    fleet = a_fleet_with(*shown)
    hear(fleet, shown, range(1, 60))

    power = [each for each in fleet.audit.balances() if each.code == POWER]

    assert [each.closure for each in power] == [Closure.CLOSED]
    assert power[0].shown == pytest.approx(kw)


def test_balances_of_an_instant_are_of_its_readings_alone() -> None:
    shown = a_closed_rack("R1") | {a_loop("R1"): 150.0}
    fleet = a_fleet_showing(shown)
    feed = a_point("PowerMeter/ActivePower", "M1", serves=("R1",))
    fleet.apply(feed, START)
    fleet.apply(a_reading(feed, 100.0, START), START)

    run(fleet.audit.recall(fleet.faults, [], at(5)))

    found = {each.code: (each.entity, each.at) for each in fleet.audit.balances()}
    assert {code: entity for code, (entity, _) in found.items()} == {
        HEAT: "R1",
        FLOW: "C1",
        POWER: "M1",
    }
    assert {when for _, when in found.values()} == {at(5)}
    assert fleet.audit.findings() == []
