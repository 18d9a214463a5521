"""``racktwin bench``."""

import asyncio
import json
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from services.bench.api import bench_api
from services.bench.broker import bench_broker
from services.bench.fold import bench_fold
from services.bench.load import START
from services.bench.memory import bench_memory
from services.bench.report import Report
from services.cli.options import AsJson
from services.replay import files
from services.simulate.plant import Plant
from twin.instants import Millis, after


class Name(StrEnum):
    """The benchmarks there are."""

    FOLD = "fold"
    BROKER = "broker"
    API = "api"
    MEMORY = "memory"


def bench(
    name: Annotated[Name | None, typer.Argument(help="Which one; all without a name.")] = None,
    recording: Annotated[
        Path | None, typer.Option(help="What is folded, in place of a simulated fleet.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Measure here and now: medians, and ratios of what was measured in one run."""
    benches: dict[Name, Callable[[], Report]] = {
        Name.FOLD: lambda: _fold(recording),
        Name.BROKER: lambda: asyncio.run(bench_broker()),
        Name.API: lambda: asyncio.run(bench_api()),
        Name.MEMORY: bench_memory,
    }
    reports = [benches[each]() for each in ([name] if name else Name)]
    if as_json:
        print(json.dumps([report.as_json() for report in reports], indent=2))
        return
    for report in reports:
        _show(report)


def _fold(recording: Path | None) -> Report:
    if recording is not None:
        return bench_fold(list(files.read(recording)), recording.name)
    simulated = Plant(16, seed=1).recording(START, after(START, Millis(100_000)))
    return bench_fold(list(simulated), "16 simulated racks")


def _show(report: Report) -> None:
    table = Table(title=f"{report.name}: {report.what}", title_justify="left", box=None)
    for column in ("figure", "measured", "unit", "to reach", ""):
        table.add_column(column, justify="right" if column in {"measured", "to reach"} else "left")
    for figure in report.figures:
        bound = "≥" if figure.better == "higher" else "≤"
        table.add_row(
            figure.name,
            f"{figure.value:,.3f}".rstrip("0").rstrip("."),
            figure.unit,
            "" if figure.target is None else f"{bound} {figure.target:,g}",
            {True: "reached", False: "NOT reached", None: ""}[figure.reached],
        )
    Console().print(table)
