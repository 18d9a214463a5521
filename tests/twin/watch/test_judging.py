from math import inf

from faulty import CRITICAL, WARNING, key
from twin.fault import FINE, UNKNOWN, Judged
from twin.faults.rule import Limits
from twin.severity import Severity
from twin.watch.judging import calm, telling, worst


def test_what_is_calm_is_well_whatever_stands() -> None:
    limits = Limits("x", "%", 80.0, 100.0, "a test", deadband=2.0)

    assert calm(limits) == 78.0
    assert {limits.judge(78.0, each) for each in Severity} == {Severity.OK}
    assert calm(None) == inf


def test_worst_of_several_counts() -> None:
    assert worst([FINE, WARNING, CRITICAL, UNKNOWN]) is CRITICAL
    assert worst([UNKNOWN, WARNING, FINE]) is WARNING


def test_of_two_that_are_as_bad_the_first_counts() -> None:
    assert worst([WARNING, Judged(Severity.WARNING)]) is WARNING


def test_all_must_be_known_for_all_to_be_well() -> None:
    assert worst([FINE, FINE]) is FINE
    assert worst([FINE, UNKNOWN]) is UNKNOWN
    assert worst([]) is UNKNOWN


def test_only_what_is_not_well_is_told_and_what_has_a_fault() -> None:
    odd, well, silent, standing = (key(entity=each) for each in "ABCD")
    judged = [(odd, WARNING), (well, FINE), (silent, UNKNOWN), (standing, FINE)]

    assert list(telling(judged, {standing})) == [(odd, WARNING), (standing, FINE)]
