"""Bend: a recording in which readings are not what they were, as a script has it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from schemas import bms
from schemas.envelope import Envelope
from schemas.errors import DecodeError
from services.simulate.script import Bends, Doubts, Freezes, Shows, Silence, Told
from twin.instants import Instant
from twin.points import GOOD_QUALITY, EntityId, Point, PointId, Reading

_VALUE: Final = "/Value/"

_Named = tuple[EntityId, str]
_Telling = tuple[Envelope, Reading]


class Bent:
    """A recording as it would have been; messages that no script speaks of stay as they are.

    What is done to a point is told at once as it begins and as it ends, for a recording of a bus
    on which publishers speak on change may have nothing of the point at that time. A point that is
    only described is taken to read 0, as states do where all is well.
    """

    def __init__(self, told: Sequence[Told]) -> None:
        self._silences = [each for each in told if isinstance(each, Silence)]
        self._done = [each for each in told if not isinstance(each, Silence)]
        self._turns = sorted({turn for each in self._done for turn in (each.at, each.until)})
        self._points: dict[PointId, _Named] = {}
        self._last: dict[PointId, _Telling] = {}
        self._frozen: dict[tuple[PointId, Freezes], float | None] = {}

    def of(self, envelopes: Iterable[Envelope]) -> Iterator[Envelope]:
        """These, bent."""
        for envelope in envelopes:
            now = envelope.received_at
            while self._turns and self._turns[0] <= now:
                yield from self._turn(self._turns.pop(0))
            if self._is_silent(envelope):
                continue
            reading = self._reading(envelope)
            if reading is None:
                yield envelope
                continue
            self._last[reading.point] = envelope, reading
            yield self._told(envelope, reading, now)

    def _turn(self, at: Instant) -> Iterator[Envelope]:
        """Tell anew whatever something begins or ends to be done to."""
        turning = {
            (each.entity, each.point_type) for each in self._done if at in {each.at, each.until}
        }
        for envelope, reading in tuple(self._last.values()):
            if self._points[reading.point] in turning:
                moved = envelope._replace(received_at=at)
                yield self._told(moved, reading._replace(measured_at=at), at, always=True)

    def _is_silent(self, envelope: Envelope) -> bool:
        now = envelope.received_at
        return any(
            each.at <= now < each.until
            and envelope.topic.startswith(f"BMS/v1/{each.publisher}{_VALUE}")
            for each in self._silences
        )

    def _reading(self, envelope: Envelope) -> Reading | None:
        """What a message reads, if something is done to its point."""
        try:
            message = bms.decode(envelope.topic, envelope.payload, Counter())
        except DecodeError:
            return None
        if isinstance(message, Point):
            named = message.entity, message.point_type
            shown = [each for each in self._done if (each.entity, each.point_type) == named]
            if shown and message.id not in self._points:
                self._points[message.id] = named
                if any(isinstance(each, Shows) for each in shown):
                    self._last[message.id] = _at_rest(message, envelope.received_at)
        if isinstance(message, Reading) and message.point in self._points:
            return message
        return None

    def _told(
        self, envelope: Envelope, reading: Reading, now: Instant, *, always: bool = False
    ) -> Envelope:
        named, value, quality, altered = (
            self._points[reading.point],
            reading.value,
            GOOD_QUALITY,
            always,
        )
        for each in self._done:
            if (each.entity, each.point_type) != named or not each.at <= now < each.until:
                continue
            altered = True
            match each:
                case Shows():
                    value = each.value
                case Bends():
                    value = None if value is None else value * each.factor + each.offset
                case Freezes():
                    value = self._frozen.setdefault((reading.point, each), value)
                case Doubts():
                    quality = 0
        if not altered:
            return envelope
        said = {"value": value, "timestamp": reading.measured_at, "quality": quality}
        return envelope._replace(payload=msgspec.json.encode(said))


def _at_rest(point: Point, at: Instant) -> _Telling:
    reading = Reading(point.id, point.publisher, 0.0, GOOD_QUALITY, at)
    return Envelope(bms.value_topic(point), b"", at), reading
