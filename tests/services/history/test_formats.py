from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from history_rows import T0, a_point, a_row
from schemas.history import Mode, Query
from services.history.block import block_of
from services.history.formats import SCHEMA, Format, export
from services.history.tables import HOUR, Tables
from twin.instants import NEVER, Instant

pytestmark = pytest.mark.real


@pytest.fixture
def tables(tmp_path: Path) -> Iterator[Tables]:
    tables = Tables(tmp_path / "history.duckdb")
    rows = [
        a_row(a_point(), 1.5),
        a_row(a_point(), 2.5, HOUR),
        a_row(a_point('R"2'), None, 5, 0),
        a_row(a_point(), 9.0, -1),
    ]
    tables.write("spool", block_of(rows, 0))
    yield tables
    tables.close()


ALL = Query((), ("RackPower",), T0, NEVER, Mode.RAW)


@pytest.mark.parametrize("form", ["arrow", "parquet"])
def test_every_reading_is_written_with_its_names(
    tables: Tables, tmp_path: Path, form: Format
) -> None:
    out = tmp_path / "out"
    assert export(tables, ALL, out, form) == 3

    read = (
        pq.read_table(out) if form == "parquet" else pa.ipc.open_file(out.read_bytes()).read_all()
    )
    assert read.schema.equals(SCHEMA)
    rows = read.to_pylist()
    assert [(row["entity"], row["value"], row["quality"]) for row in rows] == [
        ('R"2', None, 0),
        ("R1", 1.5, 1),
        ("R1", 2.5, 1),
    ]
    assert rows[1] | {"time": "", "received_at": ""} == {
        "time": "",
        "entity": "R1",
        "metric": "RackPower",
        "object_type": "Rack",
        "point": a_point().id,
        "unit": "kW",
        "value": 1.5,
        "quality": 1,
        "received_at": "",
        "text": None,
    }
    assert rows[1]["time"].isoformat() == "2026-01-01T00:00:00+00:00"


def test_csv_has_one_header_and_is_quoted(tables: Tables, tmp_path: Path) -> None:
    export(tables, ALL, tmp_path / "out", "csv")

    head, first, *_ = (tmp_path / "out").read_text().splitlines()
    assert head.replace('"', "") == ",".join(SCHEMA.names)
    assert first.startswith('2026-01-01 00:00:00.005Z,"R""2","RackPower","Rack",')
    assert ",,0," in first


def test_nothing_asked_is_an_empty_file(tables: Tables, tmp_path: Path) -> None:
    nobody = Query(("R9",), ("RackPower",), T0, Instant(T0 + 1), Mode.RAW)

    assert export(tables, nobody, tmp_path / "out", "csv") == 0
    assert len((tmp_path / "out").read_text().splitlines()) == 1
