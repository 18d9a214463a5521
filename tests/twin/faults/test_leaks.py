from twin.faults.catalogue import CATALOGUE
from twin.severity import Severity


def test_one_leaking_tray_warns_and_two_are_critical() -> None:
    (limits,) = CATALOGUE["leak.tray"].limits

    assert [limits.judge(each) for each in (0, 1, 2)] == list(Severity)


def test_leak_is_raised_at_once() -> None:
    assert CATALOGUE["leak.detected"].delay(Severity.CRITICAL) == 0


def test_isolation_without_a_request_is_raised_sooner_than_one_that_is_slow() -> None:
    rule = CATALOGUE["isolation.mismatch"]

    assert rule.delay(Severity.CRITICAL) < rule.delay(Severity.WARNING)
