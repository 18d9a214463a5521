"""The real recording ends in one state, whichever way it arrives."""

from pathlib import Path
from random import Random

import pytest

from build import at
from streams import Sent, fold, readings, recording, shuffled, view
from twin.entities import PointCounts
from twin.fleet import Fleet
from twin.instants import Instant
from twin.points import EntityId, Point
from twin.racks import Rack
from twin.topology import Domain

END = at(100)


@pytest.fixture(scope="module")
def sent(dsx: Path) -> list[Sent]:
    return recording(dsx)


@pytest.fixture(scope="module")
def expected(sent: list[Sent]) -> dict[str, object]:
    return view(fold(sent, END)[0])


def _seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311  # shuffles, and keeps no secret


def _rack(fleet: Fleet, rack: str) -> Rack:
    found = fleet.rack(EntityId(rack))
    assert found is not None
    return found


def test_six_racks_and_what_feeds_and_cools_them_are_known(sent: list[Sent]) -> None:
    fleet, _ = fold(sent, END)

    assert [rack.id for rack in fleet.racks()] == [f"Pod1C-E0{n}" for n in range(1, 7)]
    assert len(fleet) == 166
    assert fleet.counts == PointCounts(live=145, stale=0, unheard=21, bad=0)
    assert (fleet.counters.applied, fleet.waiting) == (len(sent), 0)


def test_loss_of_the_cdu_names_the_racks_behind_it_and_those_nobody_described(
    sent: list[Sent],
) -> None:
    fleet, _ = fold(sent, END)
    cdu = EntityId("C-F00-CDU-05")
    undescribed = [f"Pod1C-F0{n}" for n in range(2, 7)]

    lost = fleet.topology.lost_with({cdu}, Domain.LIQUID)

    assert lost == {cdu, *(f"Pod1C-E0{n}" for n in range(2, 7)), *undescribed}
    assert fleet.topology.dangling(Domain.LIQUID, fleet.entity) == undescribed


def test_loss_of_one_busway_names_its_taps_and_not_the_rack_with_two(sent: list[Sent]) -> None:
    fleet, _ = fold(sent, END)
    one, other, rack = map(EntityId, ("C-E-BUS-E1", "C-E-BUS-E2", "Pod1C-E05"))
    taps = [f"C-E0{n}-TAP-E1" for n in range(1, 7)]

    assert fleet.topology.lost_with({one}, Domain.POWER) == {one, *taps}
    assert rack in fleet.topology.lost_with({one, other}, Domain.POWER)
    assert fleet.topology.sisters(one, Domain.POWER) == [other]
    assert fleet.topology.hangs_on(rack, Domain.POWER) == []
    assert all(fleet.topology.cycles(domain) == [] for domain in Domain)
    assert fleet.topology.dangling(Domain.POWER, fleet.entity) == [
        "C-E01-TAP-E1",
        "C-E01-TAP-E2",
        "C-E02-TAP-E1",
        "C-E03-TAP-E1",
        "C-E04-TAP-E1",
        "C-E06-TAP-E1",
    ]


def test_rack_e05_shows_its_power_and_cooling(sent: list[Sent]) -> None:
    rack = _rack(fold(sent, END)[0], "Pod1C-E05")

    assert rack.power.load.value == 47.83
    assert [feed.meter for feed in rack.power.feeds] == ["C-E05-TAP-E1", "C-E05-TAP-E2"]
    assert rack.power.balance.residual_pct == pytest.approx(0, abs=0.02)
    assert rack.thermal.supply.value == 32.68
    assert rack.thermal.return_.value == 46.37
    assert rack.thermal.flow.value == 50.705
    assert rack.thermal.heat_ratio.value == pytest.approx(0.97, abs=0.01)


def test_upstream_is_what_the_metadata_draw(sent: list[Sent]) -> None:
    fleet, _ = fold(sent, END)

    assert _rack(fleet, "Pod1C-E05").upstream == {
        Domain.POWER: ["C-E05-TAP-E1", "C-E05-TAP-E2", "C-E-BUS-E1", "C-E-BUS-E2"],
        Domain.LIQUID: ["C-F00-CDU-05"],
    }
    assert _rack(fleet, "Pod1C-E02").upstream[Domain.POWER] == []


def test_feeds_without_voltage_have_no_capacity(sent: list[Sent]) -> None:
    power = _rack(fold(sent, END)[0], "Pod1C-E05").power

    assert [feed.capacity.value for feed in power.feeds] == [None, None]


def test_everything_is_stale_once_the_recording_has_been_silent_long_enough(
    sent: list[Sent],
) -> None:
    fleet, _ = fold(sent, at(99.4 + 250))

    assert fleet.counts == PointCounts(live=0, stale=145, unheard=21, bad=0)


def test_doubled_recording_ends_the_same(sent: list[Sent], expected: dict[str, object]) -> None:
    doubled = [each for each in sent for _ in range(2)]
    fleet, _ = fold(doubled, END)

    assert view(fleet) == expected
    assert fleet.counters.duplicate == 4545


def test_late_copies_end_the_same(sent: list[Sent], expected: dict[str, object]) -> None:
    random = _seeded(1)
    copies = [(message, min(END, Instant(now + random.randrange(20_000)))) for message, now in sent]
    fleet, _ = fold(sorted([*sent, *copies], key=lambda each: each[1]), END)

    found = view(fleet)
    assert {**found, "times": None} == {**expected, "times": None}
    assert fleet.counters.late > 1000


def test_metadata_50_s_late_end_the_same(sent: list[Sent], expected: dict[str, object]) -> None:
    late = [
        (message, at((now - at(0)) / 1000 + 50) if isinstance(message, Point) else now)
        for message, now in sent
    ]
    fleet, _ = fold(sorted(late, key=lambda each: each[1]), END)

    assert view(fleet) == expected
    assert fleet.counters.unmatched > 1000


@pytest.mark.parametrize("window_ms", [1, 1_000, 5_000])
def test_points_that_change_places_show_the_same(sent: list[Sent], window_ms: int) -> None:
    expected = readings(fold(sent, END)[0])

    fleet, _ = fold(shuffled(sent, _seeded(2), window_ms), END)

    assert readings(fleet) == expected


@pytest.mark.parametrize("seed", range(3))
def test_order_within_a_millisecond_does_not_matter(
    sent: list[Sent], expected: dict[str, object], seed: int
) -> None:
    assert view(fold(shuffled(sent, _seeded(seed)), END)[0]) == expected
