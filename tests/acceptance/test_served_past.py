"""A real ``serve``: what it said at an instant it says of it later, and after a restart."""

import asyncio
import json
from pathlib import Path
from typing import Any, Final

import pytest

from brokers import RealBroker, nats
from processes import Racktwin, racktwin, until
from services.broker.publish import publisher
from services.clock import wall_clock

pytestmark = [pytest.mark.real, pytest.mark.timeout(60)]

UNITS: Final = {"RackPower": "kW", "RackLiquidFlow": "LPM", "RackLeakDetect": None}

PATHS: Final = ("racks/R1", "racks/R1/points", "faults", "findings", "topology")

MOVING: Final = frozenset({"age_s", "revision"})
"""How long ago it was, and what is counted anew for each fleet."""


def said(document: Any) -> Any:  # noqa: ANN401  # JSON
    """A document without what moves while nothing happens."""
    if isinstance(document, dict):
        return {key: said(each) for key, each in document.items() if key not in MOVING}
    return [said(each) for each in document] if isinstance(document, list) else document


async def tell(bus: RealBroker, **values: float) -> None:
    """Describe one rack, and let it read so much."""
    async with publisher(bus.settings, "test") as send:
        for kind, unit in UNITS.items():
            known = {"objectType": "Rack", "pointType": kind, "engUnit": unit}
            known |= {"rackLocationName": "R1", "rackLocationId": "R1"}
            topic = f"BMS/v1/PUB/{{}}/Rack/{kind}/R1"
            await send(topic.format("Metadata"), json.dumps(known).encode(), retain=True)
            told = {"value": values[kind], "timestamp": wall_clock(), "quality": 1}
            await send(topic.format("Value"), json.dumps(told).encode())


async def all_of(twin: Racktwin, at: str = "") -> dict[str, Any]:
    return {path: said(await twin.document(f"{path}{at and f'?at={at}'}")) for path in PATHS}


async def shows(twin: Racktwin, load: float, faults: int, at: str = "") -> bool:
    """Whether the rack draws so much, and so many faults stand."""
    rack = await twin.get(f"racks/R1{at and f'?at={at}'}")
    if rack.status_code != 200:
        return False
    page = await twin.document(f"faults{at and f'?at={at}'}")
    return rack.json()["power"]["load_kw"]["value"] == load and len(page["items"]) == faults


async def kept(twin: Racktwin) -> bool:
    """Whether the store has all that was accepted."""
    figures = (await twin.get("/metrics")).text
    return 'racktwin_history_waiting{store="duckdb"} 0.0' in figures


async def test_a_fleet_that_is_served_is_there_as_it_was_now_and_after_a_restart(
    tmp_path: Path,
) -> None:
    async with nats(tmp_path) as bus:
        settings = {"RACKTWIN_API__PORT": "0", "RACKTWIN_BROKER__URL": str(bus.url)}
        settings["RACKTWIN_HISTORY__FLUSH_MS"] = "50"
        async with racktwin("serve", data=tmp_path / "data", **settings) as twin:

            async def ready() -> bool:
                return (await twin.get("/readyz")).status_code == 200

            await until(ready)
            await tell(bus, RackPower=40.0, RackLiquidFlow=50.0, RackLeakDetect=1.0)
            await until(lambda: shows(twin, 40.0, 1))
            before = await all_of(twin)
            instant = (await twin.document("fleet"))["now"]
            await asyncio.sleep(0.01)  # what comes next is of another millisecond
            await tell(bus, RackPower=60.0, RackLiquidFlow=75.0, RackLeakDetect=0.0)
            await until(lambda: shows(twin, 60.0, 1))
            later = (await twin.document("fleet"))["now"]
            await until(lambda: kept(twin))

            assert await all_of(twin, instant) == before
            answer = await twin.get(f"fleet?at={instant}")
            assert answer.headers["twin-mode"] == "historic"
            assert answer.headers["twin-at"] == instant
            assert answer.json()["now"] == instant
            after = await all_of(twin, later)
            assert after["racks/R1"]["power"]["load_kw"]["value"] == 60.0
            assert (await twin.get("fleet?at=2026-01-01T00:00:00Z")).status_code == 404
            assert await twin.end() == 0

        async with racktwin("serve", data=tmp_path / "data", **settings) as twin:
            assert await all_of(twin, instant) == before
            assert await all_of(twin, later) == after
            assert not await shows(twin, 60.0, 1)  # it was not heard yet
