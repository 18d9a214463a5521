from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import a_measured
from twin.measured import Measured, nothing
from twin.points import EntityId, Freshness, Quality
from twin.redundancy import Redundancy, Side, losses_of, redundancy_of

LOAD = a_measured(100.0)


def sides_of(*able: float | None) -> list[Side]:
    """Feeds that could carry so many kW, each at 200 A."""
    return [
        Side(
            EntityId(f"M{number}"),
            a_measured(kw, quality=Quality.BAD if kw is None else Quality.GOOD),
            a_measured(200.0, "A"),
        )
        for number, kw in enumerate(able, 1)
    ]


def judged(able: Sequence[float | None], load: float = 100.0) -> Redundancy:
    sides = sides_of(*able)
    return redundancy_of(sides, a_measured(load), losses_of(sides, a_measured(load)))


@pytest.mark.parametrize(
    ("able", "expected"),
    [
        ([120.0, 120.0], Redundancy.TWO_N),
        ([100.0, 120.0], Redundancy.TWO_N),
        ([99.0, 120.0], Redundancy.LOST),
        ([60.0, 60.0, 60.0], Redundancy.N_PLUS_1),
        ([10.0, 60.0, 60.0], Redundancy.LOST),
        ([0.0, 0.0, 0.0], Redundancy.LOST),
        ([120.0], Redundancy.N),
        ([], Redundancy.UNKNOWN),
        ([120.0, None], Redundancy.UNKNOWN),
        ([None], Redundancy.UNKNOWN),
    ],
)
def test_redundancy_is_what_the_others_could_carry_with_any_feed_gone(
    able: list[float | None], expected: Redundancy
) -> None:
    assert judged(able) is expected


@pytest.mark.parametrize("load", [nothing("kW"), a_measured(100.0, freshness=Freshness.STALE)])
def test_redundancy_is_unknown_without_a_load_of_now(load: Measured) -> None:
    sides = sides_of(120.0, 120.0)

    assert redundancy_of(sides, load, losses_of(sides, load)) is Redundancy.UNKNOWN


def test_last_feed_left_carries_everything() -> None:
    ((other,), (one,)) = losses_of(sides_of(125.0, 80.0), LOAD)

    assert (other.meter, one.meter) == ("M2", "M1")
    assert (other.load, other.over_limit) == (LOAD, True)
    assert (other.loading.value, other.current.value) == (125.0, 250.0)
    assert (one.loading.value, one.current.value, one.over_limit) == (80.0, 160.0, False)


def test_others_share_in_proportion_to_what_they_could_carry() -> None:
    first, *_ = losses_of(sides_of(50.0, 150.0, 50.0), LOAD)

    assert [carried.load.value for carried in first] == [75.0, 25.0]
    assert [carried.loading.value for carried in first] == [50.0, 50.0]


def test_others_share_equally_where_that_is_not_known_of_each() -> None:
    first, *_ = losses_of(sides_of(None, 150.0, None), LOAD)

    assert [carried.load.value for carried in first] == [50.0, 50.0]
    assert [carried.over_limit for carried in first] == [False, None]


def test_only_feed_leaves_nobody() -> None:
    assert losses_of(sides_of(120.0), LOAD) == ((),)
    assert losses_of([], LOAD) == ()


def test_stale_feed_says_neither_over_nor_under() -> None:
    stale = a_measured(80.0, freshness=Freshness.STALE)
    sides = [*sides_of(120.0), Side(EntityId("M2"), stale, nothing("A"))]
    (other,), _ = losses_of(sides, LOAD)

    assert (other.over_limit, other.loading.value) == (None, 125.0)
    assert other.current.freshness is Freshness.UNHEARD


@given(st.lists(st.floats(1, 500), min_size=2, max_size=6), st.floats(1, 500))
def test_nothing_is_lost_on_the_way_to_the_others(able: list[float], load: float) -> None:
    for others in losses_of(sides_of(*able), a_measured(load)):
        carried = [each.load.value for each in others]
        assert sum(each for each in carried if each is not None) == pytest.approx(load)


@given(st.lists(st.integers(1, 500).map(float), min_size=2, max_size=6), st.integers(1, 999))
def test_redundancy_is_lost_where_the_others_together_could_not_carry_it(
    able: list[float], load: int
) -> None:
    kw = load + 0.5  # never just what they could carry
    enough = sum(sorted(able)[:-1]) > kw

    assert (judged(able, kw) is not Redundancy.LOST) is enough
