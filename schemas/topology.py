"""Who serves whom, and who falls with whom, as documents."""

from collections.abc import Iterable

from pydantic import Field

from schemas.api import EntityNamed, Page, ReachView
from schemas.documents import Document, absent
from schemas.views import reach_of, reach_view
from twin.fleet import Fleet
from twin.points import EntityId
from twin.topology import Domain, Topology


class EdgesView(Document):
    """Whom one entity serves directly."""

    domain: str
    id: str
    serves: tuple[str, ...]


class DanglingView(Document):
    """An id that is served, and that no metadata describes."""

    domain: str
    id: str
    served_by: tuple[str, ...]


class CycleView(Document):
    """Entities that serve one another, through others too; one alone said to serve itself."""

    domain: str
    ids: tuple[str, ...]


class TopologyPage(Page[EdgesView]):
    """Who serves whom; on the first page also what is wrong with all of it."""

    dangling: tuple[DanglingView, ...] | None = Field(None, exclude_if=absent)
    """Left out on the pages that follow."""
    cycles: tuple[CycleView, ...] | None = Field(None, exclude_if=absent)
    """Left out on the pages that follow."""


class ConnectedView(ReachView, EntityNamed):
    """Everything that one entity serves, or is served by."""


class SisterView(Document):
    """Who else serves what an entity serves, and from as far."""

    domain: str
    id: str
    common_ancestors: tuple[str, ...]
    """What both hang on, in one way or another: nearest to the entity first."""


class FateView(Document):
    """What falls with what, by who serves whom alone: whether anything is on is not asked."""

    id: str
    shared_fate: ReachView
    """What is left without any source when the entity is lost, in order of id."""
    hangs_on: ReachView
    """Every single one whose loss leaves the entity without any source; nearest first."""
    sisters: tuple[SisterView, ...]


def edges_view(topology: Topology, entity: EntityId, domain: Domain) -> EdgesView:
    """Whom ``entity`` serves directly, in order of id."""
    served = topology.serves(domain).get(entity, ())
    return EdgesView(domain=domain, id=entity, serves=tuple(sorted(served)))


def dangling_view(fleet: Fleet, domains: Iterable[Domain]) -> tuple[DanglingView, ...]:
    """What is served and has no point, with who is wrong or early."""
    feeders, dangling = fleet.topology.feeders, fleet.topology.dangling
    return tuple(
        DanglingView(domain=domain, id=each, served_by=tuple(feeders(each, domain)))
        for domain in domains
        for each in dangling(domain, fleet.entity)
        if domain is not Domain.PLACE or each not in fleet.topology.serves(domain)  # no row
    )


def cycles_view(topology: Topology, domains: Iterable[Domain]) -> tuple[CycleView, ...]:
    """What serves itself, through others or at all."""
    return tuple(
        CycleView(domain=domain, ids=cycle)
        for domain in domains
        for cycle in topology.cycles(domain)
    )


def connected_view(
    topology: Topology, entity: EntityId, domains: Iterable[Domain], *, up: bool
) -> ConnectedView:
    """Everything upstream of ``entity``, or downstream."""
    reach = reach_view(topology, entity, domains, up=up)
    return ConnectedView(id=entity, **dict(reach))


def fate_view(topology: Topology, entity: EntityId, domains: tuple[Domain, ...]) -> FateView:
    """What falls with ``entity``, with what it falls, and who serves the same."""
    return FateView(
        id=entity,
        shared_fate=reach_of({each: topology.shared_fate(entity, each) for each in domains}),
        hangs_on=reach_of({each: topology.hangs_on(entity, each) for each in domains}),
        sisters=tuple(
            SisterView(
                domain=domain,
                id=sister,
                common_ancestors=tuple(topology.common_ancestors(entity, sister, domain)),
            )
            for domain in domains
            for sister in topology.sisters(entity, domain)
        ),
    )
