from dataclasses import replace
from pathlib import Path

import pytest

from build import a_cooled_rack, a_fleet_showing, a_meter
from streams import fold, recording
from twin.balances import Groups, groups_of, judge_branch, unbalanced
from twin.finding import Finding
from twin.fleet import Fleet
from twin.measured import Measured
from twin.points import EntityId, Freshness
from twin.racks import Rack

GPM = 1 / 3.785412


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


def bent(fleet: Fleet, identity: str, point_type: str, by: float) -> list[Finding]:
    """What is found while one sensor reads so many times the truth."""
    entity = fleet.entity(EntityId(identity))
    assert entity is not None
    (state, *_) = entity.of_type(point_type)
    truth = state.value
    assert truth is not None
    state.value = truth * by
    found = unbalanced(racks_of(fleet), all_groups(fleet))
    state.value = truth
    return found


def all_groups(fleet: Fleet) -> Groups:
    return groups_of(fleet.topology, fleet.entity, fleet.site)


@pytest.fixture(scope="module")
def whole(dsx: Path) -> Fleet:
    """The real recording at its end."""
    return fold(recording(dsx))[0]


def test_the_real_pods_healthy_meters_give_no_finding(whole: Fleet) -> None:
    assert unbalanced(racks_of(whole), all_groups(whole)) == []


@pytest.mark.parametrize("rack", ["Pod1C-E02", "Pod1C-E03", "Pod1C-E04", "Pod1C-E06"])
@pytest.mark.parametrize("by", [0.9, 1.1])
def test_a_lying_rack_without_meters_is_named_by_its_heat_and_the_busways(
    whole: Fleet, rack: str, by: float
) -> None:
    heat, power = bent(whole, rack, "RackPower", by)

    assert (heat.code, power.code) == ("balance.heat", "balance.power")
    assert (heat.entity, heat.suspect) == (power.entity, power.suspect) == (rack, "RackPower")
    assert heat.implied == pytest.approx(power.implied, rel=0.001)


@pytest.mark.parametrize("meter", ["C-E-BUS-E1", "C-E-BUS-E2", "C-E05-TAP-E1", "C-E05-TAP-E2"])
@pytest.mark.parametrize("by", [0.9, 1.1])
def test_a_lying_meter_is_told_from_its_sister(whole: Fleet, meter: str, by: float) -> None:
    (found,) = bent(whole, meter, "ActivePower", by)

    assert (found.code, found.entity, found.suspect) == ("balance.power", meter, "ActivePower")
    assert found.unit == "kW"


def test_a_meter_that_tells_watts_as_kilowatts_is_named_for_it(whole: Fleet) -> None:
    (found,) = bent(whole, "C-E-BUS-E1", "ActivePower", 1000.0)

    assert found.entity == "C-E-BUS-E1"
    assert "of what they read: as if it were watts told as kilowatts" in found.reason


def test_a_meter_that_nobody_can_tell_from_its_racks_is_not_named() -> None:
    fleet = a_fleet_showing(a_cooled_rack("R1", kw=103.5) | a_meter("M1", "R1", kw=98.3))

    (found,) = unbalanced(racks_of(fleet), all_groups(fleet))

    assert (found.code, found.entity, found.suspect) == ("balance.power", "M1", None)
    assert found.reason == "what M1 feeds draws 105.3% of what it reads"
    assert found.implied is None


def test_meters_that_two_racks_share_are_held_against_both() -> None:
    racks = a_cooled_rack("R1", kw=103.5) | a_cooled_rack("R2", kw=103.5)
    fleet = a_fleet_showing(
        racks | a_meter("M1", "R1", "R2", kw=110.0) | a_meter("M2", "R1", "R2", kw=97.0)
    )

    assert unbalanced(racks_of(fleet), all_groups(fleet)) == []


def test_meters_that_read_too_little_for_the_racks_that_are_heard_are_found() -> None:
    fleet = a_fleet_showing(a_cooled_rack("R1", kw=103.5) | a_meter("M1", "R1", "silent", kw=0.0))

    (found,) = unbalanced(racks_of(fleet), all_groups(fleet))

    assert found.reason == "M1 reads nothing, and what it feeds draws power"
    assert found.ratio is None


def test_a_group_that_closes_has_no_finding_whoever_bears_witness(whole: Fleet) -> None:
    groups = all_groups(whole)

    assert [judge_branch(group, groups, {}) for group in groups.groups] == [None, None]


def test_two_groups_that_blame_one_reading_make_one_finding(whole: Fleet) -> None:
    (found,) = bent(whole, "C-E05-TAP-E1", "ActivePower", 1.3)

    assert found.implied == pytest.approx(28.73, rel=0.001)


def test_a_meter_that_shows_too_little_has_no_electric_witness(whole: Fleet) -> None:
    groups = all_groups(whole)

    assert groups.electric(EntityId("nobody"), groups.groups[0]) is None
    assert groups.electric(EntityId("Pod1C-E02"), groups.groups[0]) is None
    assert groups.electric(EntityId("C-E-BUS-E1"), groups.groups[0]) is not None
