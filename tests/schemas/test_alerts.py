import json

import msgspec

from build import at
from notified import Faulty, key_of
from schemas.alerts import alert, ended
from schemas.faults import fault_view
from twin.severity import Severity
from twin.site import NOWHERE, RackPlace


def test_alert_says_what_where_and_what_to_do() -> None:
    site = Faulty()
    fault = site.judge(key_of("leak.detected"))

    told = alert(fault_view(fault, site.fleet), RackPlace(hall="H1", row="A"), at(60))

    assert told.labels == {
        "alertname": "leak.detected", "entity": "R1", "severity": "critical", "priority": "1",
        "hall": "H1", "row": "A",
    }  # fmt: skip
    assert told.annotations["message"] == "wet"
    assert told.annotations["view"] == "/api/v1/equipment/R1"
    assert "isolate its coolant" in told.annotations["guidance"]
    assert json.loads(msgspec.json.encode(told)).keys() == {
        "labels", "annotations", "startsAt", "endsAt",
    }  # fmt: skip


def test_alert_of_a_rack_that_stands_nowhere_has_no_empty_labels() -> None:
    site = Faulty()
    fault = site.judge(key_of("leak.tray", qualifier="7"), Severity.WARNING)

    told = alert(fault_view(fault, site.fleet), NOWHERE, at(60))

    assert all(told.labels.values())
    assert told.labels["qualifier"] == "7"
    assert told.labels["entity_type"] == "Rack"


def test_alert_never_ends_before_it_began() -> None:
    site = Faulty()
    fired = alert(fault_view(site.judge(key_of("leak.detected")), site.fleet), NOWHERE, at(60))

    assert ended(fired, at(-5)).ends_at == fired.starts_at
    assert ended(fired, at(5)).ends_at > fired.starts_at
    assert ended(fired, at(5)).labels == fired.labels
