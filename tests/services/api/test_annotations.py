from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from build import START, at
from history_series import Store, a_series
from live import Live, a_client, a_live_fleet, an_app
from schemas.faults import fault_view
from schemas.history import Mode, Sample
from services.api.annotations import BACK
from services.api.context import Store as Port
from services.history.block import Row, block_of
from services.history.duck import DuckStore
from services.history.rows import Rows
from twin.changes import Change
from twin.faults.catalogue import CATALOGUE
from twin.instants import Instant
from twin.points import EntityId

pytestmark = pytest.mark.real  # documents are read in a thread


def a_leak(live: Live, rack: str = "R1") -> str:
    """The document of a leak of a rack, which stands."""
    live.leak(rack)
    live.wait(5)
    (fault,) = live.fleet.faults.of(EntityId(rack))
    return fault_view(fault, live.fleet).model_dump_json()


async def ask(live: Live, store: Port, query: str = "") -> httpx.Response:
    async with a_client(an_app(live, store=store)) as client:
        return await client.get(f"annotations?{query}")


async def marks(live: Live, store: Port, query: str = "") -> Any:  # noqa: ANN401  # a document
    return (await ask(live, store, query)).json()


def kept(text: str, entity: str = "R1") -> Store:
    """A store that tells of one fault."""
    series = a_series(
        entity, "Fault/leak.detected", unit=None, samples=(Sample(START, 2, 1, text),)
    )
    return Store(series)


async def test_what_history_tells_of_any_code_from_a_day_before_is_asked_for() -> None:
    store = Store()
    start, end = at(100_000), at(100_060)
    assert await marks(a_live_fleet(), store, f"from={start}&to={end}&entity=R1") == []
    (query,) = store.asked
    assert (query.start, query.end, query.mode) == (Instant(start - BACK), end, Mode.RAW)
    assert query.entities == ("R1",)
    assert set(query.metrics) == CATALOGUE.by_code.keys()


async def test_a_fault_that_only_history_knows_is_marked() -> None:
    text = a_leak(a_live_fleet())
    later = a_live_fleet()
    later.now = at(60)
    (mark,) = await marks(later, kept(text))
    assert (mark["code"], mark["entity"], mark["severity"]) == ("leak.detected", "R1", "CRITICAL")
    assert mark["timeEnd"] is None
    assert not any(isinstance(cell, dict | list) for cell in mark.values())


async def test_what_the_writer_keeps_of_faults_comes_back_as_marks(tmp_path: Path) -> None:
    live = Written()
    live.add_rack("R1")
    live.now = at(1)
    a_leak(live)
    live.recover("R1")
    later = a_live_fleet()
    later.now = live.now
    store = await DuckStore.open(tmp_path)
    try:
        await store.write("spool", block_of(live.rows, 0))
        found = await marks(later, store, f"from={START}")
        before = await marks(later, store, f"from={START - 9_000}&to={START}")
    finally:
        await store.close()
    (mark,) = [mark for mark in found if mark["code"] == "leak.detected"]
    assert mark["time"] < mark["timeEnd"]
    assert before == []


class Written(Live):
    """A fleet whose changes are kept as rows."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self._rows = Rows(self.fleet)

    def emit(self, changes: Sequence[Change], address: str | None = None) -> None:
        super().emit(changes, address)
        self.rows += [row for change in changes for row in self._rows.of(change)]


async def test_what_the_twin_remembers_is_newer_than_what_history_told() -> None:
    live = a_live_fleet()
    text = a_leak(live)
    live.recover("R1")
    (mark,) = await marks(live, kept(text))
    assert mark["timeEnd"] is not None


async def test_marks_can_be_of_one_entity_and_of_what_is_worse() -> None:
    live = a_live_fleet()
    a_leak(live)
    assert await marks(live, Store(), "entity=R2") == []
    assert len(await marks(live, Store(), "entity=R1&severity_min=CRITICAL")) == 1


async def test_what_was_over_before_or_came_after_is_not_marked() -> None:
    live = a_live_fleet()
    a_leak(live)
    assert await marks(live, Store(), f"from={START - 9_000}&to={START}") == []


async def test_findings_of_the_same_code_and_rows_without_a_document_are_no_marks() -> None:
    finding = a_series("R1", "Twin/balance.heat", samples=(Sample(START, 1.0, 1, "x"),))
    empty = a_series("R1", "Fault/leak.detected", samples=(Sample(START, 0.0, 1),))
    assert await marks(a_live_fleet(), Store(finding, empty)) == []


async def test_a_document_that_cannot_be_read_is_a_problem() -> None:
    response = await ask(a_live_fleet(), kept("{"))
    assert response.status_code == 503
    assert response.json()["title"] == "The store cannot answer"


async def test_more_than_one_answer_holds_is_refused() -> None:
    store = Store(a_series(samples=(Sample(START, 1.0, 1),), truncated=True))
    assert (await ask(a_live_fleet(), store)).status_code == 422
