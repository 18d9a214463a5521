import pytest

from build import START
from twin.balance import FLOW, HEAT, Balance, Closure
from twin.points import EntityId


def a_balance(
    shown: float | None = 97.0,
    expected: float | None = 100.0,
    uncertainty: float = 0.05,
    *,
    one_sided: bool = False,
) -> Balance:
    code = FLOW if one_sided else HEAT
    entity = EntityId("R1")
    return Balance(
        code, entity, "kW", shown, expected, uncertainty, 4, 4, START, one_sided=one_sided
    )


def test_residual_is_a_part_of_what_is_expected() -> None:
    assert a_balance(shown=97.0).residual == pytest.approx(-0.03)
    assert a_balance(shown=110.0).residual == pytest.approx(0.1)


@pytest.mark.parametrize(("shown", "expected"), [(None, 100.0), (97.0, None), (97.0, 0.0)])
def test_where_a_side_is_unknown_or_nothing_is_expected_nothing_is_told(
    shown: float | None, expected: float | None
) -> None:
    balance = a_balance(shown, expected)

    assert balance.residual is None
    assert balance.closure is Closure.UNKNOWN


@pytest.mark.parametrize("shown", [96.0, 100.0, 104.0])
def test_balance_within_its_uncertainty_is_closed(shown: float) -> None:
    assert a_balance(shown).closure is Closure.CLOSED


@pytest.mark.parametrize("shown", [0.0, 94.0, 106.0, -100.0])
def test_balance_beyond_its_uncertainty_is_open(shown: float) -> None:
    assert a_balance(shown).closure is Closure.OPEN


def test_just_as_far_off_as_it_may_be_is_closed() -> None:
    assert a_balance(125.0, uncertainty=0.25).closure is Closure.CLOSED
    assert a_balance(75.0, uncertainty=0.25).closure is Closure.CLOSED


def test_one_sided_balance_is_open_only_where_it_falls_short() -> None:
    assert a_balance(500.0, one_sided=True).closure is Closure.CLOSED
    assert a_balance(94.0, one_sided=True).closure is Closure.OPEN
