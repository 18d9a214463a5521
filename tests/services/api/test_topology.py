from build import a_point
from live import a_client, a_live_fleet, an_app
from twin.points import EntityId
from twin.topology import Domain


async def test_list_is_of_everything_that_serves_something() -> None:
    async with a_client(an_app(a_live_fleet(2))) as client:
        items = (await client.get("topology")).json()["items"]
    assert items == [
        {"domain": "liquid", "id": "CDU-1", "serves": ["R1", "R2"]},
        {"domain": "power", "id": "R1-TAP", "serves": ["R1"]},
        {"domain": "power", "id": "R2-TAP", "serves": ["R2"]},
    ]


async def test_list_can_be_of_one_domain() -> None:
    async with a_client(an_app(a_live_fleet(2))) as client:
        items = (await client.get("topology?domain=liquid")).json()["items"]
    assert [each["id"] for each in items] == ["CDU-1"]


async def test_upstream_and_downstream_go_through_others() -> None:
    live = a_live_fleet(1)
    live.tell(a_point("PowerMeter/Current", "BUS", serves=("R1-TAP", "elsewhere")))
    async with a_client(an_app(live)) as client:
        up = (await client.get("topology/R1/upstream")).json()
        power = (await client.get("topology/R1/upstream?domain=power")).json()
        down = (await client.get("topology/BUS/downstream")).json()
        unheard_of = await client.get("topology/elsewhere/upstream")
    assert up == {"id": "R1", "power": ["R1-TAP", "BUS"], "liquid": ["CDU-1"], "air": []}
    assert power["liquid"] == []
    assert down["power"] == ["R1-TAP", "elsewhere", "R1"]
    assert unheard_of.json()["power"] == ["BUS"]


async def test_entity_nobody_knows_is_missing() -> None:
    async with a_client(an_app(a_live_fleet())) as client:
        assert (await client.get("topology/nobody/downstream")).status_code == 404


async def test_first_page_tells_who_was_never_described_and_who_serves_itself() -> None:
    live = a_live_fleet(1)
    live.tell(
        a_point("PowerMeter/Current", "BUS", serves=("R1-TAP", "elsewhere")),
        a_point("CDU/LiquidFlow", "CDU-2", serves=("CDU-3",)),
        a_point("CDU/LiquidFlow", "CDU-3", serves=("CDU-2",)),
    )
    async with a_client(an_app(live)) as client:
        first = (await client.get("topology?limit=2")).json()
        second = (await client.get(f"topology?limit=2&cursor={first['next_cursor']}")).json()
        liquid = (await client.get("topology?domain=liquid")).json()
        place = (await client.get("topology?domain=place")).json()
    assert first["dangling"] == [{"domain": "power", "id": "elsewhere", "served_by": ["BUS"]}]
    assert first["cycles"] == [{"domain": "liquid", "ids": ["CDU-2", "CDU-3"]}]
    assert second.keys() == {"items", "next_cursor", "revision"}
    assert (liquid["dangling"], liquid["cycles"]) == ([], first["cycles"])
    assert (place["items"], place["dangling"], place["cycles"]) == ([], [], [])


async def test_fate_is_what_falls_and_with_what_and_who_serves_the_same() -> None:
    live = a_live_fleet(2)
    live.tell(
        a_point("PowerMeter/Current", "BUS", serves=("R1-TAP", "R1-TAP-2", "R2-TAP")),
        a_point("PowerMeter/Current", "R1-TAP-2", serves=("R1",)),
    )
    async with a_client(an_app(live)) as client:
        tap = (await client.get("topology/R1-TAP/fate")).json()
        bus = (await client.get("topology/BUS/fate?domain=power")).json()
        rack = (await client.get("topology/R1/fate")).json()
        liquid = (await client.get("topology/BUS/fate?domain=liquid")).json()
        nobody = await client.get("topology/nobody/fate")
    nothing: dict[str, list[str]] = {"power": [], "liquid": [], "air": []}
    assert tap == {
        "id": "R1-TAP",
        "shared_fate": nothing,
        "hangs_on": nothing | {"power": ["BUS"]},
        "sisters": [{"domain": "power", "id": "R1-TAP-2", "common_ancestors": ["BUS"]}],
    }
    assert bus["shared_fate"]["power"] == ["R1", "R1-TAP", "R1-TAP-2", "R2", "R2-TAP"]
    assert rack["hangs_on"] == nothing | {"power": ["BUS"], "liquid": ["CDU-1"]}
    assert (liquid["shared_fate"], liquid["sisters"]) == (nothing, [])
    assert nobody.status_code == 404


async def test_place_that_nothing_else_is_known_of_can_be_asked() -> None:
    live = a_live_fleet(1)
    live.fleet.topology.connect(EntityId("Hall 1"), Domain.PLACE, [EntityId("R1")])
    async with a_client(an_app(live)) as client:
        hall = (await client.get("topology/Hall 1/downstream")).json()
        rack = (await client.get("topology/R1/upstream?domain=place")).json()
    assert hall == {"id": "Hall 1", "power": [], "liquid": [], "air": [], "place": ["R1"]}
    assert rack["place"] == ["Hall 1"]
