"""Numbers held against the limits of a rule."""

import pytest

from twin.fault import FINE, Condition, Fault, Judged
from twin.faults.rule import Limits
from twin.severity import Severity
from twin.watch.verdicts import against, figures, outermost, standing
from watched import key

WARM = Limits("return_c", "C", 60.0, 65.0, "a test", deadband=0.5)
LOW = Limits("flow", "LPM", 0.95, 0.8, "a test", below=True, deadband=0.03)
KEY = key("liquid.return_temperature_high")
STANDING = Fault(KEY, condition=Condition.ACTIVE, severity_now=Severity.WARNING)


def test_what_is_well_and_has_no_fault_is_simply_fine() -> None:
    assert against(WARM, 59.0, None, point="P", what="return") is FINE


def test_what_is_well_and_has_a_fault_is_told_with_its_value() -> None:
    judged = against(WARM, 59.0, STANDING, point="P", what="return")

    assert judged == Judged(Severity.OK, 59.0, None, "C", "P", "")


@pytest.mark.parametrize(
    ("limits", "value", "severity", "limit", "said"),
    [
        (WARM, 61.0, Severity.WARNING, 60.0, "it 61 C here, limit 60 C"),
        (WARM, 66.0, Severity.CRITICAL, 65.0, "it 66 C here, limit 65 C"),
        (LOW, 0.9, Severity.WARNING, 0.95, "it 0.9 LPM here, lower limit 0.95 LPM"),
    ],
)
def test_what_is_beyond_a_limit_says_which(
    limits: Limits, value: float, severity: Severity, limit: float, said: str
) -> None:
    judged = against(limits, value, None, point="P", what="it {} here")

    assert judged == Judged(severity, value, limit, limits.unit, "P", said)


@pytest.mark.parametrize(
    ("value", "limit", "unit", "told"),
    [
        (2.40312, 2.0, "1", ("2.4", "2")),
        (0.8, 0.9, "", ("0.8", "0.9")),
        (41.004, 41.0, "C", ("41.004 C", "41 C")),
        (41_512.25, 40_000.0, "V", ("41512 V", "40000 V")),
        (1.000_000_001, 1.0, "s", ("1 s", "1 s")),
        (1e9, 1.0, "W", ("1e+09 W", "1 W")),
    ],
)
def test_value_and_limit_are_told_by_as_few_digits_as_tell_them_apart(
    value: float, limit: float, unit: str, told: tuple[str, str]
) -> None:
    assert figures(value, limit, unit) == told


def test_a_fault_that_stands_goes_only_beyond_the_deadband() -> None:
    assert against(WARM, 59.7, STANDING, point="P", what="return").severity is Severity.WARNING
    pending = STANDING._replace(condition=Condition.PENDING)
    assert against(WARM, 59.7, pending, point="P", what="return").severity is Severity.OK


def test_only_what_is_active_stands() -> None:
    assert standing(None) is Severity.OK
    assert standing(STANDING) is Severity.WARNING
    assert standing(STANDING._replace(condition=Condition.CLEARING)) is Severity.OK


def test_the_limit_that_is_met_first_bounds_what_is_well() -> None:
    assert outermost(WARM) == 60.0
    assert outermost(LOW, below=True) == 0.95
    assert outermost(WARM._replace(warning=None)) == 65.0
    assert outermost(None) == float("inf")
    assert outermost(None, below=True) == -float("inf")
