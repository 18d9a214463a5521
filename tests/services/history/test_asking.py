from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from history_rows import T0, a_point, a_row
from schemas.history import Mode, Query
from services.history import asking
from services.history.block import block_of
from services.history.look import Look
from services.history.tables import Tables
from twin.instants import Instant
from twin.points import PointId

pytestmark = pytest.mark.real

HEAT = replace(a_point(), id=PointId("Twin/heat_kw/R1"), point_type="heat_kw", object_type="Twin")


@pytest.fixture
def look(tmp_path: Path) -> Iterator[Look]:
    tables = Tables(tmp_path / "history.duckdb")
    rows = [a_row(a_point("R2"), 2.0), a_row(HEAT, 3.0), a_row(a_point(), 1.0)]
    tables.write("spool", block_of(rows, 0))
    with Look(tables) as look:
        yield look
    tables.close()


def told(look: Look, entities: tuple[str, ...], *metrics: str) -> list[tuple[str, str, str]]:
    query = Query(entities, metrics, T0, Instant(T0 + 1), Mode.RAW)
    return [(each.entity, each.metric, each.object_type) for each in asking.read(look, query)]


def test_several_metrics_of_several_entities_come_in_order(look: Look) -> None:
    assert told(look, ("R2", "R1"), "heat_kw", "RackPower") == [
        ("R1", "RackPower", "Rack"),
        ("R1", "heat_kw", "Twin"),
        ("R2", "RackPower", "Rack"),
    ]


def test_no_entity_is_every_one_that_has_the_metric(look: Look) -> None:
    assert told(look, (), "RackPower") == [("R1", "RackPower", "Rack"), ("R2", "RackPower", "Rack")]


def test_a_range_without_time_holds_nothing(look: Look) -> None:
    query = Query((), ("RackPower",), T0, T0)

    assert asking.read(look, query) == []


def test_what_was_not_received_by_then_was_not_known(look: Look) -> None:
    assert asking.latest(look, Instant(T0 + 59)).rows == 0
    assert asking.latest(look, Instant(T0 + 60)).rows == 3
