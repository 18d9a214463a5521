"""Places as documents: sums over the racks of a hall or a row."""

from collections.abc import Iterable

from schemas.documents import Document, MeasuredView, measured_view
from twin.instants import Instant
from twin.site import place_id
from twin.totals import Group


class PlaceView(Document):
    """The racks of one hall, or of one row, in a few numbers, each with its completeness."""

    hall: str | None
    row: str | None
    """null on a hall."""
    racks: int
    power_kw: MeasuredView
    heat_kw: MeasuredView


def places_view(groups: Iterable[Group], now: Instant) -> dict[str, PlaceView]:
    """Each hall by its name, each row as ``hall/row``."""
    return {
        place_id(group.hall, group.row): PlaceView(
            hall=group.hall,
            row=group.row,
            racks=group.racks,
            power_kw=measured_view(group.power, now),
            heat_kw=measured_view(group.heat, now),
        )
        for group in groups
    }
