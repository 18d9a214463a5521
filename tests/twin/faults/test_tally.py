from build import at
from faulty import WARNING, key
from twin.changes import FaultChanged
from twin.fault import Fault, What
from twin.faults.tally import DAY, SUBJECTS, Subject, Tally
from twin.points import EntityId


def _call(seconds: float, entity: str = "R1") -> FaultChanged:
    fault = Fault(key(entity=entity), "x", judged=WARNING, unacked_since=at(seconds))
    return FaultChanged(fault, What.RAISED, at(seconds), annunciates=True)


def test_calls_are_counted_by_minute_priority_and_subject() -> None:
    tally = Tally()
    for seconds, priority in ((0, 1), (59, 2), (60, 2)):
        tally.note(_call(seconds), None, priority)

    first, second = tally.minutes(at(100))
    assert first.by_priority == {1: 1, 2: 1}
    assert second.by_priority == {2: 1}
    assert first.by_subject == ((Subject("plain", EntityId("R1")), 2),)


def test_day_that_is_over_is_dropped() -> None:
    tally = Tally()
    tally.note(_call(0), None, 1)
    assert list(tally.minutes(at(DAY * 60))) == []
    tally.note(_call(DAY * 60), None, 1)

    assert len(list(tally.minutes(at(0)))) == 1


def test_subjects_of_a_minute_are_bounded() -> None:
    tally = Tally()
    for number in range(SUBJECTS + 5):
        tally.note(_call(0, f"R{number}"), None, 1)

    (minute,) = tally.minutes(at(0))
    assert minute.by_priority == {1: SUBJECTS + 5}
    assert len(minute.by_subject) == SUBJECTS
    assert tally.untold == 5


def test_longest_wait_for_somebody_is_kept() -> None:
    tally = Tally()
    for since, until in ((0, 50), (10, 20)):
        before = Fault(key(), "x", unacked_since=at(since))
        noted = FaultChanged(before._replace(unacked_since=None), What.ACKNOWLEDGED, at(until))
        tally.note(noted, before, 1)

    (minute,) = tally.minutes(at(50))
    assert minute.longest_unacked == 50_000


def test_tally_is_rebuilt_of_its_minutes() -> None:
    tally = Tally()
    tally.note(_call(0), None, 1)
    tally.note(FaultChanged(Fault(key()), What.FLEETING, at(1)), None, 1)
    again = Tally(tally.minutes(at(1)), tally.fleeting.items())

    assert list(again.minutes(at(1))) == list(tally.minutes(at(1)))
    assert again.fleeting == tally.fleeting == {"plain": 1}
