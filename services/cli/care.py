"""``racktwin doctor`` and ``racktwin settings show``."""

import asyncio
import json
import shutil
import socket
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import typer
from rich.console import Console
from rich.table import Table

from schemas.history import HistoryError, Query
from services.broker.connection import BrokerError, probe
from services.broker.embedded import find_program
from services.cli.options import AsJson, SettingsFile, settings_of
from services.history.stores import open_store
from services.notify.alerts import reach
from services.notify.letters import FILE, unread
from services.settings import Settings, StoreName, load
from twin.instants import Instant

settings = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The settings.")


@settings.callback()
def _settings() -> None:
    """Keep ``show`` a command of its own, though it is the only one."""


@settings.command()
def show(file: SettingsFile = None, *, as_json: AsJson = False) -> None:
    """Each value and where it came from; secrets are not shown."""
    current, origins = load(file)
    rows = {
        name: {"value": value, "origin": _origin(name, origins)}
        for name, value in _flat(current.model_dump(mode="json")).items()
    }
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    table = Table("setting", "value", "from", box=None)
    for name, row in rows.items():
        table.add_row(name, str(row["value"]), str(row["origin"]))
    Console().print(table)


def _origin(name: str, origins: dict[str, str]) -> str:
    return origins.get(name, "default")


def _flat(section: dict[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in section.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    check: str
    ok: bool
    said: str
    fix: str | None = None
    """How to mend it; None where there is nothing to mend."""


PATIENCE_S: Final = 5.0


def doctor(file: SettingsFile = None, *, as_json: AsJson = False) -> None:
    """What is reachable, what is not, and how to mend it; exit code 1 if anything is not."""
    findings = asyncio.run(examine(settings_of(file)))
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            print(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.check}: {finding.said}")
            if finding.fix is not None:
                print(f"      → {finding.fix}")
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


async def examine(settings: Settings) -> list[Finding]:
    """Try everything that the settings name."""
    checks = (_broker, _store, _notices, _data, _port, _demo)
    return [await check(settings) for check in checks]


async def _tried(check: str, attempt: Callable[[], Awaitable[str]], fix: str) -> Finding:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return Finding(check, ok=True, said=await attempt())
    except TimeoutError:
        return Finding(check, ok=False, said=f"no answer within {PATIENCE_S:g} s", fix=fix)
    except (OSError, BrokerError, HistoryError) as error:
        return Finding(check, ok=False, said=str(error), fix=fix)


async def _broker(settings: Settings) -> Finding:
    async def attempt() -> str:
        await probe(settings.broker, "doctor")
        return f"{settings.broker.url} lets us in"

    fix = "see that a broker listens at broker.url and takes broker.username and its password"
    return await _tried("broker", attempt, fix)


async def _store(settings: Settings) -> Finding:
    async def attempt() -> str:
        names = settings.history.store
        for name in names:
            await _ask(name, settings)
        return f"{', '.join(names)} answers" if names else "none is set: nothing is kept"

    fix = "see history.url, history.org, history.bucket and the token"
    return await _tried("history", attempt, fix)


async def _ask(name: StoreName, settings: Settings) -> None:
    """Ask one store for something.

    Raises:
        HistoryError: It does not answer.
    """
    with tempfile.TemporaryDirectory() as folder:  # the real file may be another process's
        store = await open_store(name, settings.model_copy(update={"data": Path(folder)}))
        try:
            await store.read(Query(("none",), ("RackPower",), Instant(0), Instant(1)))
        finally:
            await store.close()


async def _notices(settings: Settings) -> Finding:
    async def attempt() -> str:
        if settings.notify.alertmanager.url is not None:
            await reach(str(settings.notify.alertmanager.url))
        for file in sorted(settings.data.glob(f"*-{FILE}")):
            found = unread(file)
            last = "" if found.last is None else f", the last at {found.last.at}"
            raise OSError(f"{found.letters} notices were given up{last}: {file}")
        return "whoever is to be told of faults was told"

    fix = "see notify.alertmanager.url; look at what was given up, then move the file away"
    return await _tried("notices", attempt, fix)


async def _data(settings: Settings) -> Finding:
    async def attempt() -> str:
        settings.data.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=settings.data):
            free = shutil.disk_usage(settings.data).free / 2**30
        return f"{settings.data.resolve()} can be written, {free:.1f} GiB free"

    return await _tried("data", attempt, "let this user write there, or set RACKTWIN_DATA")


async def _port(settings: Settings) -> Finding:
    async def attempt() -> str:
        family = socket.AF_INET6 if ":" in settings.api.host else socket.AF_INET
        with socket.socket(family) as probe_socket:
            probe_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe_socket.bind((settings.api.host, settings.api.port))
        return f"{settings.api.host}:{settings.api.port} is free"

    return await _tried("api", attempt, "end what listens there, or set RACKTWIN_API__PORT")


async def _demo(_: Settings) -> Finding:
    async def attempt() -> str:
        return f"racktwin demo would start {find_program()}"

    return await _tried("demo", attempt, "make setup, or apt-get install mosquitto")
