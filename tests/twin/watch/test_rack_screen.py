"""Which racks are plainly well, told in one go: nobody is passed who has something to tell."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import a_cooled_rack, a_meter, a_point, a_state, an_entity, at
from faulty import a_rule
from twin.faults.rule import Rules
from twin.points import EntityId, Freshness
from twin.site import RackPlace, Site
from twin.steady import Steady, gather
from twin.thermal import Coolant
from twin.watch.rack_screen import RackScreen
from twin.watch.racks import RackWatch, crowd_of
from watched import (
    DP,
    DP_SETPOINT,
    FLOW,
    KW,
    LIQUID_REQUEST,
    LIQUID_STATUS,
    POWER,
    RETURN,
    RISE_K,
    SUPPLY,
    SUPPLY_C,
    TAPS,
    Watched,
    a_settled_loop,
)

Shows = Mapping[str, float | None]


class Screened:
    """A loop of racks before a screen; R1 was looked at once, so what it may draw is known."""

    def __init__(self, watched: Watched) -> None:
        self.loop = watched
        columns = {each.rack: column for column, each in enumerate(watched.watches)}
        self.screen = RackScreen([watched.watches], watched.smoothing, columns)
        self.look()

    def look(self) -> None:
        """Look at all of them, and take note of it."""
        crowd = crowd_of(self.loop.watches)
        for each in self.loop.watches:
            list(each.look(at(self.loop.second), {}, (), crowd))
            self.screen.note(each)

    def wells(self) -> list[bool]:
        """Who is plainly well a second later."""
        self.loop.run(1)
        return self.screen.well(at(self.loop.second))

    def well(self) -> bool:
        """Whether R1 is."""
        return self.wells()[0]

    def show(self, shows: Shows) -> None:
        for kind, value in shows.items():
            self.loop.show(kind, value)


def a_screened_loop(racks: int = 4, **more: object) -> Screened:
    return Screened(a_settled_loop(racks, **more))


def shown(shows: Shows, racks: int = 4, **more: object) -> bool:
    """Whether R1 is plainly well once it shows this."""
    screened = a_screened_loop(racks, **more)
    screened.show(shows)
    return screened.well()


def test_racks_that_are_well_are_passed() -> None:
    assert a_screened_loop().wells() == [True] * 4


# -- the coolant -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "first"),
    [
        pytest.param({FLOW: 0.951 * KW}, {FLOW: 0.949 * KW}, id="flow"),
        pytest.param({SUPPLY: 21.0, RETURN: 31.0}, {SUPPLY: 20.9, RETURN: 31.0}, id="cold"),
        pytest.param({SUPPLY: 41.0, RETURN: 46.0}, {SUPPLY: 41.1, RETURN: 46.0}, id="hot"),
        pytest.param({SUPPLY: None, RETURN: 60.0}, {SUPPLY: None, RETURN: 60.1}, id="warm"),
        pytest.param({RETURN: SUPPLY_C + 15.0}, {RETURN: SUPPLY_C + 15.1}, id="rise"),
        pytest.param({DP: 60.0}, {DP: 59.9}, id="dp under its set-point"),
        pytest.param({DP: 100.0}, {DP: 100.1}, id="dp over its set-point"),
        pytest.param({DP: 160.0, DP_SETPOINT: 0.0}, {DP: 160.1, DP_SETPOINT: 0.0}, id="dp"),
        pytest.param({DP: 160.0, DP_SETPOINT: None}, {DP: 160.1, DP_SETPOINT: None}, id="dp alone"),
    ],
)
def test_whoever_is_beyond_a_limit_is_looked_at(last: Shows, first: Shows) -> None:
    assert shown(last)
    assert not shown(first)


@pytest.mark.parametrize("kind", [FLOW, SUPPLY, RETURN, DP, DP_SETPOINT, POWER])
def test_what_nobody_knows_is_beyond_nothing(kind: str) -> None:
    assert shown({kind: None})
    assert shown({}, without=[kind])


def test_flow_has_to_serve_the_less_of_the_load_of_now_and_of_late() -> None:
    assert shown({FLOW: 0.97 * KW, POWER: 1.2 * KW})
    assert not shown({FLOW: 0.95 * KW, POWER: 1.2 * KW})
    assert shown({FLOW: 0.5 * KW, POWER: 0.5 * KW})


def test_meters_stand_in_for_the_load() -> None:
    assert shown({FLOW: 0.951 * KW}, without=[POWER])
    assert not shown({FLOW: 0.949 * KW}, without=[POWER])


def test_few_peers_are_no_measure() -> None:
    assert shown({DP: 400.0, DP_SETPOINT: 0.0}, 3)
    assert not shown({DP: 400.0, DP_SETPOINT: 0.0}, 4)


def test_the_lowest_of_the_peers_stands_for_their_median_and_no_pump_that_rests_does() -> None:
    screened = a_screened_loop(5)
    screened.loop.show(DP, 20.0, "R5")
    screened.loop.show(DP_SETPOINT, 20.0, "R5")
    assert screened.wells() == [False, False, False, False, True]  # in vain

    screened.loop.show(DP, 0.0, "R5")
    screened.loop.show(DP_SETPOINT, 0.0, "R5")
    for rack in ("R1", "R2", "R3", "R4"):
        screened.loop.show(DP, 10.0, rack)
        screened.loop.show(DP_SETPOINT, 10.0, rack)
    assert screened.wells() == [True] * 5


def test_loops_are_seen_apart() -> None:
    low, high = (a_settled_loop(5, taps=()) for _ in range(2))
    for number in range(1, 6):
        for kind in (DP, DP_SETPOINT):
            low.show(kind, 30.0, f"R{number}")
    low.show(DP, 61.0)
    low.show(DP_SETPOINT, 61.0)
    steadies = [*low.steadies, *high.steadies]
    smoothing = gather(steadies)
    columns = {EntityId(f"{number}"): number for number in range(10)}
    for watch, name in zip([*low.watches, *high.watches], columns, strict=True):
        watch.rack = name
    screen = RackScreen([low.watches, high.watches], smoothing, columns)
    for each in (low, high):
        crowd = crowd_of(each.watches)
        for watch in each.watches:
            list(watch.look(at(60), {}, (), crowd))
            screen.note(watch)
    smoothing.sample(at(61))

    assert screen.well(at(61)) == [False, *[True] * 9]


@pytest.mark.parametrize(
    ("supply", "return_", "well"),
    [
        pytest.param(0.05, 0.05, True, id="warmer"),
        pytest.param(0.1, 0.1, False, id="soon hot"),
        pytest.param(-0.05, -0.05, True, id="colder"),
        pytest.param(-0.1, -0.1, False, id="soon cold"),
        pytest.param(0.0, 0.05, True, id="wider"),
        pytest.param(0.0, 0.07, False, id="soon steep"),
        pytest.param(None, 0.25, True, id="one alone nears nothing"),
    ],
)
def test_whoever_nears_a_critical_limit_is_looked_at(
    supply: float | None, return_: float, *, well: bool
) -> None:
    screened = a_screened_loop()
    for second in range(1, 61):
        told = None if supply is None else SUPPLY_C + supply * second
        screened.show({SUPPLY: told, RETURN: SUPPLY_C + RISE_K + return_ * second})
        screened.loop.run(1)

    assert screened.well() is well


# -- power -----------------------------------------------------------------------------------------


def rated(kw: float) -> Site:
    return Site(racks={EntityId("R1"): RackPlace(rated_kw=kw)})


def test_load_over_its_budget_is_looked_at() -> None:
    assert a_screened_loop(site=rated(KW + 0.1)).well()
    assert not a_screened_loop(site=rated(KW - 0.1)).well()


def test_load_beyond_what_is_left_without_one_feed_is_looked_at() -> None:
    for limit_a, well in ((150.0, True), (149.0, False)):  # 103.9 and 103.2 kW
        loop = a_settled_loop()
        for tap in TAPS:
            loop.show("CurrentLimit", limit_a, tap)
        assert Screened(loop).well() is well


def test_a_feed_that_carries_nothing_is_looked_at() -> None:
    screened = a_screened_loop()
    screened.loop.take_tap(0.021 * KW)
    assert screened.well()
    screened.loop.take_tap(0.019 * KW)
    assert not screened.well()


def test_a_sum_of_feeds_is_beyond_what_it_may_be_however_it_is_rounded() -> None:
    taps = ("TAP-A", "TAP-B", "TAP-C")
    screened = a_screened_loop(site=rated(60.0), taps=taps, without=[POWER])
    for tap in taps:
        screened.loop.take_tap(20.0 - 1e-9, tap)
    assert not screened.well()  # in vain
    for tap in taps:
        screened.loop.take_tap(20.0 - 1e-6, tap)
    assert screened.well()


def test_one_feed_alone_may_carry_nothing() -> None:
    screened = a_screened_loop(taps=["TAP-A"])
    screened.loop.take_tap(0.0)
    assert screened.well()


def test_a_rack_at_rest_has_no_load_to_be_looked_at() -> None:
    screened = a_screened_loop(site=rated(0.5))
    for kw, well in ((2.0, False), (1.9, True)):
        screened.show({POWER: kw})
        screened.loop.take_tap(0.0)
        assert screened.well() is well


def test_what_it_may_draw_is_asked_for_first_and_again_after_a_while() -> None:
    screened = a_screened_loop()
    loop = screened.loop
    columns = {each.rack: column for column, each in enumerate(loop.watches)}
    screen = RackScreen([loop.watches], loop.smoothing, columns)
    assert screen.well(at(loop.second)) == [False] * 4
    for each in loop.watches:
        screen.note(each)
    assert screen.well(at(loop.second)) == [True] * 4

    loop.run(120)
    assert screened.wells() == [False] * 4
    screened.look()
    assert screened.wells() == [True] * 4


def test_whoever_has_a_meter_without_a_power_is_looked_at() -> None:
    rack = an_entity("R1", *(a_state(point, value) for point, value in a_cooled_rack().items()))
    meter = an_entity("M1", *(a_state(point, value) for point, value in a_meter("M1").items()))
    for meters, well in (([meter], True), ([meter, an_entity("M2")], False)):
        steady = Steady(rack, meters, Coolant.PG25)
        watched = Watched(1, rules=Rules.of([a_rule()]))
        watched.watches = [RackWatch(rack, steady, watched.rules, meters)]
        watched.smoothing = gather([steady])
        watched.run(1)
        assert Screened(watched).well() is well


# -- isolation -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [LIQUID_STATUS, LIQUID_REQUEST])
def test_whoever_is_cut_off_or_asked_to_be_is_looked_at_each_other_second(kind: str) -> None:
    screened = a_screened_loop()
    screened.show({kind: 1.0})

    assert [screened.well() for _ in range(4)] == [True, False, True, False]


def test_a_state_that_is_not_of_now_says_nothing() -> None:
    screened = a_screened_loop()
    screened.show({LIQUID_STATUS: None})
    assert [screened.well() for _ in range(2)] == [True, True]

    screened.show({LIQUID_STATUS: 1.0})
    screened.loop.states["R1", LIQUID_STATUS].freshness = Freshness.STALE
    assert [screened.well() for _ in range(2)] == [True, True]


def test_two_values_that_say_that_nothing_is_cut_off_are_known() -> None:
    loop = a_settled_loop(1, taps=())
    texts = ((0, "Normal"), (1, "NotIsolated"), (2, "Isolated"), (3, "None"))
    point = replace(a_point(f"Rack/{LIQUID_STATUS}"), states=texts)
    states = [
        a_state(point, 0.0) if kind == LIQUID_STATUS else state
        for (_, kind), state in loop.states.items()
    ]
    steady = Steady(rack := an_entity("R1", *states), (), Coolant.PG25)
    loop.watches, loop.smoothing = [RackWatch(rack, steady, loop.rules)], gather([steady])
    loop.run(1)
    screened = Screened(loop)
    said = []
    for value in (0.0, 1.0, 2.0, 3.0):
        rack.of_type(LIQUID_STATUS)[0].value = value
        said.append(all(screened.well() for _ in range(2)))

    assert said == [True, True, False, False]  # the last in vain


# -- whatever is asked for -------------------------------------------------------------------------


def test_nobody_is_looked_at_for_what_no_rule_asks_for() -> None:
    screened = a_screened_loop(rules=Rules.of([a_rule()]))
    screened.show({FLOW: 0.0, SUPPLY: 70.0, RETURN: 99.0, DP: 900.0, LIQUID_STATUS: 1.0})

    assert [screened.well() for _ in range(2)] == [True, True]


_FREELY: Final[Mapping[str, st.SearchStrategy[float]]] = {
    POWER: st.floats(-1.0, 200.0),
    FLOW: st.floats(-1.0, 200.0),
    SUPPLY: st.floats(10.0, 60.0),
    RETURN: st.floats(20.0, 80.0),
    DP: st.floats(-1.0, 200.0),
    DP_SETPOINT: st.floats(0.0, 100.0),
    LIQUID_STATUS: st.sampled_from([0.0, 1.0, 2.0]),
    LIQUID_REQUEST: st.sampled_from([0.0, 1.0, 2.0]),
    "ActivePower": st.floats(-1.0, 200.0),
    "CurrentLimit": st.floats(0.0, 300.0),
    "Voltage": st.sampled_from([0.0, 230.0, 400.0]),
    "PowerFactor": st.floats(0.0, 1.0),
}
_NEAR: Final = (None, 0.0, 2.0, 21.0, 41.0, 60.0, 80.0, 98.0, 100.0, 104.0, 150.0, 65535.0)


class Move(NamedTuple):
    """What happens to one of the points of a kind."""

    kind: str
    which: int
    value: float | None
    freshness: Freshness
    bad: bool

    def happen(self, watched: Watched) -> None:
        states = [state for (_, kind), state in watched.states.items() if kind == self.kind]
        if states:
            state = states[self.which % len(states)]
            state.value, state.freshness = self.value, self.freshness
            state.bad = self.bad or self.value is None


@st.composite
def moves(draw: st.DrawFn) -> Move:
    kind = draw(st.sampled_from(sorted(_FREELY)))
    return Move(
        kind,
        draw(st.integers(0, 5)),
        draw(st.one_of(_FREELY[kind], st.sampled_from(_NEAR))),
        draw(st.sampled_from([Freshness.LIVE, Freshness.LIVE, *Freshness])),
        draw(st.sampled_from([False, False, False, True])),
    )


@given(
    st.integers(1, 6),
    st.sets(st.sampled_from(sorted(_FREELY)), max_size=2),
    st.lists(st.sampled_from(["TAP-A", "TAP-B", "TAP-C"]), unique=True),
    st.sampled_from([Site(), rated(60.0), rated(105.0)]),
    st.lists(st.lists(moves(), max_size=4), min_size=1, max_size=12),
)
def test_whoever_is_passed_has_nothing_to_tell(
    racks: int,
    without: set[str],
    taps: list[str],
    site: Site,
    seconds: Sequence[Sequence[Move]],
) -> None:
    screened = Screened(Watched(racks, without=without, taps=taps, site=site))
    loop = screened.loop
    for each in ([], *seconds):
        for move in each:
            move.happen(loop)
        wells = screened.wells()
        crowd = crowd_of(loop.watches)
        for well, watch in zip(wells, loop.watches, strict=True):
            told = list(watch.look(at(loop.second), {}, (), crowd))
            assert not (well and told)
            screened.screen.note(watch)
