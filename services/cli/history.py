"""``racktwin history``: the process, and what is done with the embedded store."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import aiohttp
import duckdb
import typer

from schemas.history import HistoryError, Mode, Query
from services.cli.options import SettingsFile, instant, settings_of
from services.cli.serving import run_roles
from services.history.backup import back_up
from services.history.duck import FILE
from services.history.formats import Format, export
from services.history.look import Look
from services.history.tables import Tables
from services.processes import HISTORY
from services.settings import Settings
from twin.instants import NEVER, Instant

history = typer.Typer(rich_markup_mode=None, help="Only history: broker to store.")

GIVES_WAY: Final = 10
"""By how much nicer it is than others on its machine: what comes late to a store is as good, and
what the live view says late is not. Where both cores of a machine are nearly taken that decides
whether a fault is told within a quarter of a second, or within seconds."""

_CREATED: Final = 201
_TIMEOUT: Final = aiohttp.ClientTimeout(total=3_600)
"""For a backup by the process that has the file."""


@history.callback(invoke_without_command=True)
def _history(context: typer.Context, settings: SettingsFile = None) -> None:
    if context.invoked_subcommand is None:
        os.nice(GIVES_WAY)
        run_roles(settings_of(settings), HISTORY)


@history.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="Where to; not there yet.")],
    settings: SettingsFile = None,
) -> None:
    """Copy the embedded history as it is now, also while a process writes it.

    To restore it, put what is in the folder into an empty data folder.

    \b
    Example:
      racktwin history backup /backups/monday
    """  # noqa: D301  # the backspace keeps the lines as they are
    with _explained(), _opened(settings_of(settings)) as (tables, copy):
        if folder.exists():
            raise HistoryError(f"{folder} is there already")
        folder.parent.mkdir(parents=True, exist_ok=True)
        if copy is not None:
            tables.close()
            shutil.move(copy, folder)
        else:
            with Look(tables) as look:
                back_up(look, tables.file, folder)
    typer.echo(str(folder))


@history.command("export")
def export_(
    entity: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Several if need be; else all.")
    ] = None,
    metric: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="As RackPower; one or several.")
    ] = None,
    start: Annotated[
        Instant | None, typer.Option("--from", parser=instant, metavar="INSTANT")
    ] = None,
    end: Annotated[Instant | None, typer.Option("--to", parser=instant, metavar="INSTANT")] = None,
    form: Annotated[Format, typer.Option("--format")] = "parquet",
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to.")] = Path("history.parquet"),
    settings: SettingsFile = None,
) -> None:
    """Write readings with names, units and quality into a file, also while a process writes them.

    \b
    Example:
      racktwin history export --metric RackPower --from 2026-11-22T00:00:00Z \\
        --format csv --out power.csv
    """  # noqa: D301  # the backspace keeps the lines as they are
    if not metric:
        raise typer.BadParameter("name at least one", param_hint="--metric")
    query = Query(tuple(entity or ()), tuple(metric), start or Instant(0), end or NEVER, Mode.RAW)
    with _explained(), _opened(settings_of(settings)) as (tables, _):
        rows = export(tables, query, out, form)
    typer.echo(f"{rows} readings in {out}", err=True)


@contextmanager
def _explained() -> Iterator[None]:
    """Expected trouble is one line and exit code 1."""
    try:
        yield
    except (HistoryError, OSError, duckdb.Error, aiohttp.ClientError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[Tables, Path | None]]:
    """The history, or a copy that the process made which has it, with the copy's folder."""
    file, copy = settings.data / FILE, None
    if not file.exists():
        raise HistoryError(f"{file} is not there")
    try:
        tables = Tables(file)
    except duckdb.IOException as error:
        copy = asyncio.run(_copied(settings, str(error)))
        tables = Tables(copy / FILE)
    try:
        yield tables, copy
    finally:
        tables.close()
        if copy is not None:
            shutil.rmtree(copy, ignore_errors=True)


async def _copied(settings: Settings, why: str) -> Path:
    """Where the process that has the file put a copy of it."""
    said = [why]
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        for port in (settings.api.port, settings.history.port):
            host = f"[{settings.api.host}]" if ":" in settings.api.host else settings.api.host
            url = f"http://{host}:{port}/api/v1/history/backup"
            try:
                async with session.post(url) as response:
                    document = await response.json(content_type=None)
            except (aiohttp.ClientError, OSError, ValueError) as error:
                said.append(f"{url}: {error}")
                continue
            if response.status == _CREATED:
                return Path(document["folder"])
            said.append(f"{url}: {document.get('detail')}")
    raise HistoryError("\n".join(said))
