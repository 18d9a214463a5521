"""``racktwin replay``."""

import gc
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from schemas.durations import format_ms
from schemas.recording import RecordingError
from services.cli.columns import columns
from services.cli.options import FleetFile, Start, Until, fleet_of, settings_of
from services.cli.progress import counted
from services.intake import Intake
from services.replay import files
from services.replay.outcome import Span, counters, fold, outcome
from twin.fleet import Fleet
from twin.held import Standing
from twin.instants import Instant
from twin.measured import Measured
from twin.watch.data import key_of_fault

_FAULTS: Final = ("severity", "state", "code", "entity", "since", "message")
_FINDINGS: Final = ("code", "entity", "suspect", "since", "reason")


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

    Shown are its racks, the faults that stand at its end, and the findings, with when in the
    recording they began; written is everything.

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
        _show(intake, span)
        return
    text = msgspec.json.format(msgspec.json.encode(outcome(intake, span)), indent=2)
    if str(json_to) == "-":
        typer.echo(text.decode())
    else:
        json_to.write_bytes(text + b"\n")


def _show(intake: Intake, span: Span) -> None:
    console = Console()
    table = Table("rack", "power", "supply", "return", "flow", "heat", "heat/power", box=None)
    for rack in intake.fleet.views():
        thermal = rack.thermal
        numbers = (rack.power.load, thermal.supply, thermal.return_, thermal.flow, thermal.heat)
        table.add_row(rack.id, *map(_text, numbers), _text(thermal.heat_ratio))
    console.print(table)
    counted = ", ".join(_counted(name, value) for name, value in counters(intake).items() if value)
    counts = intake.fleet.counts
    console.print(f"{span.messages} messages: {counted}")
    console.print(f"points: {counts.live} live, {counts.stale} stale, {counts.unheard} unheard")
    findings = intake.fleet.audit.findings()
    _tabulate("faults besides findings", _FAULTS, _of_faults(intake.fleet, findings, span.start))
    _tabulate("findings", _FINDINGS, _of_findings(findings, span.start))


def _counted(name: str, value: object) -> str:
    """One counter, or all that it is made of."""
    if not isinstance(value, dict):
        return f"{name} {value}"
    return f"{name} ({', '.join(f'{kind} {count}' for kind, count in value.items())})"


def _tabulate(what: str, names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table under how many there are, whose messages are whole whatever the width."""
    typer.echo(f"\n{what}: {len(rows) or 'none'}")
    for line in columns([names, *rows]) if rows else ():
        typer.echo(line)


def _of_faults(fleet: Fleet, findings: Sequence[Standing], start: Instant) -> list[tuple[str, ...]]:
    """Most urgent first; what a finding tells is in the table of these."""
    told = {key_of_fault(each.finding) for each in findings}
    return [
        (
            fault.severity_now,
            fault.state,
            fault.key.code,
            fault.key.entity,
            _since(fault.raised_at, start),
            fault.judged.message,
        )
        for fault in fleet.faults.standing()
        if fault.key not in told
    ]


def _of_findings(findings: Sequence[Standing], start: Instant) -> list[tuple[str, ...]]:
    return [
        (each.code, each.entity, each.suspect or "-", _since(since, start), each.reason)
        for each, since in findings
    ]


def _since(at: Instant, start: Instant) -> str:
    """When that was in the recording."""
    return format_ms(at - start)


def _text(measured: Measured) -> str:
    if measured.value is None:
        return "-"
    return f"{measured.value:.2f} {measured.unit}".rstrip()
