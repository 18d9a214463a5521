from schemas.drift import Drift
from schemas.envelope import Envelope
from schemas.errors import Reason
from services.intake import Intake
from twin.changes import PointDescribed, PointStale, ReadingTaken
from twin.fleet import STALE_AFTER, Fleet
from twin.instants import Instant, after

T0 = Instant(1_767_225_600_000)
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

    assert [type(change) for change in changes] == [PointStale, ReadingTaken]


def test_time_passes_even_with_a_message_that_is_rejected() -> None:
    intake = an_intake()
    intake.take(f"BMS/v1/PUB/Value/{PATH}", value(35.0, T0), T0)

    changes = intake.take("rubbish", b"", after(T0, STALE_AFTER))

    assert [type(change) for change in changes] == [PointStale]
