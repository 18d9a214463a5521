from dataclasses import replace

import pytest

from build import START, at
from history_series import a_series, samples_of
from schemas.history import Bucket, Mode, Sample
from schemas.history_table import BUCKETS, SAMPLES, names_of, rows_of


@pytest.mark.parametrize(
    ("mode", "names"), [(Mode.MINMAX, BUCKETS), (Mode.RAW, SAMPLES), (Mode.LTTB, SAMPLES)]
)
def test_each_mode_has_its_columns(mode: Mode, names: tuple[str, ...]) -> None:
    assert names_of(mode) == names


def test_a_row_says_whose_it_is_and_what_was_read() -> None:
    series = replace(a_series(samples=(Sample(START, None, 1, "x"),)), process_area=("Supply", "A"))
    (row,) = rows_of([series])
    assert dict(zip(SAMPLES, row, strict=True)) == {
        "time": START,
        "entity": "R1",
        "metric": "RackPower",
        "object_type": "Rack",
        "point": "Rack/RackPower/R1",
        "unit": "kW",
        "process_area": "Supply/A",
        "is_setpoint": False,
        "phase": None,
        "value": None,
        "quality": "BAD",
        "text": "x",
    }


def test_a_row_of_a_span_has_its_extremes() -> None:
    (row,) = rows_of([a_series(buckets=(Bucket(START, 1.0, 3.0, 2.0, 2.5, 4, 0.5),))])
    facts = dict(zip(BUCKETS, row, strict=True))
    assert (facts["min"], facts["max"], facts["n"], facts["good"]) == (1.0, 3.0, 4, 0.5)


def test_rows_of_all_series_are_in_order_of_time() -> None:
    first = a_series("R1", samples=samples_of([1.0, 2.0, 3.0], START, 2_000))
    second = a_series("R2", samples=samples_of([4.0, 5.0], START, 1_000))
    assert [(row[0], row[1]) for row in rows_of([first, second])] == [
        (START, "R1"),
        (START, "R2"),
        (at(1), "R2"),
        (at(2), "R1"),
        (at(4), "R1"),
    ]
