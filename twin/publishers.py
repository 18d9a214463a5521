"""Publishers: whether the other side is alive, and which points hang on it."""

import re
from functools import lru_cache
from typing import Final

from twin.instants import Instant
from twin.points import Freshness, Point, PointId, PointState, PublisherId

HEARTBEATS: Final = frozenset({"HeartbeatTimestampBms", "HeartbeatTimestampIntegration"})
"""Point types by which a publisher says that it lives; the echoes say it of the other side."""


class Publisher:
    """A publisher's heartbeat, as its point tells it, and what it vouches for."""

    __slots__ = ("_beat", "lost_at")

    def __init__(self, beat: PointState) -> None:
        self._beat = beat
        self.lost_at = Instant(0)
        """When it was last lost, whether it came back since or not; set by ``Hearing`` alone."""

    @property
    def point(self) -> Point:
        """The point of its heart."""
        return self._beat.point

    @property
    def heartbeat(self) -> PointId:
        """The point by which it says that it lives."""
        return self._beat.point.id

    @property
    def id(self) -> PublisherId:
        """Whose values it vouches for."""
        return self._beat.point.publisher

    @property
    def name(self) -> str:
        """Its human-readable name, or its id where none is given."""
        return self._beat.point.name or self._beat.point.entity

    @property
    def scope(self) -> str | None:
        """Which topics of that publisher; None is all of them."""
        return self._beat.point.scope

    @property
    def freshness(self) -> Freshness:
        """UNHEARD before its first beat, STALE while it is lost."""
        return self._beat.freshness

    @property
    def heard_at(self) -> Instant | None:
        """When its heart last beat."""
        return None if self.freshness is Freshness.UNHEARD else self._beat.heard_at

    def vouches_for(self, point: Point) -> bool:
        """Whether this heart beats for ``point``."""
        return point.publisher == self.id and (
            not self.scope or _covered(self.scope).match(point.id) is not None
        )


@lru_cache(maxsize=1_000)  # more hearts than that are compiled anew: slower, no different
def _covered(scope: str) -> re.Pattern[str]:
    """What the ids of the points begin with that ``scope`` covers.

    The contract leaves the form of a scope open. Understood are, with commas between them, MQTT
    filters over value or metadata topics, and beginnings of ``{objectType}/{pointType}/{tagPath}``
    or of the tag path alone.
    """
    parts = [part.strip().strip("/").split("/") for part in scope.split(",") if part.strip()]
    return re.compile(f"(?:cpc/[^/]+/)?+(?:{'|'.join(map(_beginning, parts))})")


def _beginning(levels: list[str]) -> str:
    if levels[0] == "cpc":
        levels = levels[2:]  # the publisher's own id says which cluster
    types = "(?:[^/]+/[^/]+/)?"
    if levels[:1] == ["BMS"]:
        levels, types = levels[4:], ""  # behind BMS/v1/{publisher}/{Value|Metadata}
    wanted = ["[^/]+" if level == "+" else re.escape(level) for level in levels if level != "#"]
    return f"{types}{'/'.join(wanted)}(?:/|$)" if wanted else ""
