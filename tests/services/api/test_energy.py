from pathlib import Path
from typing import Any

import httpx
import pytest

from build import START, at
from history_rows import a_point as a_power
from history_rows import a_row
from history_series import Store, a_series, samples_of
from live import a_client, a_live_fleet, an_app
from schemas.history import Bucket, Mode, Query
from services.api.context import Store as Port
from services.api.energy import METRICS, MOST
from services.history.block import block_of
from services.history.duck import DuckStore
from twin.hearing import STALE_AFTER
from twin.instants import Instant

pytestmark = pytest.mark.real  # it is worked out in a thread

RANGE = f"from={START}&to={at(3600)}"


async def ask(store: Port, query: str) -> httpx.Response:
    live = a_live_fleet()
    live.now = at(7200)
    async with a_client(an_app(live, store=store)) as client:
        return await client.get(f"energy?{query}")


async def items(store: Port, query: str) -> Any:  # noqa: ANN401  # a document
    return (await ask(store, query)).json()["items"]


async def test_power_of_racks_and_meters_is_asked_for_from_a_little_before() -> None:
    store = Store()
    assert (await ask(store, f"entity=R1&entity=TAP&entity=R1&{RANGE}")).status_code == 200
    before = Instant(START - STALE_AFTER)
    assert store.asked == [Query(("R1", "TAP"), METRICS, before, at(3600), Mode.RAW)]


async def test_nothing_is_asked_from_before_time_began() -> None:
    store = Store()
    await ask(store, "entity=R1&from=5&to=1000")
    assert store.asked[0].start == 0


async def test_energy_is_told_with_its_completeness() -> None:
    samples = samples_of([40.0] * 18, START, 100_000)
    (found,) = await items(Store(a_series(samples=samples)), f"entity=R1&{RANGE}")
    known_s = 17 * 100 + 250
    assert found["energy_kwh"] == pytest.approx(40 * known_s / 3600)
    assert found["completeness"] == pytest.approx(known_s / 3600)


async def test_of_a_great_many_readings_minutes_are_taken() -> None:
    raw = a_series(samples=samples_of([40.0], START, 1), truncated=True)
    means = a_series(
        buckets=tuple(Bucket(at(60 * n), 1.0, 99.0, 40.0, 1.0, 60, 1.0) for n in range(60))
    )
    store = Store(raw, means)
    answer = (await ask(store, f"entity=R1&{RANGE}")).json()
    assert [query.mode for query in store.asked] == [Mode.RAW, Mode.MINMAX]
    assert store.asked[1].bucket_ms <= 60_000
    assert answer["method"] == "minutes"
    assert answer["items"][0]["energy_kwh"] == pytest.approx(40.0)


async def test_more_minutes_than_one_answer_may_hold_are_refused() -> None:
    raw = a_series(samples=samples_of([40.0], START, 1), truncated=True)
    day = f"from={START}&to={at(86_400)}"
    names = "&".join(f"entity=R{number}" for number in range(MOST))
    response = await ask(Store(raw), f"{names}&{day}")
    assert response.status_code == 422
    assert response.json()["type"] == "urn:racktwin:problem:too-many-minutes"


async def test_embedded_store_knows_what_was_drawn(tmp_path: Path) -> None:
    power = a_power()
    store = await DuckStore.open(tmp_path)
    rows = [a_row(power, 36.0, 100_000 * number) for number in range(36)]
    rows[10] = a_row(power, 36.0, 1_000_000, quality=0)
    try:
        await store.write("spool", block_of(rows, 0))
        (found,) = await items(store, f"entity={power.entity}&{RANGE}")
    finally:
        await store.close()
    assert found["energy_kwh"] == pytest.approx(35.0)
    assert found["completeness"] == pytest.approx(35 / 36)
