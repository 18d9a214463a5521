import asyncio
from collections import Counter

import msgspec
import pytest

from build import START, at
from services.simulate.plant import Plant
from services.simulate.publish import BATCH_S, BEHIND, publish
from twin.instants import Instant, Millis, after


class Bus:
    """A bus that notes what is sent and when, and once can stall, as can the whole machine."""

    def __init__(self) -> None:
        self.sent: list[tuple[Instant, str, bytes, bool]] = []
        self.stall_at = at(1e6)
        self.sleep_at = at(1e6)
        self.slept = Millis(0)

    def clock(self) -> Instant:
        now = at(asyncio.get_running_loop().time())
        return after(now, self.slept) if now >= self.sleep_at else now

    async def __call__(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        if self.clock() >= self.stall_at:
            self.stall_at = at(1e6)
            await asyncio.sleep(60)
        self.sent.append((self.clock(), topic, payload, retain))

    def said(self) -> list[tuple[Instant, Instant, str]]:
        """Sent when, measured when, and the topic, of every value."""
        return [
            (sent, msgspec.json.decode(payload)["timestamp"], topic)
            for sent, topic, payload, retain in self.sent
            if not retain
        ]


async def test_metadata_and_the_present_state_come_first() -> None:
    plant, bus = Plant(2, seed=1), Bus()
    await publish(plant, bus, bus.clock, at(0.001))
    metadata, values = list(plant.metadata()), list(plant.values(START))
    first = bus.sent[: len(metadata) + len(values)]
    assert [sent[1:] for sent in first] == [
        *((topic, payload, True) for topic, payload in metadata),
        *((message.topic, message.payload, False) for message in values),
    ]


async def test_everything_goes_out_when_its_time_has_come() -> None:
    plant, bus = Plant(2, seed=1), Bus()
    await publish(plant, bus, bus.clock, at(300))
    first = sum(1 for _ in plant.recording(START, START))
    messages = list(plant.messages(START, at(300)))
    assert [sent[1:] for sent in bus.sent[first:]] == [
        (message.topic, message.payload, message.retain) for message in messages
    ]
    for (sent, *_), message in zip(bus.sent[first:], messages, strict=True):
        assert 0 <= sent - message.received_at <= BATCH_S * 1000 + 1


async def test_stalled_bus_gets_the_present_state_and_not_what_it_missed() -> None:
    plant, bus = Plant(2, seed=1), Bus()
    bus.stall_at = at(20)
    await publish(plant, bus, bus.clock, at(100))
    resumed = [(sent, measured, topic) for sent, measured, topic in bus.said() if sent > at(80)]
    assert all(sent - measured <= BEHIND for sent, measured, _ in resumed[1:])
    instant = Counter(topic for sent, _, topic in resumed if sent < at(80.2))
    assert len(instant) == len(list(plant.values(START)))
    assert max(instant.values()) <= 2


@pytest.mark.parametrize("slept", [Millis(1_000), Millis(3_600_000)])
async def test_machine_that_slept_goes_on_from_now(
    slept: Millis, caplog: pytest.LogCaptureFixture
) -> None:
    bus = Bus()
    bus.sleep_at, bus.slept = at(10), slept
    await publish(Plant(1, seed=1), bus, bus.clock, after(at(30), slept))
    woken = after(at(10), slept)
    behind = [sent - measured for sent, measured, _ in bus.said() if sent >= woken]
    assert len(behind) > 100
    assert max(behind) <= BEHIND
    skipped = [record for record in caplog.records if "skipping ahead" in record.message]
    assert len(skipped) == (slept > BEHIND)


async def test_it_ends_at_its_end_even_where_that_was_slept_through() -> None:
    bus = Bus()
    bus.sleep_at, bus.slept = at(10), Millis(60_000)
    await publish(Plant(1, seed=1), bus, bus.clock, at(30))
    assert asyncio.get_running_loop().time() < 11


async def test_without_an_end_it_goes_on_until_cancelled() -> None:
    bus = Bus()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1000):
            await publish(Plant(1, seed=1), bus, bus.clock)
    assert bus.sent[-1][0] >= at(999)
