"""The electrical side of racks as documents."""

from schemas.documents import Document, MeasuredView, finite, measured_view
from twin.instants import Instant
from twin.power import CapacityFrom, Feed, Power
from twin.redundancy import Carried, Redundancy


class CarriedView(Document):
    """What one feed would carry with another gone."""

    meter: str
    load_kw: MeasuredView
    current_a: MeasuredView
    """Of its worst phase where the volts are not known."""
    loading_pct: MeasuredView
    over_limit: bool | None
    """null where it is not known."""


class FeedView(Document):
    """One supply path to a rack, as its meter sees it."""

    meter: str
    load_kw: MeasuredView
    current_a: MeasuredView
    limit_a: MeasuredView
    capacity_kw: MeasuredView
    share: float | None
    """Of the load of all feeds, 0 to 1."""
    path_headroom_kw: MeasuredView
    """The least of all meters from the source to the rack; at most that while some are silent."""
    bound_by: str | None
    """The meter that has it."""
    if_lost: tuple[CarriedView, ...]
    """What the other feeds would carry without this one."""


class BalanceView(Document):
    """What the meters say against what the rack says."""

    meters_kw: MeasuredView
    racks_kw: MeasuredView
    residual_pct: float | None
    """Of the rack's own reading; positive where the meters read more."""


class PowerView(Document):
    """The electrical side of a rack."""

    load_kw: MeasuredView
    capacity_kw: MeasuredView
    capacity_from: CapacityFrom | None
    """null where it is not known."""
    headroom_kw: MeasuredView
    redundancy: Redundancy
    feeds: tuple[FeedView, ...]
    path_headroom_kw: MeasuredView
    """The least of all meters that feed it, directly or through others."""
    bound_by: str | None
    """The meter that has it."""
    balance: BalanceView


def power_view(power: Power, now: Instant) -> PowerView:
    """The electrical side of a rack."""
    return PowerView(
        load_kw=measured_view(power.load, now),
        capacity_kw=measured_view(power.capacity, now),
        capacity_from=power.capacity_from,
        headroom_kw=measured_view(power.headroom, now),
        redundancy=power.redundancy,
        feeds=tuple(_feed(feed, now) for feed in power.feeds),
        path_headroom_kw=measured_view(power.path.headroom, now),
        bound_by=power.path.bound_by,
        balance=BalanceView(
            meters_kw=measured_view(power.balance.meters, now),
            racks_kw=measured_view(power.balance.racks, now),
            residual_pct=finite(power.balance.residual_pct),
        ),
    )


def _feed(feed: Feed, now: Instant) -> FeedView:
    return FeedView(
        meter=feed.meter,
        load_kw=measured_view(feed.load, now),
        current_a=measured_view(feed.current, now),
        limit_a=measured_view(feed.limit, now),
        capacity_kw=measured_view(feed.capacity, now),
        share=finite(feed.share),
        path_headroom_kw=measured_view(feed.path.headroom, now),
        bound_by=feed.path.bound_by,
        if_lost=tuple(carried_view(each, now) for each in feed.if_lost),
    )


def carried_view(carried: Carried, now: Instant) -> CarriedView:
    """What one feed would carry."""
    return CarriedView(
        meter=carried.meter,
        load_kw=measured_view(carried.load, now),
        current_a=measured_view(carried.current, now),
        loading_pct=measured_view(carried.loading, now),
        over_limit=carried.over_limit,
    )
