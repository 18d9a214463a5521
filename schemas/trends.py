"""Trends of racks as documents."""

from schemas.documents import Document, MeasuredView, measured_view
from twin.instants import Instant
from twin.limits import Of
from twin.trends import Trend


class NearedView(Document):
    """A critical limit that is neared."""

    of: Of
    critical: float
    below: bool
    """Whether the number is to stay above."""


class TrendView(Document):
    """Where the coolant of a rack is going, by what its sensors read of late."""

    supply_k_per_s: MeasuredView
    return_k_per_s: MeasuredView
    """Slopes; null until everything that its heat is worked out of was heard for a while."""
    time_to_limit_s: MeasuredView
    """Until the first critical limit at these slopes, 0 beyond one; null where it is an hour or
    more away, or none is neared."""
    limit: NearedView | None
    """Which limit that is."""


def trend_view(trend: Trend, now: Instant) -> TrendView:
    """Where the coolant of a rack is going."""
    limit = trend.limit
    return TrendView(
        supply_k_per_s=measured_view(trend.supply, now),
        return_k_per_s=measured_view(trend.return_, now),
        time_to_limit_s=measured_view(trend.time_to_limit, now),
        limit=limit and NearedView(of=limit.of, critical=limit.critical, below=limit.below),
    )
