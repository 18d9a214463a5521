from pathlib import Path

import pytest

from build import a_cooled_rack, a_fleet_showing, a_meter, a_point
from streams import fold, recording
from twin.branches import (
    Branch,
    branches_by_member,
    branches_of,
    electric_of,
    group_of,
)
from twin.entities import Entity
from twin.fleet import Fleet
from twin.points import EntityId, Point
from twin.site import RackPlace, Site
from twin.witness import Electric


def branches(fleet: Fleet, site: Site | None = None) -> list[Branch]:
    return branches_of(fleet.topology, fleet.entity, site or fleet.site)


def sides(fleet: Fleet, site: Site | None = None) -> list[tuple[str, str]]:
    return [(" ".join(b.meters), " ".join(b.served)) for b in branches(fleet, site)]


def a_tap(tap: str, *serves: str) -> dict[Point, float | None]:
    """A breaker of which only the trip is told."""
    return {a_point("Breaker/Status", tap, serves=serves): 0.0}


def entity(fleet: Fleet, identity: str) -> Entity:
    found = fleet.entity(EntityId(identity))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def pod(dsx: Path) -> Fleet:
    """The real recording at its end."""
    return fold(recording(dsx))[0]


def test_the_real_pods_busways_serve_all_its_racks_and_close_to_one_in_ten_thousand(
    pod: Fleet,
) -> None:
    bus, taps = branches(pod)

    assert bus.meters == ("C-E-BUS-E1", "C-E-BUS-E2")
    assert bus.served == (
        "C-E05-TAP-E1",
        "C-E05-TAP-E2",
        *(f"Pod1C-E0{n}" for n in (1, 2, 3, 4, 6)),
    )
    assert bus.racks == {f"Pod1C-E0{n}" for n in (1, 2, 3, 4, 6)}
    assert taps.meters == ("C-E05-TAP-E1", "C-E05-TAP-E2")
    assert taps.served == ("Pod1C-E05",)
    assert taps.racks == {"Pod1C-E05"}
    for branch in (bus, taps):
        residual = group_of(branch, pod.entity).residual_kw
        assert residual == pytest.approx(0.0, abs=0.0001 * 214)


def test_meters_that_share_what_they_serve_make_one_branch() -> None:
    fleet = a_fleet_showing(
        a_cooled_rack("R1") | a_cooled_rack("R2") | a_cooled_rack("R3")
        | a_meter("M1", "R1", "R2") | a_meter("M2", "R2") | a_meter("M3", "R3")
    )  # fmt: skip

    assert sides(fleet) == [("M1 M2", "R1 R2"), ("M3", "R3")]


def test_each_floor_of_a_tree_is_a_branch_of_its_own() -> None:
    fleet = a_fleet_showing(
        a_cooled_rack("R1") | a_cooled_rack("R2")
        | a_meter("A", "M1", "M2") | a_meter("M1", "R1") | a_meter("M2", "R2")
    )  # fmt: skip

    assert sides(fleet) == [("A", "M1 M2"), ("M1", "R1"), ("M2", "R2")]
    assert [(b.meters[0], b.racks) for b in branches(fleet)] == [
        ("A", frozenset()),
        ("M1", {"R1"}),
        ("M2", {"R2"}),
    ]


def test_what_reads_nothing_is_looked_through_up_and_down() -> None:
    fleet = a_fleet_showing(
        a_cooled_rack("R1") | a_meter("M1", "T1") | a_meter("M2", "T2")
        | a_tap("T1", "R1") | a_tap("T2", "R1")
    )  # fmt: skip

    assert sides(fleet) == [("M1 M2", "R1")]


def test_what_stores_or_loses_power_is_not_looked_through() -> None:
    ups = a_point("UPS/Status", "U1", serves=("R1",))
    fleet = a_fleet_showing(
        a_cooled_rack("R1") | a_cooled_rack("R2") | a_meter("M1", "U1", "R2") | {ups: 1.0}
    )

    (branch,) = branches(fleet)
    assert branch.served == ("R2", "U1")
    assert group_of(branch, fleet.entity).served == {"R2": 100.0, "U1": None}


def test_a_rack_that_something_unmetered_feeds_too_has_no_closed_branch() -> None:
    fleet = a_fleet_showing(a_cooled_rack("R1") | a_meter("M1", "R1") | a_tap("T1", "R1"))

    (branch,) = branches(fleet)
    assert branch.meters == ("M1", "T1")
    assert group_of(branch, fleet.entity).residual_kw is None


def test_a_meter_with_nothing_that_reads_behind_it_has_no_branch() -> None:
    assert branches(a_fleet_showing(a_meter("M1", "nobody"))) == []


def test_other_loads_that_read_their_power_count() -> None:
    cdu = a_point("CDU/ActivePower", "C1")
    fleet = a_fleet_showing(a_meter("M1", "C1", kw=8.0) | {cdu: 8.0})

    (branch,) = branches(fleet)
    assert group_of(branch, fleet.entity).residual_kw == 0.0
    assert branch.racks == set()


def test_meters_in_a_circle_are_lived_with() -> None:
    fleet = a_fleet_showing(
        a_meter("M1", "M2", "R1") | a_meter("M2", "M1") | a_cooled_rack("R1")
        | a_tap("T1", "T2") | a_tap("T2", "T1", "R1")
    )  # fmt: skip

    assert sides(fleet) == [("M1", "M2 R1"), ("M2", "M1")]


def test_a_tap_nobody_described_goes_to_the_rack_whose_name_goes_with_it() -> None:
    fleet = a_fleet_showing(
        a_meter("BUS", "A01-T", "A02-T", "A03-T", "A-T", "spare")
        | a_meter("A01-T", "RackA01")
        | a_cooled_rack("RackA01") | a_cooled_rack("RackA02")
    )  # fmt: skip

    assert sides(fleet) == [("A01-T", "RackA01"), ("BUS", "A-T A01-T A03-T RackA02 spare")]


def test_a_rack_that_is_fed_already_is_nobody_elses_by_name() -> None:
    fleet = a_fleet_showing(
        a_meter("BUS", "A01-T", "A02-T") | a_meter("A01-T", "RackA01")
        | a_cooled_rack("RackA01") | a_cooled_rack("RackA02") | a_meter("M", "RackA02")
    )  # fmt: skip

    assert ("BUS", "A01-T A02-T") in sides(fleet)


def test_names_that_go_together_in_two_ways_tell_nothing() -> None:
    fleet = a_fleet_showing(
        a_meter("BUS", "A01-T", "A02-T", "A03-T") | a_meter("A01-T", "RackA01")
        | a_meter("A02-T", "A02-Rack") | a_cooled_rack("RackA01") | a_cooled_rack("A02-Rack")
        | a_cooled_rack("RackA03")
    )  # fmt: skip

    assert ("BUS", "A01-T A02-T A03-T") in sides(fleet)


def test_names_without_anything_in_common_tell_nothing() -> None:
    fleet = a_fleet_showing(
        a_meter("BUS", "T", "U") | a_meter("T", "R1") | a_cooled_rack("R1") | a_cooled_rack("U1")
    )

    assert ("BUS", "T U") in sides(fleet)


def test_what_is_written_down_of_a_rack_goes_before_names() -> None:
    fleet = a_fleet_showing(a_meter("BUS", "T7") | a_cooled_rack("R1"))
    site = Site(racks={EntityId("R1"): RackPlace(feeds=(EntityId("T7"),))})

    assert sides(fleet, site) == [("BUS", "R1")]
    assert sides(fleet) == []


def test_a_tap_under_something_unmetered_is_not_asked_for() -> None:
    assert branches(a_fleet_showing(a_tap("T1", "T2") | a_cooled_rack("R1"))) == []


def test_a_meter_takes_part_in_the_branch_above_and_the_one_below() -> None:
    fleet = a_fleet_showing(a_meter("A", "M1") | a_meter("M1", "R1") | a_cooled_rack("R1"))
    above, below = branches(fleet)

    found = branches_by_member([above, below])

    assert found == {"A": [above], "M1": [above, below], "R1": [below]}


def test_apparent_power_is_its_own_reading() -> None:
    kva = a_point("PowerMeter/ApparentPower", "M1", unit="kVA")
    fleet = a_fleet_showing(a_meter("M1", kw=49.0, power_factor=0.98) | {kva: 50.0})

    assert electric_of(entity(fleet, "M1")) == Electric(49.0, 50.0, 0.98)


def test_else_apparent_power_is_that_of_volts_and_amperes() -> None:
    amps = a_point("PowerMeter/Current", "M1")
    fleet = a_fleet_showing(a_meter("M1", kw=69.0) | {amps: 100.0})

    shown = electric_of(entity(fleet, "M1"))

    assert shown is not None
    assert shown.kva == pytest.approx(69.28, abs=0.01)


def test_a_meter_that_shows_power_alone_has_no_electric_witness() -> None:
    assert electric_of(entity(a_fleet_showing(a_meter("M1", volts=0.0)), "M1")) is None
    assert electric_of(entity(a_fleet_showing(a_tap("T1")), "T1")) is None
