from build import a_point
from live import a_client, a_live_fleet, an_app


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
