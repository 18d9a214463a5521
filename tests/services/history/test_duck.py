import asyncio
import contextlib
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import duckdb
import pytest

from history_rows import T0, a_point, a_row
from processes import until
from schemas.history import Bucket, HistoryError, Mode, Query, Sample, Series
from services.history.block import Row, block_of
from services.history.cold import LINGER, Sizes
from services.history.duck import FILE, DuckStore, _in_time
from services.history.look import Look
from services.history.tables import MEMORY, Tables
from twin.instants import Instant

pytestmark = pytest.mark.real

POINT = a_point()
MINUTE = 60_000
ROOT = Path(__file__).parents[3]
ENVIRONMENT = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}


def a_python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


@asynccontextmanager
async def a_store(folder: Path) -> AsyncIterator[DuckStore]:
    store = await DuckStore.open(folder)
    try:
        yield store
    finally:
        await store.close()


async def keep(store: DuckStore, *rows: Row) -> None:
    """Keep rows that follow those of the spool that the store has."""
    await store.write("spool", block_of(rows, await store.upto("spool")))


def ask(*entities: str, mode: Mode = Mode.MINMAX, points: int = 60, until: int = MINUTE) -> Query:
    asked = entities or ("R1",)
    return Query(asked, ("RackPower",), T0, Instant(T0 + until), mode, points)


async def test_what_was_written_is_read_back_exactly(tmp_path: Path) -> None:
    values = [0.1, None, -3.0, 1.7976931348623157e308, 5e-324, 2.0]
    qualities = [1, 0, 1, 1, -7, 192]
    async with a_store(tmp_path) as store:
        rows = [
            a_row(POINT, value, n, quality)
            for n, (value, quality) in enumerate(zip(values, qualities, strict=True))
        ]
        await keep(store, *rows)
        (series,) = await store.read(ask(mode=Mode.RAW))

    assert series == Series(
        "R1",
        "RackPower",
        "Rack",
        POINT.id,
        "kW",
        (),
        is_setpoint=False,
        phase=None,
        samples=tuple(
            Sample(Instant(T0 + n), value, quality)
            for n, (value, quality) in enumerate(zip(values, qualities, strict=True))
        ),
    )


async def test_buckets_keep_extremes_and_leave_gaps(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await keep(store, *[a_row(POINT, v, ms) for ms, v in [(0, 1.0), (400, 9.0), (900, 2.0)]])
        await keep(store, a_row(POINT, 5.0, 30_000))
        (series,) = await store.read(ask())

    assert series.buckets == (
        Bucket(T0, 1.0, 9.0, 4.0, 2.0, 3, 1.0),
        Bucket(Instant(T0 + 30_000), 5.0, 5.0, 5.0, 5.0, 1, 1.0),
    )


async def test_bad_and_absent_values_count_and_are_never_averaged(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await keep(store, a_row(POINT, 4.0, 0), a_row(POINT, None, 1), a_row(POINT, 900.0, 2, 0))
        await keep(store, a_row(POINT, None, 5_000, 0))
        (series,) = await store.read(ask())

    assert series.buckets == (
        Bucket(T0, 4.0, 4.0, 4.0, 4.0, 3, 1 / 3),
        Bucket(Instant(T0 + 5_000), None, None, None, None, 1, 0.0),
    )


async def test_the_end_of_a_range_is_not_in_it(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await keep(store, a_row(POINT, 1.0, -1), a_row(POINT, 2.0, 0), a_row(POINT, 3.0, MINUTE))
        (series,) = await store.read(ask(mode=Mode.RAW))

    assert [sample.value for sample in series.samples] == [2.0]


async def test_an_entity_has_a_series_for_each_of_its_points(tmp_path: Path) -> None:
    supply = a_point("b", entity="R1", area=("Supply", "Row 1"), phase="A")
    target = a_point("a", entity="R1", setpoint=True)
    other = a_point("R2")
    async with a_store(tmp_path) as store:
        await keep(store, *[a_row(point, 1.0) for point in (supply, target, other)])
        found = await store.read(ask())

    assert [(s.point, s.process_area, s.phase, s.is_setpoint) for s in found] == [
        (target.id, (), None, True),
        (supply.id, ("Supply", "Row 1"), "A", False),
    ]


async def test_what_nobody_wrote_is_no_series(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await keep(store, a_row(POINT, 1.0, 2 * MINUTE))

        assert await store.read(ask()) == []
        assert await store.read(ask("R9", mode=Mode.RAW)) == []


async def test_described_anew_a_series_goes_on_under_its_new_details(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await keep(store, a_row(POINT, 1.0))
        await keep(store, a_row(a_point(area=("Return",)), 2.0, 1))
        (series,) = await store.read(ask(mode=Mode.RAW))

    assert series.process_area == ("Return",)
    assert [sample.value for sample in series.samples] == [1.0, 2.0]


async def test_values_of_another_unit_are_another_series(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await keep(store, a_row(POINT, 1.0), a_row(a_point(unit="W"), 1_000.0, 1))
        await keep(store, a_row(POINT, 2.0, 2))
        found = await store.read(ask(mode=Mode.RAW))

    assert [(s.unit, [sample.value for sample in s.samples]) for s in found] == [
        ("kW", [1.0, 2.0]),
        ("W", [1_000.0]),
    ]


async def test_of_readings_at_one_millisecond_the_last_stands(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await keep(store, a_row(POINT, 1.0), a_row(POINT, 2.0))
        await keep(store, a_row(POINT, 3.0))
        await keep(store, *[a_row(POINT, 4.0, 1)] * 2)
        (raw,) = await store.read(ask(mode=Mode.RAW))
        (reduced,) = await store.read(ask())

    assert [sample.value for sample in raw.samples] == [3.0, 4.0]
    assert reduced.buckets[0].n == 2


async def test_more_samples_than_an_answer_holds_are_cut_and_said_so(
    tmp_path: Path,
) -> None:
    async with a_store(tmp_path) as store:
        await keep(store, *[a_row(POINT, float(n), n) for n in range(100_001)])
        (series,) = await store.read(ask(mode=Mode.RAW, until=200_000))
        (whole,) = await store.read(ask(mode=Mode.RAW, until=100_000))

    assert series.truncated
    assert [len(series.samples), series.samples[-1].value] == [100_000, 99_999.0]
    assert not whole.truncated


async def test_a_closed_file_opens_again_with_all_that_it_held(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await keep(store, a_row(POINT, 1.0))
    async with a_store(tmp_path) as store:
        await keep(store, a_row(POINT, 2.0, 1), a_row(a_point("R2"), 3.0))
        (series,) = await store.read(ask(mode=Mode.RAW))

    assert [sample.value for sample in series.samples] == [1.0, 2.0]


async def test_reads_and_writes_at_once_see_whole_batches(tmp_path: Path) -> None:
    async def write(store: DuckStore) -> None:
        for batch in range(15):
            await keep(store, *[a_row(POINT, 1.0, batch * 100 + n) for n in range(100)])

    async def read(store: DuckStore) -> None:
        for _ in range(15):
            seen = await store.read(ask(mode=Mode.RAW))
            assert sum(len(series.samples) for series in seen) % 100 == 0

    async with a_store(tmp_path) as store, asyncio.TaskGroup() as group:
        group.create_task(write(store))
        for _ in range(3):
            group.create_task(read(store))


async def test_the_loop_runs_on_while_the_store_works(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        beats = 0

        async def beat() -> None:
            nonlocal beats
            while True:
                await asyncio.sleep(0)
                beats += 1

        async with asyncio.TaskGroup() as group:
            beating = group.create_task(beat())
            await keep(store, *[a_row(POINT, 1.0, n) for n in range(20_000)])
            beating.cancel()

    assert beats > 10


async def test_a_file_that_is_no_history_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"not a database" * 1_000)

    with pytest.raises(HistoryError, match=FILE):
        await DuckStore.open(tmp_path)


async def test_a_store_that_was_closed_says_so(tmp_path: Path) -> None:
    store = DuckStore(tmp_path)

    with pytest.raises(HistoryError, match="not open"):
        await store.read(ask())
    await store.close()


async def test_after_a_failed_write_the_next_one_opens_the_file_anew(tmp_path: Path) -> None:
    blocked = tmp_path / "data"
    blocked.write_text("in the way of the folder")
    store = DuckStore(blocked)
    with pytest.raises(HistoryError):
        await keep(store, a_row(POINT, 1.0))
    blocked.unlink()

    await keep(store, a_row(POINT, 1.0))

    assert len(await store.read(ask())) == 1
    await store.close()


async def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await keep(store, a_row(POINT, 1.0))
        with duckdb.connect(tmp_path / FILE, config={"memory_limit": MEMORY}) as db:
            db.execute("DROP TABLE readings")
        with pytest.raises(HistoryError, match=FILE):
            await store.read(ask())


FULL = """
import asyncio, sys
from pathlib import Path
from resource import RLIM_INFINITY, RLIMIT_FSIZE, setrlimit
from history_rows import a_point, a_row
from schemas.history import HistoryError
from services.history.block import block_of
from services.history.duck import DuckStore

async def main() -> None:
    store, point, kept = await DuckStore.open(Path(sys.argv[1])), a_point(), 0
    setrlimit(RLIMIT_FSIZE, (400_000, RLIM_INFINITY))
    try:
        while True:
            rows = [a_row(point, 1.37 * n, kept * 10_000 + n) for n in range(10_000)]
            await store.write("spool", block_of(rows, kept * 10_000))
            kept += 1
    except HistoryError:
        setrlimit(RLIMIT_FSIZE, (RLIM_INFINITY, RLIM_INFINITY))
    await store.write("spool", block_of(rows, kept * 10_000))
    await store.close()
    print(kept + 1)

asyncio.run(main())
"""


def batches_around_a_full_disk(folder: Path) -> int:
    program = a_python(FULL, str(folder))
    return int(subprocess.check_output(program, cwd=ROOT, env=ENVIRONMENT))


async def test_a_disk_that_was_full_costs_nothing_once_there_is_room(tmp_path: Path) -> None:
    kept = batches_around_a_full_disk(tmp_path)

    async with a_store(tmp_path) as store:
        (series,) = await store.read(ask(points=1, until=10**9))
    assert series.buckets[0].n == kept * 10_000


KILLED = """
import asyncio, sys
from pathlib import Path
from history_rows import a_point, a_row
from services.history.block import block_of
from services.history.duck import DuckStore

async def main() -> None:
    store = await DuckStore.open(Path(sys.argv[1]))
    point = a_point()
    batch = int(sys.argv[2])
    while True:
        rows = [a_row(point, float(batch), batch * 1_000 + n) for n in range(1_000)]
        await store.write("spool", block_of(rows, batch * 1_000))
        batch += 1
        print(batch, flush=True)

asyncio.run(main())
"""


def killed_while_writing(folder: Path, first: int, batches: int) -> int:
    """Kill a process in the midst of its writes; how many batches it was told are kept."""
    program = a_python(KILLED, str(folder), str(first))
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=ENVIRONMENT
    ) as process:
        assert process.stdout is not None
        acknowledged = first
        for line in process.stdout:
            acknowledged = int(line)
            if acknowledged >= first + batches:
                process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    return acknowledged


async def test_a_writer_that_is_killed_loses_nothing_it_was_told_is_kept(tmp_path: Path) -> None:
    kept = 0
    for round_ in range(3):
        kept = killed_while_writing(tmp_path, first=kept, batches=5 + 3 * round_)
        async with a_store(tmp_path) as store:
            (series,) = await store.read(ask(mode=Mode.RAW, until=10**9))
            found = len(series.samples)
        assert found in (kept * 1_000, (kept + 1) * 1_000)  # the last batch: whole, or not at all


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Another process has the file."""
    code = (
        f"import duckdb,sys; c=duckdb.connect({str(folder / FILE)!r}); print(1,flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"1\n"
        yield
        process.kill()


async def test_a_file_that_another_process_has_is_refused(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(HistoryError, match="lock"):
        await DuckStore.open(tmp_path)


async def test_anybody_can_read_the_file_with_plain_sql(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await keep(store, a_row(POINT, 1.5))
    with duckdb.connect(tmp_path / FILE, read_only=True) as db:
        assert db.execute(
            "SELECT entity, metric, unit, make_timestamp_ms(measured_at)::VARCHAR, value "
            "FROM readings JOIN series ON series = id"
        ).fetchall() == [("R1", "RackPower", "kW", "2026-01-01 00:00:00", 1.5)]


async def an_hour_in_a_file(store: DuckStore) -> None:
    await keep(store, *[a_row(POINT, float(n), n) for n in range(10)])
    await keep(store, a_row(POINT, 99.0, LINGER))

    async def put_away() -> bool:
        await store.upto("spool")  # whoever asks sees to what is due
        return store.tally.exported == 10

    await until(put_away)


async def test_a_file_that_is_gone_is_named_once_and_the_rest_is_answered(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = await DuckStore.open(tmp_path, sizes=Sizes(least=5))
    await an_hour_in_a_file(store)
    for file in (tmp_path / "history").iterdir():
        file.unlink()

    for _ in range(2):
        (series,) = await store.read(ask(mode=Mode.RAW, until=10**9))
        assert [sample.value for sample in series.samples] == [99.0]
    await store.close()
    assert caplog.text.count("not there, what it held is not answered") == 1
    assert store.tally.missing == 1


async def test_hours_that_cannot_be_put_away_stay_where_they_are(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = await DuckStore.open(tmp_path, sizes=Sizes(least=5))
    (tmp_path / "history").rmdir()
    (tmp_path / "history").write_text("in the way")
    await keep(store, *[a_row(POINT, float(n), n) for n in range(10)], a_row(POINT, 9.0, LINGER))

    async def said() -> bool:
        return "not put away" in caplog.text

    await until(said)

    (series,) = await store.read(ask(mode=Mode.RAW, until=10**9))
    assert len(series.samples) == 11
    await store.close()


def test_what_takes_too_long_is_ended(tmp_path: Path) -> None:
    tables = Tables(tmp_path / FILE)
    with Look(tables) as look, pytest.raises(duckdb.InterruptException), _in_time(look, 0.05):
        look.ask("SELECT count(*) FROM range(1000000000000) WHERE random() < 0")
    tables.close()


async def test_the_latest_are_told_with_their_points(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await keep(store, a_row(POINT, 1.0), a_row(POINT, None, 1))
        block = await store.latest(Instant(T0 + MINUTE))

    assert (block.rows, block.points, block.measured_at.tolist()) == (1, (POINT,), [T0 + 1])
    assert str(block.value[0]) == "nan"
