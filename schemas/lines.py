"""InfluxDB line protocol: readings as lines, with millisecond timestamps.

A reading of ``Rack/RackPower/…`` is ``Rack,entity=R1,…,setpoint=false RackPower=35.2,quality=1i
1767225600000``; one without a value has only the quality.
"""

from typing import Final

from twin.instants import Instant
from twin.points import Point, PointId

LATEST: Final = Instant(9_223_372_036_854)
"""The last millisecond InfluxDB can hold, in the year 2262: it counts nanoseconds in 64 bits."""

QUALITY: Final = "quality"
"""Key of the field beside every value."""

_AREAS: Final = ";"
_MEASUREMENT: Final = str.maketrans({",": r"\,", " ": r"\ "})
_KEY: Final = str.maketrans({",": r"\,", " ": r"\ ", "=": r"\="})

# The protocol has no way to write these in a tag: a backslash before a comma would hide it, and a
# line break ends the line. Each goes out as the character that looks like it.
_LOOKALIKES: Final = str.maketrans({code: 0x2400 + code for code in range(32)} | {"\\": "\u2216"})


class Lines:
    """Encodes readings. What is the same in every line of a point is made once and kept.

    Bound: two texts a point; a point that is described anew takes the place of its old self.
    """

    def __init__(self) -> None:
        self._heads: dict[PointId, tuple[Point, str, str]] = {}

    def line(self, point: Point, value: float | None, quality: int, measured_at: Instant) -> str:
        """One reading, without a line break."""
        head = self._heads.get(point.id)
        if head is None or head[0] is not point:
            head = self._heads[point.id] = (point, *_heads(point))
        if value is None:
            return f"{head[2]}{quality}i {measured_at}"
        return f"{head[1]}{value!r},{QUALITY}={quality}i {measured_at}"


def carried(text: str) -> str:
    """What the protocol carries of ``text``: all but backslashes and control characters."""
    return text.translate(_LOOKALIKES)


def areas(tag: str | None) -> tuple[str, ...]:
    """The process areas that a tag's value joins."""
    return tuple(tag.split(_AREAS)) if tag else ()


def _heads(point: Point) -> tuple[str, str]:
    """All of a line up to the value, and up to the quality of a reading without one."""
    tags = {
        "entity": point.entity,
        "phase": point.phase,
        "point": point.id,
        "process_area": _AREAS.join(point.process_area),
        "publisher": point.publisher,
        "setpoint": "true" if point.is_setpoint else "false",
        "unit": point.unit,
    }
    texts = [carried(point.object_type).translate(_MEASUREMENT)]
    # in order of key, as the server sorts them; an empty value is no tag
    texts += [f"{key}={carried(tag).translate(_KEY)}" for key, tag in tags.items() if tag]
    series = ",".join(texts)
    field = carried(point.point_type).translate(_KEY)
    return f"{series} {field}=", f"{series} {QUALITY}="
