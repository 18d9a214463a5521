"""Within what the coolant of a rack is plainly well."""

from math import inf

import pytest

from faulty import a_rule
from twin.faults.catalogue import CATALOGUE
from twin.faults.rule import Rules
from twin.watch.bounds import Bounds, bounds_of, criticals_of, rows_of


def test_bounds_are_the_limits_that_are_met_first() -> None:
    assert bounds_of(rows_of(CATALOGUE)) == pytest.approx(
        Bounds(least=0.95, cold=21, hot=41, warm=60, rise=15, under=0.75, over=1.25, times=2)
    )


def test_what_no_rule_asks_for_has_no_bound() -> None:
    rows = rows_of(Rules.of([a_rule()]))

    assert {*rows} == {None}
    assert bounds_of(rows) == (-inf, -inf, inf, inf, inf, -inf, inf, inf)
    assert criticals_of(rows) == (-inf, inf, inf, inf)


def test_slopes_lead_to_critical_limits_where_there_are_such() -> None:
    rows = rows_of(CATALOGUE)
    assert rows.supply_low is not None

    assert criticals_of(rows) == (18.0, 45.0, 65.0, 20.0)
    gentle = rows._replace(supply_low=rows.supply_low._replace(critical=None), delta_t=None)
    assert criticals_of(gentle) == (-inf, 45.0, 65.0, inf)
