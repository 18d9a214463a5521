"""``racktwin replay``."""

import gc
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from schemas.recording import RecordingError
from services.cli.options import FleetFile, Start, Until, fleet_of, settings_of
from services.cli.progress import counted
from services.intake import Intake
from services.replay import files
from services.replay.outcome import counters, fold, outcome
from twin.measured import Measured


def replay(
    file: Annotated[Path, typer.Argument(help="A recording; - is stdin.")],
    json_to: Annotated[
        Path | None, typer.Option("--json", metavar="OUT", help="Write all of it; - is stdout.")
    ] = None,
    start: Start = None,
    until: Until = None,
    fleet_file: FleetFile = None,
) -> None:
    """Fold a recording on a virtual clock, and show or write what came of it.

    \b
    Examples:
      racktwin replay dsx_exemplar.csv
      racktwin replay dsx_exemplar.csv --json - --until 10m
      racktwin replay dsx_exemplar.csv --fleet fleet.toml
    """  # noqa: D301  # the backspace keeps the lines as they are
    intake = Intake(fleet_of(settings_of(None), fleet_file))
    gc.freeze()  # what was imported is not to be looked through again and again
    try:
        span = fold(counted(files.read(file, start), "messages"), intake, until)
    except (OSError, RecordingError) as error:
        typer.echo(f"{file}: {error}", err=True)
        raise typer.Exit(1) from error
    if json_to is None:
        _show(intake, span.messages)
        return
    text = msgspec.json.format(msgspec.json.encode(outcome(intake, span)), indent=2)
    if str(json_to) == "-":
        typer.echo(text.decode())
    else:
        json_to.write_bytes(text + b"\n")


def _show(intake: Intake, messages: int) -> None:
    console = Console()
    table = Table("rack", "power", "supply", "return", "flow", "heat", "heat/power", box=None)
    for rack in intake.fleet.views():
        thermal = rack.thermal
        numbers = (rack.power.load, thermal.supply, thermal.return_, thermal.flow, thermal.heat)
        table.add_row(rack.id, *map(_text, numbers), _text(thermal.heat_ratio))
    console.print(table)
    counted = ", ".join(f"{name} {value}" for name, value in counters(intake).items() if value)
    counts = intake.fleet.counts
    console.print(f"{messages} messages: {counted}")
    console.print(f"points: {counts.live} live, {counts.stale} stale, {counts.unheard} unheard")


def _text(measured: Measured) -> str:
    if measured.value is None:
        return "-"
    return f"{measured.value:.2f} {measured.unit}".rstrip()
