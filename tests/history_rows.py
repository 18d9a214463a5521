"""Points, rows and changes of the history tests, in one call."""

from services.history.block import Row
from twin.changes import ReadingTaken
from twin.instants import Instant
from twin.points import EntityId, Point, PointId, PublisherId

T0 = Instant(1_767_225_600_000)


def a_point(
    name: str = "R1",
    *,
    unit: str | None = "kW",
    area: tuple[str, ...] = (),
    phase: str | None = None,
    setpoint: bool = False,
    entity: str | None = None,
) -> Point:
    return Point(
        PointId(f"Rack/RackPower/site/{name}/power"),
        "Rack",
        "RackPower",
        EntityId(entity or name),
        PublisherId("PUB"),
        unit=unit,
        process_area=area,
        phase=phase,
        is_setpoint=setpoint,
    )


def a_row(point: Point, value: float | None, after: int = 0, quality: int = 1) -> Row:
    """A reading measured ``after`` milliseconds past ``T0``, and received 60 later."""
    return Row(point, value, quality, Instant(T0 + after), Instant(T0 + after + 60))


def taken(point: Point, value: float | None, after: int = 0, quality: int = 1) -> ReadingTaken:
    """The change that ``a_row`` comes from, of a point that is known to be heard: it is no news."""
    measured_at = Instant(T0 + after)
    at = Instant(measured_at + 60)
    return ReadingTaken(point, value, quality, measured_at, at, changed=False)
