from build import a_point
from live import Live, a_client, a_live_fleet, an_app


async def shown(live: Live) -> list[str]:
    async with a_client(an_app(live)) as client:
        return (await client.get("http://twin/metrics")).text.splitlines()


async def test_sums_of_the_racks_come_with_their_completeness() -> None:
    live = a_live_fleet(2)
    live.show(a_point("Rack/RackPower", "R3"), None)

    lines = await shown(live)

    assert 'racktwin_fleet_watts{what="power"} 79000.0' in lines
    assert 'racktwin_fleet_racks_fresh{what="power"} 2.0' in lines
    assert 'racktwin_fleet_racks_expected{what="power"} 3.0' in lines


async def test_a_sum_that_nothing_is_known_of_is_left_out() -> None:
    lines = await shown(Live())

    assert not any(line.startswith("racktwin_fleet_watts{") for line in lines)
    assert 'racktwin_fleet_racks_expected{what="power"} 0.0' in lines


async def test_findings_are_counted_by_code() -> None:
    live = a_live_fleet(1)
    live.show(a_point("Rack/RackLiquidFlow", "R1"), 20.0)
    live.live_on(120)

    assert 'racktwin_findings{code="balance.heat"} 1.0' in await shown(live)


async def test_balances_are_counted_by_code_and_closure() -> None:
    live = a_live_fleet(2)
    live.show(a_point("Rack/RackLiquidFlow", "R1"), 20.0)
    live.live_on(120)

    lines = await shown(live)

    assert 'racktwin_balances{closure="OPEN",code="balance.heat"} 1.0' in lines
    assert 'racktwin_balances{closure="CLOSED",code="balance.heat"} 1.0' in lines
