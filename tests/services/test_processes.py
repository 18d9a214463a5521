import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from brokers import RealBroker, listening, mosquitto, nats
from processes import until
from said import GREETING, message
from services.broker.buffer import Buffer
from services.broker.publish import publisher
from services.clock import wall_clock
from services.disk.frames import frame
from services.faults.records import UnknownFormatError
from services.history.opened import opened
from services.processes import HISTORY, LIVE, SERVE, Roles, Twin, run, twin_of
from services.settings import ApiSettings, HistorySettings, Settings
from twin.instants import Instant

pytestmark = pytest.mark.real

PATH = "Rack/RackPower/site/r1/power"
METADATA = (
    b'{"objectType":"Rack","pointType":"RackPower","engUnit":"kW",'
    b'"rackLocationName":"R1","rackLocationId":"R1"}'
)
PATIENCE_S = 20.0


def settings_for(broker: RealBroker, folder: Path, store: str = "duckdb") -> Settings:
    return Settings(
        broker=broker.settings,
        api=ApiSettings(port=0),
        history=HistorySettings.model_validate({"port": 0, "store": store}),
        data=folder / "data",
    )


@asynccontextmanager
async def running(settings: Settings, roles: Roles) -> AsyncIterator[tuple[Twin, str]]:
    """The roles beside the block, once they are connected and can be asked."""
    twin = twin_of(settings)
    addresses: asyncio.Queue[str] = asyncio.Queue()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(run(twin, settings, roles, addresses.put_nowait))
        async with asyncio.timeout(PATIENCE_S):
            address = await addresses.get()
            while twin.ready() is not None:  # noqa: ASYNC110  # a status is read, it tells nobody
                await asyncio.sleep(0.01)
        yield twin, address
        task.cancel()


async def speak(settings: Settings, kw: int, timestamp: int) -> None:
    async with publisher(settings.broker, "test") as publish:
        await publish(f"BMS/v1/PUB/Metadata/{PATH}", METADATA, retain=True)
        value = b'{"value":%d,"timestamp":%d,"quality":1}' % (kw, timestamp)
        await publish(f"BMS/v1/PUB/Value/{PATH}", value)


async def leak(settings: Settings) -> None:
    """Let the detector of a rack say that it leaks."""
    path = "Rack/RackLeakDetect/site/r1/leak"
    metadata = (
        b'{"objectType":"Rack","pointType":"RackLeakDetect","stateText":'
        b'[{"value":0,"text":"Normal"},{"value":1,"text":"Leak"}],'
        b'"rackLocationName":"R1","rackLocationId":"R1"}'
    )
    async with publisher(settings.broker, "test") as publish:
        await publish(f"BMS/v1/PUB/Metadata/{path}", metadata, retain=True)
        value = b'{"value":1,"timestamp":%d,"quality":1}' % wall_clock()
        await publish(f"BMS/v1/PUB/Value/{path}", value)


async def the_fault(address: str) -> dict[str, Any]:
    """The one that stands, as soon as there is one."""
    found: list[dict[str, Any]] = []

    async def told() -> bool:
        found[:] = (await get(address, "api/v1/faults")).json()["items"]
        return bool(found)

    await until(told)
    (fault,) = found
    return fault


async def heard(twin: Twin) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while twin.intake.fleet.counts.live == 0:  # noqa: ASYNC110  # the broker sets no event
            await asyncio.sleep(0.01)


async def get(address: str, path: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(f"{address}{path}")


async def test_it_serves_what_the_bus_says_and_keeps_it(tmp_path: Path) -> None:
    async with nats(tmp_path) as broker:
        settings = settings_for(broker, tmp_path)
        async with running(settings, SERVE) as (twin, address):
            await speak(settings, kw=35, timestamp=wall_clock())
            await heard(twin)
            rack = (await get(address, "api/v1/racks/R1")).json()
            metrics = (await get(address, "metrics")).text
        assert rack["power"]["load_kw"]["value"] == 35
        assert "racktwin_received_total 2.0" in metrics
        assert "racktwin_broker_connected 1.0" in metrics
        assert "racktwin_subscriptions_refused 0.0" in metrics
        assert twin.source_lag_s >= 0
        assert twin.writer is not None
        (shipper,) = twin.writer.shippers
        reader = shipper.reader
        assert twin.writer.accepted == reader.shipped >= 1  # what the twin says is kept too
        assert (twin.writer.lost, reader.lost, twin.writer.unsynced) == (0, 0, 0)

        async with running(settings, SERVE) as (twin, address):
            query = "entity=R1&metric=RackPower&mode=raw"
            told = (await get(address, f"api/v1/history?{query}")).json()
        assert [sample["value"] for sample in told["series"][0]["samples"]] == [35]


async def test_live_alone_leaves_the_embedded_store_to_the_history_process(
    tmp_path: Path,
) -> None:
    async with nats(tmp_path) as broker:
        settings = settings_for(broker, tmp_path)
        async with (
            running(settings, HISTORY) as (keeper, _),
            running(settings, LIVE) as (live, address),
        ):
            await speak(settings, kw=35, timestamp=1_767_225_600_000)
            await heard(live)
            await heard(keeper)
            answer = await get(address, "api/v1/history?entity=R1&metric=RackPower")
    assert answer.status_code == 503
    assert live.writer is None
    assert (live.watched, keeper.watched) == (True, False)
    assert keeper.writer is not None
    assert keeper.writer.accepted >= 1


@pytest.mark.parametrize("roles", [SERVE, LIVE, HISTORY], ids=lambda roles: str(roles.name))
async def test_what_must_not_be_lost_is_acknowledged_and_kept(roles: Roles, tmp_path: Path) -> None:
    """Else whoever comes by its name would hear it again."""
    async with mosquitto(tmp_path) as broker:
        plain = settings_for(broker, tmp_path)
        lasting = broker.settings.model_copy(update={"qos": 1, "persistent": True})
        settings = plain.model_copy(update={"broker": lasting})
        async with running(settings, roles) as (twin, _):
            async with publisher(broker.settings, "says") as publish:
                await publish(f"BMS/v1/PUB/Metadata/{PATH}", METADATA, qos=1)
                for number in range(100):
                    value = b'{"value":%d,"timestamp":%d,"quality":1}' % (number, wall_clock())
                    await publish(f"BMS/v1/PUB/Value/{PATH}", value, qos=1)
            async with asyncio.timeout(PATIENCE_S):
                while twin.intake.received < 101:  # noqa: ASYNC110  # a figure is read
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)  # the last of them are acknowledged
        async with listening(lasting, role=roles.name) as heard:
            async with asyncio.timeout(PATIENCE_S):
                while not heard.status.connected:  # noqa: ASYNC110  # a status is read
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)
        assert heard.payloads == []


def test_time_is_no_later_than_the_messages_that_wait() -> None:
    twin = twin_of(Settings())
    assert twin.present() >= wall_clock() - 1_000
    twin.status.inbox = buffer = Buffer(10, lambda: 0.0)
    buffer.feed(GREETING + message(b"1"), Instant(1_000))
    assert twin.present() == 1_000


def test_what_changed_is_worked_out_where_somebody_reads_it_all_the_time() -> None:
    twin = twin_of(Settings())
    changes = twin.intake.take(f"BMS/v1/PUB/Metadata/{PATH}", METADATA, Instant(1_000))
    twin.emit(changes)
    assert twin.hub.since(0) == ["R1"]
    twin.emit([])
    assert twin.hub.revision == 1


def test_reading_of_equipment_is_a_revision_of_its_own_for_its_document_is_another_one() -> None:
    twin = twin_of(Settings())
    path = "CDU/LiquidTemperature/C1"
    described = (
        b'{"objectType":"CDU","pointType":"LiquidTemperature","objectId":"C1","objectName":"C1"}'
    )
    said = b'{"value":20.0,"timestamp":1000,"quality":1}'
    for kind, payload in (("Metadata", described), ("Value", said)):
        twin.emit(twin.intake.take(f"BMS/v1/PUB/{kind}/{path}", payload, Instant(1_000)))
    assert (twin.hub.revision, twin.hub.since(0), twin.hub.since(1)) == (2, ["C1"], [])


def test_where_nobody_does_every_change_has_its_readers_begin_anew() -> None:
    twin = twin_of(Settings())
    twin.watched = False
    changes = twin.intake.take(f"BMS/v1/PUB/Metadata/{PATH}", METADATA, Instant(1_000))
    twin.emit(changes)
    assert (twin.hub.revision, twin.hub.since(0), len(twin.hub)) == (1, None, 0)
    twin.emit([])
    assert (twin.hub.revision, twin.hub.since(1)) == (1, [])


async def test_without_a_store_nothing_is_kept_and_all_else_works(tmp_path: Path) -> None:
    async with nats(tmp_path) as broker:
        settings = settings_for(broker, tmp_path, store="none")
        async with running(settings, SERVE) as (twin, address):
            await speak(settings, kw=35, timestamp=1_767_225_600_000)
            await heard(twin)
            assert (await get(address, "api/v1/racks/R1")).status_code == 200
    assert twin.writer is None


async def test_a_restart_knows_the_points_though_the_broker_forgot_them(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    async with nats(tmp_path / "one") as broker:
        settings = settings_for(broker, tmp_path)
        async with running(settings, SERVE) as (twin, _):
            await speak(settings, kw=35, timestamp=1_767_225_600_000)
            await heard(twin)
    (tmp_path / "two").mkdir()
    async with nats(tmp_path / "two") as broker:
        again = settings.model_copy(update={"broker": broker.settings})
        async with running(again, SERVE) as (twin, _):
            assert [rack.id for rack in twin.intake.fleet.racks()] == ["R1"]
            assert twin.intake.fleet.counts.unheard == 1


async def test_fleet_file_is_read_at_the_start_and_whenever_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "fleet.toml"
    file.write_text("[racks.R1]\nhall = 'North'\n")
    async with nats(tmp_path) as broker:
        settings = settings_for(broker, tmp_path).model_copy(update={"fleet_file": file})
        async with running(settings, LIVE) as (twin, address):
            await speak(settings, kw=35, timestamp=1_767_225_600_000)
            await heard(twin)
            before = (await get(address, "api/v1/racks/R1")).json()["hall"]
            revision = twin.hub.revision
            file.write_text("[racks.R1]\nhall = 'South'\n")
            async with asyncio.timeout(PATIENCE_S):
                await twin.hub.news(revision)
            after = (await get(address, "api/v1/racks/R1")).json()["hall"]
            metrics = (await get(address, "metrics")).text
    assert (before, after) == ("North", "South")
    assert "racktwin_fleet_file_refused_total 0.0" in metrics


async def test_rules_file_is_read_at_the_start_and_whenever_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text("[rules.liquid.flow_low]\non_delay = '20s'\n")
    async with nats(tmp_path) as broker:
        settings = settings_for(broker, tmp_path).model_copy(update={"rules_file": file})
        async with running(settings, LIVE) as (twin, address):

            async def delay_is(seconds: int) -> bool:
                rule = twin.intake.fleet.faults.rules["liquid.flow_low"]
                return rule.on_delay == seconds * 1000

            assert await delay_is(20)
            file.write_text("[rules.liquid.flow_low]\non_delay = '130s'\n")
            await until(lambda: delay_is(130))
            metrics = (await get(address, "metrics")).text
    assert "racktwin_rules_file_refused_total 0.0" in metrics


async def test_leak_on_the_bus_is_told_on_a_topic_of_our_own(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker:
        given = settings_for(broker, tmp_path).model_dump() | {
            "notify": {"mqtt": {"enabled": True}}
        }
        settings = Settings.model_validate(given)
        ours = settings.broker.model_copy(update={"topics": ("racktwin/#",)})
        async with running(settings, SERVE) as (_, address), listening(ours, role="ear") as heard:
            await leak(settings)

            async def told() -> bool:
                return any("faults/R1/leak%2Edetected/" in each.topic for each in heard.envelopes)

            await until(told)
            metrics = (await get(address, "metrics")).text
    assert 'racktwin_notify_overflowed_total{to="mqtt"} 0.0' in metrics


async def test_faults_and_what_was_done_to_them_outlive_the_process(tmp_path: Path) -> None:
    async with nats(tmp_path) as broker:
        settings = settings_for(broker, tmp_path)
        async with running(settings, SERVE) as (_, address):
            await leak(settings)
            before = await the_fault(address)
            async with httpx.AsyncClient() as client:
                ack = f"{address}api/v1/faults/{before['id']}/ack"
                answer = await client.post(ack, json={"by": "Ada"})
        async with running(settings, SERVE) as (_, address):
            after = await the_fault(address)
            acts = (await get(address, "api/v1/audit")).json()["items"]
            ready = await get(address, "readyz")
            metrics = (await get(address, "metrics")).text

    assert answer.status_code == 200
    assert (after["id"], after["raised_at"]) == (before["id"], before["raised_at"])
    assert (after["state"], after["acknowledged_by"]) == ("ACKED", "Ada")
    assert [(act["what"], act["by"]) for act in acts] == [("ACKNOWLEDGED", "Ada")]
    assert ready.status_code == 200
    assert "racktwin_journal_owed 0.0" in metrics
    assert "racktwin_journal_paused_total 0.0" in metrics
    assert "racktwin_journal_sync_seconds_count" in metrics


async def test_what_is_wrong_is_in_the_history_and_known_to_the_next_process_that_keeps_it(
    tmp_path: Path,
) -> None:
    async with nats(tmp_path) as broker:
        settings = settings_for(broker, tmp_path)
        async with running(settings, HISTORY) as (_, address):
            await leak(settings)
            before = await the_fault(address)
        async with running(settings, HISTORY) as (_, address):
            after = await the_fault(address)
            query = "entity=R1&metric=leak.detected&mode=raw"
            told = (await get(address, f"api/v1/history?{query}")).json()

    assert after["id"] == before["id"]
    values = [sample["value"] for sample in told["series"][0]["samples"]]
    assert values
    assert set(values) == {2.0}


async def test_a_journal_that_cannot_be_read_ends_it_with_its_name(tmp_path: Path) -> None:
    async with nats(tmp_path) as broker:
        settings = settings_for(broker, tmp_path)
        settings.data.mkdir()
        journal = settings.data / "serve-faults.journal"
        journal.write_bytes(frame(msgspec.msgpack.encode("something")))

        with pytest.raises(UnknownFormatError, match=r"serve-faults\.journal"):
            await run(twin_of(settings), settings, SERVE)


def test_it_is_not_ready_while_faults_cannot_be_kept(tmp_path: Path) -> None:
    twin = twin_of(Settings(data=tmp_path))
    twin.status.connected = True
    journal = twin.resume(tmp_path / "faults.journal")
    journal.trouble = "no room"

    assert twin.ready() == "no room"
    journal.close()


async def test_what_keeps_history_alone_is_not_ready_while_that_is_in_trouble(
    tmp_path: Path,
) -> None:
    settings = Settings(data=tmp_path)
    twin = twin_of(settings)
    twin.status.connected = True
    assert (twin.ailing(), twin.recording()) == (None, None)

    with opened([], settings, "history", twin.intake.fleet) as twin.writer:
        twin.writer.spool.trouble = "no room"
        assert (twin.ready(), twin.ailing(), twin.recording()) == (None, "no room", "no room")
        twin.status.connected = False
        assert twin.recording() == "not connected to the broker yet"


async def test_a_taken_port_ends_it_with_the_reason(tmp_path: Path) -> None:
    async with nats(tmp_path) as broker:
        settings = settings_for(broker, tmp_path)
        taken = settings.model_copy(update={"api": ApiSettings(port=broker.port)})

        with pytest.RaisesGroup(OSError):
            await run(twin_of(taken), taken, SERVE)


def test_it_is_not_ready_before_it_is_connected(tmp_path: Path) -> None:
    twin = twin_of(Settings(data=tmp_path))

    assert twin.ready() == "not connected to the broker yet"
    twin.status.last_error = "refused"
    assert twin.ready() == "refused"
