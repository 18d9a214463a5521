"""What history takes on the disk, and how soon it answers with a day's chart."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.history import Query
from services.bench.pipeline import points_of
from services.history import parquet
from services.history.block import Block, Kept, Row, block_of
from services.history.cold import LINGER
from services.history.duck import FILE, DuckStore
from services.history.look import folder_of
from services.history.rows import Rows
from services.history.tables import HOUR, Tables
from services.intake import Intake
from services.simulate.plant import Plant
from twin.fleet import Fleet
from twin.instants import Instant, Millis, after
from twin.points import GOOD_QUALITY

START: Final = Instant(1_767_225_600_000)
BATCH: Final = 5_000
SPAN_POINTS: Final = 1_440
"""Spans of a day's chart: one a minute."""

_SOON_S: Final = 0.05
_RUN: Final = "bench"


class Sizes(NamedTuple):
    """Bytes a reading."""

    hot: float
    cold: float
    rows: int


async def sizes(folder: Path, racks: int) -> Sizes:
    """An hour of a simulated fleet in the table, and in the file of its hour."""
    fleet = Fleet()
    intake, rows_of = Intake(fleet), Rows(fleet)
    rows: list[Kept] = []
    for topic, payload, at, _ in Plant(racks, seed=1).recording(START, after(START, Millis(HOUR))):
        rows += rows_of.all_of(intake.take(topic, payload, at))
    store = await DuckStore.open(folder)
    for place in range(0, len(rows), BATCH):
        await store.write(_RUN, block_of(rows[place : place + BATCH], place))
    await store.close()
    hot = (folder / FILE).stat().st_size / len(rows)
    store = await DuckStore.open(folder)
    later = Instant(START + LINGER + HOUR)
    last = Row(rows[-1].point, 0.0, GOOD_QUALITY, later, later)
    await store.write(_RUN, block_of([last], len(rows)))
    while not store.tally.exported:  # noqa: ASYNC110  # it tells nobody
        await asyncio.sleep(_SOON_S)
    exported = store.tally.exported
    await store.close()
    cold = sum(path.stat().st_size for path in folder_of(folder / FILE).glob("*.parquet"))
    return Sizes(hot, cold / exported, len(rows))


def fill(folder: Path, racks: int, hours: int) -> int:
    """Files of so many hours, one metric of each rack once a second; their bytes."""
    tables = Tables(folder / FILE)
    points = tuple(points_of(racks))
    now = np.full(racks, START + hours * HOUR)
    place = np.arange(racks, dtype=np.int32)
    ones = np.ones(racks, np.int32)
    tables.write(_RUN, Block(0, points, place, np.full(racks, 30.0), ones, now, now, {}))
    into = folder_of(folder / FILE)
    into.mkdir(exist_ok=True)
    told = 0
    for number in range(1, hours + 1):
        hour = START + (number - 1) * HOUR
        path = into / f"{hour // HOUR}-{number}.parquet"
        rows, since, upto = parquet.write(path, _an_hour(racks, hour))
        size = path.stat().st_size
        told += size
        tables.db.execute(
            "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [number, hour, 0, racks - 1, since, upto, rows, size],
        )
    tables.close()
    return told


async def chart(folder: Path, racks: int, hours: int, times: int) -> tuple[float, float]:
    """Seconds for a chart of one rack: while its files are not in memory, and again; medians."""
    store = await DuckStore.open(folder)
    end = Instant(START + hours * HOUR)
    names = [point.entity for point in points_of(racks)]
    first: list[float] = []
    again: list[float] = []
    for number in range(times):
        rack = names[number * 997 % racks]
        query = Query((rack,), ("RackPower",), START, end, points=SPAN_POINTS)
        _forget(folder)
        for durations in (first, again):
            begin = perf_counter()
            (series,) = await store.read(query)
            durations.append(perf_counter() - begin)
            if sum(bucket.n for bucket in series.buckets) != hours * 3_600:
                raise RuntimeError("the chart does not show every reading")
    await store.close()
    return median(first), median(again)


def _an_hour(racks: int, hour: int) -> Iterator[pa.RecordBatch]:
    """Loads that wander by tenths of a kW, as simulated racks do; some racks at a time."""
    noise = np.random.default_rng(hour)
    seconds = np.arange(0, HOUR, 1_000) + hour
    at_once = 200
    for first in range(0, racks, at_once):
        count = min(at_once, racks - first)
        steps = noise.integers(-1, 2, (count, len(seconds)))
        loads = (300 + np.cumsum(steps, axis=1)) / 10
        measured_at = np.tile(seconds, count)
        size = len(measured_at)
        series = np.repeat(np.arange(first, first + count, dtype=np.int32), len(seconds))
        columns: list[NDArray[Any]]
        columns = [series, measured_at, measured_at + 60, loads.ravel(), np.ones(size, np.int32)]
        arrays: list[pa.Array[Any]] = [pa.array(column) for column in columns]
        arrays.append(pa.nulls(size, pa.string()))
        yield pa.RecordBatch.from_arrays(arrays, schema=parquet.SCHEMA)


def _forget(folder: Path) -> None:
    """Have the operating system drop what it has of the files in memory."""
    for path in sorted(folder_of(folder / FILE).iterdir()):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
