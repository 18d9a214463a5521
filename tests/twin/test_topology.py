from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import a_point
from twin.points import EntityId
from twin.topology import Domain, Topology, domain_of

Edges = dict[str, list[str]]

NAMES = st.sampled_from("ABCDEF")
EDGES = st.dictionaries(NAMES, st.lists(NAMES, unique=True))


def _topology(edges: Edges) -> Topology:
    topology = Topology()
    for source, served in edges.items():
        _serve(topology, source, served)
    return topology


def _serve(topology: Topology, source: str, served: list[str]) -> None:
    topology.connect(EntityId(source), Domain.POWER, map(EntityId, served))


def _up(topology: Topology, entity: str) -> list[str]:
    return list(topology.upstream(EntityId(entity), Domain.POWER))


def _down(topology: Topology, entity: str) -> list[str]:
    return list(topology.downstream(EntityId(entity), Domain.POWER))


TREE = {"BUS": ["TAP1", "TAP2"], "TAP1": ["R1"], "TAP2": ["R1", "R2"]}


def test_upstream_is_nearest_first_then_by_id() -> None:
    assert _up(_topology(TREE), "R1") == ["TAP1", "TAP2", "BUS"]


def test_ids_count_within_one_distance_whoever_led_there() -> None:
    topology = _topology({"A": ["R1"], "B": ["R1"], "Z": ["A"], "C": ["B"]})

    assert _up(topology, "R1") == ["A", "B", "C", "Z"]


def test_downstream_goes_the_other_way() -> None:
    assert _down(_topology(TREE), "BUS") == ["TAP1", "TAP2", "R1", "R2"]


def test_feeders_are_the_direct_ones() -> None:
    assert _topology(TREE).feeders(EntityId("R1"), Domain.POWER) == ["TAP1", "TAP2"]


def test_domains_do_not_mix() -> None:
    assert _topology(TREE).upstream(EntityId("R1"), Domain.LIQUID) == []


def test_cycle_ends_where_it_began() -> None:
    topology = _topology({"A": ["B"], "B": ["C"], "C": ["A"]})

    assert _up(topology, "A") == ["C", "B"]


def test_nothing_serves_itself() -> None:
    topology = _topology({"A": ["A", "B"]})

    assert _up(topology, "A") == []
    assert topology.serves(Domain.POWER) == {"A": {"B"}}


def test_ids_that_nobody_described_are_lived_with() -> None:
    assert _down(_topology({"A": ["nobody"]}), "A") == ["nobody"]
    assert _up(_topology({}), "nobody") == []


def test_edges_taken_back_leave_nothing_behind() -> None:
    topology = _topology(TREE)

    for source in TREE:
        _serve(topology, source, [])

    assert topology.serves(Domain.POWER) == {}
    assert _up(topology, "R1") == []


def test_latest_word_on_who_is_served_counts() -> None:
    topology = _topology(TREE)

    _serve(topology, "TAP2", ["R2", "R3"])

    assert _up(topology, "R1") == ["TAP1", "BUS"]
    assert _up(topology, "R3") == ["TAP2", "BUS"]


def test_what_two_share_is_told_nearest_to_the_first() -> None:
    topology = _topology(TREE | {"UPS": ["BUS"]})
    one, other = EntityId("R1"), EntityId("R2")

    assert topology.common_ancestors(one, other, Domain.POWER) == ["TAP2", "BUS", "UPS"]
    assert topology.common_ancestors(EntityId("TAP2"), one, Domain.POWER) == ["BUS", "UPS"]
    assert topology.common_ancestors(one, other, Domain.LIQUID) == []


def test_fate_is_shared_with_what_has_no_way_around() -> None:
    topology = _topology(TREE)

    assert topology.shared_fate(EntityId("BUS"), Domain.POWER) == ["R1", "R2", "TAP1", "TAP2"]
    assert topology.shared_fate(EntityId("TAP2"), Domain.POWER) == ["R2"]
    assert topology.hangs_on(EntityId("R1"), Domain.POWER) == ["BUS"]
    assert topology.sisters(EntityId("TAP1"), Domain.POWER) == ["TAP2"]


def test_lost_is_what_all_feeds_of_are_lost() -> None:
    both = {EntityId("TAP1"), EntityId("TAP2")}

    assert _topology(TREE).lost_with(both, Domain.POWER) == {"R1", "R2", "TAP1", "TAP2"}
    assert _topology(TREE).lost_with(both, Domain.AIR) == both


def test_cycles_and_what_nobody_described_are_told() -> None:
    topology = _topology({"A": ["B", "R1"], "B": ["A", "nobody"]})
    known = {"A": 1, "B": 1, "R1": 1}

    assert topology.cycles(Domain.POWER) == [("A", "B")]
    assert topology.dangling(Domain.POWER, known.get) == ["nobody"]
    assert topology.cycles(Domain.AIR) == []
    assert topology.dangling(Domain.AIR, known.get) == []


def test_topology_has_whoever_serves_or_is_served() -> None:
    topology = _topology(TREE)

    assert EntityId("BUS") in topology
    assert EntityId("R1") in topology
    assert EntityId("nobody") not in topology


@given(EDGES, st.randoms(use_true_random=False))
def test_no_answer_depends_on_who_was_connected_first(edges: Edges, random: Random) -> None:
    shuffled = list(edges.items())
    random.shuffle(shuffled)
    one, other = _topology(edges), _topology(dict(shuffled))

    for name in "ABCDEF":
        assert _up(one, name) == _up(other, name)
        assert _down(one, name) == _down(other, name)


@given(EDGES, EDGES)
def test_no_answer_depends_on_what_was_connected_before(before: Edges, edges: Edges) -> None:
    topology = _topology(before)
    for name in "ABCDEF":
        _serve(topology, name, edges.get(name, []))

    expected = _topology(edges)
    assert topology.serves(Domain.POWER) == expected.serves(Domain.POWER)
    assert [_up(topology, name) for name in "ABCDEF"] == [_up(expected, name) for name in "ABCDEF"]


@given(EDGES)
def test_who_is_upstream_of_an_entity_has_it_downstream(edges: Edges) -> None:
    topology = _topology(edges)

    for name in "ABCDEF":
        assert all(name in _down(topology, above) for above in _up(topology, name))


@pytest.mark.parametrize(
    ("kind", "domain"),
    [
        ("PowerMeter/ActivePower", Domain.POWER),
        ("Shunt/Status", Domain.POWER),
        ("CDU/LiquidFlow", Domain.LIQUID),
        ("CRAH/AirFlow", Domain.AIR),
        ("Sensor/LiquidFlow", Domain.LIQUID),
        ("GenericObject/AirTemperature", Domain.AIR),
        ("Sensor/Sound", None),
        ("Rack/RackPower", None),
    ],
)
def test_domain_shows_in_the_object_or_else_in_the_point(kind: str, domain: Domain | None) -> None:
    assert domain_of(a_point(kind)) is domain
