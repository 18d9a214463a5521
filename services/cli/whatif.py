"""``racktwin whatif``."""

from pathlib import Path
from typing import Annotated

import pydantic
import typer

from schemas.recording import RecordingError
from schemas.whatif import CaseView, case_of, outcome_view
from services.cli.options import AsJson, FleetFile, Until, fleet_of, settings_of
from services.intake import Intake
from services.replay import files
from services.replay.outcome import fold
from twin.affected import Affected
from twin.measured import Measured
from twin.whatif import Outcome, UnknownIdsError, consequences


def whatif(
    file: Annotated[Path, typer.Argument(help="A recording; - is stdin.")],
    lose: Annotated[
        list[str] | None, typer.Option("--lose", metavar="ID", help="A thing that fails.")
    ] = None,
    supply_offset: Annotated[float, typer.Option(metavar="K", help="Warmer supply.")] = 0.0,
    supply: Annotated[float | None, typer.Option(metavar="C", help="Supply of all racks.")] = None,
    flow_factor: Annotated[float, typer.Option(help="Times the flow of every rack.")] = 1.0,
    load_factor: Annotated[float, typer.Option(help="Times the load of every rack.")] = 1.0,
    budget_kw: Annotated[float | None, typer.Option(help="What all racks may draw.")] = None,
    until: Until = None,
    fleet_file: FleetFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Work out what losses and changes would do to the final state of a recording.

    \b
    Examples:
      racktwin whatif dsx_exemplar.csv --lose C-F00-CDU-05
      racktwin whatif dsx_exemplar.csv --lose C-E-BUS-E1 --load-factor 1.2 --budget-kw 150 --json
    """  # noqa: D301  # the backspace keeps the lines as they are
    try:
        case = CaseView(
            lose=tuple(lose or ()),
            supply_offset_k=supply_offset,
            supply_c=supply,
            flow_factor=flow_factor,
            load_factor=load_factor,
            budget_kw=budget_kw,
        )
    except pydantic.ValidationError as error:
        wrong = "; ".join(f"{one['loc'][0]}: {one['msg']}" for one in error.errors())
        raise typer.BadParameter(wrong) from error
    intake = Intake(fleet_of(settings_of(None), fleet_file))
    try:
        fold(files.read(file), intake, until)
        found = consequences(intake.fleet, case_of(case))
    except (OSError, RecordingError, UnknownIdsError) as error:
        typer.echo(f"{file}: {error}", err=True)
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(outcome_view(found, intake.fleet.now).model_dump_json(indent=2))
    else:
        _show(found)


def _show(found: Outcome) -> None:
    for rack in found.racks:
        typer.echo(f"{rack.rack}: {', '.join(_said(rack)) or 'no limit is near'}")
    for meter in found.meters:
        loading = f" ({_text(meter.then.loading)})" * (meter.then.loading.value is not None)
        typer.echo(f"{meter.meter}: {_text(meter.before)}, then {_text(meter.then.load)}{loading}")
    for name, ids in (
        ("without power", found.without_power),
        ("without cooling", found.without_cooling),
        ("over limits", found.over_limits),
        ("redundancy lost", found.redundancy_lost),
        ("named only", found.unknown),
        ("shed", found.shed.racks),
    ):
        typer.echo(f"{name}: {len(ids)}{' ' * bool(ids)}{' '.join(ids)}")
    typer.echo(
        f"load: {_text(found.load_before)}, lost {_text(found.load_lost)}, then"
        f" {_text(found.load)}; {_text(found.shed.remaining)} after shedding"
    )


def _said(rack: Affected) -> list[str]:
    """What is to be told of one rack."""
    said = []
    if rack.without_power:
        said.append("without power")
    if rack.without_cooling:
        said.append(f"without cooling, lasts {_text(rack.ride_through)}")
    if rack.lost_feeds and not rack.without_power:
        said.append(f"loses {' '.join(rack.lost_feeds)}, redundancy {rack.redundancy}")
    said += [f"{each.entity} {each.of} {_text(each.value)}" for each in rack.breaches]
    return said


def _text(measured: Measured) -> str:
    if measured.value is None:
        return "-"
    return f"{measured.value:.2f} {measured.unit}".rstrip()
