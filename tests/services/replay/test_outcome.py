from schemas.envelope import Envelope
from services.intake import Intake
from services.replay.outcome import counters, fold, outcome
from twin.fleet import Fleet
from twin.instants import Instant, Millis

T0 = Instant(1_767_225_600_000)
PATH = "Rack/RackPower/site/r1/power"
METADATA = Envelope(
    f"BMS/v1/PUB/Metadata/{PATH}",
    b'{"objectType":"Rack","pointType":"RackPower","engUnit":"kW",'
    b'"rackLocationName":"R1","rackLocationId":"R1"}',
    T0,
)


def a_value(kw: int, after_s: int) -> Envelope:
    at = Instant(T0 + after_s * 1000)
    payload = b'{"value":%d,"timestamp":%d,"quality":1}' % (kw, at)
    return Envelope(f"BMS/v1/PUB/Value/{PATH}", payload, at)


def test_time_ends_with_the_last_message_where_nobody_says_until() -> None:
    intake = Intake(Fleet())

    span = fold([METADATA, a_value(35, 10)], intake)

    assert (span.messages, span.start, span.end, span.now) == (2, T0, T0 + 10_000, T0 + 10_000)
    assert intake.fleet.counts.live == 1


def test_until_runs_time_on_past_the_last_message() -> None:
    intake = Intake(Fleet())

    span = fold([METADATA, a_value(35, 10)], intake, Millis(300_000))

    assert span.now == T0 + 300_000
    assert intake.fleet.counts.stale == 1


def test_until_leaves_out_what_comes_later() -> None:
    intake = Intake(Fleet())

    span = fold([METADATA, a_value(35, 10), a_value(36, 20)], intake, Millis(15_000))

    assert (span.messages, span.end, span.now) == (2, T0 + 10_000, T0 + 15_000)


def test_an_empty_recording_has_an_outcome_too() -> None:
    intake = Intake(Fleet())

    told = outcome(intake, fold([], intake))

    assert told["racks"] == {}
    assert told["recording"] == {
        "messages": 0,
        "duration_s": 0,
        "start": "1970-01-01T00:00:00.000Z",
        "end": "1970-01-01T00:00:00.000Z",
    }


def test_the_outcome_has_every_rack_and_a_digest() -> None:
    intake = Intake(Fleet())

    told = outcome(intake, fold([METADATA, a_value(35, 10)], intake))

    assert list(told["racks"]) == ["R1"]  # type: ignore[call-overload]
    assert str(told["digest"]).startswith("sha256:")


def test_what_was_not_understood_is_counted_by_reason_and_kind() -> None:
    intake = Intake(Fleet())
    drifted = METADATA._replace(payload=METADATA.payload.replace(b"}", b',"extra":1}'))
    fold([drifted, Envelope("rubbish", b"", T0)], intake)

    told = counters(intake)

    assert (told["rejected"], told["rejected_by_reason"]) == (1, {"topic": 1})
    assert (told["drift"], told["drift_by_kind"]) == (1, {"extra_key": 1})


def test_outcome_has_every_fault_in_order_of_raising_those_that_are_over_too() -> None:
    path = "Rack/RackPower/site/r1/power"
    silent = Envelope(
        f"BMS/v1/PUB/Value/{path}", b'{"value":1,"timestamp":%d,"quality":0}' % T0, T0
    )
    intake = Intake(Fleet())
    later = [a_value(35, 40), a_value(36, 200), a_value(37, 420)]
    span = fold([METADATA, silent, *later], intake, Millis(800_000))

    told = outcome(intake, span)

    assert isinstance(told["faults"], list)
    shown = [(each["code"], each["state"]) for each in told["faults"]]
    assert shown == [("data.bad_quality", "NORM"), ("data.stale", "UNACK")]
    (rack,) = told["racks"].values()  # type: ignore[attr-defined]
    assert (rack["severity"], rack["faults"]) == ("WARNING", [told["faults"][1]["id"]])
