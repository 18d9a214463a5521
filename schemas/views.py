"""Twin values as documents. Pure: the age of a value is told by the ``now`` that is given."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from schemas.api import (
    CountersView,
    CountsView,
    EquipmentView,
    FaultCountsView,
    FleetPointsView,
    FleetView,
    IsolationsView,
    IsolationView,
    LeakView,
    PointView,
    PublisherView,
    RackPointView,
    RackSummary,
    RackView,
    ReachView,
    TotalsView,
    UpstreamView,
)
from schemas.cooling import CduView, cdu_view, thermal_view
from schemas.documents import cluster_of, local, measured_view, time_of
from schemas.meters import MeterView, meter_view
from schemas.places import places_view
from schemas.power import power_view
from schemas.rfc3339 import format_instant
from twin.cdu import CDU, cdu_of, cooling_power
from twin.entities import Entity, PointCounts
from twin.fleet import Fleet
from twin.health import gists_in_health
from twin.instants import Instant
from twin.measured import measure
from twin.meters import METER, meter_of
from twin.points import EntityId, PointState
from twin.publishers import Publisher
from twin.racks import Isolation, Rack
from twin.topology import Domain, Topology
from twin.totals import Groups, Totals, groups_of, ppue_cooling, totals_of


def rack_view(rack: Rack, now: Instant, faults: Sequence[str] = ()) -> RackView:
    """One rack with the ids of its ``faults``."""
    return RackView(
        id=rack.id,
        name=rack.name,
        hall=rack.place.hall,
        row=rack.place.row,
        position=rack.place.position,
        model=rack.place.model,
        rated_kw=rack.place.rated_kw,
        freshness=rack.freshness,
        severity=rack.severity,
        power=power_view(rack.power, now),
        thermal=thermal_view(rack.thermal, now),
        leak=LeakView(
            detected=measured_view(rack.leak.detected, now),
            sensor_fault=measured_view(rack.leak.sensor_fault, now),
            tray=measured_view(rack.leak.tray, now),
        ),
        isolation=IsolationsView(
            liquid=_isolation(rack.liquid, now), electrical=_isolation(rack.electrical, now)
        ),
        upstream=UpstreamView(
            power=tuple(rack.upstream[Domain.POWER]), liquid=tuple(rack.upstream[Domain.LIQUID])
        ),
        points=_counts(rack.points),
        faults=tuple(faults),
    )


def rack_summary(rack: Rack, now: Instant) -> RackSummary:
    """One rack in a list."""
    return RackSummary(
        id=rack.id,
        name=rack.name,
        hall=rack.place.hall,
        row=rack.place.row,
        position=rack.place.position,
        model=rack.place.model,
        rated_kw=rack.place.rated_kw,
        freshness=rack.freshness,
        severity=rack.severity,
        load_kw=measured_view(rack.power.load, now),
        headroom_kw=measured_view(rack.power.headroom, now),
        redundancy=rack.power.redundancy,
        supply_c=measured_view(rack.thermal.supply, now),
        return_c=measured_view(rack.thermal.return_, now),
        delta_t_k=measured_view(rack.thermal.delta_t, now),
        flow_lpm=measured_view(rack.thermal.flow, now),
        heat_kw=measured_view(rack.thermal.heat, now),
        points=_counts(rack.points),
    )


def equipment_view(entity: Entity, fleet: Fleet, now: Instant) -> EquipmentView:
    """One piece of equipment with its points, in order of their ids outside."""
    points = [_point(state, now) for state in _by_local_id(entity)]
    return EquipmentView(
        id=entity.id,
        name=entity.name,
        type=entity.kind,
        freshness=entity.freshness,
        serves=reach_of(
            {each: sorted(fleet.topology.serves(each).get(entity.id, ())) for each in Domain}
        ),
        upstream=reach_of({each: fleet.topology.upstream(entity.id, each) for each in Domain}),
        power=_meter(entity, fleet, now),
        cooling=_cooling(entity, fleet, now),
        points=tuple(PointView.model_validate(point) for point in points),
        counts=_counts(entity.counts),
    )


def _meter(entity: Entity, fleet: Fleet, now: Instant) -> MeterView | None:
    if entity.kind != METER:
        return None
    rating = fleet.site.meter(entity.id)
    return meter_view(meter_of(entity, fleet.topology, fleet.entity, rating), now)


def rack_points_view(entity: Entity, now: Instant) -> list[RackPointView]:
    """The points of a rack, in order of their ids outside, each with its cluster."""
    return [
        RackPointView.model_validate(_point(state, now) | {"cluster": cluster_of(state.point.id)})
        for state in _by_local_id(entity)
    ]


def totals_view(totals: Totals, counts: PointCounts, now: Instant) -> TotalsView:
    """The racks in a few numbers."""
    return TotalsView.model_validate(_totals(totals, counts, now))


def fleet_view(
    fleet: Fleet, now: Instant, totals: Totals | None = None, groups: Groups | None = None
) -> FleetView:
    """The whole fleet; ``totals`` and ``groups`` are worked out where they are not given."""
    if totals is None or groups is None:
        racks = list(gists_in_health(fleet))
        totals = totals_of(racks) if totals is None else totals
        groups = groups_of(racks) if groups is None else groups
    return FleetView.model_validate(
        _totals(totals, fleet.counts, now)
        | {
            "now": format_instant(now),
            "ppue_cooling": measured_view(
                ppue_cooling(totals.power, cooling_power(fleet.topology, fleet.entity)), now
            ),
            "faults": FaultCountsView(**fleet.faults.counts()),
            "by_hall": places_view(groups.halls, now),
            "by_row": places_view(groups.rows, now),
            "publishers": tuple(map(_publisher, fleet.publishers())),
            "counters": CountersView(**asdict(fleet.counters), waiting=fleet.waiting),
        }
    )


def reach_view(
    topology: Topology, entity: EntityId, domains: Iterable[Domain], *, up: bool
) -> ReachView:
    """Everything that serves ``entity`` (``up``) or that it serves, through others as well."""
    walk = topology.upstream if up else topology.downstream
    return reach_of({each: walk(entity, each) for each in domains})


def _counts(counts: PointCounts) -> CountsView:
    return CountsView(live=counts.live, stale=counts.stale, unheard=counts.unheard, bad=counts.bad)


def _isolation(isolation: Isolation, now: Instant) -> IsolationView:
    return IsolationView(
        status=measured_view(isolation.status, now), request=measured_view(isolation.request, now)
    )


def _point(state: PointState, now: Instant) -> dict[str, object]:
    point = state.point
    return dict(measured_view(measure(state), now)) | {
        "id": local(point.id),
        "object_type": point.object_type,
        "point_type": point.point_type,
        "publisher": local(point.publisher),
        "process_area": point.process_area,
        "is_setpoint": point.is_setpoint,
        "phase": point.phase,
    }


def _cooling(entity: Entity, fleet: Fleet, now: Instant) -> CduView | None:
    if entity.kind != CDU:
        return None
    return cdu_view(cdu_of(entity, fleet.topology, fleet.entity, fleet.coolant, fleet.site), now)


def _by_local_id(entity: Entity) -> list[PointState]:
    """In order of the ids outside, so that it is the same whichever cluster tells of them."""
    return [entity.points[key] for key in sorted(entity.points, key=lambda id_: (local(id_), id_))]


def _publisher(publisher: Publisher) -> PublisherView:
    return PublisherView(
        id=publisher.id,
        name=publisher.name,
        scope=publisher.scope,
        freshness=publisher.freshness,
        heard_at=time_of(publisher.heard_at),
    )


def reach_of(ends: Mapping[Domain, Sequence[EntityId]]) -> ReachView:
    """Entities per domain; none in those that are not named."""
    return ReachView(
        power=tuple(ends.get(Domain.POWER, ())),
        liquid=tuple(ends.get(Domain.LIQUID, ())),
        air=tuple(ends.get(Domain.AIR, ())),
        place=tuple(ends.get(Domain.PLACE, ())),
    )


def _totals(totals: Totals, counts: PointCounts, now: Instant) -> dict[str, object]:
    return {
        "racks": totals.racks,
        "racks_by_severity": totals.by_severity,
        "racks_by_freshness": totals.by_freshness,
        "power_kw": measured_view(totals.power, now),
        "heat_kw": measured_view(totals.heat, now),
        "headroom_kw": measured_view(totals.headroom, now),
        "points": FleetPointsView(
            total=counts.live + counts.stale + counts.unheard, **dict(_counts(counts))
        ),
    }
