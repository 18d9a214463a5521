"""Which points a threshold of a site is about."""

from dataclasses import replace

import pytest

from build import a_point
from twin.faults.catalogue import CATALOGUE
from twin.faults.rule import Limits
from twin.faults.thresholds import SiteRules, Threshold, covered
from twin.points import EntityId, Point

WARM = Threshold("site.warm", "AirTemperature", Limits("", "C", 32.0, None, "a test"))
HERE = replace(a_point("Sensor/AirTemperature", "S1", unit="C"), process_area=("Return", "Aisle"))


@pytest.mark.parametrize(
    ("threshold", "covered"),
    [
        (WARM, True),
        (replace(WARM, point_type="AirFlow"), False),
        (replace(WARM, object_type="Sensor"), True),
        (replace(WARM, object_type="CRAH"), False),
        (replace(WARM, entities=frozenset({EntityId("S1")})), True),
        (replace(WARM, entities=frozenset({EntityId("S2")})), False),
        (replace(WARM, process_area="return"), True),
        (replace(WARM, process_area="supply"), False),
    ],
)
def test_point_is_covered_where_all_that_is_asked_for_fits(
    threshold: Threshold, *, covered: bool
) -> None:
    assert threshold.covers(HERE) is covered


def test_set_point_is_never_covered() -> None:
    asked: Point = replace(HERE, is_setpoint=True)

    assert not WARM.covers(asked)


def test_what_is_covered_by_a_code_is_covered_by_one_of_its_thresholds() -> None:
    elsewhere = replace(WARM, entities=frozenset({EntityId("S2")}))

    assert covered("site.warm", HERE, [elsewhere, WARM])
    assert not covered("site.warm", HERE, [elsewhere])
    assert not covered("site.cold", HERE, [WARM])


def test_a_site_has_no_thresholds_of_its_own_unless_it_says_so() -> None:
    assert SiteRules(CATALOGUE).thresholds == ()
