"""``racktwin play``, ``record`` and ``simulate``: onto the bus, and off it."""

from contextlib import aclosing
from pathlib import Path
from typing import Annotated

import typer

from schemas.recording import RecordingError
from services import log
from services.broker.connection import BrokerError
from services.broker.listen import listen
from services.broker.publish import publisher
from services.broker.status import Status
from services.cli import signals
from services.cli.options import Broker, SettingsFile, Span, settings_of
from services.cli.progress import counted
from services.clock import wall_clock
from services.replay import files
from services.replay import play as playing
from services.replay import record as recording
from services.replay.filters import matching
from services.settings import Settings
from services.simulate.plant import Plant
from services.simulate.publish import publish
from services.simulate.scenarios import SCENARIOS, stage
from services.simulate.script import Label
from twin.instants import NEVER, Instant, after


def _speed(text: str) -> float:
    """``max`` is infinite."""
    speed = float("inf") if text == "max" else float(text)
    if not speed > 0:
        raise typer.BadParameter("a speed is a number above 0, or max")
    return speed


def _filter(text: str) -> str:
    try:
        matching(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    return text


Topic = Annotated[
    str,
    typer.Option(parser=_filter, metavar="FILTER", help="Only what this MQTT filter matches."),
]


def play(
    file: Annotated[Path, typer.Argument(help="A recording; - is stdin.")],
    broker: Broker = None,
    speed: Annotated[
        float, typer.Option(parser=_speed, metavar="X|max", help="Times as fast as it was.")
    ] = 1.0,
    *,
    loop: Annotated[bool, typer.Option("--loop", help="Begin again at the end.")] = False,
    topic: Topic = "#",
    settings: SettingsFile = None,
) -> None:
    """Put a recording onto a broker with its timing, as if it happened now.

    Metadata is retained, and the times in the payloads move along.
    """
    current = settings_of(settings, broker)
    log.set_up(current.log_level)

    async def main() -> None:
        async with publisher(current.broker, "play") as send:
            sent = await playing.play(
                lambda: files.read(file),
                send,
                speed=None if speed == float("inf") else speed,
                loop=loop,
                topic_filter=topic,
            )
        typer.echo(f"{sent} messages played", err=True)

    _run(main(), file)


def record(
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Ends in .arrows or .csv; - is stdout.")
    ],
    broker: Broker = None,
    topic: Topic | None = None,
    span: Span = None,
    settings: SettingsFile = None,
) -> None:
    """Write down what the broker says, until the time is over or Ctrl-C."""
    current = settings_of(settings, broker)
    log.set_up(current.log_level)
    where = current.broker
    if topic is not None:
        where = where.model_copy(update={"topics": (topic,)})

    async def main() -> None:
        with files.recorder(output, wall_clock()) as taking:
            try:
                async with aclosing(listen(where.passing(), "record", Status())) as batches:
                    duration_s = None if span is None else span / 1000
                    await recording.record(batches, taking, duration_s)
            finally:
                typer.echo(f"{taking.taken} messages recorded", err=True)

    _run(main(), output)


def simulate(
    racks: Annotated[int, typer.Option(min=1, help="How many racks.")],
    broker: Broker = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A recording instead: .arrows or .csv.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed is the same fleet.")] = 1,
    span: Span = None,
    scenario: Annotated[str, typer.Option(help=", ".join(SCENARIOS))] = "steady",
    settings: SettingsFile = None,
) -> None:
    """A physically consistent fleet, onto a broker or into a file.

    \b
    Examples:
      racktwin simulate --racks 48 --broker mqtt://127.0.0.1:1883
      racktwin simulate --racks 48 --for 5m --scenario leak -o leak.arrows
    """  # noqa: D301  # the backspace keeps the lines as they are
    current = settings_of(settings, broker)
    log.set_up(current.log_level)
    if scenario not in SCENARIOS:
        raise typer.BadParameter(f"no scenario {scenario!r}: there are {', '.join(SCENARIOS)}")
    begin = wall_clock()
    plant = Plant(racks, seed, stage(scenario, racks, begin))
    until = NEVER if span is None else after(begin, span)
    for label in plant.labels:
        typer.echo(_told(label, begin), err=True)
    if output is not None:
        if span is None:
            raise typer.BadParameter("a recording needs an end: --for 5m")
        _into_a_file(plant, output, begin, until)
        return
    _run(_onto_the_bus(plant, current, until), current.broker.url)


def _told(label: Label, begin: Instant) -> str:
    """The truth of a label: what, where, from when to when, and how it is to be told."""
    by, until, gone = (each - begin for each in (label.by, label.until, label.gone))
    sure = "" if label.certain else ", if at all"
    folded = ", explained by another" if label.folded else ""
    return (
        f"{label.at - begin} ms: {label.entity} {label.code}: {label.what}"
        f" (to be raised by {by} ms{sure}{folded}; over at {until} ms, to be cleared by {gone} ms)"
    )


def _into_a_file(plant: Plant, output: Path, begin: Instant, until: Instant) -> None:
    try:
        with files.recorder(output, begin) as taking:
            for envelope in counted(plant.recording(begin, until), "messages"):
                taking.write([envelope])
    except (OSError, RecordingError) as error:
        typer.echo(f"{output}: {error}", err=True)
        raise typer.Exit(1) from error


async def _onto_the_bus(plant: Plant, settings: Settings, until: Instant) -> None:
    async with publisher(settings.broker, "simulate") as send:
        await publish(plant, send, wall_clock, until)


def _run(main: signals.Main, what: object) -> None:
    """Run until it is done or stopped; expected trouble is one line and exit code 1."""
    try:
        signals.run(main)
    except* (OSError, RecordingError, BrokerError) as group:
        for error in group.exceptions:
            typer.echo(f"{what}: {error}", err=True)
        raise typer.Exit(1) from None
