from build import a_fleet_with, a_heartbeat, a_point, a_reading, at, tell
from faulty import CRITICAL, WARNING
from schemas.faults import FaultView, books_of, fault_event, fault_view, statistics_view
from twin.changes import FaultChanged
from twin.fault import UNKNOWN, Fault, Judged, Key
from twin.faults.engine import Faults
from twin.fleet import Fleet
from twin.points import EntityId
from twin.severity import Severity

CDU = a_point("CDU/LiquidFlow", "CDU-1", serves=("R1", "R2"))


def a_fleet() -> Fleet:
    """Two racks behind one cooling unit."""
    racks = [a_point(entity=rack) for rack in ("R1", "R2")]
    tap = a_point("PowerMeter/ActivePower", "TAP", serves=("R1",))
    return a_fleet_with(CDU, tap, *racks, a_heartbeat())


def raised(fleet: Fleet, code: str, entity: str, seconds: float = 0) -> Fault:
    """A fault that stands as critical, whatever its delay."""
    key = Key(code, EntityId(entity))
    fleet.faults.judge(key, CRITICAL, at(seconds))
    fleet.faults.advance(at(seconds + 120))
    (found,) = (each for each in fleet.faults.of(key.entity) if each.key == key)
    return found


def test_fault_is_told_whole() -> None:
    fleet = a_fleet()
    told = fault_view(raised(fleet, "leak.detected", "R1"), fleet)
    assert (told.severity, told.severity_max, told.priority) == ("CRITICAL", "CRITICAL", 1)
    assert (told.point, told.message, told.value, told.limit, told.unit) == (
        "P1",
        "far too warm",
        46.0,
        45.0,
        "C",
    )
    assert (told.state, told.beneath, told.annunciated, told.latched) == (
        "UNACK",
        "UNACK",
        True,
        True,
    )
    assert told.raised_at == "2026-01-01T00:00:00.000Z"
    assert (told.cleared_at, told.closed, told.closed_at) == (None, None, None)
    assert (told.first_out, told.suppresses, told.suppressed_by) == (False, 0, ())
    assert told.guidance
    assert told.view == "/api/v1/racks/R1"


def test_kind_of_thing_is_told_as_the_catalogue_calls_it() -> None:
    fleet = a_fleet()
    kinds = {
        (code, entity): fault_view(raised(fleet, code, entity), fleet).entity_type
        for code, entity in (
            ("leak.detected", "R1"),
            ("leak.detected", "CDU-1"),
            ("sensor.frozen", "TAP"),
            ("power.over_current", "TAP"),
            ("data.publisher_lost", "PUB"),
            ("sensor.frozen", "nobody"),
        )
    }
    assert list(kinds.values()) == ["Rack", "Cdu", "Meter", "Meter", "Publisher", None]


def test_cause_tells_for_how_many_faults_and_racks_it_stands() -> None:
    fleet = a_fleet()
    cause = raised(fleet, "cdu.unavailable", "CDU-1")
    effects = [raised(fleet, "liquid.flow_low", rack, 130) for rack in ("R1", "R2")]
    told = fault_view(cause, fleet)
    assert (told.suppresses, told.suppresses_racks, told.first_out) == (2, 2, True)
    effect = fault_view(effects[0], fleet)
    assert (effect.state, effect.suppressed_by, effect.first_out) == ("DSUPR", (cause.id,), False)


def test_what_people_did_is_told() -> None:
    fleet = a_fleet()
    fault = raised(fleet, "leak.detected", "R1")
    now = at(200)
    faults = fleet.faults
    faults.ack(fault.id, "ann", now)
    faults.shelve(fault.id, "bob", now, reason="known", until=at(300))
    faults.out_of_service(fault.id, "cy", now, reason="drained")
    faults.comment(fault.id, "dee", now, text="wet")
    found = faults.get(fault.id)
    assert found is not None
    told = fault_view(found, fleet)
    assert (told.acknowledged_by, told.acknowledged_at) == ("ann", "2026-01-01T00:03:20.000Z")
    assert told.shelved is not None
    assert (told.shelved.by, told.shelved.until) == ("bob", "2026-01-01T00:05:00.000Z")
    assert told.out_of_service is not None
    assert (told.out_of_service.reason, told.out_of_service.until) == ("drained", None)
    assert [(each.by, each.text) for each in told.comments] == [("dee", "wet")]
    assert (told.state, told.beneath) == ("OOSRV", "ACKED")


def test_what_is_over_tells_why() -> None:
    fleet = a_fleet()
    fault = raised(fleet, "leak.detected", "R1")
    (change,) = fleet.faults.remove(fault.key, at(200))
    told = fault_view(change.fault, fleet)
    assert (told.closed, told.closed_at) == ("REMOVED", "2026-01-01T00:03:20.000Z")


def test_number_that_json_cannot_say_is_null() -> None:
    fleet = a_fleet()
    fault = raised(fleet, "leak.detected", "R1")
    odd = fault._replace(judged=WARNING._replace(value=float("inf"), limit=float("nan")))
    told = fault_view(odd, fleet)
    assert (told.value, told.limit) == (None, None)


def test_event_is_the_fault_with_what_happened_to_it() -> None:
    fleet = a_fleet()
    leak = a_point("Rack/RackLeakDetect")
    changes = tell(fleet, at(1), leak, a_reading(leak, 1.0, at(1)))
    (change,) = (each for each in changes if isinstance(each, FaultChanged))
    told = fault_event(7, change, fleet)
    assert (told.seq, told.what, told.at, told.by, told.annunciates) == (
        7,
        "RAISED",
        "2026-01-01T00:00:01.000Z",
        None,
        True,
    )
    assert FaultView.model_validate(
        {name: getattr(told, name) for name in FaultView.model_fields}
    ) == fault_view(change.fault, fleet)


def test_statistics_are_told_with_what_lies_on_the_shelf() -> None:
    fleet = a_fleet()
    fault = raised(fleet, "leak.detected", "R1")
    fleet.faults.shelve(fault.id, "bob", at(200), reason="known", until=at(300))
    told = statistics_view(fleet.faults, at(200))
    assert [(each.code, each.entity, each.calls) for each in told.worst] == [
        ("leak.detected", "R1", 1)
    ]
    assert [(each.id, each.reason) for each in told.shelved] == [(fault.id, "known")]
    assert (told.calls, told.worst_pct, told.longest_unacked_s) == (1, 100.0, 200.0)
    assert told.standing == {"WARNING": 0, "CRITICAL": 1}


def again(fleet: Fleet) -> list[FaultView]:
    """What is told of faults that were made of what was told of them, as a store keeps it."""
    faults = fleet.faults
    told = [fault_view(each, fleet).model_dump_json() for each in faults.occurrences()]
    books = books_of(map(FaultView.model_validate_json, told), at(500))
    fleet.faults = Faults(faults.rules, fleet.topology, books)
    found = [fault_view(each, fleet) for each in fleet.faults.occurrences()]
    fleet.faults = faults
    return found


def test_faults_are_the_same_when_made_of_what_was_told() -> None:
    fleet = a_fleet()
    known = raised(fleet, "leak.detected", "R1")
    cause = raised(fleet, "cdu.unavailable", "CDU-1")
    for rack in ("R1", "R2"):
        raised(fleet, "liquid.flow_low", rack, 130)
    over = raised(fleet, "leak.detected", "R2", 260)
    faults, now = fleet.faults, at(400)
    faults.ack(known.id, "ann", now)
    faults.shelve(known.id, "bob", now, reason="known", until=at(900))
    faults.out_of_service(cause.id, "cy", now, reason="drained")
    faults.comment(known.id, "dee", now, text="wet")
    faults.remove(over.key, now)

    assert again(fleet) == [fault_view(each, fleet) for each in faults.occurrences()]


def test_silence_of_a_publisher_stands_for_the_same_faults_again() -> None:
    fleet = a_fleet()
    raised(fleet, "data.publisher_lost", "PUB")
    silent = Judged(Severity.WARNING, message="nothing heard", publisher=EntityId("PUB"))
    fleet.faults.judge(Key("data.stale", EntityId("R1")), silent, at(130))
    fleet.faults.advance(at(300))

    told = again(fleet)
    assert told == [fault_view(each, fleet) for each in fleet.faults.occurrences()]
    assert [each.suppresses for each in told if each.code == "data.publisher_lost"] == [1]


def test_fault_that_waits_for_its_cause_and_has_no_data_does_so_again() -> None:
    fleet = a_fleet()
    key = Key("liquid.flow_low", EntityId("R1"))
    fleet.faults.judge(key, CRITICAL, at(0))
    due = fleet.faults.next_at
    fleet.faults.advance(due)
    fleet.faults.judge(key, UNKNOWN, due)

    (told,) = again(fleet)
    assert told == fault_view(fleet.faults.occurrences()[0], fleet)
    assert (told.annunciated, told.held) == (False, True)
