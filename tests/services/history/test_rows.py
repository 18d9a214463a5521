from dataclasses import replace

import pytest

from history_rows import T0, a_point, a_row, taken
from services.history.rows import Rows
from services.history.store import Row
from twin.changes import Derived, FindingChanged, PointDescribed, ReadingLate
from twin.finding import Finding
from twin.instants import Instant
from twin.points import EntityId

R1 = EntityId("R1")


def derived(metric: str = "heat_kw", value: float = 95.5, rack: EntityId = R1) -> Row:
    row = Rows().of(Derived(rack, metric, value, T0))
    assert row is not None
    return row


def a_finding(suspect: str | None = "LiquidFlow") -> Finding:
    return Finding("sensor.implausible", R1, suspect, "it cannot be", ratio=0.2)


def test_a_reading_is_kept_late_or_not_with_the_instants_of_both_ends() -> None:
    rows, change = Rows(), taken(a_point(), 4.5, after=250)

    assert rows.of(change) == a_row(a_point(), 4.5, after=250)
    assert rows.of(ReadingLate(*change[:3])) == a_row(a_point(), 4.5, after=250)


def test_a_quality_wider_than_a_store_keeps_is_cut_and_stays_bad() -> None:
    wide = [Rows().of(taken(a_point(), 1.0, quality=sign * 10**30)) for sign in (1, -1)]

    assert [row.quality for row in wide if row is not None] == [2**31 - 1, -(2**31 - 1)]


def test_what_only_describes_is_not_kept() -> None:
    assert Rows().of(PointDescribed(a_point(), T0)) is None


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
    rows = Rows()
    stands = rows.of(FindingChanged(a_finding(), standing=True, at=T0))
    gone = rows.of(FindingChanged(a_finding(), standing=False, at=Instant(T0 + 60_000)))

    assert stands is not None
    assert gone is not None
    assert (stands.value, gone.value) == (1.0, 0.0)
    assert gone.measured_at == T0 + 60_000
    assert stands.point is gone.point
    assert stands.point.id == "Twin/sensor.implausible/R1/LiquidFlow"
    assert stands.point.point_type == "sensor.implausible"
    assert stands.point.unit is None


def series_of(*findings: Finding) -> set[str]:
    rows = Rows()
    found = [rows.of(FindingChanged(each, standing=True, at=T0)) for each in findings]
    return {row.point.id for row in found if row is not None}


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
    rows = Rows()
    one, two = (rows.of(Derived(R1, "heat_kw", value, T0)) for value in (1.0, 2.0))

    assert one is not None
    assert two is not None
    assert one.point is two.point
