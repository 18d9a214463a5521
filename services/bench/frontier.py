"""How well the twin's forecast meets a real machine: one day of Frontier's CDU powers.

The file is HewlettPackard/sustain-lc's ``input_04-07-24.csv`` (MIT): the power of 25 CDUs and the
wet-bulb temperature, every 15 s for 24 h. What is predicted is the sum of the powers.

Errors as in ASHRAE Guideline 14 (n values y, of mean ȳ, predicted as ŷ; p = 1)::

    NMBE    = 100 · Σ(y - ŷ) / ((n - p)·ȳ)
    CV-RMSE = 100 · √(Σ(y - ŷ)² / (n - p)) / ȳ

A positive NMBE says that too little was predicted. The bar of 2.7 % (and NMBE within ±2.5 %) is
that of a cooling model of the same machine (arXiv 2603.01198), which is given the load: it is shown
as what the literature has, not as what a forecast of the load could reach. The fair baseline is
persistence: what is now will be.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, sqrt
from pathlib import Path
from statistics import fmean
from typing import Final

from services.bench.report import Report
from twin.forecast import Forecast
from twin.instants import Instant, Millis

HORIZONS: Final = {"1 min": Millis(60_000), "5 min": Millis(300_000), "15 min": Millis(900_000)}
BAR: Final = 2.7
"""CV-RMSE in percent, of arXiv 2603.01198."""

_PARAMETERS: Final = 1  # the p of the guideline, as for a calibrated simulation


class DayError(Exception):
    """The file is not what it should be."""


@dataclass(frozen=True, slots=True)
class Score:
    """How far predictions were off, in percent of the mean."""

    nmbe: float
    cv_rmse: float


def bench_frontier(file: Path) -> Report:
    """Predict the day as it goes, and compare with what came; the second half by itself first.

    What the forecast is made of was chosen on the first half (decision 0010), so only the second
    half is a test of it.

    Raises:
        DayError: The file is not what it should be.
        OSError: The file cannot be read.
    """
    day = read_day(file)
    start, end = day[0][0], day[-1][0]
    hours = (end - start) / 3_600_000
    what = f"{len(day)} sums of CDU power over {hours:g} h, predicted walking forward"
    report = Report("frontier", what)
    for part, since in (("2nd half", (start + end) // 2), ("whole", start)):
        for name, horizon in HORIZONS.items():
            pairs = [each for each in walk(day, horizon) if each[0] >= since]
            if len(pairs) <= _PARAMETERS:
                raise DayError(f"too short to predict {name} ahead")
            _, came, predicted, persisted = zip(*pairs, strict=True)
            ours, base = score(came, predicted), score(came, persisted)
            bar = BAR if name == "15 min" else None
            head = f"{part}, {name}:"
            report.add(f"{head} NMBE", ours.nmbe, "%")
            report.add(f"{head} NMBE of persistence", base.nmbe, "%")
            report.add(f"{head} CV-RMSE", ours.cv_rmse, "%", bar, "lower")
            report.add(f"{head} CV-RMSE of persistence", base.cv_rmse, "%")
            ratio = ours.cv_rmse / base.cv_rmse if base.cv_rmse else 1.0
            report.add(f"{head} CV-RMSE against persistence", ratio, "times", 1.0, "lower")
    return report


def walk(
    day: Sequence[tuple[Instant, float]], horizon: Millis
) -> Iterator[tuple[Instant, float, float, float]]:
    """Instant, what came, what was predicted for then and what was then; nothing is seen early."""
    to_come = iter(day)
    due, came = next(to_come)
    forecast = Forecast(*day[0])
    for at, value in day:
        forecast = forecast.observe(at, value)
        while due < at + horizon:
            reached = next(to_come, None)
            if reached is None:
                return
            due, came = reached
        if due == at + horizon:
            yield due, came, forecast.predict(horizon), value


def score(came: Sequence[float], predicted: Sequence[float]) -> Score:
    """NMBE and CV-RMSE of predictions."""
    errors = [value - guess for value, guess in zip(came, predicted, strict=True)]
    mean, count = fmean(came), len(came) - _PARAMETERS
    return Score(
        nmbe=100 * sum(errors) / (count * mean),
        cv_rmse=100 * sqrt(sum(error * error for error in errors) / count) / mean,
    )


def read_day(file: Path) -> list[tuple[Instant, float]]:
    """When, and the sum of the columns ``power[..]`` in MW.

    Raises:
        DayError: The file is not what it should be.
        OSError: The file cannot be read.
    """
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines)
        try:
            powers = [name for name in rows.fieldnames or () if name.startswith("power[")]
            if not powers:
                raise DayError("no column power[..]")
            day = [_sum(row, powers) for row in rows]
        except (KeyError, TypeError, ValueError, OverflowError, csv.Error) as error:
            raise DayError(f"line {rows.line_num}: {error!r}") from error
    if not day:
        raise DayError("no rows")
    if any(later[0] <= earlier[0] for earlier, later in pairwise(day)):
        raise DayError("time does not go on from row to row")
    return day


def _sum(row: dict[str, str], powers: Sequence[str]) -> tuple[Instant, float]:
    at = Instant(round(float(row["time"]) * 1000))
    total = sum(float(row[name]) for name in powers) / 1e6
    if not 0 < total < inf:
        raise ValueError(f"{total} MW is no load")
    return at, total
