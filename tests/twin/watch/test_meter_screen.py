"""Which meters are plainly well, told in one go: nobody is passed who has something to tell."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import a_point, a_state, an_entity, at
from faulty import a_rule
from twin.circuits import UNRATED, Rating
from twin.faults.catalogue import CATALOGUE
from twin.faults.rule import Rules
from twin.points import Freshness, PointState
from twin.watch.meter_screen import MeterScreen
from twin.watch.meters import MeterWatch

KINDS = ("Current", "CurrentLimit", "ActivePower")
UNITS = {"Current": "A", "CurrentLimit": "A", "ActivePower": "kW"}


class Meter:
    """A meter that shows what is given, and a watch of it."""

    def __init__(
        self,
        shown: Sequence[float | None] = (80.0, 200.0, 50.0),
        *phases: float | None,
        rating: Rating = UNRATED,
        rules: Rules = CATALOGUE,
    ) -> None:
        self.states: list[PointState] = [
            a_state(a_point(f"PowerMeter/{kind}", "M1", unit=UNITS[kind]), value)
            for kind, value in zip(KINDS, shown, strict=False)
        ]
        for name, value in zip("ABC", phases, strict=False):
            plain = a_point("PowerMeter/PhaseCurrent", "M1", tag=name, unit="A")
            self.states.append(a_state(replace(plain, phase=name), value))
        self.watch = MeterWatch(an_entity("M1", *self.states), rating, rules)


def well(*meters: Meter) -> list[bool]:
    return MeterScreen([each.watch for each in meters]).well()


def test_meters_that_are_well_are_passed() -> None:
    assert well(Meter(), Meter((80.0, 200.0, 50.0), 80.0, 82.0, 78.0), Meter(())) == [True] * 3


@pytest.mark.parametrize("amps", [155.9, 156.1])
def test_current_near_its_limit_is_looked_at(amps: float) -> None:
    assert well(Meter((amps, 200.0))) == [amps < 156.0]  # 80 %, and 2 % of deadband
    assert well(Meter((None, 200.0), amps, amps, amps)) == [amps < 156.0]
    assert well(Meter((150.0, 200.0), amps, amps, 150.0)) == [amps < 156.0]


@pytest.mark.parametrize("told", [None, 0.0])
def test_limit_that_is_written_down_counts_where_none_is_told(told: float | None) -> None:
    rating = Rating(limit_a=100.0)

    assert well(Meter((77.9, told), rating=rating)) == [True]
    assert well(Meter((78.1, told), rating=rating)) == [False]
    assert well(Meter((79.0, 200.0), rating=rating)) == [True]


@pytest.mark.parametrize(
    "shown", [(900.0,), (900.0, None), (900.0, 0.0), (None, 200.0), (65535.0,)]
)
def test_what_nobody_knows_is_beyond_nothing(shown: tuple[float | None, ...]) -> None:
    assert well(Meter(shown)) == [True]


def test_phases_that_are_apart_are_looked_at() -> None:
    assert well(Meter((80.0, 200.0), 80.0, 90.0, 98.0)) == [True]  # of the lowest, 23 %
    assert well(Meter((80.0, 200.0), 80.0, 90.0, 98.5)) == [False]
    assert well(Meter((80.0, 200.0), 0.0, 80.0, 80.0)) == [False]
    assert well(Meter((80.0, 200.0), -80.0, 80.0, 80.0)) == [False]


def test_phases_without_a_load_may_be_apart() -> None:
    assert well(Meter((0.5, 200.0), 0.0, 0.9, 0.5)) == [True]
    assert well(Meter((0.5, 200.0), 0.0, 1.0, 0.5)) == [False]


def test_power_over_its_budget_is_looked_at() -> None:
    for kw, passed in ((49.4, True), (49.6, False)):  # 1 % of deadband
        assert well(Meter((80.0, 200.0, kw), rating=Rating(rated_kw=50.0))) == [passed]
    assert well(Meter((80.0, 200.0, 900.0))) == [True]
    assert well(Meter((80.0, 200.0), rating=Rating(rated_kw=50.0))) == [True]


def test_nobody_is_looked_at_for_what_no_rule_asks_for() -> None:
    rules = Rules.of([a_rule()])
    rating = Rating(limit_a=100.0, rated_kw=50.0)

    for each in (rating, UNRATED):
        meter = Meter((900.0, None, 900.0), 0.0, 900.0, 5.0, rating=each, rules=rules)
        assert well(meter) == [True]


def test_whoever_is_a_hair_within_its_limit_is_looked_at_however_that_is_rounded() -> None:
    rules = Rules.of(
        replace(rule, limits=tuple(each._replace(deadband=0.0) for each in rule.limits))
        for rule in CATALOGUE.by_code.values()
    )
    meter = Meter((318.72, 398.4), rules=rules)
    assert well(meter) == [False]
    assert list(meter.watch.look(at(0), {}, ()))


# -- the limit that is remembered ------------------------------------------------------------------


def test_limit_under_which_a_current_stays_is_remembered() -> None:
    meter, over, silent = Meter(), Meter((190.0, 200.0)), Meter((None, 200.0))
    screen = MeterScreen([meter.watch, over.watch, silent.watch])
    screen.well()
    assert [each.watch.kept for each in (meter, over, silent)] == [200.0, None, None]

    meter.states[1].value = 300.0
    screen.well()
    assert meter.watch.kept == 300.0
    meter.states[1].value = None
    screen.well()
    assert meter.watch.kept == 300.0


def test_limit_is_remembered_anew_once_a_meter_was_looked_at() -> None:
    meter = Meter()
    screen = MeterScreen([meter.watch])
    screen.well()
    meter.watch.kept = None
    screen.well()
    assert meter.watch.kept is None

    screen.note(0)
    screen.well()
    assert meter.watch.kept == 200.0


def test_what_was_passed_under_a_limit_is_an_overload_beyond_it() -> None:
    meter, new = Meter((150.0, 200.0)), Meter((400.0, 200.0))
    MeterScreen([meter.watch, new.watch]).well()
    meter.states[0].value = 400.0

    assert [len(list(each.watch.look(at(4), {}, ()))) for each in (meter, new)] == [1, 0]


AMPS = st.one_of(
    st.none(),
    st.floats(-10.0, 500.0),
    st.sampled_from([0.0, 1.0, 78.0, 80.0, 100.0, 156.0, 160.0, 290.0, 6553.5, 65535.0]),
)
METERS = st.builds(
    lambda shown, phases, rating: Meter(shown, *phases, rating=rating),
    st.tuples(AMPS, AMPS, AMPS),
    st.lists(AMPS, max_size=3),
    st.builds(
        Rating,
        limit_a=st.sampled_from([None, 0.0, 100.0, 250.0]),
        rated_kw=st.sampled_from([None, 0.0, 100.0]),
    ),
)
MOVES = st.tuples(st.integers(0, 23), AMPS, st.sampled_from([Freshness.LIVE, *Freshness]))


@given(st.lists(METERS, min_size=1, max_size=5), st.lists(st.lists(MOVES, max_size=4), max_size=6))
def test_whoever_is_passed_has_nothing_to_tell(
    meters: list[Meter], turns: list[list[tuple[int, float | None, Freshness]]]
) -> None:
    screen = MeterScreen([each.watch for each in meters])
    states = [state for each in meters for state in each.states]
    for turn in ([], *turns):
        for which, value, freshness in turn:
            state = states[which % len(states)]
            state.value, state.freshness = value, freshness
        for row, passed in enumerate(screen.well()):
            told = list(meters[row].watch.look(at(0), {}, ()))
            assert not (passed and told)
            if not passed:
                screen.note(row)
