from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from services.history.parquet import SCHEMA, once, write

KEYS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), max_size=20).map(sorted)


def batches(keys: list[tuple[int, int]], size: int) -> list[pa.RecordBatch]:
    rows = [
        {
            "series": series,
            "measured_at": time,
            "received_at": 100 + number,
            "value": float(number),
            "quality": 1,
            "text": None,
        }
        for number, (series, time) in enumerate(keys)
    ]
    found = [
        pa.RecordBatch.from_pylist(rows[n : n + size], SCHEMA) for n in range(0, len(rows), size)
    ]
    return [pa.RecordBatch.from_pylist([], SCHEMA), *found]


@given(KEYS, st.integers(1, 7))
def test_of_several_at_one_millisecond_the_last_is_left(
    keys: list[tuple[int, int]], size: int
) -> None:
    left = [value for batch in once(batches(keys, size)) for value in batch["value"].to_pylist()]

    assert left == list({key: float(number) for number, key in enumerate(keys)}.values())


def test_a_file_says_how_much_it_holds_and_when_that_was_received(tmp_path: Path) -> None:
    file = tmp_path / "f.parquet"

    assert write(file, batches([(0, 1), (0, 1), (1, 0)], 2)) == (2, 101, 102)
    assert pq.read_table(file).column("value").to_pylist() == [1.0, 2.0]
