"""Backups: all of the embedded history at one instant, in a folder that is a history itself."""

import os
import shutil
from pathlib import Path
from typing import Final, Protocol

from schemas.history import HistoryError
from services.disk.growing import sync_folder
from services.history.look import Look, folder_of

MOST: Final = 3
"""Backups in the folder of a process: whoever wants more takes one away."""


class Source(Protocol):
    """A history that can be copied while it is written."""

    async def back_up(self, folder: Path) -> None:
        """Copy it to a folder that is not there yet.

        Raises:
            HistoryError: It could not be copied.
        """


class Backups:
    """Makes backups in one folder.

    Bound: ``MOST`` of them; further ones are refused.
    """

    def __init__(self, source: Source, folder: Path) -> None:
        self._source = source
        self._folder = folder

    async def make(self, name: str) -> Path:
        """One backup more, by its name.

        Raises:
            HistoryError: There are too many, one of this name is there, or it went wrong.
        """
        there = [path for path in self._folder.glob("*") if path.suffix != PART]
        if len(there) >= MOST:
            raise HistoryError(f"{self._folder} holds {len(there)} backups: take one away first")
        folder = self._folder / name
        await self._source.back_up(folder)
        return folder.absolute()


PART: Final = ".part"
"""Ends the name of a backup that is not done."""


def back_up(look: Look, file: Path, folder: Path) -> None:
    """Copy what a look sees; writes go on meanwhile.

    The folder is there whole, or not at all. Files of older hours never change, so on one disk they
    are shared with the history and cost nothing.

    Args:
        look: Nothing may tend the files during it.
        file: The history.
        folder: Where to; not there yet.

    Raises:
        FileExistsError: The folder is there.
        OSError: It cannot be written.
        duckdb.Error: The history cannot be read.
    """
    if folder.exists():
        raise FileExistsError(f"{folder} is there already")
    part = folder.with_name(folder.name + PART)
    shutil.rmtree(part, ignore_errors=True)
    copy = part / file.name
    folder_of(copy).mkdir(parents=True)
    for each in look.present:
        _share(folder_of(file) / each.name, folder_of(copy) / each.name)
    quoted = str(copy).replace("'", "''")
    look.ask(f"ATTACH '{quoted}' AS copied")
    try:
        look.ask(f'COPY FROM DATABASE "{file.stem}" TO copied')
    finally:
        look.cursor.commit()
        look.ask("DETACH copied")
    for path in sorted(part.rglob("*")):
        _sync(path)
    part.replace(folder)
    sync_folder(folder.parent)


def _share(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:  # on another disk, or one that has no links
        shutil.copyfile(source, target)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
