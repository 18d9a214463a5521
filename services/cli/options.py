"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from schemas.durations import parse_ms
from schemas.rfc3339 import parse_instant
from services.ingest import rules
from services.ingest.site import read
from services.settings import Settings, SettingsError, load
from twin.fleet import Fleet
from twin.instants import Instant, Millis


def _duration(text: str) -> Millis:
    try:
        return Millis(parse_ms(text))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def instant(text: str) -> Instant:
    """An instant of the command line."""
    try:
        return parse_instant(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


SettingsFile = Annotated[
    Path | None, typer.Option("--settings", help="TOML file; RACKTWIN_* variables go over it.")
]
Broker = Annotated[
    str | None,
    typer.Option("--broker", help="mqtt://host:port or mqtts://host:port; else the settings' one."),
]
Span = Annotated[
    Millis | None,
    typer.Option("--for", parser=_duration, metavar="DURATION", help="Stop after this: 30s, 5m."),
]
Until = Annotated[
    Millis | None,
    typer.Option(
        parser=_duration, metavar="DURATION", help="Let time run until this long after the start."
    ),
]
Start = Annotated[
    Instant | None,
    typer.Option(parser=instant, metavar="INSTANT", help="When it begins: 2026-01-01T00:00:00Z."),
]
FleetFile = Annotated[
    Path | None,
    typer.Option("--fleet", metavar="FILE", help="Places and ratings; else the settings' one."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")]


def settings_of(file: Path | None, broker: str | None = None) -> Settings:
    """The settings of a file and the environment, with the broker that a flag names.

    Raises:
        SettingsError: They cannot be used.
    """
    settings, _ = load(file)
    if broker is None:
        return settings
    try:
        given = settings.broker.model_dump(exclude={"url"}) | {"url": broker}
        return settings.model_copy(update={"broker": type(settings.broker)(**given)})
    except ValueError as error:
        raise SettingsError(f"--broker {broker}: not an mqtt:// or mqtts:// address") from error


def fleet_of(settings: Settings, file: Path | None = None) -> Fleet:
    """A fleet that has heard nothing yet, with the places and ratings of ``file`` or the settings.

    It judges by the settings' rules file, where they have one.

    Raises:
        FleetFileError: The fleet file cannot be used.
        RulesFileError: The rules file cannot be used.
    """
    fleet = Fleet(settings.coolant)
    written = file or settings.fleet_file
    if written is not None:
        fleet.configure(read(written))
    if settings.rules_file is not None:
        fleet.govern(rules.read(settings.rules_file), fleet.now)
    return fleet
