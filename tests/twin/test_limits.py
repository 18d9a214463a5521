import pytest

from build import a_measured
from twin.limits import COOLANT, FEED, Of, breach, breaches
from twin.points import EntityId, Freshness
from twin.severity import Severity

R1 = EntityId("R1")


@pytest.mark.parametrize(
    ("of", "value", "severity", "limit"),
    [
        (Of.SUPPLY_C, 42.0, Severity.WARNING, 41.0),
        (Of.SUPPLY_C, 45.1, Severity.CRITICAL, 45.0),
        (Of.SUPPLY_C, 20.0, Severity.WARNING, 21.0),
        (Of.SUPPLY_C, 17.9, Severity.CRITICAL, 18.0),
        (Of.RETURN_C, 61.0, Severity.WARNING, 60.0),
        (Of.RETURN_C, 66.0, Severity.CRITICAL, 65.0),
        (Of.DELTA_T_K, 16.0, Severity.WARNING, 15.0),
        (Of.DELTA_T_K, 21.0, Severity.CRITICAL, 20.0),
        (Of.FLOW_LPM_PER_KW, 1.2, Severity.WARNING, 1.25),
        (Of.FLOW_LPM_PER_KW, 0.7, Severity.CRITICAL, 0.8),
    ],
)
def test_a_number_is_judged_by_the_worst_limit_that_it_is_beyond(
    of: Of, value: float, severity: Severity, limit: float
) -> None:
    (found,) = breaches(R1, {of: a_measured(value)})

    assert (found.of, found.entity, found.severity, found.limit) == (of, R1, severity, limit)


def test_a_number_on_its_limit_is_within() -> None:
    assert breaches(R1, {each.of: a_measured(each.warning) for each in COOLANT[2:]}) == ()
    assert breach(FEED, R1, a_measured(80.0, "%")) == ()


def test_what_is_not_the_truth_of_now_is_beyond_no_limit() -> None:
    assert breach(FEED, R1, a_measured(200.0, "%", freshness=Freshness.STALE)) == ()
    assert breach(FEED, R1, a_measured(None, "%")) == ()
