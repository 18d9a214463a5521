"""``racktwin fleet check``."""

import asyncio
from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from schemas.fleet_file import FleetFileError
from schemas.recording import RecordingError
from services.broker.connection import BrokerError, probe
from services.broker.listen import listen
from services.broker.status import Status
from services.cli import signals
from services.cli.options import AsJson, Broker, SettingsFile, Span, fleet_of, settings_of
from services.intake import Intake
from services.replay import files
from services.replay.outcome import fold
from services.settings import BrokerSettings
from twin.agreement import Agreement, Feeds, Sides, agreement_of
from twin.instants import Millis

fleet = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="What is written down of the fleet."
)

LISTEN: Final = Millis(5_000)


@fleet.callback()
def _fleet() -> None:
    """Keep ``check`` a command of its own, though it is the only one."""


@fleet.command()
def check(
    file: Annotated[Path, typer.Argument(help="A fleet file.")],
    broker: Broker = None,
    span: Span = None,
    recording: Annotated[
        Path | None, typer.Option("--recording", help="Ask a recording, and no broker.")
    ] = None,
    settings: SettingsFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Name what the bus has and the file lacks, and the reverse; exit code 1 if there is anything.

    \b
    Examples:
      racktwin fleet check fleet.toml --broker mqtt://127.0.0.1:1883 --for 5s
      racktwin fleet check fleet.toml --recording dsx_exemplar.csv --json
    """  # noqa: D301  # the backspace keeps the lines as they are
    if recording is not None and (broker is not None or span is not None):
        raise typer.BadParameter("a recording is asked instead of a broker: only one of the two")
    current = settings_of(settings, broker)
    try:
        intake = Intake(fleet_of(current, file))
        if recording is not None:
            fold(files.read(recording), intake)
        else:
            signals.run(_hear(intake, current.broker, span or LISTEN))
    except (OSError, FleetFileError, RecordingError, BrokerError) as error:
        typer.echo(_named(error, recording), err=True)
        raise typer.Exit(1) from error
    found = agreement_of(intake.fleet.site, intake.fleet)
    if as_json:
        typer.echo(msgspec.json.encode({"agree": found.agree, **asdict(found)}).decode())
    else:
        for line in _lines(found):
            typer.echo(line)
    raise typer.Exit(0 if found.agree else 1)


async def _hear(intake: Intake, settings: BrokerSettings, span: Millis) -> None:
    """Take in what the broker says for a while; retained metadata is what it says first.

    Raises:
        BrokerError: It cannot be reached.
    """
    await probe(settings, "check")
    limit = asyncio.timeout(span / 1000)
    try:
        async with limit, aclosing(listen(settings.passing(), "check", Status())) as batches:
            async for batch in batches:
                intake.take_all(batch)
    except TimeoutError:
        if not limit.expired():
            raise


def _named(error: Exception, recording: Path | None) -> str:
    of_recording = recording is not None and not isinstance(error, FleetFileError)
    return f"{recording}: {error}" if of_recording else str(error)


def _lines(found: Agreement) -> Iterable[str]:
    for name, sides in (("racks", found.racks), ("CDUs", found.cdus), ("meters", found.meters)):
        yield from _sides(name, sides)
    for feeds in found.feeds:
        yield from _feeds(feeds)
    yield "file and bus agree" if found.agree else "file and bus do not agree"


def _sides(name: str, sides: Sides) -> Iterable[str]:
    yield f"{name}: {sides.both} in both"
    for each in sides.not_in_file:
        yield f"  on the bus, not in the file: {each}"
    for each in sides.not_on_bus:
        yield f"  in the file, not on the bus: {each}"


def _feeds(feeds: Feeds) -> Iterable[str]:
    for each in feeds.unknown:
        yield f"{feeds.rack}: its feed {each} is no meter of the bus"
    for each in feeds.not_feeding:
        yield f"{feeds.rack}: its feed {each} does not feed it, says the bus"
    for each in feeds.not_in_file:
        yield f"{feeds.rack}: {each} feeds it, and the file does not name it"
