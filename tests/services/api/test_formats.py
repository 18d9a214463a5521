import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from build import START, at
from history_series import a_series, samples_of
from schemas.history import Bucket, Mode
from schemas.history_table import names_of, rows_of
from schemas.history_views import PART
from services.api.formats import ENDING, MEDIA, Format, encoded

COUNTS = pytest.mark.parametrize("count", [0, 1, PART, 2 * PART + 1])
NAMES = names_of(Mode.RAW)


def parts(form: Format, count: int) -> list[bytes]:
    series = a_series(samples=samples_of([float(n) for n in range(count)], START, 1_000))
    return list(encoded(form, NAMES, rows_of([series])))


@COUNTS
def test_json_is_a_flat_list(count: int) -> None:
    rows = json.loads(b"".join(parts(Format.JSON, count)))
    assert [row["value"] for row in rows] == list(range(count))
    assert all(tuple(row) == NAMES for row in rows)


@COUNTS
def test_csv_has_one_header(count: int) -> None:
    text = b"".join(parts(Format.CSV, count)).decode()
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert tuple(header) == NAMES
    assert [float(row[NAMES.index("value")]) for row in rows] == list(range(count))
    assert text.count("\r\n") == count + 1


@COUNTS
def test_arrow_is_a_stream(count: int) -> None:
    with pa.ipc.open_stream(b"".join(parts(Format.ARROW, count))) as reader:
        table = reader.read_all()
    assert table.column("value").to_pylist() == list(range(count))
    assert tuple(table.schema.names) == NAMES


@COUNTS
def test_parquet_is_a_file(count: int) -> None:
    table = pq.read_table(io.BytesIO(b"".join(parts(Format.PARQUET, count))))
    assert table.column("value").to_pylist() == list(range(count))
    assert table.column("time").cast(pa.int64()).to_pylist() == [
        at(number) for number in range(count)
    ]


@pytest.mark.parametrize("form", [Format.JSON, Format.CSV, Format.ARROW])
def test_parts_are_made_as_they_are_taken(form: Format) -> None:
    sizes = [len(part) for part in parts(form, 5 * PART)]
    assert max(sizes) < 0.3 * sum(sizes)


def test_spans_keep_their_types() -> None:
    series = a_series(buckets=(Bucket(START, 1.0, 3.0, 2.0, 2.5, 4, 0.75),))
    names = names_of(Mode.MINMAX)
    data = b"".join(encoded(Format.ARROW, names, rows_of([series])))
    with pa.ipc.open_stream(data) as reader:
        schema = reader.schema
    assert schema.field("n").type == pa.int64()
    assert {schema.field(name).type for name in ("min", "max", "mean", "last", "good")} == {
        pa.float64()
    }


def test_every_format_has_a_media_type_and_all_but_json_are_saved() -> None:
    assert MEDIA.keys() == set(Format)
    assert ENDING.keys() == set(Format) - {Format.JSON}
