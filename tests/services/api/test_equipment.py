from build import a_point
from live import a_client, a_live_fleet, an_app


async def test_list_is_of_everything_but_racks() -> None:
    async with a_client(an_app(a_live_fleet(1))) as client:
        items = (await client.get("equipment")).json()["items"]
    assert [each["id"] for each in items] == ["CDU-1", "PUB", "R1-TAP"]


async def test_list_can_be_of_one_type_and_goes_on() -> None:
    async with a_client(an_app(a_live_fleet(2))) as client:
        first = (await client.get("equipment?type=PowerMeter&limit=1")).json()
        cursor = first["next_cursor"]
        second = (await client.get(f"equipment?type=PowerMeter&cursor={cursor}")).json()
    assert [each["id"] for each in first["items"] + second["items"]] == ["R1-TAP", "R2-TAP"]


async def test_equipment_has_its_points_and_whom_it_serves() -> None:
    async with a_client(an_app(a_live_fleet(2))) as client:
        cdu = (await client.get("equipment/CDU-1")).json()
    assert cdu["type"] == "CDU"
    assert cdu["serves"]["liquid"] == ["R1", "R2"]
    assert cdu["points"][0]["value"] == 30.0
    assert cdu["counts"]["live"] == 1


async def test_equipment_has_its_balances() -> None:
    live = a_live_fleet(2)
    live.show(a_point("CDU/LiquidFlow", "CDU-1", unit="LPM", serves=("R1", "R2")), 0.0)
    live.wait(10)
    async with a_client(an_app(live)) as client:
        of_cdu = (await client.get("equipment/CDU-1/balances")).json()["items"]
        of_rack = (await client.get("equipment/R1/balances")).status_code

    assert {each["entity"] for each in of_cdu} == {"CDU-1"}
    assert "balance.flow" in {each["code"] for each in of_cdu}
    assert of_rack == 404


async def test_rack_is_no_equipment() -> None:
    async with a_client(an_app(a_live_fleet())) as client:
        assert (await client.get("equipment/R1")).status_code == 404
        assert (await client.get("equipment/unknown")).status_code == 404
