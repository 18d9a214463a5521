"""History as one flat table: a row for each reading or span, in order of time.

The names are those of the command that exports the embedded store.
"""

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from operator import itemgetter
from typing import Any, Final

from schemas.history import Mode, Series
from schemas.history_views import quality_of

Row = tuple[Any, ...]
"""Its first is the time, in milliseconds since 1970."""

_WHOSE: Final = (
    "time",
    "entity",
    "metric",
    "object_type",
    "point",
    "unit",
    "process_area",
    "is_setpoint",
    "phase",
)
SAMPLES: Final = (*_WHOSE, "value", "quality", "text")
BUCKETS: Final = (*_WHOSE, "min", "max", "mean", "last", "n", "good")


def names_of(mode: Mode) -> tuple[str, ...]:
    """The columns of the table."""
    return BUCKETS if mode is Mode.MINMAX else SAMPLES


def rows_of(series: Sequence[Series]) -> Iterator[Row]:
    """The rows of all series, by time; of one time in order of the series."""
    return merge(*map(_rows, series), key=itemgetter(0))


def _rows(series: Series) -> Iterable[Row]:
    whose = (
        series.entity,
        series.metric,
        series.object_type,
        series.point,
        series.unit,
        "/".join(series.process_area) or None,
        series.is_setpoint,
        series.phase,
    )
    for one in series.samples:
        yield one.measured_at, *whose, one.value, quality_of(one).value, one.text or None
    for each in series.buckets:
        facts = (each.min, each.max, each.mean, each.last, each.n, each.good)
        yield each.start, *whose, *facts
