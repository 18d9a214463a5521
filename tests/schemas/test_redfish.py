import json
from typing import Any

import msgspec
import pytest

from notified import Faulty, key_of
from schemas.faults import fault_view
from schemas.redfish import event
from twin.changes import FaultChanged
from twin.fault import State, What
from twin.points import EntityId
from twin.severity import Severity

LEAK = key_of("leak.detected")
TRAY = key_of("leak.tray")


def told(site: Faulty) -> list[dict[str, Any]]:
    """The records of all that happened."""
    events = (event("e1:1", each, fault_view(each.fault, site.fleet)) for each in site.changes)
    return [json.loads(msgspec.json.encode(each))["Events"][0] for each in events if each]


def ids(site: Faulty) -> list[str]:
    return [each["MessageId"] for each in told(site)]


def test_leak_is_told_by_the_standard_messages() -> None:
    site = Faulty()
    site.judge(LEAK)
    site.end(LEAK)

    assert ids(site) == [
        "Environmental.1.1.0.LeakDetectedCritical",
        "Environmental.1.1.0.LeakDetectedNormal",
    ]


def test_event_has_what_the_schema_requires() -> None:
    site = Faulty()
    site.judge(key_of("leak.tray", qualifier="7"), Severity.WARNING)
    change = site.changes[0]

    made = event("e1:1", change, fault_view(change.fault, site.fleet))

    assert made is not None
    document = json.loads(msgspec.json.encode(made))
    assert document["@odata.type"] == "#Event.v1_7_0.Event"
    assert document["Id"] == "e1:1"
    (record,) = document["Events"]
    assert record == {
        "EventId": "e1:1",
        "EventTimestamp": "2026-01-01T00:00:00.000Z",
        "EventType": "Event",
        "MemberId": "0",
        "MessageId": "Environmental.1.1.0.LeakDetectedWarning",
        "Message": "R1: wet",
        "MessageArgs": ["R1", "7"],
        "MessageSeverity": "Warning",
        "Severity": "Warning",
        "OriginOfCondition": {"@odata.id": "/api/v1/racks/R1"},
    }


def test_severity_is_told_as_it_rises_and_falls() -> None:
    site = Faulty()
    site.judge(TRAY, Severity.WARNING)
    site.judge(TRAY, Severity.CRITICAL)
    site.judge(TRAY, Severity.WARNING)

    assert [each["Severity"] for each in told(site)] == ["Warning", "Critical", "Warning"]


def test_what_people_do_is_not_told() -> None:
    site = Faulty()
    fault = site.judge(LEAK)
    site.ack(fault)
    site.shelve(fault)

    assert len(told(site)) == 1


def test_what_nobody_was_called_for_is_not_told_when_it_is_over() -> None:
    site = Faulty()
    fault = site.judge(LEAK)._replace(annunciated_at=None)

    over = FaultChanged(fault, What.CLEARED, site.now, before=State.DSUPR)

    assert event("e1:2", over, fault_view(fault, site.fleet)) is None


def test_leak_that_comes_back_before_anybody_took_note_is_told_again() -> None:
    site = Faulty()
    site.judge(LEAK)
    site.judge(LEAK, Severity.OK)
    site.wait(10)
    site.judge(LEAK)  # a flicker: it was never told to be over
    site.judge(LEAK, Severity.OK)
    site.wait(30)
    site.judge(LEAK)

    assert [each["Severity"] for each in told(site)] == ["Critical", "OK", "Critical"]


def test_what_is_taken_away_is_over() -> None:
    site = Faulty()
    site.judge(LEAK)
    site.changes += site.fleet.faults.remove(EntityId("R1"), site.now)

    assert ids(site)[-1] == "Environmental.1.1.0.LeakDetectedNormal"


@pytest.mark.parametrize(
    ("code", "name"),
    [("leak.sensor_fault", "LeakSensorFaultWarning"), ("site.too-hot", "SiteToohotWarning")],
)
def test_other_codes_have_messages_of_our_own(code: str, name: str) -> None:
    site = Faulty()
    fault = site.judge(TRAY, Severity.WARNING)
    other = fault._replace(key=key_of(code))
    view = fault_view(fault, site.fleet).model_copy(update={"code": code})

    made = event("e1:1", FaultChanged(other, What.RAISED, site.now, annunciates=True), view)

    assert made is not None
    assert made.events[0].message_id == f"Racktwin.1.0.0.{name}"
