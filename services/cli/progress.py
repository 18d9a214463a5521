"""A progress bar on what takes long, and only on a terminal."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

Item = TypeVar("Item")

_EVERY = 1_000


def counted(items: Iterable[Item], what: str) -> Iterator[Item]:
    """The same items, counted on stderr while they pass where that is a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield from items
        return
    columns = (SpinnerColumn(), TextColumn("{task.completed} {task.description}"))
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)
        for number, item in enumerate(items, 1):
            if number % _EVERY == 0:
                progress.update(task, completed=number)
            yield item
