"""A recording played round and round, for what takes longer to show than it lasts."""

from collections.abc import Iterator, Sequence

from schemas.envelope import Envelope
from schemas.recording import moved
from twin.instants import Millis


def length(envelopes: Sequence[Envelope]) -> int:
    """From its first message to its last, in milliseconds."""
    return envelopes[-1].received_at - envelopes[0].received_at if envelopes else 0


def round_and_round(envelopes: Sequence[Envelope], span: Millis) -> Iterator[Envelope]:
    """A recording again and again, always whole, until ``span`` is over."""
    turn = length(envelopes) + 1
    for index in range(-(-span // turn) if envelopes else 0):
        for envelope in envelopes:
            yield moved(envelope, index * turn)
