from collections.abc import Collection
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.graph import LONGEST, Graph
from twin.points import EntityId

Edges = dict[str, list[str]]

ALL = "ABCDEFG"
NAMES = st.sampled_from(ALL)
EDGES = st.dictionaries(NAMES, st.lists(NAMES, unique=True, max_size=3))
LOST = st.sets(NAMES, max_size=3)

PLANT: Edges = {
    "UPS-1": ["BUS-1"],
    "UPS-2": ["BUS-2"],
    "BUS-1": ["TAP-1", "TAP-3"],
    "BUS-2": ["TAP-2"],
    "TAP-1": ["R1"],
    "TAP-2": ["R1"],
    "TAP-3": ["R2"],
}
"""R1 has two feeds, from two sides; R2 has one."""


def a_graph(edges: Edges) -> Graph:
    graph = Graph()
    for source, served in edges.items():
        serve(graph, source, *served)
    return graph


def serve(graph: Graph, source: str, *served: str) -> None:
    graph.connect(EntityId(source), map(EntityId, served))


def lost_with(graph: Graph, *lost: str) -> list[str]:
    return sorted(graph.lost_with({EntityId(each) for each in lost}))


def answers(graph: Graph) -> dict[str, object]:
    """Everything that can be asked of a graph."""
    ids = [EntityId(name) for name in ALL]
    return {
        "cycles": graph.cycles(),
        "up": [graph.upstream(each) for each in ids],
        "down": [graph.downstream(each) for each in ids],
        "lost": [graph.lost_with({each}) for each in ids],
        "hangs": [graph.hangs_on(each) for each in ids],
        "sisters": [graph.sisters(each) for each in ids],
    }


# -- the same by brute force -------------------------------------------------------------------


def reached(edges: Edges, starts: Collection[str], barred: Collection[str] = ()) -> set[str]:
    found = {each for each in starts if each not in barred}
    while True:
        more = {end for each in found for end in edges.get(each, []) if end not in barred} - found
        if not more:
            return found
        found |= more


def roots(edges: Edges) -> set[str]:
    """Those that are reached from everyone who reaches them."""
    ids = set(edges) | {end for served in edges.values() for end in served}
    return {
        one for one in ids if all(other in reached(edges, {one}) for other in above(edges, one))
    }


def above(edges: Edges, one: str) -> set[str]:
    return {each for each in edges if one in reached(edges, edges[each])}


@given(EDGES, LOST)
def test_lost_is_what_no_root_reaches_any_more(edges: Edges, lost: set[str]) -> None:
    ids = roots(edges) | reached(edges, edges)

    expected = (ids - reached(edges, roots(edges), barred=lost)) | lost

    assert lost_with(a_graph(edges), *lost) == sorted(expected)


@given(EDGES)
def test_cycles_are_those_that_reach_one_another(edges: Edges) -> None:
    together = {
        tuple(sorted(both))
        for one in edges
        if len(both := {one} | (above(edges, one) & reached(edges, {one}))) > 1
    }
    alone = {(one,) for one in edges if one in edges[one]}

    assert a_graph(edges).cycles() == sorted(together | alone)


# -- properties --------------------------------------------------------------------------------


@given(EDGES, st.randoms(use_true_random=False))
def test_no_answer_depends_on_who_was_connected_first(edges: Edges, random: Random) -> None:
    shuffled = list(edges.items())
    random.shuffle(shuffled)

    assert answers(a_graph(edges)) == answers(a_graph(dict(shuffled)))


@given(EDGES, st.lists(st.tuples(NAMES, st.lists(NAMES, unique=True, max_size=3)), max_size=5))
def test_what_is_taken_back_leaves_no_trace(
    edges: Edges, changes: list[tuple[str, list[str]]]
) -> None:
    graph = a_graph(edges)
    before = answers(graph)
    for source, served in changes:
        serve(graph, source, *served)
        answers(graph)
    for source, _ in changes:
        serve(graph, source, *edges.get(source, ()))

    assert answers(graph) == before == answers(a_graph(edges))


@given(EDGES, st.lists(st.tuples(NAMES, st.lists(NAMES, unique=True, max_size=3)), max_size=5))
def test_paths_that_were_kept_are_those_that_are_found_anew(
    edges: Edges, changes: list[tuple[str, list[str]]]
) -> None:
    graph = a_graph(edges)
    for source, served in changes:
        answers(graph)
        serve(graph, source, *served)
        edges = edges | {source: served}

        assert answers(graph) == answers(a_graph(edges))


@given(EDGES)
def test_upstream_and_downstream_are_converses(edges: Edges) -> None:
    graph = a_graph(edges)
    ids = [EntityId(name) for name in ALL]

    assert {(one, other) for one in ids for other in graph.upstream(one)} == {
        (one, other) for other in ids for one in graph.downstream(other)
    }


@given(EDGES)
def test_hangs_on_whoever_takes_it_along(edges: Edges) -> None:
    graph = a_graph(edges)
    ids = [EntityId(name) for name in ALL]

    assert {(one, other) for one in ids for other in graph.hangs_on(one)} == {
        (one, other) for other in ids for one in graph.lost_with({other}) - {other}
    }


@given(EDGES)
def test_what_it_hangs_on_hangs_on_what_stands_behind(edges: Edges) -> None:
    graph = a_graph(edges)

    for name in ALL:
        chain = graph.hangs_on(EntityId(name))
        assert all(graph.hangs_on(each) == chain[at + 1 :] for at, each in enumerate(chain))


@given(EDGES, LOST, LOST)
def test_losing_more_never_spares_anyone(edges: Edges, some: set[str], more: set[str]) -> None:
    graph = a_graph(edges)

    assert set(lost_with(graph, *some)) <= set(lost_with(graph, *some, *more))


# -- by example --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lost", "with_it"),
    [
        (["TAP-1"], []),
        (["TAP-3"], ["R2"]),
        (["UPS-1"], ["BUS-1", "R2", "TAP-1", "TAP-3"]),
        (["UPS-1", "TAP-2"], ["BUS-1", "R1", "R2", "TAP-1", "TAP-3"]),
        (["R1"], []),
        (["nobody"], []),
        ([], []),
    ],
)
def test_two_feeds_are_lost_only_together(lost: list[str], with_it: list[str]) -> None:
    assert lost_with(a_graph(PLANT), *lost) == sorted(lost + with_it)


def test_single_points_are_told_nearest_first() -> None:
    graph = a_graph(PLANT)

    assert graph.hangs_on(EntityId("R2")) == ["TAP-3", "BUS-1", "UPS-1"]
    assert graph.hangs_on(EntityId("R1")) == []
    assert graph.hangs_on(EntityId("nobody")) == []


def test_two_ways_that_meet_again_hang_on_where_they_part() -> None:
    graph = a_graph({"UPS": ["A", "B"], "A": ["ATS"], "B": ["ATS"], "ATS": ["R1"]})

    assert graph.hangs_on(EntityId("R1")) == ["ATS", "UPS"]


def test_cycle_that_nobody_feeds_holds_itself_until_all_of_it_is_lost() -> None:
    graph = a_graph({"A": ["B"], "B": ["A", "R1"]})

    assert lost_with(graph, "A") == ["A"]
    assert lost_with(graph, "A", "B") == ["A", "B", "R1"]
    assert graph.hangs_on(EntityId("R1")) == ["B"]
    assert graph.hangs_on(EntityId("A")) == []


def test_cycle_that_somebody_feeds_falls_with_them() -> None:
    graph = a_graph({"UPS": ["A"], "A": ["B"], "B": ["A", "R1"]})

    assert lost_with(graph, "UPS") == ["A", "B", "R1", "UPS"]
    assert graph.hangs_on(EntityId("R1")) == ["B", "A", "UPS"]


def test_whoever_says_to_serve_itself_is_told_until_it_is_taken_back() -> None:
    graph = a_graph({"A": ["A", "B"], "B": ["C"], "C": ["B"]})
    assert graph.cycles() == [("A",), ("B", "C")]

    serve(graph, "A", "B")
    serve(graph, "C")
    assert graph.cycles() == []


def test_sisters_serve_the_same_from_as_far() -> None:
    graph = a_graph(PLANT)

    assert graph.sisters(EntityId("TAP-1")) == ["TAP-2"]
    assert graph.sisters(EntityId("BUS-1")) == ["BUS-2"]
    assert graph.sisters(EntityId("UPS-2")) == ["UPS-1"]
    assert graph.sisters(EntityId("TAP-3")) == []
    assert graph.sisters(EntityId("R1")) == []


# -- what is kept ------------------------------------------------------------------------------


def test_path_is_walked_once() -> None:
    graph = a_graph(PLANT)
    first = graph.upstream(EntityId("R1"))
    first.append(EntityId("mine"))  # what was answered belongs to whoever asked

    assert graph.upstream(EntityId("R1")) == ["TAP-1", "TAP-2", "BUS-1", "BUS-2", "UPS-1", "UPS-2"]
    assert graph.walked == 1


@pytest.mark.parametrize(("changed", "walked"), [("TAP-3", 1), ("BUS-3", 1), ("TAP-1", 2)])
def test_change_of_edges_leaves_the_paths_of_others_alone(changed: str, walked: int) -> None:
    graph = a_graph(PLANT)
    graph.upstream(EntityId("R1"))
    serve(graph, changed, "R3")
    graph.upstream(EntityId("R1"))

    assert graph.walked == walked


def test_path_that_is_too_long_to_be_kept_is_whole() -> None:
    names = [f"N{number:03}" for number in range(LONGEST + 3)]
    graph = a_graph({one: [other] for one, other in pairwise(names)})

    for _ in range(2):
        assert graph.downstream(EntityId(names[0])) == names[1:]
        assert graph.downstream(EntityId(names[3])) == names[4:]
    assert graph.walked == 3


def test_ids_that_nobody_connects_are_not_kept() -> None:
    graph = a_graph(PLANT)

    for _ in range(2):
        assert graph.upstream(EntityId("nobody")) == []
    assert graph.walked == 2


@given(EDGES, NAMES, st.lists(NAMES, unique=True))
def test_a_copy_answers_as_the_graph_did_whatever_becomes_of_that(
    edges: Edges, source: str, served: list[str]
) -> None:
    graph = a_graph(edges)
    before = answers(graph)
    other = graph.copy()
    assert answers(other) == before

    serve(graph, source, *served)

    assert answers(other) == before
    serve(other, source, *served)
    assert answers(other) == answers(graph)
