"""Flux: the questions put to InfluxDB 2, and its annotated CSV answers.

What is asked of buckets is made of the forms that the server's storage answers by itself, without a
row of raw data in its memory: a filter by tags and fields, a window, one function. What several of
them begin with is a function as well: a stream that two of them shared would be read row by row.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Final

from schemas.history import MOST_SAMPLES, HistoryError, Query
from schemas.lines import BAD, DOCUMENT, QUALITY, carried
from schemas.rfc3339 import format_instant

SERIES: Final = ("_measurement", "entity", "point", "unit", "setpoint")
"""What makes a series: values under others of these are not to be read together."""

DETAILS: Final = ("process_area", "phase", "publisher")
"""What may change within a series."""

FUNCTIONS: Final = ("min", "max", "mean", "count")
"""What is asked of the good values of each bucket, beside the last; each names its result."""

FRESHNESS: Final = "freshness"
"""The one metric that is not the second part of its points' ids: ``Freshness/<id>``."""

# All that means more than itself in a pattern; the compiler takes no other sign after a backslash.
_SIGNS: Final = str.maketrans({sign: f"\\{sign}" for sign in "/\\.^$*+?()[]{}|"})

_METRIC: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*")


def askable(query: Query) -> tuple[str, ...]:
    """The metrics under which anything can be: those that are names, of a range that holds time."""
    if query.start >= query.end:
        return ()
    return tuple(metric for metric in query.metrics if _METRIC.fullmatch(metric))


def samples(query: Query, metrics: Sequence[str], bucket: str) -> str:
    """Every reading in the range, in order of time, and one more than an answer may hold."""
    fields = (*metrics, BAD, QUALITY, DOCUMENT)
    return f"""
{_data(query, metrics, bucket)}
    |> filter(fn: (r) => {_any("_field", fields)})
    |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
    |> group()
    |> sort(columns: ["_time"])
    |> limit(n: {MOST_SAMPLES + 1})
    |> keep(columns: {_list(("_time", *fields, *SERIES, *DETAILS))})
    |> yield(name: "samples")
"""


def buckets(query: Query, metrics: Sequence[str], bucket: str) -> str:
    """Each function of each bucket's good values, how many readings it has, and the details."""
    texts = [
        f"""
data = () => {_data(query, metrics, bucket)}
good = () => data()
    |> filter(fn: (r) => {_any("_field", metrics)})
all = () => data()
    |> filter(fn: (r) => r._field == "{QUALITY}")
all()
    |> last()
{_kept("details")}
good()
    |> window({_width(query)})
    |> last()
{_kept("last")}
"""
    ]
    asked = [("good", each, each) for each in FUNCTIONS] + [("all", "count", "readings")]
    texts += [
        f"""
{source}()
    |> aggregateWindow({_width(query)}, fn: {function}, timeSrc: "_start", createEmpty: false)
{_kept(name)}
"""
        for source, function, name in asked
    ]
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


def either(texts: Sequence[str]) -> str:
    """What stands in a pattern for any of ``texts``."""
    return "|".join(text.translate(_SIGNS) for text in texts)


def _data(query: Query, metrics: Sequence[str], bucket: str) -> str:
    """All that the range holds of the points of these metrics."""
    named = "|".join(metric.replace(".", r"\.") for metric in metrics)
    points = rf"r.point =~ /^(cpc\/[^\/]+\/)?[^\/]+\/({named})\//"
    if FRESHNESS in metrics:
        points += ' or r._measurement == "Freshness"'
    lines = [
        f"from(bucket: {_text(bucket)})",
        f"range(start: {format_instant(query.start)}, stop: {format_instant(query.end)})",
        f"filter(fn: (r) => {points})",
    ]
    if query.entities:
        entities = [carried(entity) for entity in query.entities]
        lines.append(f"filter(fn: (r) => {_any('entity', entities)})")
    return "\n    |> ".join(lines)


def _width(query: Query) -> str:
    # windows are counted from 1970: the offset lets the first begin where the range does
    return f"every: {query.bucket_ms}ms, offset: {query.start % query.bucket_ms}ms"


def _kept(name: str) -> str:
    columns = _list(("_time", "_value", *SERIES, *DETAILS))
    return f"""    |> group()
    |> keep(columns: {columns})
    |> yield(name: "{name}")"""


def _any(column: str, texts: Sequence[str]) -> str:
    """A test for any of ``texts``: the compiler gives up on some hundred comparisons in a row."""
    if len(texts) == 1:
        return f"r.{column} == {_text(texts[0])}"
    return f"r.{column} =~ /^({either(texts)})$/"


def _list(names: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


def _text(text: str) -> str:
    """A Flux string, with nothing in it that Flux would read as its own."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${") + '"'
