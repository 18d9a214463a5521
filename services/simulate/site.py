"""Site: the racks and the equipment of a simulated hall, by name and by who serves whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from twin.points import EntityId

ROW: Final = 16
"""Racks in a row at the most: what one in-row CDU serves."""

ROWS: Final = 10
"""Rows in a hall at the most."""

SIDES: Final = ("A", "B")
"""The two independent supplies of a row."""

BMS: Final = EntityId("BMS")
NICO: Final = EntityId("NICO")
"""The integration that watches trays and asks for isolation."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A rack or a piece of equipment."""

    id: EntityId
    path: str
    """How the tag paths of its points begin."""
    serves: tuple[EntityId, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that stands there. Taps and busways come side A first, then side B."""

    racks: tuple[Thing, ...]
    taps: tuple[Thing, ...]
    busways: tuple[Thing, ...]
    cdus: tuple[Thing, ...]
    rows: tuple[int, ...]
    """How many racks each row has, in the order of the racks."""


def site_of(racks: int) -> Site:
    """The site of a number of racks: rows as full as can be, each with a CDU and two busways.

    Raises:
        ValueError: There is not even one rack.
    """
    if racks < 1:
        raise ValueError(f"a site has one rack at the least, not {racks}")
    rows = tuple(min(ROW, racks - first) for first in range(0, racks, ROW))
    places = [_row(number, size) for number, size in enumerate(rows)]
    return Site(
        racks=tuple(rack for row in places for rack in row),
        taps=tuple(_tap(rack, side) for side in SIDES for row in places for rack in row),
        busways=tuple(_busway(row, side) for side in SIDES for row in places),
        cdus=tuple(_under(_row_path(row), "CDU", (rack.id for rack in row)) for row in places),
        rows=rows,
    )


def _row(number: int, size: int) -> list[Thing]:
    hall, row = divmod(number, ROWS)
    path = f"Hall{hall + 1}/R{row + 1:02d}"
    return [_under(path, f"K{place + 1:02d}", ()) for place in range(size)]


def _row_path(row: list[Thing]) -> str:
    return row[0].path.rpartition("/")[0]


def _tap(rack: Thing, side: str) -> Thing:
    return _under(rack.path, f"TAP-{side}", (rack.id,))


def _busway(row: list[Thing], side: str) -> Thing:
    return _under(_row_path(row), f"BUS-{side}", (_tap(rack, side).id for rack in row))


def _under(path: str, name: str, serves: Iterable[EntityId]) -> Thing:
    whole = f"{path}/{name}"
    return Thing(EntityId(whole.replace("/", "-")), whole, tuple(serves))
