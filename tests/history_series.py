"""Series as a store answers with them, and a store that does."""

from schemas.history import MOST_SAMPLES, Bucket, HistoryError, Mode, Query, Sample, Series
from twin.instants import Instant


def a_series(
    entity: str = "R1",
    kind: str = "Rack/RackPower",
    *,
    unit: str | None = "kW",
    samples: tuple[Sample, ...] = (),
    buckets: tuple[Bucket, ...] = (),
    truncated: bool = False,
) -> Series:
    object_type, metric = kind.split("/")
    return Series(
        entity,
        metric,
        object_type,
        f"{kind}/{entity}",
        unit,
        (),
        is_setpoint=metric.endswith("Sp"),
        phase=None,
        samples=samples,
        buckets=buckets,
        truncated=truncated,
    )


class Store:
    """Remembers what it was asked, and answers each mode with those of its series that have it."""

    def __init__(self, *series: Series, broken: bool = False) -> None:
        self.asked: list[Query] = []
        self._series = series
        self._broken = broken

    async def read(self, query: Query) -> list[Series]:
        self.asked.append(query)
        if self._broken:
            raise HistoryError("the disk is full")
        reduced = query.mode is not Mode.RAW
        return [each for each in self._series if bool(each.buckets) is reduced]


def samples_of(values: list[float | None], start: Instant, every_ms: int) -> tuple[Sample, ...]:
    """Good readings, one after the other."""
    assert len(values) <= MOST_SAMPLES
    return tuple(
        Sample(Instant(start + number * every_ms), value, 1) for number, value in enumerate(values)
    )
