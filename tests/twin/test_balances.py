from dataclasses import replace
from pathlib import Path

import pytest

from build import a_cooled_rack, a_fleet_showing, a_meter
from streams import fold, recording
from twin.balances import unbalanced
from twin.finding import Finding
from twin.fleet import Fleet
from twin.measured import Measured
from twin.points import Freshness
from twin.racks import Rack
from twin.suspects import GPM


def racks_of(fleet: Fleet) -> list[Rack]:
    return [rack for each in fleet.racks() if (rack := fleet.rack(each.id)) is not None]


@pytest.fixture(scope="module")
def pod(dsx: Path) -> list[Rack]:
    """The racks of the real recording at its end."""
    return racks_of(fold(recording(dsx))[0])


def scaled(measured: Measured, by: float) -> Measured:
    assert measured.value is not None
    return measured._replace(value=measured.value * by)


def with_flow(racks: list[Rack], identity: str, by: float) -> list[Rack]:
    return [
        replace(rack, thermal=replace(rack.thermal, flow=scaled(rack.thermal.flow, by)))
        if rack.id == identity
        else rack
        for rack in racks
    ]


def with_load(racks: list[Rack], identity: str, by: float) -> list[Rack]:
    def lying(rack: Rack) -> Rack:
        load = scaled(rack.power.load, by)
        balance = replace(rack.power.balance, racks=load)
        return replace(rack, power=replace(rack.power, load=load, balance=balance))

    return [lying(rack) if rack.id == identity else rack for rack in racks]


def test_the_real_pods_healthy_racks_give_no_finding(pod: list[Rack]) -> None:
    assert unbalanced(pod) == []


def test_a_flow_told_in_gallons_is_named_as_such(pod: list[Rack]) -> None:
    (found,) = unbalanced(with_flow(pod, "Pod1C-E03", GPM))

    assert (found.code, found.entity, found.suspect) == (
        "balance.heat",
        "Pod1C-E03",
        "RackLiquidFlow",
    )
    assert "US gallons" in found.reason
    assert found.implied == pytest.approx(50.05, rel=0.03)
    assert found.unit == "LPM"


def test_a_lying_rack_meter_breaks_two_balances_that_agree_on_it(pod: list[Rack]) -> None:
    heat, meters = unbalanced(with_load(pod, "Pod1C-E05", 1.3))

    assert (heat.code, meters.code) == ("balance.heat", "balance.power")
    assert heat.suspect == meters.suspect == "RackPower"
    assert heat.implied == meters.implied == pytest.approx(47.826)


def test_findings_come_in_order_of_rack_whatever_the_order_of_asking(pod: list[Rack]) -> None:
    lying = with_flow(with_flow(pod, "Pod1C-E06", 0.5), "Pod1C-E02", 0.5)

    found = unbalanced(reversed(lying))

    assert [each.entity for each in found] == ["Pod1C-E02", "Pod1C-E06"]
    assert found == unbalanced(lying)


def test_a_suspect_that_nobody_can_name_has_no_implied_value(pod: list[Rack]) -> None:
    (found,) = unbalanced(with_flow([pod[2]], pod[2].id, 0.5))

    assert found == Finding("balance.heat", pod[2].id, None, found.reason, found.ratio, None, None)


def test_stale_readings_are_no_unbalanced_physics(pod: list[Rack]) -> None:
    def stale(rack: Rack) -> Rack:
        supply = rack.thermal.supply._replace(freshness=Freshness.STALE)
        return replace(rack, thermal=replace(rack.thermal, supply=supply))

    assert unbalanced(map(stale, with_flow(pod, "Pod1C-E03", 0.5))) == []


def test_a_load_that_only_meters_tell_is_no_second_witness() -> None:
    rack = {
        point: value
        for point, value in a_cooled_rack("R1", kw=100.0, lpm=150.0).items()
        if point.point_type != "RackPower"
    }
    fleet = a_fleet_showing(rack | a_meter("M1", "R1", kw=300.0))

    (found,) = unbalanced(racks_of(fleet))

    assert (found.code, found.suspect) == ("balance.heat", None)
