from collections import Counter

from schemas import bms
from schemas.drift import Drift
from schemas.envelope import Envelope
from schemas.errors import Reason
from services.intake import Intake
from twin.changes import PointDescribed, PointRetracted, PointStale, ReadingTaken
from twin.fleet import Fleet
from twin.hearing import STALE_AFTER
from twin.instants import Instant, Millis, after
from twin.points import EntityId

T0 = Instant(1_767_225_600_000)
R1 = EntityId("R1")
PATH = "Rack/RackPower/site/r1/power"
METADATA = (
    b'{"objectType":"Rack","pointType":"RackPower","engUnit":"kW",'
    b'"rackLocationName":"R1","rackLocationId":"R1"}'
)


def value(kw: float, at: Instant) -> bytes:
    return b'{"value":%f,"timestamp":%d,"quality":1}' % (kw, at)


def an_intake() -> Intake:
    intake = Intake(Fleet())
    intake.take(f"BMS/v1/PUB/Metadata/{PATH}", METADATA, T0)
    return intake


def test_a_batch_is_folded_in_order_and_returns_every_change() -> None:
    intake = Intake(Fleet())

    changes = intake.take_all(
        [
            Envelope(f"BMS/v1/PUB/Metadata/{PATH}", METADATA, T0),
            Envelope(f"BMS/v1/PUB/Value/{PATH}", value(35.0, T0), T0),
        ]
    )

    assert [type(change) for change in changes] == [PointDescribed, ReadingTaken]
    assert intake.received == 2


def test_what_cannot_be_understood_is_counted_by_reason_and_changes_nothing() -> None:
    intake = an_intake()

    assert intake.take("some/other/topic", b"{}", T0) == ()
    assert intake.take(f"BMS/v1/PUB/Value/{PATH}", b"rubbish", T0) == ()

    assert intake.rejected == {Reason.TOPIC: 1, Reason.JSON: 1}
    assert intake.received == 3


def test_drift_is_understood_and_counted_by_kind() -> None:
    intake = an_intake()

    (change,) = intake.take(
        f"BMS/v1/PUB/Value/{PATH}", b'{"value":1,"timestamp":1767225600000,"quality":"1"}', T0
    )

    assert isinstance(change, ReadingTaken)
    assert intake.drift == {Drift.QUALITY_STRING: 1}


def test_what_fell_due_before_a_message_comes_before_its_changes() -> None:
    intake = an_intake()
    intake.take(f"BMS/v1/PUB/Value/{PATH}", value(35.0, T0), T0)
    later = after(T0, STALE_AFTER)

    changes = intake.take(f"BMS/v1/PUB/Value/{PATH}", value(36.0, later), later)

    kinds = [type(change) for change in changes]
    assert kinds[0] is PointStale
    assert kinds[-1] is not PointStale
    assert ReadingTaken in kinds


def test_time_passes_even_with_a_message_that_is_rejected() -> None:
    intake = an_intake()
    intake.take(f"BMS/v1/PUB/Value/{PATH}", value(35.0, T0), T0)

    changes = intake.take("rubbish", b"", after(T0, STALE_AFTER))

    assert PointStale in [type(change) for change in changes]


def test_a_fork_stays_as_it_was_while_messages_are_folded_and_time_passes() -> None:
    intake = an_intake()
    intake.take(f"BMS/v1/PUB/Value/{PATH}", value(35.0, T0), T0)
    with intake.fork() as fork:
        before = fork.rack(R1)
        intake.take(
            f"BMS/v1/PUB/Value/{PATH}", value(36.0, after(T0, Millis(1))), after(T0, Millis(1))
        )
        intake.advance(after(T0, Millis(2 * STALE_AFTER)))

        assert fork.rack(R1) == before != intake.fleet.rack(R1)


def test_a_fork_hears_of_what_falls_due_first() -> None:
    intake = an_intake()
    intake.take(f"BMS/v1/PUB/Value/{PATH}", value(35.0, T0), T0)
    with intake.fork() as fork:
        intake.advance(after(T0, STALE_AFTER))
        rack = fork.rack(R1)

    assert rack is not None
    assert rack.power.load.now == 35


def test_nothing_is_put_aside_for_a_fork_that_is_done_with() -> None:
    intake = an_intake()
    with intake.fork() as fork:
        pass
    intake.take(f"BMS/v1/PUB/Value/{PATH}", value(35.0, T0), T0)

    assert len(fork) == 0


METADATA_TOPIC = f"BMS/v1/PUB/Metadata/{PATH}"
ELSEWHERE = METADATA.replace(b"R1", b"R2")


def looked_at(intake: Intake, payload: bytes) -> bool:
    """Whether a description is read to the end: only then does a fork put aside what it is of."""
    with intake.fork() as fork:
        intake.take(METADATA_TOPIC, payload, T0)
        return len(fork) > 0


def test_description_that_is_said_again_is_counted_and_not_read_again() -> None:
    intake, told = an_intake(), list[Envelope]()
    again = Envelope(METADATA_TOPIC, METADATA, T0)

    assert [*intake.steps([again], told.append)] == [[]]

    assert told == []
    assert not looked_at(intake, METADATA)
    assert (intake.received, intake.fleet.counters.applied) == (3, 3)


def test_description_of_a_point_that_was_known_before_is_read_once() -> None:
    known = Fleet()
    known.apply(bms.decode(METADATA_TOPIC, METADATA, Counter()), T0)
    intake = Intake(known)

    assert [looked_at(intake, METADATA), looked_at(intake, METADATA)] == [True, False]
    assert known.counters.applied == 3


def test_description_that_came_before_another_is_read_again() -> None:
    intake = an_intake()

    first = intake.take(METADATA_TOPIC, ELSEWHERE, T0)
    second = intake.take(METADATA_TOPIC, METADATA, T0)

    kinds = [PointRetracted, PointDescribed]
    assert [[type(each) for each in changes] for changes in (first, second)] == [kinds, kinds]
    assert intake.fleet.entity(R1) is not None


def test_description_that_came_before_one_with_drift_is_read_again() -> None:
    intake = an_intake()
    watts = METADATA.replace(b"kW", b"W")

    for payload in (watts, METADATA):
        (changed,) = intake.take(METADATA_TOPIC, payload, T0)
        assert isinstance(changed, PointDescribed)
    assert intake.drift == {Drift.UNIT_OTHER: 1}


def test_description_of_a_point_that_was_retracted_is_read_again() -> None:
    intake = an_intake()

    (gone,) = intake.take(METADATA_TOPIC, b"", T0)
    (back,) = intake.take(METADATA_TOPIC, METADATA, T0)

    assert (type(gone), type(back)) == (PointRetracted, PointDescribed)
    assert R1 in [rack.id for rack in intake.fleet.racks()]


def test_drift_of_a_description_is_counted_each_time() -> None:
    intake = an_intake()
    strange = METADATA.replace(b"{", b'{"strange":1,')

    assert [looked_at(intake, strange) for _ in range(3)] == [True] * 3
    assert intake.drift == {Drift.EXTRA_KEY: 3}
    assert intake.fleet.counters.applied == 4


def test_of_each_point_only_the_latest_words_are_remembered() -> None:
    """Else who says the same in ever other words would have any number of them kept."""
    intake, other = an_intake(), b" " + METADATA

    read = [looked_at(intake, payload) for payload in (other, other, METADATA, METADATA)]

    assert read == [True, False, True, False]


def test_same_words_on_another_topic_are_another_description() -> None:
    intake = an_intake()

    (change,) = intake.take(f"{METADATA_TOPIC}/other", METADATA, T0)

    assert isinstance(change, PointDescribed)
    assert len(intake.fleet) == 2


def test_a_fork_stays_as_it_was_whatever_is_described_meanwhile() -> None:
    intake = an_intake()
    intake.take(f"BMS/v1/PUB/Value/{PATH}", value(35.0, T0), T0)
    with intake.fork() as fork:
        before = fork.rack(R1)
        for payload in (METADATA, ELSEWHERE, ELSEWHERE, METADATA, b"", METADATA, METADATA):
            intake.take(METADATA_TOPIC, payload, T0)
            assert fork.rack(R1) == before
        now = intake.fleet.rack(R1)
    assert now is not None
    assert now != before
