import asyncio
from dataclasses import replace
from typing import Final

import pytest
from prometheus_client.parser import text_string_to_metric_families

from build import a_point, a_reading, at
from live import Live, a_client, a_live_fleet, an_app
from services.api.board import Board
from services.api.exposition import LINES_AT_ONCE, RACKS_AT_ONCE, exposition
from twin.points import EntityId, Retraction
from twin.site import RackPlace, Site

Labels = dict[str, str]

MEASURES: Final = {
    "racktwin_rack_load_watts",
    "racktwin_rack_heat_watts",
    "racktwin_rack_supply_celsius",
    "racktwin_rack_return_celsius",
    "racktwin_rack_flow_lpm",
    "racktwin_rack_heat_residual_ratio",
}


async def pieces(live: Live) -> list[str]:
    return [piece.decode() async for piece in exposition(Board(live.fleet, live.hub))]


async def samples(live: Live) -> dict[str, list[tuple[Labels, float]]]:
    """Every sample by the name of its family, as Prometheus reads it."""
    families = list(text_string_to_metric_families("".join(await pieces(live))))
    assert len({family.name for family in families}) == len(families), "a family is told of twice"
    return {
        family.name: [(sample.labels, sample.value) for sample in family.samples]
        for family in families
    }


async def test_a_rack_is_told_of_in_base_units() -> None:
    live = a_live_fleet(racks=1)
    live.wait(20)

    told = await samples(live)

    rack = {"rack": "R1"}
    assert told["racktwin_rack_load_watts"] == [(rack, 40_000.0)]
    assert told["racktwin_rack_supply_celsius"] == [(rack, 32.0)]
    assert told["racktwin_rack_return_celsius"] == [(rack, 44.0)]
    assert told["racktwin_rack_flow_lpm"] == [(rack, 50.0)]
    ((_, heat),) = told["racktwin_rack_heat_watts"]
    ((_, residual),) = told["racktwin_rack_heat_residual_ratio"]
    assert residual == pytest.approx(heat / (0.97 * 40_000) - 1)


async def test_capacity_and_headroom_are_those_of_its_feeds() -> None:
    live = a_live_fleet(racks=1)
    live.show(a_point("PowerMeter/PowerFactor", "R1-TAP", serves=("R1",)), 1.0)

    told = await samples(live)

    ((_, capacity),) = told["racktwin_rack_capacity_watts"]
    assert capacity == pytest.approx(3**0.5 * 415 * 100)
    ((_, headroom),) = told["racktwin_rack_headroom_watts"]
    assert headroom == pytest.approx(capacity - 40_000)


async def test_place_is_in_the_labels_where_it_is_written_down() -> None:
    live = a_live_fleet(racks=2)
    live.fleet.configure(Site(racks={EntityId("R1"): RackPlace(hall="H1", row="A")}))

    told = await samples(live)

    assert [labels for labels, _ in told["racktwin_rack_load_watts"]] == [
        {"rack": "R1", "hall": "H1", "row": "A"},
        {"rack": "R2"},
    ]


async def test_a_value_that_is_bad_is_absent_and_never_nothing() -> None:
    live = a_live_fleet(racks=2)
    point = a_point("Rack/RackLiquidFlow", "R1")
    live.tell(a_reading(point, 51.0, live.now, quality=0))
    live.wait(10)

    told = await samples(live)

    for name in ("flow_lpm", "heat_watts", "heat_residual_ratio"):
        assert [labels for labels, _ in told[f"racktwin_rack_{name}"]] == [{"rack": "R2"}]
    assert told["racktwin_rack_points_bad"] == [({"rack": "R1"}, 1.0), ({"rack": "R2"}, 0.0)]


async def test_what_has_gone_stale_is_absent_and_its_points_say_why() -> None:
    live = a_live_fleet(racks=1)
    live.now = at(3600)
    live.wait(0)

    told = await samples(live)

    assert not any(told[name] for name in MEASURES | {"racktwin_meter_load_watts"})
    assert told["racktwin_rack_completeness_ratio"] == [({"rack": "R1"}, 0.0)]
    assert told["racktwin_rack_points"] == [
        ({"rack": "R1", "state": "LIVE"}, 0.0),
        ({"rack": "R1", "state": "STALE"}, 4.0),
        ({"rack": "R1", "state": "UNHEARD"}, 0.0),
    ]


async def test_a_number_that_overflowed_is_absent() -> None:
    live = a_live_fleet(racks=1)
    live.load("R1", 1.7e308)
    live.show(a_point("PowerMeter/ActivePower", "R1-TAP", serves=("R1",)), 1.7e308)

    assert (await samples(live))["racktwin_rack_load_watts"] == []


async def test_completeness_is_the_share_of_points_that_are_live() -> None:
    live = a_live_fleet(racks=1)
    live.tell(a_point("Rack/RackLeakDetect", "R1"))

    told = await samples(live)

    assert told["racktwin_rack_completeness_ratio"] == [({"rack": "R1"}, 0.8)]
    assert ({"rack": "R1", "state": "UNHEARD"}, 1.0) in told["racktwin_rack_points"]
    assert told["racktwin_rack_leak"] == []


async def test_a_leak_is_one_and_all_clear_nothing() -> None:
    live = a_live_fleet(racks=3)
    live.leak("R1")
    live.leak("R2", 0.0)

    told = await samples(live)

    assert told["racktwin_rack_leak"] == [({"rack": "R1"}, 1.0), ({"rack": "R2"}, 0.0)]


async def test_meters_and_cooling_units_are_told_of_by_their_ids() -> None:
    live = a_live_fleet(racks=2)
    for kind, area, value in (
        ("LiquidFlow", "Supply", 120.0),
        ("LiquidTemperature", "Supply", 32.0),
        ("LiquidTemperature", "Return", 42.0),
    ):
        point = a_point(f"CDU/{kind}", "CDU-2", tag=area, unit="LPM" if "F" in kind else "C")
        live.show(replace(point, process_area=("Secondary", area)), value)
    live.show(a_point("Pump/PumpSpeed", "P-1"), 50.0)

    told = await samples(live)

    assert told["racktwin_meter_load_watts"] == [
        ({"meter": "R1-TAP"}, 40_000.0),
        ({"meter": "R2-TAP"}, 39_000.0),
    ]
    assert told["racktwin_cdu_flow_lpm"] == [({"cdu": "CDU-2"}, 120.0)]
    ((labels, heat),) = told["racktwin_cdu_heat_watts"]
    assert labels == {"cdu": "CDU-2"}
    assert heat == pytest.approx(80_000, rel=0.02)


@pytest.mark.parametrize("name", ['say "x"', "back\\slash", "two\nlines", "a}b{c,d=e", "Größe 5 #"])
async def test_no_name_leaves_its_label(name: str) -> None:
    live = a_live_fleet(racks=0)
    live.add_rack(name)
    live.fleet.configure(Site(racks={EntityId(name): RackPlace(hall=name, row=name)}))

    told = await samples(live)

    labels = {"rack": name, "hall": name, "row": name}
    assert told["racktwin_rack_load_watts"] == [(labels, 40_000.0)]


async def test_nothing_is_told_of_where_there_is_nothing() -> None:
    told = await samples(Live())

    assert told
    assert not any(told.values())


async def test_racks_that_come_while_it_is_told_are_in_the_next_one() -> None:
    live = a_live_fleet(racks=2)
    board = Board(live.fleet, live.hub)
    telling = exposition(board)
    text = (await anext(telling)).decode()
    live.add_rack("R15")
    await board.sync()
    text += "".join([piece.decode() async for piece in telling])

    (load,) = [f for f in text_string_to_metric_families(text) if f.name.endswith("load_watts")][:1]
    assert [sample.labels["rack"] for sample in load.samples] == ["R1", "R2"]
    assert len((await samples(live))["racktwin_rack_load_watts"]) == 3


async def test_others_have_their_turn_between_the_pieces() -> None:
    live = a_live_fleet(racks=0)
    for number in range(LINES_AT_ONCE + 1):
        live.show(a_point("Rack/RackPower", f"R{number}"), 1.0)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(others())
        told = await pieces(live)
        task.cancel()

    assert max(piece.count("\n") for piece in told) == LINES_AT_ONCE
    assert turns >= len(told)


async def test_prometheus_gets_it_as_the_text_that_it_reads() -> None:
    async with a_client(an_app(a_live_fleet())) as client:
        response = await client.get("http://twin/metrics/racks")

    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'racktwin_rack_load_watts{rack="R1"} 40000.0' in response.text.splitlines()


async def test_rack_that_goes_while_others_are_counted_is_left_out() -> None:
    live = a_live_fleet(racks=RACKS_AT_ONCE + 1)
    board = Board(live.fleet, live.hub)
    await board.sync()

    async def goes() -> None:
        for state in list(live.fleet.points()):
            if state.point.entity == "R99":  # the last of all
                live.tell(Retraction(state.point.id))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(goes())
        told = b"".join([piece async for piece in exposition(board)])
    assert b'rack_load_watts{rack="R98"}' in told
    assert b'rack="R99"' not in told
