from dataclasses import replace

import pytest

from build import a_heartbeat, a_reading, at, tell
from build import a_point as built
from history_rows import T0, a_point, a_row, taken
from schemas.faults import FaultView, fault_view
from services.history.block import Row
from services.history.rows import Rows
from services.settings import Deadband
from twin.changes import Change, Derived, FaultChanged, FindingChanged, PointDescribed, ReadingLate
from twin.fault import Condition, Fault, Key, What
from twin.finding import Finding
from twin.fleet import Fleet
from twin.hearing import LOST_AFTER, STALE_AFTER
from twin.instants import Instant
from twin.points import EntityId, Point, Retraction
from twin.severity import Severity

R1 = EntityId("R1")


def some_rows() -> Rows:
    return Rows(Fleet())


def derived(metric: str = "heat_kw", value: float = 95.5, rack: EntityId = R1) -> Row:
    (row,) = some_rows().of(Derived(rack, metric, value, T0))
    return row


def a_finding(suspect: str | None = "LiquidFlow") -> Finding:
    return Finding("sensor.implausible", R1, suspect, "it cannot be", ratio=0.2)


def test_a_reading_is_kept_late_or_not_with_the_instants_of_both_ends() -> None:
    rows, change = some_rows(), taken(a_point(), 4.5, after=250)

    assert rows.of(change) == (a_row(a_point(), 4.5, after=250),)
    assert rows.of(ReadingLate(*change[:5])) == (a_row(a_point(), 4.5, after=250),)


def test_readings_of_which_all_are_kept_are_kept_as_they_are() -> None:
    point = a_point()
    wide, first = taken(point, 1.0, quality=10**30), taken(point, 2.0)._replace(revived=True)
    plain = [taken(point, 3.0, 1), taken(point, None, 2, quality=0)]
    rows = some_rows()

    assert rows.all_of([plain[0], wide, first, plain[1]]) == [
        plain[0],
        *rows.of(wide),
        *rows.of(first),
        plain[1],
    ]


def test_a_quality_wider_than_a_store_keeps_is_cut_and_stays_bad() -> None:
    wide = [some_rows().of(taken(a_point(), 1.0, quality=sign * 10**30)) for sign in (1, -1)]

    assert [row.quality for (row,) in wide] == [2**31 - 1, -(2**31 - 1)]


def test_what_only_describes_is_not_kept() -> None:
    assert some_rows().of(PointDescribed(a_point(), T0)) == ()


def test_a_derived_number_is_a_good_reading_of_a_point_of_the_twin_s_own() -> None:
    row = derived()

    assert (row.value, row.quality, row.measured_at, row.received_at) == (95.5, 1, T0, T0)
    assert (row.point.id, row.point.entity) == ("Twin/heat_kw/R1", "R1")
    assert (row.point.object_type, row.point.point_type) == ("Twin", "heat_kw")


@pytest.mark.parametrize(
    ("metric", "unit"), [("heat_kw", "kW"), ("heat_residual_pct", "%"), ("heat_ratio", None)]
)
def test_the_unit_of_a_derived_number_is_the_end_of_its_name(metric: str, unit: str | None) -> None:
    assert derived(metric).point.unit == unit


def test_a_number_that_overflowed_is_no_value() -> None:
    assert derived(value=float("inf")).value is None


def test_a_finding_is_one_while_it_stands_and_then_nothing() -> None:
    rows = some_rows()
    (stands,) = rows.of(FindingChanged(a_finding(), standing=True, at=T0))
    (gone,) = rows.of(FindingChanged(a_finding(), standing=False, at=Instant(T0 + 60_000)))

    assert (stands.value, gone.value) == (1.0, 0.0)
    assert gone.measured_at == T0 + 60_000
    assert stands.point is gone.point
    assert stands.point.id == "Twin/sensor.implausible/R1/LiquidFlow"
    assert stands.point.point_type == "sensor.implausible"
    assert stands.point.unit is None


def series_of(*findings: Finding) -> set[str]:
    rows = some_rows()
    found = [FindingChanged(each, standing=True, at=T0) for each in findings]
    return {row.point.id for change in found for row in rows.of(change)}


def test_findings_of_two_sensors_are_two_series() -> None:
    two = series_of(a_finding("LiquidFlow"), a_finding("LiquidTemperature"))

    assert len(two) == 2


def test_a_balance_is_one_series_whoever_is_suspected() -> None:
    balance = Finding("balance.heat", R1, None, "the liquid carries 50.0%", ratio=0.5)
    named = replace(balance, suspect="RackLiquidFlow", reason="the liquid carries 50.1%")

    assert series_of(balance, named) == {"Twin/balance.heat/R1"}


def test_departures_from_the_contract_are_told_apart_by_what_they_are() -> None:
    notes = [Finding("data.contract", R1, None, note) for note in ("Seccondary", "Suply")]

    assert series_of(*notes) == {
        "Twin/data.contract/R1/Seccondary",
        "Twin/data.contract/R1/Suply",
    }


def test_the_point_of_a_number_is_made_once() -> None:
    rows = some_rows()
    (one,), (two,) = (rows.of(Derived(R1, "heat_kw", value, T0)) for value in (1.0, 2.0))

    assert one.point is two.point


KEY = Key("rack.leak", R1)


def a_fault(severity: Severity = Severity.CRITICAL, **other: object) -> Fault:
    fault = Fault(KEY, "F-1", 1, Condition.ACTIVE, severity_now=severity, raised_at=T0)
    return fault._replace(**other)  # type: ignore[arg-type]  # of its own fields


def fault_rows(*changes: FaultChanged) -> list[Row]:
    rows = some_rows()
    return [row for change in changes for row in rows.of(change)]


def test_a_fault_is_as_bad_as_it_is_while_it_stands_and_then_nothing() -> None:
    ends = [
        a_fault(Severity.WARNING),
        a_fault(Severity.CRITICAL),
        a_fault(condition=Condition.CLEARING),
        a_fault(condition=Condition.NORMAL, latched=True),
    ]
    rows = fault_rows(*(FaultChanged(f, What.SEVERITY, at(n)) for n, f in enumerate(ends)))

    assert [row.value for row in rows] == [1.0, 2.0, 2.0, 0.0]
    assert [row.measured_at for row in rows] == [at(n) for n in range(4)]
    assert {row.point.id for row in rows} == {"Fault/rack.leak/R1"}
    assert (rows[0].point.object_type, rows[0].point.point_type) == ("Fault", "rack.leak")
    assert rows[0].point is rows[1].point


def test_the_document_of_a_fault_stands_beside_it() -> None:
    hushed = a_fault(suppressed_by=("F-0",))
    (row,) = fault_rows(FaultChanged(hushed, What.SUPPRESSED, T0))

    told = FaultView.model_validate_json(row.text)
    assert told == fault_view(hushed, Fleet())
    assert (told.state, told.suppressed_by) == ("DSUPR", ("F-0",))


def test_two_faults_of_one_code_on_one_thing_are_two_series() -> None:
    two = [a_fault(key=KEY._replace(qualifier=tray)) for tray in ("1", "2")]
    rows = fault_rows(*(FaultChanged(each, What.RAISED, T0) for each in two))

    assert [row.point.id for row in rows] == ["Fault/rack.leak/R1/1", "Fault/rack.leak/R1/2"]


def test_what_happens_to_a_fault_at_one_instant_is_written_a_millisecond_apart() -> None:
    whats = [What.CLOSED, What.RAISED, What.SUPPRESSED]
    changes = [FaultChanged(a_fault(), what, T0) for what in whats]
    changes.append(FaultChanged(a_fault(), What.RELEASED, at(1)))
    rows = fault_rows(*changes)

    assert [row.measured_at for row in rows] == [T0, T0 + 1, T0 + 2, at(1)]
    assert [row.received_at for row in rows] == [T0, T0, T0, at(1)]


def test_what_was_never_raised_is_not_kept() -> None:
    assert fault_rows(FaultChanged(Fault(KEY), What.PENDING, T0)) == []


def levels(*told: list[Change], rows: Rows | None = None) -> list[tuple[str, float | None, int]]:
    """What is written of who is heard: series, number, and when."""
    rows = rows or some_rows()
    found = [row for changes in told for change in changes for row in rows.of(change)]
    return [
        (row.point.id, row.value, row.measured_at - T0)
        for row in found
        if row.point.object_type == "Freshness"
    ]


POWER = built()
WHO = f"Freshness/{POWER.id}"


def test_a_point_is_live_when_it_is_heard_first_and_again_and_stale_in_between() -> None:
    fleet, silent = Fleet(), STALE_AFTER / 1000
    told = [
        tell(fleet, T0, POWER, a_reading(POWER)),
        tell(fleet, at(1), a_reading(POWER, 2.0, at(1))),
        tell(fleet, at(300)),
        tell(fleet, at(400), a_reading(POWER, 2.0, at(1))),
    ]

    stale = round((1 + silent) * 1000)
    assert levels(*told) == [(WHO, 1.0, 0), (WHO, 2.0, stale), (WHO, 1.0, 400_000)]


@pytest.mark.parametrize(
    ("news", "heard"),
    [
        (Retraction(POWER.id), [0.0]),
        (replace(POWER, unit="W"), [0.0]),
        (replace(POWER, entity=EntityId("R2")), [0.0]),
        (replace(POWER, name="Rack one"), []),
    ],
    ids=["taken back", "another unit", "another entity", "another name"],
)
def test_a_point_that_says_something_else_from_now_on_is_not_heard_yet(
    news: Point | Retraction, heard: list[float]
) -> None:
    fleet, rows = Fleet(), some_rows()
    levels(tell(fleet, T0, POWER, a_reading(POWER)), rows=rows)

    assert [level for _, level, _ in levels(tell(fleet, at(1), news), rows=rows)] == heard


def test_of_a_point_that_was_never_heard_nothing_is_said() -> None:
    fleet = Fleet()

    assert levels(tell(fleet, T0, POWER), tell(fleet, at(1), Retraction(POWER.id))) == []


def test_a_publisher_is_live_while_its_heart_beats_and_stale_after() -> None:
    fleet, heart = Fleet(), a_heartbeat()
    told = [tell(fleet, T0, heart, a_reading(heart)), tell(fleet, at(60))]

    found = [each for each in levels(*told) if each[0] == f"Freshness/{heart.publisher}"]
    assert [(level, when) for _, level, when in found] == [(1.0, 0), (2.0, LOST_AFTER)]


POD = a_heartbeat(scope="hall1/pod1", tag="pod1")


def of_hearts(*told: list[Change], rows: Rows | None = None) -> list[tuple[str, float | None]]:
    """What is written of publishers and of parts of what they tell: which, and how it is."""
    found = [(point.removeprefix("Freshness/"), how) for point, how, _ in levels(*told, rows=rows)]
    return [each for each in found if not each[0].startswith("System/")]


def test_of_several_hearts_each_says_how_its_part_is() -> None:
    fleet, heart = Fleet(), a_heartbeat()
    told = [tell(fleet, T0, *(heart, POD), *map(a_reading, (heart, POD)))]
    told += [tell(fleet, at(n), a_reading(heart, n, at(n))) for n in (20, 40)]

    assert of_hearts(*told) == [("PUB", 1.0), ("PUB/hall1/pod1", 1.0), ("PUB/hall1/pod1", 2.0)]


@pytest.mark.parametrize(
    ("news", "told"),
    [
        (Retraction(POD.id), [("PUB/hall1/pod1", 0.0)]),
        (replace(POD, scope=None), [("PUB/hall1/pod1", 0.0), ("PUB", 1.0)]),
        (replace(POD, unit="s"), [("PUB/hall1/pod1", 0.0)]),
        (replace(POD, name="Pod one"), []),
    ],
    ids=["taken back", "another scope", "another unit", "another name"],
)
def test_what_a_heart_beats_for_no_more_is_not_heard_by_it(
    news: Point | Retraction, told: list[tuple[str, float]]
) -> None:
    fleet, rows = Fleet(), some_rows()
    levels(tell(fleet, T0, POD, a_reading(POD)), rows=rows)

    assert of_hearts(tell(fleet, at(1), news), rows=rows) == told


def test_the_last_reading_that_was_withheld_is_written_when_its_point_falls_silent() -> None:
    fleet = Fleet()
    rows = Rows(fleet, {"RackPower": Deadband(abs=1.0)})
    told = [tell(fleet, T0, POWER)]
    told += [tell(fleet, at(n), a_reading(POWER, 35.0 + n / 10, at(n))) for n in range(4)]
    told += [tell(fleet, at(400))]
    kept = [row for changes in told for change in changes for row in rows.of(change)]

    assert [row.value for row in kept if row.point is POWER] == [35.0, 35.3]
    assert rows.withheld == 2
