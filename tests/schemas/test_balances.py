from build import START, at
from schemas.balances import balance_view, found_by
from schemas.findings import finding_view
from twin.balance import Balance, Closure
from twin.finding import Finding
from twin.held import Standing
from twin.instants import Instant
from twin.points import EntityId, Freshness, Quality

R1 = EntityId("R1")
OPEN = Balance("balance.heat", R1, "kW", 70.0, 100.0, 0.08, 4, 4, START)


def test_a_balance_shows_both_its_sides_with_what_they_are_worth() -> None:
    view = balance_view(OPEN, {}, at(2))

    assert (view.code, view.entity, view.unit) == ("balance.heat", "R1", "kW")
    assert view.shown.value == 70.0
    assert view.expected.value == 100.0
    for side in (view.shown, view.expected):
        assert (side.unit, side.quality, side.freshness) == ("kW", Quality.GOOD, Freshness.LIVE)
        assert (side.measured_at, side.age_s) == ("2026-01-01T00:00:00.000Z", 2.0)
        assert (side.derived_from, side.fresh, side.expected) == (4, 4, 4)


def test_how_far_it_is_off_and_may_be_is_told_in_per_cent() -> None:
    view = balance_view(OPEN, {}, START)

    assert view.residual_pct is not None
    assert round(view.residual_pct, 9) == -30.0
    assert (view.uncertainty_pct, view.closure, view.one_sided) == (8.0, Closure.OPEN, False)


def test_nothing_is_claimed_where_a_side_is_not_known() -> None:
    view = balance_view(OPEN._replace(shown=None, uncertainty=0.0, fresh=1), {}, START)

    assert (view.residual_pct, view.uncertainty_pct, view.closure) == (None, None, Closure.UNKNOWN)
    assert (view.fresh, view.inputs) == (1, 4)
    assert (view.shown.value, view.shown.quality) == (None, None)
    assert view.shown.freshness is Freshness.UNHEARD
    assert (view.shown.fresh, view.shown.expected) == (1, 4)
    assert view.expected.value == 100.0


def test_what_stands_against_it_is_told_with_it() -> None:
    standing = Standing(Finding("balance.heat", R1, "RackLiquidFlow", "why", 0.7), START)
    other = Standing(Finding("balance.heat", EntityId("R2"), None, "why", 0.7), START)

    assert balance_view(OPEN, found_by([other, standing]), START).finding == finding_view(standing)
    assert balance_view(OPEN, found_by([other]), START).finding is None
    assert balance_view(OPEN, {}, START).finding is None


def test_what_stands_against_whoever_takes_part_stands_against_it() -> None:
    standing = Standing(Finding("balance.heat", EntityId("R2"), None, "why", 0.7), START)
    both = OPEN._replace(others=(EntityId("R0"), EntityId("R2")))

    view = balance_view(both, found_by([standing]), START)

    assert view.others == ("R0", "R2")
    assert view.finding == finding_view(standing)


def test_nothing_stands_against_one_that_closes() -> None:
    standing = Standing(Finding("balance.heat", R1, None, "why", 0.7), START)

    assert balance_view(OPEN._replace(shown=99.0), found_by([standing]), START).finding is None


def test_what_was_never_drawn_up_has_no_time() -> None:
    never = OPEN._replace(shown=None, expected=None, fresh=0, at=Instant(0))

    assert balance_view(never, {}, START).at is None
