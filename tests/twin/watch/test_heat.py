"""Whether a rack's sensors contradict one another, and what is usual on its loop."""

from collections.abc import Callable

import pytest

from build import a_point, an_entity
from twin.points import PointId
from twin.watch.heat import Crowd, Shown, fits_otherwise, is_off, outruns, point_of, total
from watched import FLOW, KW, LPM, POWER, RETURN, RISE_K, SUPPLY, SUPPLY_C, a_settled_loop

WELL = Shown(KW, KW, LPM, SUPPLY_C, SUPPLY_C + RISE_K)


def asked(*told: bool | None) -> list[Callable[[], bool | None]]:
    return [lambda each=each: each for each in told]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("shown", "off"),
    [
        (WELL, False),
        (WELL._replace(flow=LPM * 0.95), False),
        (WELL._replace(flow=LPM * 0.85), True),
        (WELL._replace(flow=LPM * 1.15), True),
        (WELL._replace(supply=SUPPLY_C + 9.6), True),
        (WELL._replace(load=KW * 1.2), True),
        (WELL._replace(load=KW * 0.5), False),
        (WELL._replace(flow=None), None),
        (WELL._replace(supply=None), None),
        (WELL._replace(return_=None), None),
    ],
)
def test_heat_is_off_where_sensors_could_not_be(shown: Shown, *, off: bool | None) -> None:
    assert is_off(a_settled_loop(1).steadies[0], shown) is off


def test_without_power_nothing_is_off() -> None:
    loop = a_settled_loop(1, taps=())
    loop.show(POWER, None)
    loop.run(1)

    assert is_off(loop.steadies[0], WELL) is None


def test_a_rack_alone_is_excused_while_it_moves() -> None:
    loop = a_settled_loop(1)
    for second in range(1, 19):  # the return has not followed yet
        loop.show(SUPPLY, SUPPLY_C + 0.05 * second)
        loop.run(1)
    shown = WELL._replace(supply=SUPPLY_C + 0.9)

    assert is_off(loop.steadies[0], shown) is True
    assert is_off(loop.steadies[0], shown, alone=True) is False


@pytest.mark.parametrize(
    ("shown", "more"),
    [
        (WELL, False),
        (WELL._replace(load=KW * 1.05), False),
        (WELL._replace(load=KW * 1.2), True),
        (WELL._replace(load=KW * 0.5), False),
        (WELL._replace(load=None), False),
        (WELL._replace(flow=None), False),
        (WELL._replace(supply=None), False),
        (WELL._replace(return_=None), False),
    ],
)
def test_a_load_that_no_heat_bears_out_outruns_it(shown: Shown, *, more: bool) -> None:
    assert outruns(a_settled_loop(1).steadies[0], shown) is more


@pytest.mark.parametrize(
    ("shown", "kind"),
    [
        (WELL._replace(flow=LPM / 3.785), FLOW),
        (WELL._replace(flow=LPM * 0.06), FLOW),
        (WELL._replace(flow=LPM / 60), FLOW),
        (WELL._replace(supply=SUPPLY_C * 1.8 + 32), SUPPLY),
        (WELL._replace(return_=(SUPPLY_C + RISE_K) * 1.8 + 32), RETURN),
    ],
)
def test_another_usual_unit_makes_the_heat_fit(shown: Shown, kind: str) -> None:
    assert fits_otherwise(a_settled_loop(1).steadies[0], shown, kind)


@pytest.mark.parametrize("flow", [0.0, LPM * 0.1, LPM * 0.5, None])
def test_a_flow_that_is_lost_fits_in_no_unit(flow: float | None) -> None:
    shown = WELL._replace(flow=flow)

    assert not fits_otherwise(a_settled_loop(1).steadies[0], shown, FLOW)


# -- the others ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pressures", "own", "median"),
    [
        ([190.0, 78.0, 79.0, 80.0], 190.0, 79.0),
        ([78.0, 79.0, 80.0, 81.0], 78.0, 80.0),
        ([78.0, 79.0, 80.0, 81.0, 190.0], 190.0, 79.5),
        ([78.0, 79.0, 80.0, 81.0, 190.0], 79.0, 80.5),
        ([78.0, None, 79.0, 80.0, 190.0], 190.0, 79.0),
        ([78.0, 79.0, 190.0], 190.0, None),
        ([0.4, 0.8, 0.5, 0.9], 0.9, None),
    ],
)
def test_what_is_usual_is_the_median_of_three_others_whose_pumps_run(
    pressures: list[float | None], own: float, median: float | None
) -> None:
    assert Crowd(pressures, []).others_kpa(own) == median


@pytest.mark.parametrize(
    ("told", "off"),
    [
        ((True, False, False, False), False),
        ((True, True, False, False), True),
        ((True, True, False, False, False), False),
        ((True, None, None), False),
        ((True, True, None), True),
        ((True,), False),
    ],
)
def test_a_loop_is_off_where_a_third_of_the_others_are(
    told: tuple[bool | None, ...], *, off: bool
) -> None:
    assert Crowd([], asked(*told)).off() is off


def test_each_is_asked_once() -> None:
    count: list[bool] = []

    def ask() -> bool:
        count.append(True)
        return True

    crowd = Crowd([], [ask, ask])

    assert crowd.off()
    assert crowd.off()
    assert len(count) == 2


def test_one_rack_is_alone() -> None:
    assert Crowd([], asked(None)).alone
    assert not Crowd([], asked(None, None)).alone


def test_a_sum_is_known_where_all_of_it_is() -> None:
    assert total([1.0, 2.0]) == 3.0
    assert total([1.0, None]) is None
    assert total([]) is None


def test_the_point_of_a_sensor_is_its_first() -> None:
    assert point_of(an_entity("R1"), "RackPower") is None
    loop = a_settled_loop(1)
    assert loop.states["R1", POWER].point.id == PointId(a_point("Rack/RackPower").id)
