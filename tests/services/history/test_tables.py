from dataclasses import replace
from pathlib import Path

import pytest

from history_rows import T0, a_point, a_row
from schemas.history import Mode, Query, Series
from services.history import asking
from services.history.block import Row, block_of
from services.history.look import Look
from services.history.tables import HOUR, Tables
from twin.instants import Instant

pytestmark = pytest.mark.real

ALL = Query(("R1",), ("RackPower",), T0, Instant(T0 + 60_000), Mode.RAW)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "history.duckdb"


def write(tables: Tables, *rows: Row) -> None:
    tables.write("spool", block_of(rows, tables.upto("spool")))


def told(tables: Tables) -> list[Series]:
    with Look(tables) as look:
        return asking.read(look, ALL)


def test_another_unit_begins_another_series(file: Path) -> None:
    tables = Tables(file)
    write(tables, a_row(a_point(), 1.0, 0), a_row(replace(a_point(), unit="W"), 1000.0, 1))

    assert [(series.unit, len(series.samples)) for series in told(tables)] == [
        ("kW", 1),
        ("W", 1),
    ]
    tables.close()


def test_another_place_is_the_same_series(file: Path) -> None:
    tables = Tables(file)
    write(tables, a_row(a_point(), 1.0, 0))
    write(tables, a_row(replace(a_point(), process_area=("Hall1",)), 2.0, 1))

    (series,) = told(tables)
    tables.close()

    assert series.process_area == ("Hall1",)
    assert [sample.value for sample in series.samples] == [1.0, 2.0]


def test_series_are_known_again_when_the_file_is_opened_anew(file: Path) -> None:
    first = Tables(file)
    write(first, a_row(a_point(), 0.0, 0))
    first.close()
    second = Tables(file)
    write(second, a_row(a_point(), 1.0, 1))

    (series,) = told(second)

    assert len(series.samples) == 2
    assert (second.held, sorted(second.hours), second.clock) == (2, [T0], T0 + 61)
    second.close()


def test_what_it_has_of_a_block_is_left_out_also_after_it_was_opened_anew(file: Path) -> None:
    rows = [a_row(a_point(), float(n), n) for n in range(6)]
    tables = Tables(file)
    tables.write("spool", block_of(rows[:4], 10))
    tables.close()
    tables = Tables(file)
    assert tables.upto("spool") == 14

    tables.write("spool", block_of([a_row(a_point(), -1.0, 0)] * 4, 10))
    tables.write("spool", block_of([*rows[2:4], *rows[4:]], 12))

    (series,) = told(tables)
    assert [sample.value for sample in series.samples] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert (tables.upto("spool"), tables.upto("another")) == (16, 0)
    tables.close()


def test_texts_are_kept_with_their_rows(file: Path) -> None:
    tables = Tables(file)
    write(tables, a_row(a_point(), 1.0), a_row(a_point(), 2.0, 1)._replace(text="{}"))

    (series,) = told(tables)
    assert [sample.text for sample in series.samples] == ["", "{}"]
    with Look(tables) as look:
        known = asking.latest(look, Instant(T0 + HOUR))
    assert (known.rows, dict(known.texts), known.points) == (1, {0: "{}"}, (a_point(),))
    tables.close()


def test_an_hour_that_still_has_readings_is_not_forgotten(file: Path) -> None:
    tables = Tables(file)
    write(tables, a_row(a_point(), 1.0))

    tables.look_again(T0)

    assert tables.hours == {T0}
    tables.close()
