from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from history_rows import a_point, a_row
from services.history.block import Row
from services.history.exception import Exceptions
from services.settings import Deadband
from twin.points import Point

POINT = a_point()


def kept(deadband: Deadband, *rows: Row) -> list[Row]:
    """What is written of rows, in the order in which it is."""
    exceptions = Exceptions({"RackPower": deadband})
    return [each for row in rows for each in exceptions.of(row)]


def values(rows: list[Row]) -> list[float | None]:
    return [row.value for row in rows]


def at_each_second(*numbers: float | None) -> list[Row]:
    return [a_row(POINT, number, 1_000 * n) for n, number in enumerate(numbers)]


def test_a_reading_inside_the_deadband_of_the_last_kept_one_is_withheld() -> None:
    rows = at_each_second(10.0, 11.0, 9.0, 11.1)

    assert values(kept(Deadband(abs=1.0), *rows)) == [10.0, 9.0, 11.1]


def test_a_deadband_in_parts_is_one_of_the_value_last_kept() -> None:
    rows = at_each_second(100.0, 104.0, 95.0, 106.0, 111.0)

    assert values(kept(Deadband(pct=5.0), *rows)) == [100.0, 95.0, 106.0]


def test_a_type_without_a_deadband_is_kept_whole() -> None:
    exceptions = Exceptions({"RackLiquidFlow": Deadband(abs=1.0)})

    assert [exceptions.of(row) for row in at_each_second(1.0, 1.0)] == [
        (row,) for row in at_each_second(1.0, 1.0)
    ]
    assert exceptions.withheld == 0


@pytest.mark.parametrize(
    "point",
    [replace(POINT, states=((0, "off"), (1, "on"))), replace(POINT, unit=None)],
    ids=["has states", "has no unit"],
)
def test_what_is_no_number_of_a_unit_is_never_withheld(point: Point) -> None:
    rows = [row._replace(point=point) for row in at_each_second(1.0, 1.0, 1.0)]

    assert kept(Deadband(abs=5.0), *rows) == rows


def test_one_is_kept_once_the_longest_interval_is_over() -> None:
    rows = [a_row(POINT, 5.0, 1_000 * n) for n in range(0, 250, 10)]
    times = [row.measured_at - rows[0].measured_at for row in kept(Deadband(abs=1.0), *rows)]

    assert times == [0, 100_000, 200_000]


@pytest.mark.parametrize(
    "news",
    [
        a_row(POINT, 5.0, 2_000, quality=0),
        a_row(POINT, None, 2_000),
        a_row(replace(POINT, name="Rack one"), 5.0, 2_000),
        a_row(POINT, 7.0, 2_000),
    ],
    ids=["quality", "no value", "described anew", "another value"],
)
def test_what_is_news_is_kept_and_before_it_what_was_withheld_last(news: Row) -> None:
    rows = at_each_second(5.0, 5.5)

    assert kept(Deadband(abs=1.0), *rows, news) == [*rows, news]


def test_no_value_twice_is_news_once() -> None:
    assert values(kept(Deadband(abs=1.0), *at_each_second(None, None, 5.0))) == [None, None, 5.0]
    assert values(kept(Deadband(abs=1.0), *at_each_second(None, None, None))) == [None]


def test_a_late_reading_is_always_kept_and_changes_nothing_of_what_is_withheld() -> None:
    rows = at_each_second(5.0, 5.1, 5.2, 5.3)
    late = a_row(POINT, 5.0, 500)

    found = kept(Deadband(abs=1.0), *rows[:3], late, rows[3])
    assert found == [rows[0], late, rows[2]]


def test_readings_that_are_never_written_are_counted() -> None:
    exceptions = Exceptions({"RackPower": Deadband(abs=1.0)})
    written = [each for row in at_each_second(1, 1, 1, 1, 9, 9) for each in exceptions.of(row)]
    assert (len(written), exceptions.withheld) == (3, 2)

    assert values(list(exceptions.end(POINT.id))) == [9]
    assert exceptions.end(POINT.id) == ()
    assert exceptions.withheld == 2


NUMBERS = st.floats(-1e6, 1e6) | st.floats(-2.0, 2.0)
READINGS = st.lists(
    st.tuples(st.integers(1, 40_000), st.none() | NUMBERS, st.sampled_from((0, 1, 1, 1, 1))),
    max_size=60,
)
DEADBANDS = st.floats(0.01, 1_000.0).map(lambda width: Deadband(abs=width)) | st.floats(
    0.01, 100.0
).map(lambda pct: Deadband(pct=pct))


@given(READINGS, DEADBANDS)
def test_a_line_of_steps_is_never_off_by_more_than_the_deadband(
    readings: list[tuple[int, float | None, int]], deadband: Deadband
) -> None:
    rows: list[Row] = []
    time = 0
    for gap, value, quality in readings:
        time += gap
        rows.append(a_row(POINT, value, time, quality))
    exceptions = Exceptions({"RackPower": deadband})
    written = [each for row in rows for each in exceptions.of(row)]
    pending = len(exceptions.end(POINT.id))

    assert len(written) + pending + exceptions.withheld == len(rows)
    assert set(written) <= set(rows)
    assert [row.measured_at for row in written] == sorted(row.measured_at for row in written)
    for row in rows:
        shown = [each for each in written if each.measured_at <= row.measured_at][-1]
        assert row.measured_at - shown.measured_at < deadband.max_s * 1000
        assert shown.quality == row.quality
        if row.value is None or shown.value is None:
            assert row.value is shown.value
        else:
            assert abs(row.value - shown.value) <= deadband.around(shown.value)
