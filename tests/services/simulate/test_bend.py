import json

from build import at
from schemas.envelope import Envelope
from services.simulate.bend import Bent
from services.simulate.script import Bends, Doubts, Freezes, Shows, Silence, Told
from twin.points import EntityId, PublisherId

R1 = EntityId("R1")
PATH = "Rack/RackPower/r1/power"
DESCRIBED = Envelope(
    f"BMS/v1/PUB/Metadata/{PATH}",
    b'{"objectType":"Rack","pointType":"RackPower","engUnit":"kW",'
    b'"rackLocationName":"R1","rackLocationId":"R1"}',
    at(0),
    retain=True,
)
OTHER = Envelope("BMS/v1/NICO/Value/Rack/RackPower/r2/power", b"nothing to read", at(6))


def said(second: float, value: float) -> Envelope:
    payload = {"value": value, "timestamp": at(second), "quality": 1}
    return Envelope(f"BMS/v1/PUB/Value/{PATH}", json.dumps(payload).encode(), at(second))


RECORDING = [DESCRIBED, said(1, 10), said(5, 20), OTHER, said(9, 30), said(14, 40)]


def bent(*told: Told) -> list[tuple[float, float, int]]:
    """When, what and with which quality the point tells."""
    told_of = [e for e in Bent(told).of(RECORDING) if e.topic.endswith("/Value/" + PATH)]
    found = []
    for envelope in told_of:
        payload = json.loads(envelope.payload)
        assert payload["timestamp"] == envelope.received_at
        seconds = (envelope.received_at - at(0)) / 1000
        found.append((seconds, payload["value"], payload["quality"]))
    return found


def test_what_no_script_speaks_of_stays_as_it_is() -> None:
    assert list(Bent([]).of(RECORDING)) == RECORDING
    elsewhere = Bends(at(0), EntityId("R2"), "RackPower", 2.0, until=at(100))
    assert list(Bent([elsewhere]).of(RECORDING)) == RECORDING


def test_a_bent_sensor_is_told_as_it_begins_and_as_it_ends() -> None:
    assert bent(Bends(at(3), R1, "RackPower", 2.0, 1.0, at(10))) == [
        (1, 10, 1),
        (3, 21, 1),
        (5, 41, 1),
        (9, 61, 1),
        (10, 30, 1),
        (14, 40, 1),
    ]


def test_a_point_shows_what_it_is_made_to() -> None:
    assert bent(Shows(at(3), R1, "RackPower", 7, at(9))) == [
        (1, 10, 1),
        (3, 7, 1),
        (5, 7, 1),
        (9, 20, 1),
        (9, 30, 1),
        (14, 40, 1),
    ]


def test_a_frozen_sensor_stays_at_what_it_read() -> None:
    told = bent(Freezes(at(5), R1, "RackPower", at(12)))
    assert [value for _, value, _ in told] == [10, 10, 10, 10, 30, 40]


def test_a_doubt_comes_with_the_value() -> None:
    told = bent(Doubts(at(5), R1, "RackPower", at(12)))
    assert [(value, quality) for _, value, quality in told] == [
        (10, 1),
        (10, 0),
        (20, 0),
        (30, 0),
        (30, 1),
        (40, 1),
    ]


def test_a_silent_publisher_says_nothing_and_others_go_on() -> None:
    found = list(Bent([Silence(at(2), PublisherId("PUB"), at(12))]).of(RECORDING))
    assert found == [DESCRIBED, said(1, 10), OTHER, said(14, 40)]


def test_nothing_is_made_of_no_value() -> None:
    null = said(5, 0)._replace(payload=b'{"value":null,"timestamp":%d,"quality":1}' % at(5))
    recording = [DESCRIBED, null]
    bends = Bends(at(3), R1, "RackPower", 2.0, until=at(9))
    (_, told) = Bent([bends]).of(recording)
    assert json.loads(told.payload)["value"] is None


def test_a_point_that_is_never_heard_shows_what_it_is_made_to_and_rests_again() -> None:
    recording = [DESCRIBED, OTHER, OTHER._replace(received_at=at(12))]
    told = list(Bent([Shows(at(3), R1, "RackPower", 7, at(9))]).of(recording))
    shown = [json.loads(each.payload) for each in told if each.topic.endswith("/Value/" + PATH)]
    assert shown == [
        {"value": 7, "timestamp": at(3), "quality": 1},
        {"value": 0, "timestamp": at(9), "quality": 1},
    ]
    assert [each for each in told if not each.topic.endswith("/Value/" + PATH)] == recording
