import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from brokers import BROKERS, listening, until
from schemas.envelope import Envelope
from services.broker.publish import publisher
from services.replay.files import read
from services.replay.play import play
from twin.instants import Instant

BEGAN = Instant(2_000_000_000_000)
"""When it is played."""

OWN = 1_767_225_600_000
"""When it was recorded."""

VALUE, METADATA = "BMS/v1/PUB/Value/Rack/RackPower/a", "BMS/v1/PUB/Metadata/Rack/RackPower/a"


class Broker:
    """Takes what is published, and when."""

    def __init__(self, most: int = 1_000) -> None:
        self.sent: list[tuple[int, str, bytes, bool]] = []
        self._most = most

    async def __call__(
        self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 0
    ) -> None:
        assert qos == 0
        self.sent.append((now(), topic, payload, retain))
        if len(self.sent) == self._most:
            raise asyncio.CancelledError


def now() -> Instant:
    return Instant(BEGAN + round(asyncio.get_running_loop().time() * 1000))


def of(*messages: tuple[str, int, int]) -> Callable[[], Iterator[Envelope]]:
    """A recording of values: topic, received and measured, both after its start."""
    return lambda: (
        Envelope(topic, b'{"value":1,"timestamp":%d}' % (OWN + measured), Instant(OWN + received))
        for topic, received, measured in messages
    )


def at(instant: int) -> bytes:
    return b'{"value":1,"timestamp":%d}' % instant


async def test_messages_keep_their_distance_and_are_of_now() -> None:
    broker = Broker()
    began = now()
    sent = await play(of((VALUE, 0, 0), (VALUE, 4_000, 3_900)), broker, clock=now)
    assert sent == 2
    assert [(when - began, payload) for when, _, payload, _ in broker.sent] == [
        (0, at(began)),
        (4_000, at(began + 3_900)),
    ]


async def test_time_passes_at_the_speed_it_is_played_at() -> None:
    broker = Broker()
    began = now()
    await play(of((VALUE, 0, 0), (VALUE, 60_000, 60_000)), broker, speed=60, clock=now)
    assert [(when - began, payload) for when, _, payload, _ in broker.sent] == [
        (0, at(began)),
        (1_000, at(began + 1_000)),
    ]


async def test_without_a_speed_nothing_waits_and_all_is_of_now() -> None:
    broker = Broker()
    began = now()
    await play(of((VALUE, 0, 0), (VALUE, 9_000_000, 0)), broker, speed=None, clock=now)
    assert broker.sent == [(began, VALUE, at(began), False)] * 2


async def test_metadata_is_retained_in_every_cluster() -> None:
    broker = Broker()
    topics = (METADATA, f"cpc/a/{METADATA}", VALUE)
    await play(of(*((topic, 0, 0) for topic in topics)), broker, clock=now)
    assert [retain for _, _, _, retain in broker.sent] == [True, True, False]


async def test_filter_leaves_out_without_changing_the_timing() -> None:
    broker = Broker()
    began = now()
    recording = of((METADATA, 0, 0), (VALUE, 1_000, 1_000))
    assert await play(recording, broker, topic_filter="BMS/v1/PUB/Value/#", clock=now) == 1
    assert [(when - began, topic) for when, topic, _, _ in broker.sent] == [(1_000, VALUE)]


async def test_loop_begins_again_and_stays_current() -> None:
    broker = Broker(most=3)
    began = now()
    with pytest.raises(asyncio.CancelledError):
        await play(of((VALUE, 0, 0), (VALUE, 500, 500)), broker, loop=True, clock=now)
    assert [payload for _, _, payload, _ in broker.sent] == [
        at(began),
        at(began + 500),
        at(began + 500),
    ]


async def test_loop_over_nothing_ends() -> None:
    assert await play(of(), Broker(), loop=True, clock=now) == 0
    assert await play(of((VALUE, 0, 0)), Broker(), loop=True, topic_filter="x", clock=now) == 0


async def test_wrong_filter_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ValueError, match="not a topic filter"):
        await play(of((VALUE, 0, 0)), Broker(), topic_filter="a+", clock=now)


@pytest.mark.real
@pytest.mark.parametrize("kind", BROKERS)
async def test_real_recording_arrives_whole(kind: str, tmp_path: Path, dsx: Path) -> None:
    def ten_seconds() -> list[Envelope]:
        whole = list(read(dsx / "dsx_exemplar.csv"))
        return [each for each in whole if each.received_at < whole[0].received_at + 10_000]

    async with BROKERS[kind](tmp_path) as broker, listening(broker.settings) as heard:
        await until(lambda: heard.status.connected)
        async with publisher(broker.settings, "plays") as publish:
            sent = await play(ten_seconds, publish, speed=None)
        await until(lambda: len(heard.envelopes) == sent)
        said = ten_seconds()
        assert [one.topic for one in heard.envelopes] == [one.topic for one in said]
        async with listening(broker.settings, role="later") as later:
            await until(lambda: len(later.envelopes) == 166)
        assert all(one.retain and "/Metadata/" in one.topic for one in later.envelopes)
