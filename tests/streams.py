"""Streams of messages: drawn at random or recorded, how they are folded, and what one then sees."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

from hypothesis import strategies as st

from build import START, a_heartbeat, a_point
from schemas import bms
from schemas.durations import parse_ms
from twin.changes import Change
from twin.fleet import Fleet, Message
from twin.instants import Instant
from twin.points import EntityId, Point, PointId, PublisherId, Reading, Retraction
from twin.topology import Domain

Sent = tuple[Message, Instant]
"""A message and when it is received."""


def _in_hall(hall: str, point: Point) -> Point:
    return replace(point, id=PointId(f"{point.object_type}/{point.point_type}/{hall}/{point.name}"))


def _in_cluster(point: Point) -> Point:
    return replace(
        point,
        id=PointId(f"cpc/7/{point.id}"),
        publisher=PublisherId(f"cpc/7/{point.publisher}"),
    )


POINTS: Final = (
    _in_hall("hall1", a_point("Rack/RackPower", "R1")),
    _in_hall("hall2", a_point("Rack/RackPower", "R2")),
    _in_hall("hall1", a_point("Rack/RackLeakDetectTray", "R1", publisher="MEPAI1")),
    _in_hall("hall1", a_point("PowerMeter/ActivePower", "M1", serves=("R1", "R2"))),
    _in_cluster(a_point("Rack/RackPower", "R9")),
    a_heartbeat(),
    a_heartbeat(scope="hall1", tag="hall1"),
    a_heartbeat("MEPAI1"),
    _in_cluster(a_heartbeat()),
)
"""Two halls, an integration and a cluster, each with its heartbeat."""

_GAPS_MS: Final = (0, 0, 0, 1, 5_000, 9_999, 29_999, 30_000, 30_001, 100_000, 249_999, 250_000)
_LAGS_MS: Final = (0, 0, 1, 1_000, 40_000, -5_000, -60_000)

READINGS: Final = st.builds(
    lambda point, publisher, value, quality, lag: Reading(
        point.id, publisher or point.publisher, value, quality, Instant(-lag)
    ),
    st.sampled_from(POINTS),
    st.sampled_from((None, None, None, PublisherId("MEPAI1"))),
    st.sampled_from((None, 0.0, 1.0, 2.0)),
    st.sampled_from((1, 1, 0)),
    st.sampled_from(_LAGS_MS),
)
"""Readings that are measured so long before or after they are received."""

DESCRIPTIONS: Final = st.builds(
    lambda point, changes: replace(point, **changes),
    st.sampled_from(POINTS),
    st.sampled_from(
        (
            {},
            {},
            {"name": "another"},
            {"unit": "W"},
            {"entity": EntityId("R3")},
            {"serves": (EntityId("R2"),)},
            {"publisher": PublisherId("MEPAI1")},
        )
    ),
)
RETRACTIONS: Final = st.builds(Retraction, st.sampled_from([point.id for point in POINTS]))
MESSAGES: Final = st.one_of(READINGS, READINGS, READINGS, DESCRIPTIONS, RETRACTIONS)


@st.composite
def streams(
    draw: st.DrawFn, messages: st.SearchStrategy[Message] = MESSAGES, *, told: bool = True
) -> list[Sent]:
    """Messages in order of reception; where ``told``, every point is described before."""
    now = START
    sent: list[Sent] = [(point, now) for point in POINTS if told]
    for gap, message in draw(st.lists(st.tuples(st.sampled_from(_GAPS_MS), messages))):
        now = Instant(now + gap)
        sent.append((received(message, now), now))
    return sent


def received(message: Message, now: Instant) -> Message:
    """The message with its source time counted from ``now``."""
    if isinstance(message, Reading):
        return message._replace(measured_at=Instant(now + message.measured_at))
    return message


def end_of(sent: Sequence[Sent]) -> Instant:
    """When the last message is received, or all began."""
    return sent[-1][1] if sent else START


def recording(folder: Path) -> list[Sent]:
    """NVIDIA's recording, as decoded messages."""
    sent: list[Sent] = []
    with (folder / "dsx_exemplar.csv").open(newline="") as file:
        for offset, topic, payload in list(csv.reader(file))[1:]:
            now = Instant(START + parse_ms(offset))
            filled = payload.replace("{{timestamp_ms}}", str(now)).encode()
            sent.append((bms.decode(topic, filled, Counter()), now))
    return sent


def fold(sent: Iterable[Sent], until: Instant = START) -> tuple[Fleet, list[Change]]:
    """Fold all messages, let time pass ``until`` then, and tell what changed."""
    fleet = Fleet()
    changes: list[Change] = []
    for message, now in sent:
        changes += fleet.advance(now)
        changes += fleet.apply(message, now)
    changes += fleet.advance(until)
    return fleet, changes


def view(fleet: Fleet) -> dict[str, object]:
    """Everything that can be asked of a fleet, but its counters and what waits."""
    return {
        "racks": [fleet.rack(rack.id) for rack in fleet.racks()],
        "equipment": [(e.id, e.kind, e.name, e.freshness, e.counts) for e in fleet.equipment()],
        "readings": readings(fleet),
        "times": {s.point.id: (s.received_at, s.heard_at, s.ordered_at) for s in fleet.points()},
        "publishers": [
            (p.heartbeat, p.id, p.name, p.scope, p.freshness, p.heard_at)
            for p in fleet.publishers()
        ],
        "counts": fleet.counts,
    }


def readings(fleet: Fleet) -> dict[str, object]:
    """What every point shows, without the times at which we learned of it; and who serves whom."""
    return {
        "points": {
            s.point: (s.value, s.quality, s.freshness, s.measured_at) for s in fleet.points()
        },
        "edges": {domain: dict(fleet.topology.serves(domain)) for domain in Domain},
    }


def shuffled(sent: list[Sent], random: Random, window_ms: int = 1) -> list[Sent]:
    """The same messages, in any order within each window that keeps the order of each point.

    What takes another's place is also received when that would have been.
    """
    places: dict[tuple[int, str], float] = {}

    def place(each: Sent) -> tuple[int, float]:
        message, now = each
        point = message.id if isinstance(message, Point) else message.point
        window = now // window_ms
        return window, places.setdefault((window, point), random.random())

    messages = [message for message, _ in sorted(sent, key=place)]
    return [(message, now) for message, (_, now) in zip(messages, sent, strict=True)]
