"""LTTB: of many readings those that show the shape of their line.

Sources: S. Steinarsson, "Downsampling Time Series for Visual Representation", University of
Iceland, 2013, section 4.2; and for what is put before it where there are many, J. Van Der Donckt
and others, "MinMaxLTTB", 2023, arXiv:2305.00332, whose ratio of four is used here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from schemas.history import Bucket, Sample, Series
from schemas.history_views import is_good
from twin.instants import Instant, Millis
from twin.points import GOOD_QUALITY

RATIO: Final = 4
"""Readings that are looked at for each that is kept."""

_Numbers = NDArray[np.float64]


def thinned(series: Series, points: int, silence: Millis) -> Series:
    """As many of its samples as ``points``.

    The line breaks where a reading is bad or none came for ``silence``: of every whole stretch the
    first and last stay, and of bad ones in a row the first. Where the line breaks often, these
    alone may be more than was asked for.
    """
    if len(series.samples) <= points:
        return series
    stretches = list(_stretches(series.samples, silence))
    whole = [stretch for stretch in stretches if is_good(stretch[0])]
    spare = max(0, points - len(stretches) - len(whole))
    total = sum(map(len, whole))
    kept: list[Sample] = []
    for stretch in stretches:
        if is_good(stretch[0]):
            kept += _kept(stretch, 2 + spare * len(stretch) // total)
        else:
            kept.append(stretch[0])
    return replace(series, samples=tuple(kept))


def extremes(series: Series, width: Millis) -> Series:
    """The least and the greatest value of each bucket as if they were readings.

    They stand at the begin and in the middle of the bucket, the one that is its last value behind.
    """
    found = (each for bucket in series.buckets for each in _ends(bucket, width))
    return replace(series, buckets=(), samples=tuple(found), estimated=True)


def _ends(bucket: Bucket, width: Millis) -> tuple[Sample, ...]:
    if bucket.min is None or bucket.min == bucket.max:
        return (Sample(bucket.start, bucket.min, GOOD_QUALITY),)
    ends = [bucket.min, bucket.max]
    if bucket.last == bucket.min:
        ends.reverse()
    middle = Instant(bucket.start + width // 2)
    return tuple(map(Sample, (bucket.start, middle), ends, (GOOD_QUALITY, GOOD_QUALITY)))


def _stretches(samples: Sequence[Sample], silence: Millis) -> Iterator[list[Sample]]:
    """Readings in a row that are all good, without a silence between; or all bad."""
    for good, group in groupby(samples, is_good):
        row = list(group)
        if not good:
            yield row
            continue
        begin = 0
        for end, (before, after) in enumerate(pairwise(row), start=1):
            if after.measured_at - before.measured_at > silence:
                yield row[begin:end]
                begin = end
        yield row[begin:]


def _kept(stretch: Sequence[Sample], count: int) -> list[Sample]:
    if len(stretch) <= count:
        return list(stretch)
    times = np.array([each.measured_at - stretch[0].measured_at for each in stretch], np.float64)
    values = np.array([each.value for each in stretch], np.float64)
    values /= max(1.0, float(np.abs(values).max()))  # no product of two passes the largest float
    places = np.arange(len(stretch))
    if len(stretch) > RATIO * count:
        places = _preselected(values, RATIO * count // 2)
    chosen = places[_triangles(times[places], values[places], count)]
    return [stretch[place] for place in chosen.tolist()]


def _preselected(values: _Numbers, bins: int) -> NDArray[Any]:
    """Places of the first, the last, and the least and the greatest of each of many equal parts."""
    edges = np.linspace(1, len(values) - 1, bins + 1).astype(np.intp)
    found = {0, len(values) - 1}
    for begin, end in pairwise(edges.tolist()):
        part = values[begin:end]
        found |= {begin + int(part.argmin()), begin + int(part.argmax())}
    return np.array(sorted(found), np.intp)


def _triangles(x: _Numbers, y: _Numbers, count: int) -> list[int]:
    """Places of the first, the last, and of one in each part between.

    It is the one that makes the largest triangle with the one chosen before and with the mean of
    the part behind.
    """
    chosen = [0]
    edges = [*np.linspace(1, len(x) - 1, count - 1).astype(np.intp).tolist(), len(x)]
    for begin, end, behind in zip(edges, edges[1:], edges[2:], strict=False):
        before = chosen[-1]
        far_x, far_y = x[end:behind].mean(), y[end:behind].mean()
        area = (x[before] - far_x) * (y[begin:end] - y[before])
        area -= (x[before] - x[begin:end]) * (far_y - y[before])
        chosen.append(begin + int(np.abs(area).argmax()))
    return [*chosen, len(x) - 1]
