"""Flux: the questions put to InfluxDB 2, and its annotated CSV answers."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Final

from schemas.history import MOST_SAMPLES, HistoryError, Query
from schemas.lines import QUALITY, carried
from schemas.rfc3339 import format_instant
from twin.points import GOOD_QUALITY

IDENTITY: Final = ("point", "unit", "setpoint")
"""Tags that make a series: values under others of these are not to be read together."""

DETAILS: Final = ("process_area", "phase")
"""Tags that may change within a series."""

FUNCTIONS: Final = ("min", "max", "mean", "last", "count")
"""What is asked of the good values of each bucket; each is the name of its result."""

_METRIC: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*")


def askable(query: Query) -> bool:
    """Whether anything can be there: a range that holds time, and a metric that is a name."""
    return query.start < query.end and _METRIC.fullmatch(query.metric) is not None


def samples(query: Query, bucket: str) -> str:
    """Every reading in the range, in order of time, and one more than an answer may hold."""
    columns = ("_time", query.metric, QUALITY, *IDENTITY, *DETAILS)
    return (
        _data(query, bucket)
        + f"""
data
    |> group()
    |> sort(columns: ["_time"])
    |> limit(n: {MOST_SAMPLES + 1})
    |> keep(columns: {_list(columns)})
    |> yield(name: "samples")
"""
    )


def buckets(query: Query, bucket: str) -> str:
    """Each function of each bucket's good values, how many readings it has, and the details."""
    texts = [
        _data(query, bucket),
        f"""
good = data
    |> filter(fn: (r) => exists r["{query.metric}"] and r.{QUALITY} == {GOOD_QUALITY})
data
    |> last(column: "{QUALITY}")
    |> keep(columns: {_list(("_time", *IDENTITY, *DETAILS))})
    |> yield(name: "details")
""",
        _windowed("data", "count", QUALITY, "readings", query),
    ]
    texts += [_windowed("good", each, query.metric, each, query) for each in FUNCTIONS]
    return "".join(texts)


def records(text: str) -> Iterator[dict[str, str]]:
    """The rows of an annotated CSV answer; an empty text is none.

    Raises:
        HistoryError: The answer is an error, as comes where a query fails halfway.
    """
    defaults: list[str] = []
    names: list[str] = []
    for row in csv.reader(io.StringIO(text, newline="")):
        if not row or row[0].startswith("#"):
            names = []  # a table begins: annotations, then its header
            defaults = row if row and row[0] == "#default" else defaults
        elif not names:
            names = row
        elif "error" in names and "reference" in names:
            raise HistoryError(row[names.index("error")])
        else:
            cells = zip(names, row, defaults, strict=True)
            yield {name: cell or default for name, cell, default in cells}


def _data(query: Query, bucket: str) -> str:
    """The range's readings, a row each, a table for each series."""
    metric, pattern = query.metric, query.metric.replace(".", r"\.")
    return f"""
data = from(bucket: {_text(bucket)})
    |> range(start: {format_instant(query.start)}, stop: {format_instant(query.end)})
    |> filter(fn: (r) => r.entity == {_text(carried(query.entity))})
    |> filter(fn: (r) => r.point =~ /^(cpc\\/[^\\/]+\\/)?[^\\/]+\\/{pattern}\\//)
    |> filter(fn: (r) => r._field == "{metric}" or r._field == "{QUALITY}")
    |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
    |> group(columns: {_list(IDENTITY)})
    |> sort(columns: ["_time"])
"""


def _windowed(source: str, function: str, column: str, name: str, query: Query) -> str:
    # windows are counted from 1970: the offset lets the first begin where the range does
    every, offset = query.bucket_ms, query.start % query.bucket_ms
    columns = _list(("_time", column, *IDENTITY))
    return f"""
{source}
    |> aggregateWindow(every: {every}ms, offset: {offset}ms, fn: {function}, column: "{column}",
        timeSrc: "_start", createEmpty: false)
    |> keep(columns: {columns})
    |> yield(name: "{name}")
"""


def _list(names: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


def _text(text: str) -> str:
    """A Flux string, with nothing in it that Flux would read as its own."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${") + '"'
