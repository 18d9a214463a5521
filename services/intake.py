"""Intake: the one path of a message, live, replayed or in a test."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from schemas import bms
from schemas.drift import Drift
from schemas.envelope import Envelope
from schemas.errors import DecodeError, Reason
from twin.changes import Change, Changes
from twin.fleet import Fleet
from twin.fork import Fork
from twin.instants import Instant
from twin.points import EntityId
from twin.racks import Rack


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

    def take(self, topic: str, payload: bytes, at: Instant) -> Changes:
        """Fold in one message that was received ``at``, and what fell due until then.

        A message that cannot be understood is counted and changes nothing.
        """
        self.received += 1
        due = self.fleet.advance(at)
        if due:
            self._lapse(due)
        try:
            message = bms.decode(topic, payload, self.drift, self.fleet.known)
        except DecodeError as error:
            self.rejected[error.reason] += 1
            return due
        for fork in self._forks:
            fork.keep(message)
        changes = self.fleet.apply(message, at)
        return due + changes if due else changes

    def advance(self, now: Instant) -> Changes:
        """Let time pass until ``now``: everything that fell due."""
        due = self.fleet.advance(now)
        self._lapse(due)
        return due

    @contextmanager
    def fork(self, views: Mapping[EntityId, Rack | None] | None = None) -> Iterator[Fork]:
        """The fleet as it stands now, for as long as the block lasts; messages go on being folded.

        Args:
            views: All racks, with their views where somebody has them; see ``Fork``.
        """
        fork = Fork(self.fleet, views)
        self._forks.append(fork)
        try:
            yield fork
        finally:
            self._forks.remove(fork)

    def take_all(self, envelopes: Iterable[Envelope]) -> list[Change]:
        """Fold in a batch, and return everything that changed, in order."""
        changes: list[Change] = []
        for envelope in envelopes:
            changes += self.take(envelope.topic, envelope.payload, envelope.received_at)
        return changes

    def _lapse(self, due: Changes) -> None:
        for fork in self._forks:
            for change in due:
                fork.lapse(change)
