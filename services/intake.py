"""Intake: the one path of a message, live, replayed or in a test."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Final, cast

from schemas import bms
from schemas.bms import PUB, VALUES, read_value
from schemas.drift import Drift
from schemas.envelope import Envelope
from schemas.errors import DecodeError, Reason
from schemas.payload import LARGEST, UNREADABLE
from twin.changes import Change, Changes, PointDescribed, PointRetracted
from twin.fleet import Fleet
from twin.fork import Fork
from twin.instants import Instant
from twin.points import EntityId, Point, PointState, Reading

SLICE: Final = 500
"""Messages folded before others get the loop: some 2 ms."""

MUCH: Final = SLICE + 100
"""Changes after which others get the loop: more than messages are faults, which cost the most."""

_ID: Final = len(VALUES)

Note = Callable[[Envelope], None]

_Find = Callable[[str], PointState | None]  # by what is an id of a point if it is of any


def _nobody(_: Envelope) -> None:
    """Is told."""


class Intake:
    """Folds messages into a fleet, and counts what became of each.

    Nothing here waits: whoever has messages calls, and passes on what is returned.
    """

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.received = 0
        self.rejected: Counter[Reason] = Counter()
        self.drift: Counter[Drift] = Counter()
        self.folding = False
        """Whether a batch is being folded, turn by turn: until that is done its messages alone tell
        the time, or it would be later than when the last of them came."""
        self._forks: list[Fork] = []
        self._topics: dict[str, PointState] = {}
        """The points that are heard from others than the BMS, by the topic of their values."""
        self._said: dict[int, int] = {}
        """What was described last, word by word, and still is as it was: hash of payload by that of
        topic. Publishers describe all their points again and again, and to read that takes long."""

    def take(self, topic: str, payload: bytes, at: Instant) -> Changes:
        """Fold in one message that was received ``at``, and what fell due until then.

        A message that cannot be understood is counted and changes nothing.
        """
        self.received += 1
        due = self.advance(at)
        changes = self._take(Envelope(topic, payload, at), _nobody)
        return due + changes if due else changes

    def take_all(self, envelopes: Iterable[Envelope]) -> list[Change]:
        """Fold in a batch, and return everything that changed, in order."""
        return [*chain.from_iterable(self.steps([*envelopes]))]

    def steps(self, batch: Sequence[Envelope], note: Note = _nobody) -> Iterator[Sequence[Change]]:
        """Fold in a batch step by step, and yield what each changed, in order.

        A beat is a step of its own, and so are some messages that meet none. However a batch is
        cut, the same comes of it.

        Args:
            batch: Messages in the order in which they came.
            note: Told of each message that described or retracted a point.
        """
        start = 0
        while start < len(batch):
            beat = self.fleet.next_beat(batch[start].received_at)
            if beat is None:
                changes: list[Change] = []
                start += self._fold(batch[start : start + SLICE], changes, note)
                yield changes
            else:
                yield self.advance(beat)

    def advance(self, now: Instant) -> Changes:
        """Let time pass until ``now``: everything that fell due."""
        due = self.fleet.advance(now)
        for fork in self._forks:
            for change in due:
                fork.lapse(change)
        return due

    @contextmanager
    def fork(self, racks: Iterable[EntityId] | None = None) -> Iterator[Fork]:
        """The fleet as it stands now, for as long as the block lasts; messages go on being folded.

        Args:
            racks: The ids of all racks, where somebody has them; see ``Fork``.
        """
        fork = Fork(self.fleet, racks)
        self._forks.append(fork)
        try:
            yield fork
        finally:
            self._forks.remove(fork)

    def _fold(  # noqa: C901  # each call less is a twentieth of what a message costs
        self, batch: Sequence[Envelope], changes: list[Change], note: Note
    ) -> int:
        """Fold until a beat is due or there is enough to be told; how many messages that were.

        Most readings are heard on a topic that is known, and are no more than a number: they go
        the short way. All else goes the long one, and so does all of it while there is a fork.
        """
        fleet, hear = self.fleet, self.fleet.hear
        point, others = cast("_Find", fleet.point), self._topics.get
        direct, passed, count = not self._forks, None, 0
        for envelope in batch:
            topic, payload, at, _ = envelope
            if at is not passed:  # nothing falls due between two readings of one instant
                if fleet.next_beat(at) is not None or len(changes) >= MUCH:
                    break
                changes += self.advance(at)
                passed = at
            count += 1
            if not topic.startswith(VALUES):
                state = others(topic)
            elif (state := point(topic[_ID:])) is not None and state.point.publisher != PUB:
                state = None
            if state is not None and direct and len(payload) <= LARGEST:
                try:
                    said = read_value(payload)
                except UNREADABLE:
                    taken = None
                else:
                    taken = hear(state, said.value, said.quality, said.timestamp, at)
                if taken is not None:
                    changes.append(taken)
                    continue
            changes += self._take(envelope, note)
            passed = None
        self.received += count
        return count

    def _take(self, envelope: Envelope, note: Note) -> Changes:
        """Fold in a message, whatever it may be."""
        topic, payload, at, _ = envelope
        words = hash(payload)
        if self._said.get(hash(topic)) == words:
            self.fleet.hear_again()
            return ()
        drift = Counter[Drift]()
        try:
            message = bms.decode(topic, payload, drift, self.fleet.known)
        except DecodeError as error:
            self.rejected[error.reason] += 1
            return ()
        finally:
            self.drift.update(drift)
        for fork in self._forks:
            fork.keep(message)
        changes = self.fleet.apply(message, at)
        if type(message) is Reading:
            state = self.fleet.point(message.point)
            others = message.publisher != PUB
            if others and state is not None and state.point.publisher == message.publisher:
                self._topics[topic] = state
        else:
            self._note(envelope, changes, note)
            if type(message) is Point and not drift:
                self._said[hash(topic)] = words
            else:
                self._said.pop(hash(topic), None)
        return changes

    def _note(self, envelope: Envelope, changes: Changes, note: Note) -> None:
        """Tell of a message that described or retracted a point, which may have another topic now.

        That of a point which is no more, or may be said by another publisher, is forgotten.
        """
        described = [each for each in changes if type(each) is PointDescribed]
        retracted = [each for each in changes if type(each) is PointRetracted]
        if described or retracted:
            note(envelope)
        for before in (*(each.before for each in described), *(each.point for each in retracted)):
            if before is not None:
                self._topics.pop(bms.value_topic(before), None)
