"""The documents of the REST API: what a twin value looks like outside."""

from operator import not_
from typing import Generic, TypeVar

from pydantic import ConfigDict, Field

from schemas.cooling import CduView, ThermalView
from schemas.documents import Document, MeasuredView, Time
from schemas.meters import MeterView
from schemas.places import PlaceView
from schemas.power import PowerView
from twin.points import Freshness
from twin.redundancy import Redundancy
from twin.severity import Severity


class CountsView(Document):
    """How many points are in which freshness, and how many of those heard are not to be trusted."""

    live: int
    stale: int
    unheard: int
    bad: int


class LeakView(Document):
    """What the leak detectors of a rack say."""

    detected: MeasuredView
    sensor_fault: MeasuredView
    tray: MeasuredView


class IsolationView(Document):
    """Whether a rack is cut off, and whether it was asked to be."""

    status: MeasuredView
    request: MeasuredView


class IsolationsView(Document):
    """Both ways in which a rack can be cut off."""

    liquid: IsolationView
    electrical: IsolationView


class UpstreamView(Document):
    """What feeds and cools a rack, nearest first."""

    power: tuple[str, ...]
    liquid: tuple[str, ...]


class RackView(Document):
    """One rack."""

    id: str
    name: str
    hall: str | None
    row: str | None
    position: str | None
    """Within its row."""
    model: str | None
    rated_kw: float | None
    """Place, model and rating as the fleet file has them; null where it does not say."""
    freshness: Freshness
    severity: Severity
    power: PowerView
    thermal: ThermalView
    leak: LeakView
    isolation: IsolationsView
    upstream: UpstreamView
    points: CountsView
    faults: tuple[str, ...]


class RackSummary(Document):
    """A rack in a list; with ``fields``, only those that were asked for, and its id."""

    model_config = ConfigDict(json_schema_extra={"required": ["id"]})

    id: str
    name: str
    hall: str | None
    row: str | None
    position: str | None
    """Within its row."""
    model: str | None
    rated_kw: float | None
    """Place, model and rating as the fleet file has them; null where it does not say."""
    freshness: Freshness
    severity: Severity
    load_kw: MeasuredView
    headroom_kw: MeasuredView
    redundancy: Redundancy
    supply_c: MeasuredView
    return_c: MeasuredView
    delta_t_k: MeasuredView
    flow_lpm: MeasuredView
    heat_kw: MeasuredView
    points: CountsView


class PointNamed(Document):
    """Which point it is."""

    id: str
    """``{objectType}/{pointType}/{tagPath}``, without the prefix of the cluster."""
    object_type: str
    point_type: str
    publisher: str
    process_area: tuple[str, ...]
    is_setpoint: bool
    phase: str | None


class PointView(MeasuredView, PointNamed):
    """A point with its current reading."""


class RackPointView(PointView):
    """A point of a rack."""

    cluster: str | None
    """That told of it."""


class ReachView(Document):
    """Entities that are served, or serve, by what flows; nearest first."""

    power: tuple[str, ...]
    liquid: tuple[str, ...]
    air: tuple[str, ...]
    place: tuple[str, ...] = Field((), exclude_if=not_)
    """Left out where no place is known."""


class EquipmentView(Document):
    """A piece of equipment with its points."""

    id: str
    name: str
    type: str | None
    """null where it is only known by association."""
    freshness: Freshness
    serves: ReachView
    """Whom it serves directly."""
    upstream: ReachView
    power: MeterView | None
    """null for everything but a power meter."""
    cooling: CduView | None
    """null for everything but a CDU."""
    points: tuple[PointView, ...]
    counts: CountsView


class EntityNamed(Document):
    """Which entity it is."""

    id: str


class PublisherView(Document):
    """One heartbeat."""

    id: str
    name: str
    scope: str | None
    """Which topics it vouches for; null is all of the publisher's."""
    freshness: Freshness
    heard_at: Time | None


class FleetPointsView(CountsView):
    """All points of the fleet."""

    total: int


class TotalsView(Document):
    """The racks in a few numbers, each with its completeness."""

    racks: int
    racks_by_severity: dict[Severity, int]
    racks_by_freshness: dict[Freshness, int]
    power_kw: MeasuredView
    heat_kw: MeasuredView
    headroom_kw: MeasuredView
    points: FleetPointsView


class FaultCountsView(Document):
    """Standing faults by severity."""

    WARNING: int = 0
    CRITICAL: int = 0


class CountersView(Document):
    """What became of the messages that were understood."""

    applied: int
    duplicate: int
    late: int
    unmatched: int
    unmatched_lost: int
    wrong_publisher: int
    ahead: int
    waiting: int
    """Readings that are kept for metadata that has not come."""


class FleetView(TotalsView):
    """The whole fleet."""

    now: Time
    ppue_cooling: MeasuredView
    """IT with CDUs and metered pumps per IT; null unless every CDU has a live meter of its own."""
    faults: FaultCountsView
    by_hall: dict[str, PlaceView]
    """The racks whose hall the fleet file tells."""
    by_row: dict[str, PlaceView]
    """By ``hall/row``: rows of two halls may share a name."""
    publishers: tuple[PublisherView, ...]
    counters: CountersView


class Health(Document):
    """Whether the service runs."""

    status: str
    history: str | None = None
    """What history suffers from, while nothing live does; absent where there is nothing."""


class BackupView(Document):
    """A copy of the embedded history."""

    folder: str
    """On the machine that serves this: a data folder itself, but for what is not history."""


T = TypeVar("T")


class Page(Document, Generic[T]):
    """A part of a collection."""

    items: tuple[T, ...]
    next_cursor: str | None
    """For the part that follows; null on the last."""
    revision: str
    """Of the state it was read from: ``epoch:number``."""


class RacksPage(Page[RackSummary]):
    """Racks."""


class PointsPage(Page[RackPointView]):
    """Points of a rack."""


class EquipmentPage(Page[EquipmentView]):
    """Equipment."""
