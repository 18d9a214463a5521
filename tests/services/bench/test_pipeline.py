import os
from pathlib import Path

import pytest

from services.bench.pipeline import (
    all_points_of,
    at_random,
    one_core,
    outage,
    points_of,
    readings,
    shuffled,
    sustained,
)
from services.history.duck import DuckStore
from services.history.influx import InfluxStore
from services.settings import HistorySettings, Settings

pytestmark = pytest.mark.real


async def test_all_that_is_given_is_in_the_store(tmp_path: Path) -> None:
    store = await DuckStore.open(tmp_path)
    cost = await sustained(store, Settings(data=tmp_path), points=20, seconds=3)
    await store.close()

    assert cost.rows == 60
    assert cost.wall_s > 0
    assert cost.cpu_s > 0


async def test_readings_in_whatever_order_are_in_the_store_too(tmp_path: Path) -> None:
    store = await DuckStore.open(tmp_path)
    cost = await at_random(store, Settings(data=tmp_path), racks=2, rounds=3)
    await store.close()

    assert cost.rows == 3 * len(all_points_of(2))
    assert cost.cpu_s > 0


def test_each_round_has_all_points_in_another_order() -> None:
    points = all_points_of(2)
    heard = [change.point for change in shuffled(points, 2)]
    first, second = heard[: len(points)], heard[len(points) :]

    assert len(heard) == 2 * len(points)
    assert first != second
    assert {point.id for point in first} == {point.id for point in second}


async def test_an_outage_tells_of_memory_second_by_second(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {"data": tmp_path, "history": {"url": "http://127.0.0.1:1", "store": "influx2"}}
    )
    store = InfluxStore(settings.history)
    resident = await outage(store, settings, points=5, seconds=4)
    await store.close()

    assert len(resident) == 4
    assert min(resident) > 0


async def test_an_outage_without_room_for_it_shows_nothing(tmp_path: Path) -> None:
    history = HistorySettings.model_validate({"url": "http://127.0.0.1:1", "queue": 10})
    store = InfluxStore(history)
    with pytest.raises(RuntimeError, match="no room"):
        await outage(store, Settings(data=tmp_path, history=history), points=50, seconds=2)
    await store.close()


def test_readings_of_one_second_are_measured_within_it() -> None:
    points = points_of(30)
    at = [change.measured_at for change in readings(points, 7)]

    assert {each // 1000 for each in at} == {at[0] // 1000}
    assert len({point.id for point in points}) == 30


def test_afterwards_all_cores_may_be_used_again() -> None:
    before = os.sched_getaffinity(0)
    with one_core():
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before
