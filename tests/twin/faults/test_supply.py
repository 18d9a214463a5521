from twin.faults.catalogue import CATALOGUE
from twin.severity import Severity


def test_unlike_phases_of_a_healthy_tap_are_well() -> None:
    (limits,) = CATALOGUE["power.phase_imbalance"].limits

    assert limits.judge(17.3) is Severity.OK


def test_circuit_over_its_limit_is_raised_long_before_one_that_is_nearly_full() -> None:
    rule = CATALOGUE["power.over_current"]

    assert [rule.limits[0].judge(each) for each in (79, 81, 101)] == list(Severity)
    assert rule.delay(Severity.CRITICAL) < rule.delay(Severity.WARNING)


def test_budget_is_a_warning_up_to_a_fifth() -> None:
    (limits,) = CATALOGUE["power.over_budget"].limits

    assert [limits.judge(each) for each in (0, 10, 21)] == list(Severity)
