"""Twin values as documents. Pure: the age of a value is told by the ``now`` that is given."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from math import isfinite

from schemas.api import (
    BalanceView,
    BucketView,
    CountersView,
    CountsView,
    EquipmentView,
    FaultCountsView,
    FeedView,
    FleetPointsView,
    FleetView,
    HistoryView,
    IsolationsView,
    IsolationView,
    LeakView,
    MeasuredView,
    PointView,
    PowerView,
    PublisherView,
    RackPointView,
    RackSummary,
    RackView,
    ReachView,
    SampleView,
    SeriesView,
    ThermalView,
    TotalsView,
    UpstreamView,
)
from schemas.history import Query, Sample, Series
from schemas.rfc3339 import format_instant
from twin.entities import Entity, PointCounts
from twin.fleet import Fleet
from twin.instants import Instant
from twin.measured import Measured, measure
from twin.points import GOOD_QUALITY, EntityId, PointState, Quality
from twin.power import Feed, Power
from twin.publishers import Publisher
from twin.racks import Isolation, Rack
from twin.thermal import Thermal
from twin.topology import Domain, Topology
from twin.totals import Totals, totals_of


def measured_view(measured: Measured, now: Instant) -> MeasuredView:
    """A number with its age at ``now``."""
    return MeasuredView(
        value=finite(measured.value),
        unit=measured.unit,
        quality=measured.quality,
        freshness=measured.freshness,
        measured_at=_time(measured.measured_at),
        received_at=_time(measured.received_at),
        age_s=_age_s(measured.measured_at, now),
        derived_from=measured.derived_from,
        fresh=measured.fresh,
        expected=measured.expected,
        text=measured.text,
    )


def rack_view(rack: Rack, now: Instant, faults: Sequence[str] = ()) -> RackView:
    """One rack with the ids of its ``faults``."""
    return RackView(
        id=rack.id,
        name=rack.name,
        hall=None,
        row=None,
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
        hall=None,
        row=None,
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


def power_view(power: Power, now: Instant) -> PowerView:
    """The electrical side of a rack."""
    return PowerView(
        load_kw=measured_view(power.load, now),
        capacity_kw=measured_view(power.capacity, now),
        headroom_kw=measured_view(power.headroom, now),
        redundancy=power.redundancy,
        feeds=tuple(_feed(feed, now) for feed in power.feeds),
        balance=BalanceView(
            meters_kw=measured_view(power.balance.meters, now),
            racks_kw=measured_view(power.balance.racks, now),
            residual_pct=finite(power.balance.residual_pct),
        ),
    )


def thermal_view(thermal: Thermal, now: Instant) -> ThermalView:
    """The liquid side of a rack."""
    return ThermalView(
        supply_c=measured_view(thermal.supply, now),
        return_c=measured_view(thermal.return_, now),
        delta_t_k=measured_view(thermal.delta_t, now),
        flow_lpm=measured_view(thermal.flow, now),
        flow_lpm_per_kw=measured_view(thermal.flow_per_kw, now),
        dp_kpa=measured_view(thermal.dp, now),
        dp_setpoint_kpa=measured_view(thermal.dp_setpoint, now),
        valve_pct=measured_view(thermal.valve, now),
        heat_kw=measured_view(thermal.heat, now),
        heat_ratio=measured_view(thermal.heat_ratio, now),
        coolant=thermal.coolant,
    )


def equipment_view(entity: Entity, fleet: Fleet, now: Instant) -> EquipmentView:
    """One piece of equipment with its points, in order of their ids outside."""
    points = [_point(state, now) for state in _by_local_id(entity)]
    return EquipmentView(
        id=entity.id,
        name=entity.name,
        type=entity.kind,
        freshness=entity.freshness,
        serves=_reach(
            {each: sorted(fleet.topology.serves(each).get(entity.id, ())) for each in Domain}
        ),
        upstream=_reach({each: fleet.topology.upstream(entity.id, each) for each in Domain}),
        points=tuple(PointView.model_validate(point) for point in points),
        counts=_counts(entity.counts),
    )


def rack_points_view(entity: Entity, now: Instant) -> list[RackPointView]:
    """The points of a rack, in order of their ids outside, each with its cluster."""
    return [
        RackPointView.model_validate(_point(state, now) | {"cluster": cluster_of(state.point.id)})
        for state in _by_local_id(entity)
    ]


def totals_view(totals: Totals, counts: PointCounts, now: Instant) -> TotalsView:
    """The racks in a few numbers."""
    return TotalsView.model_validate(_totals(totals, counts, now))


def fleet_view(fleet: Fleet, now: Instant, totals: Totals | None = None) -> FleetView:
    """The whole fleet; ``totals`` are worked out where they are not given."""
    if totals is None:
        racks = (fleet.rack(entity.id) for entity in fleet.racks())
        totals = totals_of([rack for rack in racks if rack is not None])
    return FleetView.model_validate(
        _totals(totals, fleet.counts, now)
        | {
            "now": format_instant(now),
            "faults": FaultCountsView(),
            "publishers": tuple(map(_publisher, fleet.publishers())),
            "counters": CountersView(**asdict(fleet.counters), waiting=fleet.waiting),
        }
    )


def reach_view(
    topology: Topology, entity: EntityId, domains: Iterable[Domain], *, up: bool
) -> ReachView:
    """Everything that serves ``entity`` (``up``) or that it serves, through others as well."""
    walk = topology.upstream if up else topology.downstream
    return _reach({each: walk(entity, each) for each in domains})


def history_view(query: Query, series: Sequence[Series]) -> HistoryView:
    """What a store answered to ``query``."""
    return HistoryView(
        entity=query.entity,
        metric=query.metric,
        start=format_instant(query.start),
        end=format_instant(query.end),
        mode=query.mode,
        bucket_ms=query.bucket_ms,
        series=tuple(map(_series, series)),
    )


def cluster_of(identity: str) -> str | None:
    """The cluster in whose name an id stands, if any."""
    return identity.split("/", 2)[1] if identity.startswith("cpc/") else None


def local(identity: str) -> str:
    """An id without the prefix of its cluster."""
    return identity.split("/", 2)[2] if identity.startswith("cpc/") else identity


def finite(value: float | None) -> float | None:
    """A value that JSON can say: what overflowed on the way is no value."""
    return value if value is None or isfinite(value) else None


@lru_cache(maxsize=8192)  # what one reading says goes into many documents
def _time(instant: Instant | None) -> str | None:
    return None if instant is None else format_instant(instant)


def _age_s(measured_at: Instant | None, now: Instant) -> float | None:
    return None if measured_at is None else max(0, now - measured_at) / 1000


def _counts(counts: PointCounts) -> CountsView:
    return CountsView(live=counts.live, stale=counts.stale, unheard=counts.unheard, bad=counts.bad)


def _feed(feed: Feed, now: Instant) -> FeedView:
    return FeedView(
        meter=feed.meter,
        load_kw=measured_view(feed.load, now),
        current_a=measured_view(feed.current, now),
        limit_a=measured_view(feed.limit, now),
        capacity_kw=measured_view(feed.capacity, now),
        share=finite(feed.share),
    )


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


def _by_local_id(entity: Entity) -> list[PointState]:
    """In order of the ids outside, so that it is the same whichever cluster tells of them."""
    return [entity.points[key] for key in sorted(entity.points, key=lambda id_: (local(id_), id_))]


def _publisher(publisher: Publisher) -> PublisherView:
    return PublisherView(
        id=publisher.id,
        name=publisher.name,
        scope=publisher.scope,
        freshness=publisher.freshness,
        heard_at=_time(publisher.heard_at),
    )


def _reach(ends: Mapping[Domain, Sequence[EntityId]]) -> ReachView:
    return ReachView(
        power=tuple(ends.get(Domain.POWER, ())),
        liquid=tuple(ends.get(Domain.LIQUID, ())),
        air=tuple(ends.get(Domain.AIR, ())),
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


def _series(series: Series) -> SeriesView:
    return SeriesView(
        point=series.point,
        unit=series.unit,
        process_area=series.process_area,
        is_setpoint=series.is_setpoint,
        phase=series.phase,
        samples=tuple(map(_sample, series.samples)),
        buckets=tuple(
            BucketView(**asdict(bucket) | {"start": format_instant(bucket.start)})
            for bucket in series.buckets
        ),
        truncated=series.truncated,
    )


def _sample(sample: Sample) -> SampleView:
    good = sample.quality == GOOD_QUALITY and sample.value is not None
    return SampleView(
        measured_at=format_instant(sample.measured_at),
        value=sample.value,
        quality=Quality.GOOD if good else Quality.BAD,
    )
