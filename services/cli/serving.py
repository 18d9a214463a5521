"""``racktwin demo``, ``serve`` and ``live``: what runs until it is stopped."""

import asyncio
import fcntl
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from schemas.history import HistoryError
from services import log
from services.broker.connection import BrokerError
from services.broker.embedded import embedded_broker
from services.broker.publish import publisher
from services.cli import signals
from services.cli.options import SettingsFile, Span, settings_of
from services.clock import wall_clock
from services.faults.records import UnknownFormatError
from services.heap import sparing
from services.processes import LIVE, SERVE, Roles, run, twin_of
from services.settings import BrokerSettings, Settings
from services.simulate.fleet_file import fleet_file
from services.simulate.plant import Plant
from services.simulate.publish import publish
from services.simulate.site import site_of
from twin.instants import Millis

_ANY: Final = 0
_POLL_S: Final = 0.02


def serve(settings: SettingsFile = None) -> None:
    """The twin of a real bus: live and history in one process, with API and page."""
    run_roles(settings_of(settings), SERVE)


def live(settings: SettingsFile = None) -> None:
    """Only the live view: broker to API and page."""
    run_roles(settings_of(settings), LIVE)


def demo(
    racks: Annotated[int, typer.Option(min=1, help="How many racks.")] = 48,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Of API and page; else 8080 or a free one.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed is the same fleet.")] = 1,
    span: Span = None,
) -> None:
    """Everything embedded in one go: broker, simulated fleet, twin, history, API and page."""
    settings = settings_of(None)
    api = settings.api.model_copy(
        update={"port": _port(settings.api.host) if port is None else port}
    )
    folder = settings.data / "demo"
    written = settings.fleet_file or folder / "fleet.toml"
    own = settings.model_copy(update={"api": api, "data": folder, "fleet_file": written})
    log.set_up("WARNING" if settings.log_level == "INFO" else settings.log_level)
    with _fresh(own.data):
        if settings.fleet_file is None:
            written.write_text(fleet_file(site_of(racks)))
        _run(_demo(own, racks, seed, span))


async def _demo(settings: Settings, racks: int, seed: int, span: Millis | None) -> None:
    typer.echo(f"starting a broker and {racks} racks ...", err=True)
    plant, limit = Plant(racks, seed), asyncio.timeout(None if span is None else span / 1000)
    async with embedded_broker() as url, publisher(BrokerSettings(url=url), "simulate") as send:
        here = settings.model_copy(update={"broker": BrokerSettings(url=url)})
        twin = twin_of(here)

        async def speak() -> None:
            # Values are not retained: whoever comes late misses the first ones.
            while twin.ready() is not None:  # noqa: ASYNC110  # a status is read, it tells nobody
                await asyncio.sleep(_POLL_S)
            await publish(plant, send, wall_clock)

        try:
            async with limit, asyncio.TaskGroup() as tasks:
                tasks.create_task(run(twin, here, SERVE, lambda address: _welcome(address, here)))
                tasks.create_task(speak())
        except TimeoutError:
            if not limit.expired():
                raise


def _welcome(address: str, settings: Settings) -> None:
    typer.echo(f"racktwin demo: {address}")
    typer.echo(
        f"MQTT at {settings.broker.url}, history in {settings.data}, Ctrl-C ends it", err=True
    )


def _port(host: str) -> int:
    """The port everybody expects, or any where that is taken."""
    expected = Settings().api.port
    with socket.socket() as trying:
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind((host, expected))
        except OSError:
            return _ANY
    return expected


@contextmanager
def _fresh(folder: Path) -> Iterator[None]:
    """An empty folder of our own: what an earlier demo left would be taken for this one's."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            typer.echo(f"{folder} is another demo's: end it, or set RACKTWIN_DATA", err=True)
            raise typer.Exit(1) from error
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        yield


def run_roles(settings: Settings, roles: Roles) -> None:
    """Run one process until it is stopped."""
    log.set_up(settings.log_level)

    def announce(address: str) -> None:
        typer.echo(f"racktwin {roles.name}: {address}")

    _run(run(twin_of(settings), settings, roles, announce))


def _run(main: signals.Main) -> None:
    """Run until stopped; expected trouble is one line and exit code 1."""
    try:
        with sparing():
            signals.run(main)
    except* (OSError, HistoryError, BrokerError, UnknownFormatError) as group:
        for error in group.exceptions:
            typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
