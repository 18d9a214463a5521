"""Drills: whatever befalls a store or us, each accepted reading is in it once, or named as lost."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from resource import RLIM_INFINITY, RLIMIT_FSIZE, prlimit
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from brokers import RealBroker, mosquitto
from influx_process import InfluxProcess, influx_process
from influx_server import TOKEN
from processes import Racktwin, racktwin, until
from services.broker.publish import publisher
from services.clock import wall_clock
from services.history.shipper import HELD_S

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]

POINT = "Rack/RackPower/site/r1/power"
METADATA = (
    b'{"objectType":"Rack","pointType":"RackPower","engUnit":"kW",'
    b'"rackLocationName":"R1","rackLocationId":"R1"}'
)
MEMORY = 100
"""Rows that memory holds in these drills."""


class Drill:
    """A broker, a store and what was published; the twin is started by each drill."""

    def __init__(self, broker: RealBroker, store: InfluxProcess, data: Path) -> None:
        self.store = store
        self.data = data
        self._broker = broker
        self.begin = wall_clock() - 600_000
        self.published = 0

    @asynccontextmanager
    async def history(self, **more: str) -> AsyncIterator[Racktwin]:
        """A process that writes history, and is connected."""
        settings = {
            "RACKTWIN_BROKER__URL": str(self._broker.url),
            "RACKTWIN_HISTORY__PORT": "0",
            "RACKTWIN_HISTORY__BATCH": "20",
            "RACKTWIN_HISTORY__FLUSH_MS": "20",
            "RACKTWIN_HISTORY__QUEUE": str(MEMORY),
            **self.store.settings,
            **more,
        }
        async with racktwin("history", data=self.data, **settings) as twin:

            async def connected() -> bool:
                return (await twin.get("/readyz")).status_code == 200

            await until(connected)
            yield twin

    async def publish(self, count: int, qos: int = 0) -> None:
        """Say so many numbers more, each at a millisecond of its own."""
        async with publisher(self._broker.settings, "drill") as send:
            await send(f"BMS/v1/PUB/Metadata/{POINT}", METADATA, retain=True)
            for number in range(self.published, self.published + count):
                told = {"value": number, "timestamp": self.begin + number, "quality": 1}
                await send(f"BMS/v1/PUB/Value/{POINT}", json.dumps(told).encode(), qos=qos)
        self.published += count

    async def accepted(self, twin: Racktwin, count: int) -> None:
        """Say so many more; back when all are accepted, and no more than memory holds at once."""
        for some in [MEMORY // 2] * (count // (MEMORY // 2)) or [count]:
            heard = (await figures(twin))["racktwin_received_total"] + 1 + some
            await self.publish(some)
            await until(partial(at_least, twin, "racktwin_received_total", heard))
            await until(lambda: drained(twin))

    @property
    def numbers(self) -> list[float]:
        """All that was said."""
        return [float(number) for number in range(self.published)]

    async def arrived(self) -> bool:
        """Whether the store has all that was said."""
        return await self.store.values() == self.numbers


@asynccontextmanager
async def a_drill(folder: Path) -> AsyncIterator[Drill]:
    async with mosquitto(folder) as broker, influx_process() as store:
        yield Drill(broker, store, folder / "data")


async def figures(twin: Racktwin) -> dict[str, float]:
    """The metrics by name; of those with labels the sum."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families((await twin.get("/metrics")).text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0.0) + sample.value
    return found


async def at_least(twin: Racktwin, name: str, least: float) -> bool:
    return (await figures(twin))[name] >= least


async def synced(twin: Racktwin) -> bool:
    return (await figures(twin))["racktwin_history_unsynced"] == 0


async def drained(twin: Racktwin) -> bool:
    """Whether all is on the disk, or with the store where the disk takes nothing."""
    found = await figures(twin)
    return not (found["racktwin_history_unsynced"] and found["racktwin_history_waiting"])


async def the_sum_holds(twin: Racktwin) -> dict[str, float]:
    found = await figures(twin)
    of = {name: found[f"racktwin_history_{name}"] for name in ("waiting", "found")}
    of |= {
        name: found[f"racktwin_history_{name}_total"]
        for name in ("accepted", "shipped", "refused", "lost")
    }
    assert of["accepted"] + of["found"] == (
        of["shipped"] + of["refused"] + of["lost"] + of["waiting"]
    )
    return of


async def killed(twin: Racktwin) -> None:
    twin.process.kill()
    await twin.process.wait()


async def shipped(twin: Racktwin) -> bool:
    """Whether the store has all that there is for it."""
    return (await figures(twin))["racktwin_history_waiting"] == 0


async def answered(twin: Racktwin) -> list[float]:
    """Every value that history answers with, in order of time."""
    told = await twin.document("history?entity=R1&metric=RackPower&mode=raw")
    return [each["value"] for series in told["series"] for each in series["samples"]]


TROUBLES: dict[str, dict[str, Any]] = {
    "dead at the start": {"up": False},
    "internal": {"fault": "internal"},
    "throttled": {"fault": "throttled", "retry_after": "1"},
    "unavailable": {"fault": "unavailable", "retry_after": "1"},
    "no right to write": {"fault": "forbidden"},
    "hangs": {"fault": "hang"},
    "closes": {"fault": "cut"},
    "half-closes": {"fault": "half-close"},
    "slow": {"delay_s": 0.2},
}


@pytest.mark.parametrize("trouble", sorted(TROUBLES))
async def test_killed_while_the_store_is_in_trouble_everything_is_there_once(
    tmp_path: Path, trouble: str
) -> None:
    async with a_drill(tmp_path) as drill:
        await drill.store.suffer(**TROUBLES[trouble])
        async with drill.history() as twin:
            await drill.accepted(twin, 2 * MEMORY)  # more than memory holds
            assert (await the_sum_holds(twin))["lost"] == 0
            await killed(twin)

        async with drill.history() as twin:
            await drill.accepted(twin, MEMORY)
            await drill.store.heal()
            await until(drill.arrived)
            of = await the_sum_holds(twin)
            assert (of["lost"], of["refused"]) == (0, 0)


HELD: dict[str, dict[str, Any]] = {
    "401": {"token": "another"},
    "403": {"fault": "forbidden"},
    "404": {"bucket": "another"},
}
"""What somebody must mend, by what the store answers meanwhile."""


async def held_and_mended(folder: Path, status: str) -> None:
    token = folder / "token"
    async with (
        a_drill(folder) as drill,
        drill.history(RACKTWIN_HISTORY__TOKEN_FILE=str(token)) as twin,
    ):
        await drill.accepted(twin, MEMORY)
        await until(drill.arrived)

        await drill.store.suffer(**HELD[status])
        await drill.accepted(twin, 2 * MEMORY)  # more than memory holds
        assert (await figures(twin))["racktwin_history_held"] == 1
        assert (await the_sum_holds(twin))["waiting"] > MEMORY
        assert (await drill.store.statuses())[status] <= 2  # it is not asked again and again
        if status == "401":
            token.write_text("another")
        else:
            await drill.store.heal()
        await asyncio.sleep(HELD_S)
        await until(drill.arrived)
        of = await the_sum_holds(twin)
        assert (of["lost"], of["refused"]) == (0, 0)
        assert (await figures(twin))["racktwin_history_held"] == 0


async def test_a_store_that_somebody_must_mend_is_left_alone_until_then_and_has_everything(
    tmp_path: Path,
) -> None:
    for status in HELD:
        (tmp_path / status).mkdir()
        (tmp_path / status / "token").write_text(TOKEN)
    async with asyncio.TaskGroup() as drills:  # at once: each waits for the next attempt
        for status in HELD:
            drills.create_task(held_and_mended(tmp_path / status, status))


async def test_a_store_that_dies_under_load_has_everything_once_it_is_back(tmp_path: Path) -> None:
    async with a_drill(tmp_path) as drill, drill.history() as twin:
        for up in (True, False, True, False, True):
            await drill.store.suffer(up=up)
            await drill.accepted(twin, 2 * MEMORY)
        await until(drill.arrived)
        assert (await the_sum_holds(twin))["lost"] == 0


@pytest.mark.parametrize("store", ["duckdb", "influx2"])
async def test_killed_at_any_instant_it_loses_no_more_than_it_had_not_on_the_disk(
    tmp_path: Path, store: str
) -> None:
    async with a_drill(tmp_path) as drill:
        spans = []
        for part in range(2):
            async with drill.history(RACKTWIN_HISTORY__STORE=store) as twin:
                first = drill.published
                await drill.accepted(twin, 10)
                sure = drill.published
                load = asyncio.ensure_future(drill.publish(40))
                await asyncio.sleep(0.05 * part)
                await killed(twin)
                await load
                spans.append((first, sure, drill.published))
        async with drill.history(RACKTWIN_HISTORY__STORE=store) as twin:
            await until(lambda: shipped(twin))
            kept = await (drill.store.values() if store == "influx2" else answered(twin))
    for first, sure, upto in spans:
        of = [value for value in kept if first <= value < upto]
        assert len(of) >= sure - first
        assert of == [float(first + place) for place in range(len(of))]  # in order, none missing


@pytest.mark.parametrize("qos", ["1", "2"])
async def test_killed_at_any_instant_it_loses_nothing_that_the_broker_keeps_for_it(
    tmp_path: Path, qos: str
) -> None:
    lasting = {
        "RACKTWIN_BROKER__QOS": qos,
        "RACKTWIN_BROKER__PERSISTENT": "true",
        "RACKTWIN_HISTORY__QUEUE": "10000",  # as much as comes in one go
    }
    async with a_drill(tmp_path) as drill:
        for part in range(3):
            async with drill.history(**lasting) as twin:
                load = asyncio.ensure_future(drill.publish(200, qos=int(qos)))
                await asyncio.sleep(0.05 + 0.1 * part)
                await killed(twin)
                await load
        await drill.publish(50, qos=int(qos))  # nobody is there
        async with drill.history(**lasting) as twin:
            await until(drill.arrived)
            assert (await the_sum_holds(twin))["lost"] == 0


async def test_on_a_full_disk_what_has_no_room_is_lost_by_name_and_nothing_else(
    tmp_path: Path,
) -> None:
    async with a_drill(tmp_path) as drill, drill.history() as twin:
        await drill.accepted(twin, 10)
        prlimit(twin.process.pid, RLIMIT_FSIZE, (0, RLIM_INFINITY))
        await drill.accepted(twin, MEMORY)
        await until(drill.arrived)  # by way of memory alone

        await drill.store.suffer(up=False)
        await drill.publish(3 * MEMORY)
        await until(lambda: at_least(twin, "racktwin_history_lost_total", MEMORY))
        prlimit(twin.process.pid, RLIMIT_FSIZE, (RLIM_INFINITY, RLIM_INFINITY))
        await until(lambda: synced(twin))
        await killed(twin)

        async with drill.history() as again:
            await drill.store.heal()
            await until(lambda: shipped(again))
            assert (await the_sum_holds(again))["lost"] == 0
        kept = await drill.store.values()
    missing = set(drill.numbers) - set(kept)
    assert len(kept) == len(set(kept))
    assert min(missing) == 10 + MEMORY  # the oldest of what waited
    assert MEMORY <= len(missing) <= 3 * MEMORY


async def test_killed_on_a_full_disk_what_the_store_has_stays_there_once(tmp_path: Path) -> None:
    async with a_drill(tmp_path) as drill:
        async with drill.history() as twin:
            prlimit(twin.process.pid, RLIMIT_FSIZE, (0, RLIM_INFINITY))
            await drill.accepted(twin, MEMORY)
            await until(drill.arrived)
            await killed(twin)
        async with drill.history() as twin:
            await drill.accepted(twin, 10)
            await until(drill.arrived)


@pytest.mark.parametrize(("status", "named"), [("400", [13.0]), ("422", [0.0, 1.0, 2.0, 3.0, 4.0])])
async def test_rows_that_the_store_refuses_are_named_and_all_others_are_there(
    tmp_path: Path, status: str, named: list[float]
) -> None:
    async with a_drill(tmp_path) as drill:
        await drill.store.suffer(up=False)
        async with drill.history() as twin:
            await drill.accepted(twin, MEMORY)
            await killed(twin)
        if status == "400":
            await drill.store.suffer(poison="RackPower=13,")
        else:
            await drill.store.suffer(keeps_from=drill.begin + len(named))
        await drill.store.heal()
        async with drill.history() as twin:
            await until(lambda: shipped(twin))
            assert (await the_sum_holds(twin))["refused"] == len(named)
        letters = drill.data / "history-refused-influx2.ndjson"
        told = [json.loads(line) for line in letters.read_text().splitlines()]
        assert (await drill.store.statuses())[status] > 0
        assert await drill.store.values() == [each for each in drill.numbers if each not in named]
    assert sorted(each["value"] for each in told) == named
    assert {each["point"] for each in told} == {POINT}
    assert all(each["why"] for each in told)
