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

from schemas.envelope import Envelope
from services.bench.api import bench_api
from services.bench.broker import bench_broker
from services.bench.faults import RACKS, bench_faults
from services.bench.fold import bench_fold
from services.bench.frontier import DayError, bench_frontier
from services.bench.frozen import bench_frozen
from services.bench.gigawatt import RACKS as GIGAWATT
from services.bench.gigawatt import SECONDS, Spans, bench_gigawatt
from services.bench.history import bench_history
from services.bench.latency import bench_latency, trials
from services.bench.load import START
from services.bench.memory import bench_memory
from services.bench.past import bench_past
from services.bench.peers import bench_peers
from services.bench.physics import bench_physics
from services.bench.report import Report
from services.bench.suspects import bench_suspects
from services.bench.topology import bench_topology
from services.bench.views import bench_views
from services.bench.whatif import bench_whatif
from services.cli.options import AsJson
from services.replay import files
from services.simulate.plant import Plant
from twin.instants import Millis, after

_DAY = "one day of Frontier's CDU powers, input_04-07-24.csv of HewlettPackard/sustain-lc"


class Name(StrEnum):
    """The benchmarks there are."""

    FOLD = "fold"
    BROKER = "broker"
    API = "api"
    LATENCY = "latency"
    MEMORY = "memory"
    TOPOLOGY = "topology"
    VIEWS = "views"
    PHYSICS = "physics"
    SUSPECTS = "suspects"
    WHATIF = "whatif"
    PAST = "past"
    FROZEN = "frozen"
    FAULTS = "faults"
    HISTORY = "history"
    GIGAWATT = "gigawatt"
    PEERS = "peers"
    FRONTIER = "frontier"


def bench(
    name: Annotated[Name | None, typer.Argument(help="Which one; all without a name.")] = None,
    recording: Annotated[
        Path | None,
        typer.Option(
            help="For fold, suspects and frozen, in place of a simulated fleet; for faults besides."
        ),
    ] = None,
    racks: Annotated[
        int | None,
        typer.Option(
            min=1,
            help=f"For faults, else {RACKS}; for latency, else 48, then 7500; for gigawatt and "
            f"peers, else {GIGAWATT}.",
        ),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=1, help=f"For gigawatt, else {SECONDS:g}.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help=f"For frontier: {_DAY}.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Measure here and now: medians, and ratios of what was measured in one run."""
    benches: dict[Name, Callable[[], Report]] = {
        Name.FOLD: lambda: bench_fold(*_recorded(recording)),
        Name.BROKER: lambda: asyncio.run(bench_broker()),
        Name.API: lambda: asyncio.run(bench_api()),
        Name.LATENCY: lambda: asyncio.run(bench_latency(trials(racks))),
        Name.MEMORY: bench_memory,
        Name.TOPOLOGY: bench_topology,
        Name.VIEWS: bench_views,
        Name.PHYSICS: bench_physics,
        Name.SUSPECTS: lambda: bench_suspects(*_recorded(recording)),
        Name.WHATIF: lambda: asyncio.run(bench_whatif()),
        Name.PAST: lambda: asyncio.run(bench_past()),
        Name.FROZEN: lambda: bench_frozen(*_recorded(recording)),
        Name.FAULTS: lambda: _faults(recording, racks or RACKS),
        Name.HISTORY: lambda: asyncio.run(bench_history()),
        Name.GIGAWATT: lambda: asyncio.run(
            bench_gigawatt(racks or GIGAWATT, Spans(whole=seconds or SECONDS))
        ),
        Name.PEERS: lambda: asyncio.run(bench_peers(racks or GIGAWATT)),
    }
    if file is not None:
        benches[Name.FRONTIER] = lambda: _frontier(file)
    elif name is Name.FRONTIER:
        raise typer.BadParameter(f"it is needed: {_DAY}", param_hint="--file")
    elif name is None:
        typer.echo(f"frontier is left out: --file names {_DAY}", err=True)
    reports = [benches[each]() for each in ([name] if name else benches)]
    if as_json:
        print(json.dumps([report.as_json() for report in reports], indent=2))
        return
    for report in reports:
        _show(report)


def _recorded(recording: Path | None) -> tuple[list[Envelope], str]:
    """A recording whole, and where it came from."""
    if recording is not None:
        return list(files.read(recording)), recording.name
    simulated = Plant(16, seed=1).recording(START, after(START, Millis(100_000)))
    return list(simulated), "16 simulated racks"


def _faults(recording: Path | None, racks: int) -> Report:
    if recording is None:
        return bench_faults(racks=racks)
    return bench_faults(*_recorded(recording), racks=racks)


def _frontier(file: Path) -> Report:
    try:
        return bench_frontier(file)
    except (OSError, DayError) as error:
        typer.echo(f"{file}: {error}", err=True)
        raise typer.Exit(1) from error


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
