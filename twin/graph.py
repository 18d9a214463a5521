"""A one-way graph of who serves whom, and what hangs on what in it."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from copy import copy
from typing import Final

from twin.points import EntityId

Edges = Mapping[EntityId, frozenset[EntityId]]

Path = tuple[EntityId, ...]

LONGEST: Final = 256
"""Ids in a path that is kept; a longer one is walked whenever it is asked for."""


class Graph:
    """Edges in both directions. Whatever serves itself through others, or at all, is lived with.

    A root is served by nobody, or stands in a loop that nobody else serves: in such a loop each may
    be the one that holds the others, so that none of them falls before all have fallen.

    Paths are kept as they were asked for: in each direction at most one for every entity that has
    an edge, of at most ``LONGEST`` ids. A change of edges drops those it may alter, and no other.
    ``walked`` counts the paths that were not found there.
    """

    def __init__(self) -> None:
        self.down: dict[EntityId, frozenset[EntityId]] = {}
        self.up: dict[EntityId, frozenset[EntityId]] = {}
        self._beneath: dict[EntityId, Path] = {}
        self._above: dict[EntityId, Path] = {}
        self.walked = 0
        self._selfish: set[EntityId] = set()
        self._loops: list[set[EntityId]] | None = None
        self._heads: set[EntityId] = set()

    def connect(self, source: EntityId, served: Iterable[EntityId]) -> None:
        """Let ``source`` serve exactly ``served``; that it would serve itself is only noted."""
        said = frozenset(served)
        if source in said:
            self._selfish.add(source)
        else:
            self._selfish.discard(source)
        wanted, present = said - {source}, self.down.get(source, frozenset())
        changed = wanted ^ present
        if not changed:
            return
        for target in changed:
            _put(self.up, target, self.up.get(target, frozenset()) ^ {source})
        _put(self.down, source, wanted)
        # A path past the last changed edge holds in the old graph as in the new: whoever is
        # altered is reached without any of the changed edges.
        _drop(self._above, self.down, changed)
        _drop(self._beneath, self.up, {source})
        self._loops = None

    def copy(self) -> "Graph":
        """The same as it is now, with all that it has worked out, whatever becomes of this one."""
        self._all_loops()
        other = Graph()
        vars(other).update({name: copy(value) for name, value in vars(self).items()})
        return other

    def upstream(self, entity: EntityId) -> list[EntityId]:
        """Who serves ``entity`` directly or through others: nearest first, then by id."""
        return self._path(self._above, self.up, entity)

    def downstream(self, entity: EntityId) -> list[EntityId]:
        """Whom ``entity`` serves directly or through others: nearest first, then by id."""
        return self._path(self._beneath, self.down, entity)

    def lost_with(self, lost: Collection[EntityId]) -> frozenset[EntityId]:
        """Everything that no root reaches any more when all of ``lost`` are gone, and those."""
        gone = _spread(self.down, lost)
        loops = self._rooted_loops()
        held = {
            each
            for each in gone.difference(lost)
            if each in loops or not self.up[each] <= gone  # served from where nothing is lost
        }
        return frozenset(gone - _spread(self.down, held, barred=frozenset(lost)))

    def hangs_on(self, entity: EntityId) -> list[EntityId]:
        """Every single one with which ``entity`` is lost, nearest first: its dominators.

        They stand on every way to a root, so also on this one: those that no way leads around.
        """
        way = self._way_up(entity)
        place = {each: index for index, each in enumerate(way)}
        seen, found, furthest = set(way), [], 0
        for index, each in enumerate(way):
            if 0 < index == furthest:
                found.append(each)
            left = [each]
            while left:
                one = left.pop()
                if self._is_root(one):
                    furthest = len(way)
                for near in self.up.get(one, ()):
                    furthest = max(furthest, place.get(near, 0))
                    if near not in seen:
                        seen.add(near)
                        left.append(near)
        return found

    def sisters(self, entity: EntityId) -> list[EntityId]:
        """Who else serves what ``entity`` serves, and from as far: two busways of one rack."""
        same: set[EntityId] = set()
        for ring in reversed(list(_rings(self.down, entity))):
            same = {near for each in same.union(ring) for near in self.up.get(each, ())}
        return sorted(same - {entity})

    def cycles(self) -> list[Path]:
        """Those that serve one another, or themselves, in order of id."""
        loops = [tuple(sorted(loop)) for loop in self._all_loops()]
        return sorted(loops + [(each,) for each in self._selfish])

    def _path(self, kept: dict[EntityId, Path], edges: Edges, start: EntityId) -> list[EntityId]:
        known = kept.get(start)
        if known is not None:
            return list(known)
        self.walked += 1
        found = [each for ring in _rings(edges, start) for each in ring]
        if 0 < len(found) <= LONGEST:
            kept[start] = tuple(found)
        return found

    def _all_loops(self) -> list[set[EntityId]]:
        if self._loops is None:
            self._loops = _loops(self.down, self.up)
            rooted = (loop for loop in self._loops if all(self.up[each] <= loop for each in loop))
            self._heads = {each for loop in rooted for each in loop}
        return self._loops

    def _rooted_loops(self) -> set[EntityId]:
        """Whoever stands in a loop that nobody else serves."""
        self._all_loops()
        return self._heads

    def _is_root(self, entity: EntityId) -> bool:
        return entity not in self.up or entity in self._rooted_loops()

    def _way_up(self, entity: EntityId) -> list[EntityId]:
        """A shortest way from ``entity`` to a root, both included; from everywhere there is one."""
        below: dict[EntityId, EntityId] = {}
        queue = deque([entity])
        while not self._is_root(one := queue.popleft()):
            for near in self.up[one]:
                if near not in below:
                    below[near] = one
                    queue.append(near)
        way = [one]
        while way[-1] != entity:
            way.append(below[way[-1]])
        return way[::-1]


def _put(
    edges: dict[EntityId, frozenset[EntityId]], key: EntityId, ends: frozenset[EntityId]
) -> None:
    if ends:
        edges[key] = ends
    else:
        del edges[key]


def _drop(paths: dict[EntityId, Path], edges: Edges, starts: Collection[EntityId]) -> None:
    """Forget the paths of ``starts`` and of everything that their edges lead to."""
    if paths:
        for each in _spread(edges, starts):
            paths.pop(each, None)


def _rings(edges: Edges, start: EntityId) -> Iterator[list[EntityId]]:
    """What is one edge away, what is two, …; each ring in order of id."""
    seen, ring = {start}, [start]
    while ring := sorted({near for each in ring for near in edges.get(each, ())} - seen):
        seen.update(ring)
        yield ring


def _spread(
    edges: Edges, starts: Iterable[EntityId], barred: Collection[EntityId] = ()
) -> set[EntityId]:
    """Those that are reached from ``starts``, and those, without entering what is ``barred``."""
    seen = set(starts)
    left = list(seen)
    while left:
        for near in edges.get(left.pop(), ()):
            if near not in seen and near not in barred:
                seen.add(near)
                left.append(near)
    return seen


def _loops(down: Edges, up: Edges) -> list[set[EntityId]]:
    """The strongly connected components of more than one.

    By two searches in depth, the second against the edges from whoever was left last in the first
    (Kosaraju; Sharir, "A strong-connectivity algorithm and its applications in data flow
    analysis", Computers & Mathematics with Applications 7(1), 1981). Most graphs have none, which
    is seen sooner.
    """
    found: list[set[EntityId]] = []
    taken = _before_loops(down, up)
    rest = {each: ends for each, ends in down.items() if each not in taken}
    for each in reversed(_left_in_order(rest)):
        if each not in taken:
            loop = _spread(up, (each,), barred=taken)
            taken |= loop
            if len(loop) > 1:
                found.append(loop)
    return found


def _before_loops(down: Edges, up: Edges) -> set[EntityId]:
    """Everyone who is in no loop, and whom none serves (Kahn, CACM 5(11), 1962)."""
    found: set[EntityId] = set()
    ring = down.keys() - up.keys()
    while ring:
        found |= ring
        served = (down[each] for each in ring if each in down)
        ring = {near for ends in served for near in ends if up[near] <= found}
    return found


def _left_in_order(edges: Edges) -> list[EntityId]:
    """Everyone in the order in which a search in depth leaves them."""
    order: list[EntityId] = []
    seen: set[EntityId] = set()
    for start in edges:
        left = [(start, False)]
        while left:
            one, done = left.pop()
            if done:
                order.append(one)
            elif one not in seen:
                seen.add(one)
                left.append((one, True))
                left += ((near, False) for near in edges.get(one, ()))
    return order
