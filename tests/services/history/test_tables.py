from dataclasses import replace
from pathlib import Path

import pytest

from history_rows import T0, a_point, a_row
from schemas.history import Mode, Query
from services.history.tables import Tables
from twin.instants import Instant

ALL = Query("R1", "RackPower", T0, Instant(T0 + 60_000), Mode.RAW)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "history.duckdb"


def test_another_unit_begins_another_series(file: Path) -> None:
    tables = Tables(file)
    tables.write([a_row(a_point(), 1.0, 0), a_row(replace(a_point(), unit="W"), 1000.0, 1)])

    told = tables.read(ALL)
    tables.close()

    assert [(series.unit, len(series.samples)) for series in told] == [("kW", 1), ("W", 1)]


def test_another_place_is_the_same_series(file: Path) -> None:
    tables = Tables(file)
    tables.write([a_row(a_point(), 1.0, 0)])
    tables.write([a_row(replace(a_point(), process_area=("Hall1",)), 2.0, 1)])

    (series,) = tables.read(ALL)
    tables.close()

    assert series.process_area == ("Hall1",)
    assert [sample.value for sample in series.samples] == [1.0, 2.0]


def test_series_are_known_again_when_the_file_is_opened_anew(file: Path) -> None:
    first = Tables(file)
    first.write([a_row(a_point(), 0.0, 0)])
    first.close()
    second = Tables(file)
    second.write([a_row(a_point(), 1.0, 1)])

    (series,) = second.read(ALL)
    second.close()

    assert len(series.samples) == 2
