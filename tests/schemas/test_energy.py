from dataclasses import replace

import pytest

from build import START, at
from history_series import a_series, samples_of
from schemas.energy import EnergyOfPoint, EnergyView, Method, energy_view
from schemas.history import Bucket, Mode, Query, Sample, Series
from twin.instants import Instant, Millis

STALE = Millis(250_000)
HOUR = 3_600


def view(
    *series: Series, entities: tuple[str, ...] = ("R1",), known_to: float = HOUR
) -> EnergyView:
    """Of the first hour."""
    query = Query(entities, ("RackPower",), Instant(START - STALE), at(HOUR), Mode.RAW)
    return energy_view(query, START, series, at(known_to), STALE)


def item(*series: Series, known_to: float = HOUR) -> EnergyOfPoint:
    (found,) = view(*series, known_to=known_to).items
    return found


def every_minute(*values: float | None) -> tuple[Sample, ...]:
    return samples_of(list(values), START, 60_000)


def test_readings_make_energy_and_say_how_complete_it_is() -> None:
    found = item(a_series(samples=every_minute(*[60.0] * 30)))
    known_s = 29 * 60 + 250
    assert found.energy_kwh == pytest.approx(60 * known_s / HOUR)
    assert found.completeness == pytest.approx(known_s / HOUR)
    assert (found.entity, found.metric, found.point) == ("R1", "RackPower", "Rack/RackPower/R1")


def test_bad_readings_and_the_future_are_not_known() -> None:
    found = item(a_series(samples=every_minute(60.0, None, 60.0, 60.0)), known_to=200)
    assert found.energy_kwh == pytest.approx(140 / 60)
    assert found.completeness == pytest.approx(140 / HOUR)


def test_what_was_read_before_the_range_holds_into_it() -> None:
    found = item(a_series(samples=(Sample(Instant(START - 50_000), 36.0, 1),)))
    assert found.energy_kwh == pytest.approx(2.0)


def test_means_of_minutes_stand_for_many_readings() -> None:
    buckets = (
        Bucket(START, 1.0, 99.0, 60.0, 60.0, 60, 1.0),
        Bucket(at(60), 1.0, 99.0, 60.0, 60.0, 60, 0.5),
        Bucket(at(120), None, None, None, None, 60, 0.0),
    )
    answer = view(a_series(buckets=buckets))
    assert answer.method is Method.MINUTES
    assert answer.items[0].energy_kwh == pytest.approx(1.5)


def test_other_units_of_power_count_as_kilowatts_also_within_one_point() -> None:
    early = a_series(unit="W", samples=(Sample(START, 60_000.0, 1),))
    late = a_series(samples=(Sample(at(60), 30.0, 1), Sample(at(120), None, 0)))
    assert item(early, late).energy_kwh == pytest.approx(1.5)


def test_what_is_no_power_or_only_asked_for_is_left_out() -> None:
    other = a_series(unit="A", samples=every_minute(5.0))
    target = replace(a_series(samples=every_minute(5.0)), is_setpoint=True)
    (found,) = view(other, target).items
    assert found == EnergyOfPoint(
        entity="R1", metric=None, point=None, phase=None, energy_kwh=None, completeness=0.0
    )


def test_what_was_never_good_has_no_energy() -> None:
    found = item(a_series(samples=every_minute(None, None)))
    assert (found.energy_kwh, found.completeness) == (None, 0.0)


def test_entities_are_told_in_the_order_asked_for() -> None:
    found = view(a_series("R1", samples=every_minute(1.0)), entities=("R2", "R1"))
    assert [each.entity for each in found.items] == ["R2", "R1"]
    assert found.method is Method.READINGS
