"""The real pod over real brokers, with the twin beside: the same state as offline."""

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from brokers import BROKERS, find
from processes import Racktwin, done, racktwin, said, until

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]

Document = dict[str, Any]


def values_of(rack: Document) -> Document:
    """What a rack's document says, without when and how old, nor what came of it over time."""

    def kept(value: object) -> object:
        if isinstance(value, dict):
            left_out = {"age_s", "received_at", "measured_at", "severity", "faults"}
            return {key: kept(each) for key, each in value.items() if key not in left_out}
        return [kept(each) for each in value] if isinstance(value, list) else value

    found = kept(rack)
    assert isinstance(found, dict)
    return found


async def played(url: object, recording: Path) -> None:
    code, _ = await done("play", str(recording), "--broker", str(url), "--speed", "max")
    assert code == 0


async def offline(recording: Path) -> Document:
    code, out = await done("replay", str(recording), "--json", "-")
    assert code == 0
    told: Document = json.loads(out)
    return told


def heard(twin: Racktwin, live: int) -> Callable[[], Awaitable[bool]]:
    async def enough() -> bool:
        points = (await twin.document("fleet"))["points"]
        return bool(points["live"] == live)

    return enough


def ready(twin: Racktwin, *, well: bool = True) -> Callable[[], Awaitable[bool]]:
    async def answered() -> bool:
        return ((await twin.get("/readyz")).status_code == 200) == well

    return answered


@pytest.mark.parametrize("broker", BROKERS)
async def test_a_played_recording_is_served_as_it_replays_and_survives_broker_and_twin(
    dsx: Path, tmp_path: Path, broker: str
) -> None:
    recording = dsx / "dsx_exemplar.csv"
    expected = await offline(recording)
    settings = {"RACKTWIN_API__PORT": "0"}
    async with BROKERS[broker](tmp_path) as bus:
        settings["RACKTWIN_BROKER__URL"] = str(bus.url)
        async with racktwin("serve", data=tmp_path / "data", **settings) as twin:
            await until(ready(twin))
            await played(bus.url, recording)
            await until(heard(twin, live=145))
            for identity, rack in expected["racks"].items():
                assert values_of(await twin.document(f"racks/{identity}")) == values_of(rack)

            bus.kill()
            await until(ready(twin, well=False))
            assert (await twin.document("fleet"))["points"]["live"] == 145
            await bus.start()
            await until(ready(twin))
            await played(bus.url, recording)
            fleet = await twin.document("fleet")
            assert fleet["points"]["total"] == 166
            assert await twin.end() == 0

        bus.kill()  # even what it retained is gone
        await bus.start()
        async with racktwin("serve", data=tmp_path / "data", **settings) as twin:
            await until(ready(twin))
            fleet = await twin.document("fleet")
            assert (fleet["racks"], fleet["points"]["unheard"]) == (6, 166)
            assert fleet["power_kw"]["value"] is None
            await played(bus.url, recording)
            await until(heard(twin, live=145))
            rack = await twin.document("racks/Pod1C-E05")
            assert values_of(rack) == values_of(expected["racks"]["Pod1C-E05"])


async def test_every_reading_of_a_played_recording_is_in_history(dsx: Path, tmp_path: Path) -> None:
    async with BROKERS["nats"](tmp_path) as bus:
        settings = {"RACKTWIN_API__PORT": "0", "RACKTWIN_BROKER__URL": str(bus.url)}
        async with racktwin("serve", data=tmp_path / "data", **settings) as twin:
            await until(ready(twin))
            code, _ = await done(
                *("play", str(dsx / "dsx_exemplar.csv"), "--broker", str(bus.url)),
                *("--speed", "30", "--topic", "BMS/v1/PUB/+/Rack/#"),
            )
            assert code == 0

            async def written() -> bool:
                told = await twin.document(
                    "history?entity=Pod1C-E05&metric=RackLiquidFlow&mode=raw"
                )
                return sum(len(series["samples"]) for series in told["series"]) == 89

            await until(written)


async def test_live_and_history_apart_do_the_same_work(dsx: Path, tmp_path: Path) -> None:
    async with BROKERS["mosquitto"](tmp_path) as bus:
        own = {
            "RACKTWIN_API__PORT": "0",
            "RACKTWIN_HISTORY__PORT": "0",
            "RACKTWIN_BROKER__URL": str(bus.url),
        }
        async with (
            racktwin("live", data=tmp_path / "data", **own) as live,
            racktwin("history", data=tmp_path / "data", **own) as history,
        ):
            await until(ready(live))
            await until(ready(history))
            await played(bus.url, dsx / "dsx_exemplar.csv")
            await until(heard(live, live=145))

            async def written() -> bool:
                metrics = (await history.get("/metrics")).text
                name = '\nracktwin_history_shipped_total{store="duckdb"} '
                _, _, count = metrics.partition(name)
                return float(count.split()[0]) >= 4545  # and what was worked out of them

            await until(written)
            told = await live.get("history?entity=Pod1C-E05&metric=RackPower")
            assert told.status_code == 503  # an embedded store is the history process's own


async def test_the_tools_everybody_has_show_what_one_expects(dsx: Path, tmp_path: Path) -> None:
    async with BROKERS["mosquitto"](tmp_path) as bus:
        own = {"RACKTWIN_API__PORT": "0", "RACKTWIN_BROKER__URL": str(bus.url)}
        async with racktwin("serve", data=tmp_path / "data", **own) as twin:
            await until(ready(twin))
            await played(bus.url, dsx / "dsx_exemplar.csv")
            await until(heard(twin, live=145))
            address = ("-h", "127.0.0.1", "-p", str(bus.port), "-W", "5", "-C", "1")
            topic = "BMS/v1/PUB/Metadata/Rack/RackPower/#"
            retained = await said(find("mosquitto_sub"), *address, "-v", "-t", topic)
            assert retained.startswith(b"BMS/v1/PUB/Metadata/Rack/RackPower/")
            stream = f"{twin.address}/api/v1/stream?max_events=2"
            streamed = await said(find("curl"), "-sN", stream)
            assert streamed.startswith(b"event: hello\n")
            assert b"\nevent: snapshot\nid: " in streamed
            assert b"Pod1C-E05" in streamed


async def test_a_recording_of_the_bus_replays_to_the_same_racks(dsx: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken.arrows"
    async with BROKERS["nats"](tmp_path) as bus:
        recording = asyncio.ensure_future(
            done("record", "--broker", str(bus.url), "-o", str(taken), "--for", "8s")
        )
        await until(lambda: asyncio.to_thread(taken.exists))
        await asyncio.sleep(2)  # a listener says nowhere that it listens
        await played(bus.url, dsx / "dsx_exemplar.csv")
        assert (await recording)[0] == 0

    told, expected = await offline(taken), await offline(dsx / "dsx_exemplar.csv")
    assert told["counters"]["applied"] == 4711
    assert {key: values_of(rack) for key, rack in told["racks"].items()} == {
        key: values_of(rack) for key, rack in expected["racks"].items()
    }


async def test_simulate_onto_a_broker_is_a_living_fleet(tmp_path: Path) -> None:
    async with BROKERS["nats"](tmp_path) as bus:
        own = {"RACKTWIN_API__PORT": "0", "RACKTWIN_BROKER__URL": str(bus.url)}
        async with racktwin("serve", data=tmp_path / "data", **own) as twin:
            await until(ready(twin))
            code, _ = await done(
                *("simulate", "--racks", "3", "--broker", str(bus.url), "--for", "4s")
            )
            assert code == 0
            fleet = await twin.document("fleet")
            assert fleet["racks_by_freshness"] == {"LIVE": 3, "STALE": 0, "UNHEARD": 0}
            assert {each["freshness"] for each in fleet["publishers"]} == {"LIVE"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_stopped_process_ends_well(tmp_path: Path, number: signal.Signals) -> None:
    own = {"RACKTWIN_API__PORT": "0", "RACKTWIN_BROKER__URL": "mqtt://127.0.0.1:1"}
    async with racktwin("serve", data=tmp_path / "data", **own) as twin:
        assert (await twin.get("/readyz")).status_code == 503
        assert (await twin.get("/healthz")).status_code == 200

        assert await twin.end(number) == 0
