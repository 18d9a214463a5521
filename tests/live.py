"""A small live fleet as the API sees it: racks, each with its feed, and the CDU that cools them."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypedDict, Unpack

import httpx
from fastapi import FastAPI

from build import START, a_heartbeat, a_point, a_reading, at, tell
from schemas.acts import ActView, act_view
from schemas.history import HistoryError
from services.affected import Affected
from services.api.app import create_app
from services.api.context import Backups, Deps, Desk, Past, Store
from services.hub import Hub
from services.intake import Intake
from twin.changes import Change, FaultChanged
from twin.fleet import Fleet, Message
from twin.instants import Instant
from twin.points import EntityId, Point

BACKUPS: Final = Path("/data/backups")

RACK_VALUES = {
    "RackPower": 40.0,
    "RackLiquidSupplyTemperature": 32.0,
    "RackLiquidReturnTemperature": 44.0,
    "RackLiquidFlow": 50.0,
}
TAP_VALUES = {"ActivePower": 40.0, "CurrentLimit": 100.0, "Voltage": 415.0}


class Live:
    """A fleet, the hub that tells of it, and a clock that stands still until moved."""

    def __init__(self, *, limit: int = 1_000_000, epoch: str = "e1") -> None:
        self.fleet = Fleet()
        self.intake = Intake(self.fleet)
        self.hub = Hub(epoch, limit)
        self.affected = Affected(self.fleet)
        self.now: Instant = START
        self.done: list[ActView] = []

    def clock(self) -> Instant:
        """The instant that it is now."""
        return self.now

    def tell(self, *messages: Message) -> None:
        """Fold in what is received now, and let the hub tell of it."""
        self.emit(tell(self.fleet, self.now, *messages))

    @property
    def trouble(self) -> str | None:
        """Why nothing can be kept."""
        return None

    def emit(self, changes: Sequence[Change], address: str | None = None) -> None:
        """Let the hub tell of what changed, and keep what somebody did."""
        self.hub.faults.publish(changes)
        if changes:
            self.hub.publish(self.affected.by(changes))
        for change in changes:
            if isinstance(change, FaultChanged):
                act = act_view(len(self.done) + 1, change, address)
                self.done += [] if act is None else [act]

    def acts(
        self,
        since: Instant | None = None,
        until: Instant | None = None,
        entity: str | None = None,
        by: str | None = None,
    ) -> Iterator[ActView]:
        """What was done, by somebody; the rest is the journal's own."""
        del since, until, entity
        return (act for act in self.done if by in {None, act.by})

    def wait(self, seconds: float) -> None:
        """Let the fleet's clock go on."""
        self.now = Instant(self.now + round(seconds * 1000))
        self.tell()

    def live_on(self, seconds: int) -> None:
        """Let the fleet's clock go on, in tens of seconds, while its publisher's heart beats."""
        for _ in range(seconds // 10):
            self.wait(10)
            self.tell(a_reading(a_heartbeat(), 1.0, self.now))

    def add_rack(self, rack: str, load_kw: float = 40.0) -> None:
        """Tell of one rack with its feed and all their readings."""
        for kind, value in RACK_VALUES.items():
            point = a_point(f"Rack/{kind}", rack)
            self.show(point, load_kw if kind == "RackPower" else value)
        for kind, value in TAP_VALUES.items():
            meter = a_point(f"PowerMeter/{kind}", f"{rack}-TAP", serves=(rack,))
            self.show(meter, load_kw if kind == "ActivePower" else value)

    def show(self, point: Point, value: float | None = 1.0) -> None:
        """Tell of a point and its reading."""
        self.tell(point, a_reading(point, value, self.now))

    def load(self, rack: str, load_kw: float) -> None:
        """Let a rack draw so much from now on."""
        self.tell(a_reading(a_point("Rack/RackPower", rack), load_kw, self.now))

    def leak(self, rack: str, value: float = 1.0) -> None:
        """Let a rack's leak detector say so."""
        self.show(a_point("Rack/RackLeakDetect", rack), value)

    def recover(self, rack: str) -> None:
        """Let its leak be over, noted and reset."""
        self.wait(1)
        self.leak(rack, 0.0)
        self.live_on(40)
        for fault in self.fleet.faults.of(EntityId(rack)):
            self.emit(self.fleet.faults.ack(fault.id, "ann", self.now))
            self.emit(self.fleet.faults.reset(fault.id, "ann", self.now))


def a_live_fleet(racks: int = 3, *, limit: int = 1_000_000) -> Live:
    """So many racks ``R1``…, the first under the most load, all cooled by ``CDU-1``."""
    live = Live(limit=limit)
    served = tuple(f"R{number}" for number in range(1, racks + 1))
    for number, rack in enumerate(served):
        live.add_rack(rack, 40.0 - number)
    live.show(a_point("CDU/LiquidTemperature", "CDU-1", unit="C", serves=served), 30.0)
    live.show(a_heartbeat())
    live.now = at(1)
    return live


class Shelf:
    """Makes backups that are only a name, or none."""

    def __init__(self, error: HistoryError | None = None) -> None:
        self.error = error

    async def make(self, name: str) -> Path:
        """The folder of one more."""
        if self.error is not None:
            raise self.error
        return BACKUPS / name


class Event(NamedTuple):
    """One message of the stream."""

    name: str
    id: str | None
    data: dict[str, Any]


def parse(frame: bytes) -> Event:
    """One frame, as a client reads it."""
    lines = dict(line.split(": ", 1) for line in frame.decode().rstrip("\n").split("\n"))
    return Event(lines["event"], lines.get("id"), json.loads(lines["data"]))


def a_client(app: FastAPI) -> httpx.AsyncClient:
    """A client of the API without a socket between."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://twin/api/v1")


class Given(TypedDict, total=False):
    """What the API may be given besides."""

    store: Store
    ready: Callable[[], str | None]
    ailing: Callable[[], str | None]
    desk: Desk | None
    backups: Backups | None
    past: Past | None


def an_app(live: Live, **given: Unpack[Given]) -> FastAPI:
    """The API over a live fleet, without its page: files are read in threads, on the real clock."""
    deps = Deps(live.intake, live.hub, live.clock, **({"desk": live} | given))
    return create_app(deps, Path("no page"))
