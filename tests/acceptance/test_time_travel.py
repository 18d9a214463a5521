"""What the twin said at an instant, it says of that instant later, when all is over."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from build import START, at
from live import a_client
from schemas.fleet_file import parse
from services.affected import Affected
from services.api.app import create_app
from services.api.context import Deps
from services.history.block import Row, block_of
from services.history.duck import DuckStore
from services.history.past import Past
from services.history.rows import Rows
from services.hub import Hub
from services.intake import Intake
from services.simulate.fleet_file import fleet_file
from services.simulate.gauges import PUB
from services.simulate.plant import Plant
from services.simulate.script import Bends, Doubts, PumpsLost, Script, Shows, Silence
from services.simulate.site import site_of
from twin.changes import Change
from twin.fleet import Fleet
from twin.instants import Instant, Millis, after

pytestmark = pytest.mark.real

RACKS: Final = 4
SITE: Final = site_of(RACKS)
FIRST, SECOND, *_ = (rack.id for rack in SITE.racks)

SCRIPT: Final = Script(
    suffered=(PumpsLost(at(20), 0, until=at(70)),),
    told=(
        Shows(at(15), FIRST, "RackLeakDetect", 1.0, until=at(60)),
        Doubts(at(20), SECOND, "RackPower", until=at(60)),
        Bends(at(100), SECOND, "RackLiquidFlow", factor=0.5),
        Silence(at(300), PUB),
    ),
)

INSTANTS: Final = [at(10.5), at(45.25), at(90), at(290), at(331.4), at(420)]

PATHS: Final = (
    "fleet",
    "racks",
    f"racks/{FIRST}",
    f"racks/{FIRST}/points",
    f"racks/{SECOND}/power",
    f"racks/{SECOND}/thermal",
    f"racks/{SECOND}/faults",
    "equipment",
    "topology",
    f"topology/{FIRST}/upstream",
    "faults",
    "findings",
)

ALTERED: Final = frozenset({"revision", "counters", "ratio", "reason", "implied", "since"})
"""What is not known of then: it counts what this process took in, or is told when it begins."""


def told(document: Any) -> Any:  # noqa: ANN401  # JSON
    """A document without what is not known of the past."""
    if isinstance(document, Mapping):
        return {key: told(each) for key, each in document.items() if key not in ALTERED}
    return [told(each) for each in document] if isinstance(document, list) else document


class Run:
    """A simulated fleet whose history is kept, and what it said at some instants."""

    def __init__(self, store: DuckStore) -> None:
        self.fleet = Fleet()
        self.fleet.configure(parse(fleet_file(SITE)))
        self.now: Instant = START
        self.store = store
        self.hub = Hub("e1")
        self._affected = Affected(self.fleet)
        self._rows = Rows(self.fleet)
        self._queue: list[Row] = []
        self._heard = START
        self._taken = 0
        past = Past(store, self.fleet)
        self.intake = Intake(self.fleet)
        deps = Deps(self.intake, self.hub, lambda: self.now, store, past=past)
        self.app = create_app(deps, Path("no page"))

    def take(self, changes: tuple[Change, ...]) -> None:
        for change in changes:
            self._queue += self._rows.of(change)
        if changes:
            self.hub.publish(self._affected.by(changes))

    async def flush(self) -> None:
        await self.store.write("spool", block_of(self._queue, self._taken))
        self._taken += len(self._queue)
        self._queue = []

    async def until(self, plant: Plant, instant: Instant) -> None:
        """Take what comes until then, that of this very millisecond included."""
        end = after(instant, Millis(1))
        for topic, payload, when, _ in plant.messages(self._heard, end):
            self.take(self.intake.take(topic, payload, when))
        self.now, self._heard = instant, end
        self.take(self.intake.advance(instant))
        await self.flush()


async def asked(client: httpx.AsyncClient, path: str, when: str = "") -> httpx.Response:
    response = await client.get(path, params={"at": when} if when else {})
    assert response.status_code == 200, response.text
    return response


async def test_what_was_said_at_an_instant_is_said_of_it_later(tmp_path: Path) -> None:
    store = await DuckStore.open(tmp_path)
    run, plant = Run(store), Plant(RACKS, 1, SCRIPT)
    for topic, payload in plant.metadata():
        run.take(run.intake.take(topic, payload, START))
    said = {}
    async with a_client(run.app) as client:
        for instant in INSTANTS:
            await run.until(plant, instant)
            for path in PATHS:
                said[instant, path] = (await asked(client, path)).json()
        await run.until(plant, at(500))
        for (instant, path), document in said.items():
            response = await asked(client, path, str(instant))
            assert response.headers["twin-mode"] == "historic"
            assert told(response.json()) == told(document), (path, instant - START)
        await asked(client, "balances", str(INSTANTS[-1]))
    await store.close()
    faults = [
        each for (_, path), page in said.items() if path == "faults" for each in page["items"]
    ]
    assert {each["code"] for each in faults} >= {
        "leak.detected",
        "liquid.flow_low",
        "data.bad_quality",
        "data.publisher_lost",
    }
    assert any(each["suppressed_by"] for each in faults)
    assert any(said[instant, "findings"]["items"] for instant in INSTANTS)
