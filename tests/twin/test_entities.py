from dataclasses import replace

import pytest

from build import a_measured, a_point, a_state, an_entity
from twin.entities import Entity, PointCounts
from twin.points import EntityId, Freshness, PointState

POWER = a_point("Rack/RackPower")
VALVE = replace(a_point("Valve/ValvePosition"), associated=True, name=None)


def test_points_of_one_type_stand_in_order_of_id() -> None:
    second, first = a_state(a_point(tag="b")), a_state(a_point(tag="a"))
    rack = an_entity("R1", second, first, a_state(VALVE))

    assert rack.of_type("RackPower") == (first, second)
    assert rack.of_type("RackLiquidFlow") == ()


def test_attached_point_is_seen_at_once() -> None:
    rack, power = an_entity("R1"), a_state(POWER)
    assert rack.of_type("RackPower") == ()

    rack.attach(power)
    assert rack.of_type("RackPower") == (power,)

    rack.detach(POWER.id)
    assert rack.of_type("RackPower") == ()


def test_entity_measures_by_its_first_point_of_a_type() -> None:
    rack = an_entity("R1", a_state(a_point(tag="b"), 2.0), a_state(a_point(tag="a"), 1.0))

    assert rack.measure("RackPower", "kW") == a_measured(1.0)
    assert rack.measure("RackLiquidFlow", "LPM").freshness is Freshness.UNHEARD


@pytest.mark.parametrize(
    ("kinds", "kind"),
    [
        (["Rack/RackPower"], "Rack"),
        (["CDU/Status", "Rack/RackPower"], "Rack"),
        (["Pump/Available", "CDU/Status"], "CDU"),
    ],
)
def test_kind_is_the_object_type_and_a_rack_is_a_rack(kinds: list[str], kind: str) -> None:
    assert an_entity("R1", *(a_state(a_point(each)) for each in kinds)).kind == kind


def test_what_is_only_known_by_association_has_no_kind() -> None:
    assert an_entity("R1", a_state(VALVE)).kind is None


def test_associated_point_neither_makes_nor_names_its_entity() -> None:
    rack = an_entity("R1", a_state(VALVE), a_state(replace(POWER, name="Rack one")))

    assert (rack.kind, rack.name) == ("Rack", "Rack one")


def test_entity_without_a_name_goes_by_its_id() -> None:
    assert Entity(EntityId("R1")).name == "R1"


@pytest.mark.parametrize(
    ("freshnesses", "expected"),
    [
        ([], Freshness.UNHEARD),
        ([Freshness.UNHEARD], Freshness.UNHEARD),
        ([Freshness.UNHEARD, Freshness.LIVE], Freshness.LIVE),
        ([Freshness.UNHEARD, Freshness.LIVE, Freshness.STALE], Freshness.STALE),
    ],
)
def test_entity_is_as_fresh_as_the_worst_that_was_heard(
    freshnesses: list[Freshness], expected: Freshness
) -> None:
    states = (a_state(a_point(tag=each), freshness=each) for each in freshnesses)

    assert an_entity("R1", *states).freshness is expected


def test_counts_are_by_freshness_and_bad_ones_beside() -> None:
    rack = an_entity(
        "R1",
        a_state(a_point(tag="live")),
        a_state(a_point(tag="null"), None),
        a_state(a_point(tag="bad"), quality=0, freshness=Freshness.STALE),
        PointState(a_point(tag="unheard")),
    )

    assert rack.counts == PointCounts(live=2, stale=1, unheard=1, bad=2)


def test_unheard_point_is_not_bad() -> None:
    assert not PointState(POWER).bad
