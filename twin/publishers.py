"""Publishers: whether the other side is alive, and which points hang on it."""

from dataclasses import dataclass
from typing import Final

from twin.instants import Instant
from twin.points import Freshness, Point, PointId, PublisherId

HEARTBEATS: Final = frozenset({"HeartbeatTimestampBms", "HeartbeatTimestampIntegration"})
"""Point types by which a publisher says that it lives; the echoes say it of the other side."""


@dataclass(slots=True, eq=False)
class Publisher:
    """One heartbeat and what it vouches for; changed by ``Fleet`` alone."""

    heartbeat: PointId
    id: PublisherId
    """Whose values it vouches for."""
    name: str
    scope: str | None
    """Which topics of that publisher; None is all of them."""
    freshness: Freshness = Freshness.UNHEARD
    heard_at: Instant | None = None

    def vouches_for(self, point: Point) -> bool:
        """Whether this heart beats for ``point``."""
        return point.publisher == self.id and (
            self.scope is None or any(_covers(part, point) for part in self.scope.split(","))
        )


def _covers(scope: str, point: Point) -> bool:
    """Whether one scope covers a point.

    The contract leaves the form of ``scope`` open. Understood are an MQTT filter over value or
    metadata topics, and a path that any levels of the point's topic begin with.
    """
    levels = [level for level in scope.strip().strip("/").split("/") if level != "#"]
    local = _local(point)
    if levels[:1] == ["BMS"]:
        return _begins(local, levels[4:])  # behind BMS/v1/{publisher}/{Value|Metadata}
    return _begins(local, levels) or _begins(local[2:], levels)


def _local(point: Point) -> list[str]:
    """The levels of a point's id without the cluster's prefix."""
    levels = point.id.split("/")
    return levels[2:] if levels[0] == "cpc" else levels


def _begins(path: list[str], levels: list[str]) -> bool:
    return len(levels) <= len(path) and all(
        wanted in ("+", level) for wanted, level in zip(levels, path, strict=False)
    )
