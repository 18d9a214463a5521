"""However messages are cut into batches, the same comes of them as one by one."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import START, at
from schemas import bms
from schemas.digest import digest
from schemas.drift import Drift
from schemas.envelope import Envelope
from schemas.errors import DecodeError, Reason
from services.intake import Intake
from services.replay.files import read
from services.simulate.metadata import metadata_of
from services.simulate.plant import Plant
from streams import POINTS, Sent, streams, view
from twin.changes import Change
from twin.fleet import Fleet
from twin.points import Point, PointId, Retraction

_OF = {point.id: point for point in POINTS}


def _encoded(sent: Sent) -> Envelope:
    """A message as its publisher would put it on the bus."""
    message, received_at = sent
    if isinstance(message, Point):
        said = json.loads(metadata_of(message)) | (
            {"scope": message.scope} if message.scope else {}
        )
        return Envelope(bms.metadata_topic(message), json.dumps(said).encode(), received_at)
    if isinstance(message, Retraction):
        return Envelope(bms.metadata_topic(_OF[message.point]), b"", received_at)
    spoken = replace(_OF[PointId(message.point)], publisher=message.publisher)
    said = {"value": message.value, "timestamp": message.measured_at, "quality": message.quality}
    return Envelope(bms.value_topic(spoken), json.dumps(said).encode(), received_at)


class OneByOne:
    """Folds without any short way."""

    def __init__(self, messages: Sequence[Envelope]) -> None:
        self.fleet = Fleet()
        self.changes: list[Change] = []
        self.drift: Counter[Drift] = Counter()
        self.rejected: Counter[Reason] = Counter()
        for topic, payload, received_at, _ in messages:
            self.changes += self.fleet.advance(received_at)
            try:
                message = bms.decode(topic, payload, self.drift)
            except DecodeError as error:
                self.rejected[error.reason] += 1
                continue
            self.changes += self.fleet.apply(message, received_at)


def _batches(messages: Sequence[Envelope], cuts: Sequence[int]) -> tuple[Intake, list[Change]]:
    """Fold in batches of these sizes, and the rest in one."""
    intake, changes, start = Intake(Fleet()), list[Change](), 0
    for size in (*cuts, len(messages)):
        changes += intake.take_all(messages[start : start + size])
        start += size
    return intake, changes


def _assert_the_same(messages: Sequence[Envelope], cuts: Sequence[int]) -> None:
    expected = OneByOne(messages)

    intake, changes = _batches(messages, cuts)

    assert changes == expected.changes
    assert view(intake.fleet) == view(expected.fleet)
    assert digest(intake.fleet) == digest(expected.fleet)
    assert intake.fleet.counters == expected.fleet.counters
    assert (intake.drift, intake.rejected) == (expected.drift, expected.rejected)
    assert intake.received == len(messages)


@given(streams() | streams(told=False), st.lists(st.integers(0, 9)))
def test_any_messages_in_any_batches(sent: list[Sent], cuts: list[int]) -> None:
    _assert_the_same([*map(_encoded, sent)], cuts)


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_the_real_recording_in_batches(dsx: Path, size: int) -> None:
    messages = [*read(dsx / "dsx_exemplar.csv", START)]

    _assert_the_same(messages, [size] * (len(messages) // size))


@pytest.mark.parametrize("size", [1, 300, 100_000])
def test_a_simulated_fleet_that_is_received_in_batches(size: int) -> None:
    """All of a batch is received at once, as from a broker: beats lie between them, and missed."""
    plain = [*Plant(3, seed=1).recording(START, at(20))]
    cut = [plain[start : start + size] for start in range(0, len(plain), size)]
    messages = [
        envelope._replace(received_at=batch[-1].received_at) for batch in cut for envelope in batch
    ]

    _assert_the_same(messages, [size] * len(cut))


PATH = "Rack/RackPower/hall1/R1"


def _described(entity: str = "R1", unit: str = "kW", **more: object) -> bytes:
    """What metadata says of the one point."""
    types = {"objectType": "Rack", "pointType": "RackPower"}
    owner = {"rackLocationName": entity, "rackLocationId": entity}
    return json.dumps(types | owner | {"engUnit": unit} | more).encode()


A, B = _described(), _described("R2")
STRANGE = _described(strange=1)
"""It says the same as A, with drift."""
RETRACTED, RUBBISH = b"", b"rubbish"

DESCRIBED_AGAIN = {
    "the same": [A, A, A],
    "with drift": [STRANGE, A, STRANGE, STRANGE],
    "another unit, which is drift, and back": [A, A, _described(unit="W"), A, A],
    "another owner and back": [A, A, B, B, A, A],
    "other words for the same and back": [A, b" " + A, A, b" " + A, B, b" " + A],
    "retracted": [A, A, RETRACTED, A, A, RETRACTED, RETRACTED, B],
    "not to be understood": [A, RUBBISH, A, RUBBISH, RUBBISH, A],
}


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize("said", DESCRIBED_AGAIN.values(), ids=DESCRIBED_AGAIN)
def test_what_is_described_again_comes_to_the_same(said: Sequence[bytes], size: int) -> None:
    """And so do the readings between, and what another publisher says meanwhile."""
    messages = []
    for second, payload in enumerate(said):
        value = b'{"value":%d,"timestamp":%d,"quality":1}' % (second, at(second))
        messages += [
            Envelope(f"BMS/v1/PUB/Metadata/{PATH}", payload, at(second)),
            Envelope(f"BMS/v1/PUB/Metadata/{PATH}/other", A, at(second)),
            Envelope(f"BMS/v1/PUB/Value/{PATH}", value, at(second)),
        ]

    _assert_the_same(messages, [size] * (len(messages) // size))
