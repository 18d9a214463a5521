import logging
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from history_rows import T0, a_point
from schemas.history import Mode, Query
from services.history import asking
from services.history.block import Row, block_of
from services.history.cold import LINGER, SETTLED, SNAPSHOT, Cold, Keep, Sizes, Tally
from services.history.look import Look, folder_of
from services.history.tables import HOUR, Tables
from twin.instants import Instant

pytestmark = pytest.mark.real

SMALL = Sizes(least=4, most=6, hot=40)
KEEP = Keep()
ROOT = Path(__file__).parents[3]
POINTS = [a_point(f"R{n}") for n in range(4)]
DAY = 24 * HOUR


def write(tables: Tables, *rows: Row) -> None:
    tables.write("spool", block_of(rows, tables.upto("spool")))


def came(number: int, value: float | None, measured: int, received: int) -> Row:
    return Row(POINTS[number], value, 1, Instant(T0 + measured), Instant(T0 + received))


def samples(tables: Tables, start: int = 0, end: int = 100 * DAY) -> dict[str, list[object]]:
    every = Query((), ("RackPower",), Instant(T0 + start), Instant(T0 + end), Mode.RAW)
    with Look(tables) as look:
        found = asking.read(look, every)
    return {
        series.entity: [(each.measured_at - T0, each.value) for each in series.samples]
        for series in found
    }


def files(tables: Tables) -> list[str]:
    return sorted(path.name for path in folder_of(tables.file).iterdir())


def an_hour(tables: Tables, hour: int = 0) -> None:
    for minute in range(6):
        at = hour * HOUR + minute * 600_000
        write(tables, *(came(n, minute + n / 10, at + n, at + 60) for n in range(2)))


def test_an_hour_that_is_over_goes_into_a_file_and_is_still_answered(tmp_path: Path) -> None:
    tables, tally = Tables(tmp_path / "history.duckdb"), Tally()
    cold = Cold(tables, KEEP, tally, SMALL._replace(most=100))
    an_hour(tables)
    before = samples(tables)
    write(tables, came(3, 7.0, LINGER, LINGER))
    assert cold.due

    cold.tend()

    assert files(tables) == [f"{T0 // HOUR}-1.parquet"]
    assert (tally.exported, tables.held) == (12, 1)
    assert samples(tables) == before | {"R3": [(LINGER, 7.0)]}
    assert not cold.due
    tables.close()


def test_the_last_readings_are_kept_also_after_so_many(tmp_path: Path) -> None:
    tables = Tables(tmp_path / "history.duckdb")
    cold = Cold(tables, KEEP, Tally(), SMALL._replace(apart=3))
    write(tables, came(0, 1.0, 0, 0))
    cold.tend()
    assert not cold.due

    write(tables, came(0, 2.0, 100, 100))
    assert not cold.due
    write(tables, came(1, 3.0, SETTLED + 100, SETTLED + 100))
    assert cold.due
    cold.tend()

    assert not cold.due
    with Look(tables) as look:
        found = look.ask("SELECT instant, value FROM last ORDER BY instant")
        (known,) = asking.latest(look, Instant(T0 + SETTLED)).value.tolist()
    assert found == [(T0, 1.0), (T0 + 100, 2.0)]
    assert known == 2.0
    tables.close()


def test_a_file_holds_no_more_than_it_may_and_is_in_order(tmp_path: Path) -> None:
    tables = Tables(tmp_path / "history.duckdb")
    cold = Cold(tables, KEEP, Tally(), SMALL)
    an_hour(tables)
    write(tables, came(3, 7.0, LINGER, LINGER))

    cold.tend()

    held = [pq.read_table(path) for path in sorted(folder_of(tables.file).iterdir())]
    assert [set(each.column("series").to_pylist()) for each in held] == [{0}, {1}]
    times = held[0].column("measured_at").to_numpy()
    assert (np.diff(times) > 0).all()
    tables.close()


def test_an_hour_of_few_readings_stays_in_the_table(tmp_path: Path) -> None:
    tables = Tables(tmp_path / "history.duckdb")
    cold = Cold(tables, KEEP, Tally(), SMALL)
    write(tables, came(0, 1.0, 0, 0), came(0, 2.0, LINGER, LINGER))

    cold.tend()

    assert files(tables) == []
    assert samples(tables) == {"R0": [(0, 1.0), (LINGER, 2.0)]}
    tables.close()


def test_late_readings_wait_in_the_table_and_stand_over_the_file(tmp_path: Path) -> None:
    tables = Tables(tmp_path / "history.duckdb")
    cold = Cold(tables, KEEP, Tally(), SMALL)
    an_hour(tables)
    write(tables, came(3, 7.0, LINGER, LINGER))
    cold.tend()

    write(tables, came(0, 99.0, 600_000, LINGER), came(0, 5.5, 1, LINGER))

    assert samples(tables)["R0"][:3] == [(0, 0.0), (1, 5.5), (600_000, 99.0)]
    tables.close()


def test_many_late_readings_go_into_one_file_with_what_there_was(tmp_path: Path) -> None:
    tables, tally = Tables(tmp_path / "history.duckdb"), Tally()
    cold = Cold(tables, KEEP, tally, SMALL._replace(most=100))
    an_hour(tables)
    write(tables, came(3, 7.0, LINGER, LINGER))
    cold.tend()
    write(tables, *(came(0, 9.0, 600_000 * n, LINGER + HOUR) for n in range(5)))
    expected = samples(tables)

    cold.tend()
    assert samples(tables) == expected
    write(tables, came(3, 8.0, LINGER + DAY, LINGER + DAY))
    cold.tend()

    assert files(tables) == [f"{T0 // HOUR}-2.parquet"]
    assert {**expected, "R3": [(LINGER, 7.0), (LINGER + DAY, 8.0)]} == samples(tables)
    tables.close()


def test_a_few_late_readings_of_a_large_hour_go_into_a_file_of_their_own(tmp_path: Path) -> None:
    tables = Tables(tmp_path / "history.duckdb")
    cold = Cold(tables, KEEP, Tally(), SMALL._replace(most=100))
    write(tables, *(came(0, 1.0 + n, n, n) for n in range(30)))
    write(tables, came(3, 7.0, LINGER, LINGER))
    cold.tend()
    write(tables, *(came(0, 9.0, 100 + n, LINGER + HOUR) for n in range(5)))
    expected = samples(tables)

    cold.tend()

    assert len(files(tables)) == 2
    assert samples(tables) == expected
    tables.close()


def test_a_full_table_lets_hours_go_that_are_not_over(tmp_path: Path) -> None:
    tables = Tables(tmp_path / "history.duckdb")
    cold = Cold(tables, KEEP, Tally(), SMALL._replace(most=100))
    for step in range(4):
        write(tables, *(came(0, 1.0, step * 10 + n, step * SNAPSHOT) for n in range(9)))
        cold.tend()
        assert not cold.due
    write(tables, *(came(0, 2.0, n, 3 * SNAPSHOT) for n in range(9)))
    assert cold.due

    cold.tend()

    assert (len(files(tables)), tables.held) == (1, 0)
    assert not cold.due
    tables.close()


def test_a_clock_that_was_wrong_for_a_while_does_not_stop_it(tmp_path: Path) -> None:
    tables = Tables(tmp_path / "history.duckdb")
    cold = Cold(tables, Keep(1e6), Tally(), SMALL)
    write(tables, came(0, 1.0, 0, 365 * DAY))
    cold.tend()

    write(tables, came(0, 2.0, 1, 1))

    assert cold.due
    tables.close()


def test_what_is_too_old_goes_by_whole_files_and_is_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    tables, tally = Tables(tmp_path / "history.duckdb"), Tally()
    cold = Cold(tables, Keep(days=1), tally, SMALL._replace(most=100))
    an_hour(tables)
    write(tables, came(0, 3.0, 2 * HOUR, LINGER + 2 * HOUR))
    cold.tend()
    an_hour(tables, 24)
    write(tables, came(3, 7.0, 28 * HOUR, 28 * HOUR + 1))

    cold.tend()
    cold.tend()

    assert files(tables) == [f"{T0 // HOUR + 24}-2.parquet"]
    assert tally.dropped == 13
    assert "13 readings dropped" in caplog.text
    assert set(samples(tables)) == {"R0", "R1", "R3"}
    assert samples(tables)["R0"][0] == (24 * HOUR, 0.0)
    tables.close()


def test_what_was_measured_long_ago_is_kept_from_when_it_came(tmp_path: Path) -> None:
    tables, tally = Tables(tmp_path / "history.duckdb"), Tally()
    cold = Cold(tables, Keep(days=1), tally, SMALL._replace(most=100))
    last_year = -365 * DAY
    for minute in range(6):
        write(tables, *(came(n, 1.0, last_year + minute * 60_000, minute) for n in range(2)))
    write(tables, came(3, 7.0, last_year + 5 * HOUR, 6))
    cold.tend()
    kept = samples(tables, last_year, HOUR)
    assert len(files(tables)) == 1
    assert {name: len(rows) for name, rows in kept.items()} == {"R0": 6, "R1": 6, "R3": 1}

    write(tables, came(0, 2.0, DAY, DAY + 5))
    cold.tend()
    assert samples(tables, last_year, HOUR) == kept | {"R3": [(last_year + 5 * HOUR, 7.0)]}

    write(tables, came(0, 2.0, DAY + 1, DAY + 7))
    Cold(tables, Keep(days=1), tally, SMALL).tend()

    assert samples(tables, last_year, HOUR) == {}
    assert tally.dropped == 13
    tables.close()


def test_what_is_too_much_goes_oldest_first(tmp_path: Path) -> None:
    tables, tally = Tables(tmp_path / "history.duckdb"), Tally()
    an_hour(tables)
    an_hour(tables, 1)
    write(tables, came(3, 7.0, 4 * HOUR, 4 * HOUR))
    Cold(tables, KEEP, Tally(), SMALL._replace(most=100)).tend()
    size = max(path.stat().st_size for path in folder_of(tables.file).iterdir())
    write(tables, came(3, 8.0, 5 * HOUR, 5 * HOUR))

    room = (tables.size + 200_000 + 1.5 * size) / 1e9
    with Look(tables) as look:
        look.ask("UPDATE files SET bytes = bytes + 100000")
        look.cursor.commit()
    Cold(tables, Keep(gb=room), tally, SMALL).tend()

    with Look(tables) as look:
        kept = [file.hour for file in look.files]
    assert kept in ([T0 + HOUR], [T0, T0 + HOUR])
    assert tally.dropped in (0, 12)
    tables.close()


def test_a_file_that_nobody_names_is_swept_away(tmp_path: Path) -> None:
    tables = Tables(tmp_path / "history.duckdb")
    folder = folder_of(tables.file)
    folder.mkdir()
    (folder / "5-1.part").write_bytes(b"begun")
    (folder / "5-2.parquet").write_bytes(b"done, but not named")
    (folder / "notes.txt").write_bytes(b"somebody's")

    Cold(tables, KEEP, Tally())

    assert files(tables) == ["notes.txt"]
    tables.close()


def test_what_is_stopped_is_undone(tmp_path: Path) -> None:
    tables = Tables(tmp_path / "history.duckdb")
    cold = Cold(tables, KEEP, Tally(), SMALL)
    an_hour(tables)
    write(tables, came(3, 7.0, LINGER, LINGER))
    cold.stop()

    with pytest.raises(Exception, match="stopped"):
        cold.tend()
    assert files(tables) == []
    tables.close()


ROWS = st.tuples(
    st.integers(0, 3),
    st.none() | st.sampled_from([1.0, 2.5, -4.0]),
    st.integers(0, 4 * 6),  # measured so many tens of minutes after the beginning
    st.integers(0, 2),
)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(ROWS, min_size=1, max_size=8), min_size=1, max_size=6))
def test_hot_and_cold_answer_as_one_list_of_readings_would(
    tmp_path_factory: pytest.TempPathFactory, blocks: list[list[tuple[int, float | None, int, int]]]
) -> None:
    tables = Tables(tmp_path_factory.mktemp("history") / "history.duckdb")
    cold = Cold(tables, KEEP, Tally(), Sizes(least=2, most=5, hot=30))
    model: dict[tuple[int, int], Row] = {}
    order: list[Row] = []
    for step, block in enumerate(blocks):
        now = step * SNAPSHOT * 3
        rows = [came(n, value, ten * 600_000 + odd, now) for n, value, ten, odd in block]
        write(tables, *rows)
        order += rows
        model |= {(n, row.measured_at): row for (n, *_), row in zip(block, rows, strict=True)}
        if cold.due:
            cold.tend()
        expected: dict[str, list[object]] = {}
        for (n, time), row in sorted(model.items()):
            expected.setdefault(f"R{n}", []).append((time - T0, row.value))
        assert samples(tables) == expected
        assert _buckets(tables) == _model_buckets(model)
        for at in range(0, now + 1, SNAPSHOT * 2):
            known = _latest(tables, at)
            for entity, row in _model_latest(order, at).items():
                n = POINTS.index(row.point)
                if model[n, row.measured_at] is row:  # not replaced by what came later
                    assert known[entity] == (row.measured_at - T0, row.value)
    tables.close()


def _buckets(tables: Tables) -> list[tuple[object, ...]]:
    with Look(tables) as look:
        query = Query(("R1",), ("RackPower",), T0, Instant(T0 + 5 * HOUR), points=5)
        return [
            (each.start, each.min, each.max, each.last, each.n, each.good)
            for series in asking.read(look, query)
            for each in series.buckets
        ]


def _model_buckets(model: dict[tuple[int, int], Row]) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    for hour in range(5):
        start = T0 + hour * HOUR
        held = [
            row.value
            for (n, time), row in sorted(model.items())
            if n == 1 and start <= time < start + HOUR
        ]
        good = [value for value in held if value is not None]
        if held:
            last = good[-1] if good else None
            low, high = min(good, default=None), max(good, default=None)
            found.append((start, low, high, last, len(held), len(good) / len(held)))
    return found


def _latest(tables: Tables, at: int) -> dict[str, tuple[int, float | None]]:
    with Look(tables) as look:
        block = asking.latest(look, Instant(T0 + at))
    assert sorted(block.received_at.tolist()) == block.received_at.tolist()
    return {
        block.points[point].entity: (time - T0, None if value != value else value)  # noqa: PLR0124
        for point, time, value in zip(
            block.point.tolist(), block.measured_at.tolist(), block.value.tolist(), strict=True
        )
    }


def _model_latest(order: Sequence[Row], at: int) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for row in order:
        before = found.get(row.point.entity)
        if row.received_at <= T0 + at and (before is None or row.measured_at >= before.measured_at):
            found[row.point.entity] = row
    return found


KILLED = """
import asyncio, sys
from pathlib import Path
from history_rows import a_point, a_row
from services.history.block import block_of
from services.history.cold import Keep, Sizes
from services.history.duck import DuckStore

POINTS = [a_point(f"R{n}") for n in range(20)]

async def main() -> None:
    keep = Keep(days=float(sys.argv[2]))
    store = await DuckStore.open(Path(sys.argv[1]), keep, Sizes(least=50, most=700, hot=3000))
    batch = await store.upto("spool") // 200
    while True:
        rows = [
            a_row(POINTS[n % 20], float(batch), batch * 300_000 + n // 20 * 7_000)
            for n in range(200)
        ]
        await store.write("spool", block_of(rows, batch * 200))
        batch += 1
        print(batch, flush=True)

asyncio.run(main())
"""


def killed(folder: Path, batches: int, days: float) -> int:
    """Kill a process in the midst of writes, exports and drops; what it was told is kept."""
    program = [sys.executable, "-c", KILLED, str(folder), str(days)]
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    acknowledged = 0
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    ) as process:
        assert process.stdout is not None
        for count, line in enumerate(process.stdout, start=1):
            acknowledged = int(line)
            if count == batches:
                process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    return acknowledged


def test_killed_at_any_instant_it_has_everything_once(tmp_path: Path) -> None:
    for round_ in range(5):
        acknowledged = killed(tmp_path, 45 + 13 * round_, days=1000)

        tables = Tables(tmp_path / "history.duckdb")
        Cold(tables, KEEP, Tally())
        kept = tables.upto("spool") // 200
        assert acknowledged <= kept <= acknowledged + 1
        found = samples(tables)
        expected = [
            (batch * 300_000 + n * 7_000, float(batch)) for batch in range(kept) for n in range(10)
        ]
        assert [found[f"R{n}"] for n in range(20)] == [expected] * 20
        with Look(tables) as look:
            assert len(look.present) == len(look.files)
        made = len(files(tables))
        assert made == len(look.files)
        tables.close()
        assert made > 5 or round_ == 0


def test_killed_while_it_drops_it_has_what_is_not_too_old(tmp_path: Path) -> None:
    for round_ in range(3):
        killed(tmp_path, 80 + 13 * round_, days=0.25)

        tables = Tables(tmp_path / "history.duckdb")
        Cold(tables, KEEP, Tally())
        last = tables.upto("spool") // 200
        young = range(max(0, last - 36), last)  # of the last three hours: younger than a quarter
        found = samples(tables)["R7"]
        expected = [
            (batch * 300_000 + n * 7_000, float(batch)) for batch in young for n in range(10)
        ]
        assert found[-len(expected) :] == expected
        assert len(set(map(str, found))) == len(found)
        with Look(tables) as look:
            assert len(look.present) == len(look.files)
        tables.close()
