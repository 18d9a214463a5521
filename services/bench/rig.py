"""Rig: a broker, a fleet that speaks, live, history and clients of the stream, all processes."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import aiohttp
import duckdb
import msgspec

from schemas.rfc3339 import format_instant
from services.bench.feeder import COUNT, EVERYTHING, Done, Order, Ready, ordered
from services.bench.latency import describe
from services.bench.leaks import LONGEST, leak_topic, said
from services.bench.running import Running, Usage, child, running, usage
from services.bench.scraped import scraped
from services.broker.embedded import embedded_broker
from services.broker.publish import Publish, publisher
from services.clock import wall_clock
from services.history.duck import FILE
from services.history.look import folder_of
from services.history.rows import PUBLISHER
from services.processes import HISTORY, LIVE
from services.settings import BrokerSettings
from services.simulate.site import Site, Thing, site_of

CLIENTS: Final = 20
"""Of the live stream: one hears all, the others what one CDU serves; one of either is ours."""

_SETTINGS: Final = """\
data = "{folder}"
log_level = "ERROR"
[broker]
url = "{url}"
[api]
port = 0
[history]
port = 0
"""
_SOON_S: Final = 0.02
_AGAIN_S: Final = 1.0
_POLL_S: Final = 0.25
_STUCK_S: Final = 6.0
"""Nothing more comes after this long without any."""

_READY_S: Final = 120.0
_CALM: Final = 18_000
"""Messages a second that anybody keeps up with."""


class Said(Publish):
    """Publishes, and counts."""

    def __init__(self, publish: Publish) -> None:
        self.count = 0
        self._publish = publish

    async def __call__(
        self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 0
    ) -> None:
        """Send a message."""
        self.count += 1
        await self._publish(topic, payload, retain=retain, qos=qos)


class Rig:
    """Everything at work, for one fleet."""

    def __init__(self, site: Site, folder: Path, publish: Said) -> None:
        self.site = site
        self.publish = publish
        self.folder = folder
        self.ready: Ready
        self.feeder: Running
        self.readers: Running
        self.history: Running
        self.sessions: dict[str, aiohttp.ClientSession] = {}
        self.addresses: dict[str, str] = {}
        self.pids: dict[str, int] = {}
        self.metadata = 0
        """Messages of the feeder that are none of values."""

    async def play(self, order: Order) -> Done:
        """Have the fleet speak."""
        done = await ordered(self.feeder, order)
        self.metadata += done.sent - done.values
        return done

    async def begin(self) -> None:
        """Have everything said once."""
        for rack in self.site.racks:
            await self.publish(leak_topic(rack), said(0))
        await self.publish(self.ready.topic, said(self.ready.value))
        await self.whole()
        await self.drained()

    async def whole(self, rate: float = _CALM) -> Done:
        """Every value once, no faster than that."""
        points = self.ready.points
        return await self.play(Order(EVERYTHING, points / min(rate, points), min(rate, points)))

    async def sent(self, what: str = COUNT) -> int:
        """Messages that both processes should have."""
        return (await ordered(self.feeder, Order(what))).total + self.publish.count

    async def figures(self) -> dict[str, dict[str, float]]:
        """What both processes say of themselves."""
        return {name: await scraped(session) for name, session in self.sessions.items()}

    async def received(self) -> dict[str, int]:
        """Messages that each process took in."""
        figures = await self.figures()
        return {name: int(each["racktwin_received_total"]) for name, each in figures.items()}

    async def drained(self) -> tuple[dict[str, int], float]:
        """Messages lost on the way to each process, once nothing comes any more; and when."""
        loop = asyncio.get_running_loop()
        begin = last = loop.time()
        before: Mapping[str, int] = {}
        while True:
            sent, now = await self.sent(), await self.received()
            if now != before:
                before, last = now, loop.time()
            lost = {name: max(0, sent - count) for name, count in now.items()}
            if not any(lost.values()) or loop.time() - last > _STUCK_S:
                return lost, last - begin
            await asyncio.sleep(_POLL_S)

    async def behind(self) -> dict[str, float]:
        """Seconds until each process shows what is said now, and so has all that was before."""
        found = await asyncio.gather(*map(self._behind, self.sessions))
        return dict(zip(self.sessions, found, strict=True))

    async def _behind(self, name: str) -> float:
        loop, now = asyncio.get_running_loop(), format_instant(wall_clock())
        begin, again = loop.time(), 0.0
        rack = self.site.racks[-1]
        topic = leak_topic(rack)
        while True:
            if loop.time() >= again:  # what is said in an overload may be lost
                again = loop.time() + _AGAIN_S
                await self.publish(topic, said(0))
            shown = await self.points([rack], name)
            if shown[topic.split("/Value/")[1]]["measured_at"] >= now:
                return loop.time() - begin
            await asyncio.sleep(_SOON_S)

    def usage(self) -> dict[str, Usage]:
        """What each process took so far."""
        return {name: usage(pid) for name, pid in self.pids.items()}

    async def written(self) -> None:
        """Back once history has written all that it took in, or takes too long."""
        web = self.sessions[HISTORY.name]
        with suppress(TimeoutError):
            async with asyncio.timeout(_READY_S):
                while (await scraped(web))["racktwin_history_waiting"]:  # noqa: ASYNC110  # a figure
                    await asyncio.sleep(_POLL_S)

    async def rows(self) -> int:
        """Readings in history, which ends for that once it has written all."""
        await self.written()
        await self.history.end()
        return await asyncio.to_thread(_rows, self.folder / FILE)

    async def points(self, things: Iterable[Thing], name: str = LIVE.name) -> dict[str, Any]:
        """What a process says now of all points of some racks and pieces of equipment, by id."""
        found: dict[str, Any] = {}
        web = self.sessions[name]
        racks = {rack.id for rack in self.site.racks}
        for thing in things:
            kind = "racks/{}/points?limit=1000" if thing.id in racks else "equipment/{}"
            async with web.get("/api/v1/" + kind.format(thing.id)) as answer:
                answer.raise_for_status()
                document = await answer.json()
            found |= {each["id"]: each for each in document.get("items", document.get("points"))}
        return found


def patient(address: str) -> aiohttp.ClientSession:
    """Asks an API that may take its time, and whose lines are long."""
    forever = aiohttp.ClientTimeout(total=None)
    return aiohttp.ClientSession(address, read_bufsize=LONGEST, timeout=forever)


@asynccontextmanager
async def a_rig(racks: int) -> AsyncIterator[Rig]:
    """Everything at work, and all that there is was said once."""
    site = site_of(racks)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(embedded_broker())
        broker = BrokerSettings(url=url)
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="racktwin-bench-")))
        await asyncio.to_thread(describe, folder, racks, LIVE, HISTORY)
        rig = Rig(site, folder, Said(await stack.enter_async_context(publisher(broker, "rig"))))
        rig.pids["broker"] = child("nats-server", "mosquitto")
        settings = folder / "settings.toml"
        settings.write_text(_SETTINGS.format(folder=folder, url=url))
        for role in (LIVE, HISTORY):
            command = ("services", role.name, "--settings", str(settings))
            process = await stack.enter_async_context(running(*command))
            address = process.said.split()[-1].rstrip("/")
            session = patient(address)
            rig.addresses[role.name] = address
            rig.sessions[role.name] = await stack.enter_async_context(session)
            rig.pids[role.name] = process.pid
            rig.history = process
        for session in rig.sessions.values():
            await _ready(session)
        feeder = await stack.enter_async_context(
            running("services.bench.feeder", str(url), str(racks))
        )
        rig.feeder, rig.pids["feeder"] = feeder, feeder.pid
        rig.ready = msgspec.json.decode(feeder.said, type=Ready)
        await rig.begin()
        live = rig.addresses[LIVE.name]
        cdus = (site.cdus[number % len(site.cdus)].id for number in range(1, CLIENTS - 1))
        rig.readers = await stack.enter_async_context(
            running("services.bench.readers", live, *cdus)
        )
        rig.pids["clients"] = rig.readers.pid
        yield rig


async def _ready(session: aiohttp.ClientSession) -> None:
    """Back once it hears the broker."""
    async with asyncio.timeout(_READY_S):
        while True:
            async with session.get("/readyz") as answer:
                if answer.ok:
                    return
            await asyncio.sleep(_POLL_S)


def _rows(file: Path) -> int:
    places = ["readings", *(f"'{each}'" for each in folder_of(file).glob("*.parquet"))]
    with duckdb.connect(file, read_only=True) as db:
        counts = [
            db.execute(
                f"SELECT count(*) FROM {place} JOIN series ON series = id"  # noqa: S608  # our own
                f" WHERE publisher <> '{PUBLISHER}'"
            ).fetchall()[0][0]
            for place in places
        ]
    return sum(counts)
