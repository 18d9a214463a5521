from build import a_point
from live import Live, a_client, a_live_fleet, an_app
from twin.instants import Instant


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


async def test_faults_are_counted_by_code_and_by_what_keeps_them_quiet() -> None:
    live = a_live_fleet(3)
    for rack in ("R1", "R2"):
        live.leak(rack)
    (first, second) = live.fleet.faults.standing()
    until = Instant(live.now + 60_000)
    live.emit(live.fleet.faults.shelve(first.id, "ann", live.now, reason="wet", until=until))
    live.emit(live.fleet.faults.out_of_service(second.id, "ann", live.now, reason="wet"))

    lines = await shown(live)

    assert 'racktwin_fault_active{code="leak.detected"} 2.0' in lines
    assert [line for line in lines if line.startswith("racktwin_faults_masked{")] == [
        'racktwin_faults_masked{mask="suppressed"} 0.0',
        'racktwin_faults_masked{mask="shelved"} 1.0',
        'racktwin_faults_masked{mask="out_of_service"} 1.0',
    ]


async def test_racks_are_counted() -> None:
    assert "racktwin_racks 3.0" in await shown(a_live_fleet(3))
