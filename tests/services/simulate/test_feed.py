import asyncio

import pytest

from build import START, at
from services.simulate.feed import CATCH_UP_S, SLICE_S, Feed
from services.simulate.tape import Said, Tape
from twin.instants import Instant, Millis


class Bus:
    """A line that notes when it was given how much, and can be slow."""

    def __init__(self) -> None:
        self.written: list[tuple[float, bytes]] = []
        self.waits_s = 0.0

    def write(self, data: bytes | memoryview) -> None:
        self.written.append((now_s(), bytes(data)))

    async def drain(self) -> None:
        waits_s, self.waits_s = self.waits_s, 0.0
        await asyncio.sleep(waits_s)

    @property
    def stream(self) -> bytes:
        return b"".join(data for _, data in self.written)


def now_s() -> float:
    return asyncio.get_running_loop().time()


def clock() -> Instant:
    return at(now_s())


def tape(name: str, count: int, length_ms: int = 1_000) -> Tape:
    """So many messages on two topics, evenly."""
    said = (
        Said(
            Millis(number * length_ms // count),
            f"{name}{number % 2}",
            b'{"value":%d,"timestamp":%d,"quality":1}' % (number, START),
        )
        for number in range(count)
    )
    return Tape(Millis(length_ms), said)


async def test_messages_go_out_evenly_at_their_own_rate() -> None:
    bus = Bus()
    fed = await Feed(bus, clock).play([tape("A", 1_000)], 1_000, 3)

    assert fed.sent == fed.values == bus.stream.count(b'"value"') == 3_000
    assert fed.seconds[:3] == [pytest.approx(1_000, abs=20)] * 3
    assert fed.late_s == 0
    assert fed.took_s == pytest.approx(3)
    assert max(data.count(b'"value"') for _, data in bus.written) <= 1_000 * SLICE_S + 1


async def test_time_goes_faster_where_more_is_asked_for() -> None:
    fed = await Feed(Bus(), clock).play([tape("A", 1_000), tape("B", 100)], 4_400, 2)
    assert fed.sent == pytest.approx(8_800, abs=2)


async def test_values_say_when_they_go_out() -> None:
    bus = Bus()
    begin = clock()
    await Feed(bus, clock).play([tape("A", 100)], 100, 1)
    for sent_s, data in bus.written:
        assert b'"timestamp":%d' % at(sent_s) in data
    assert clock() > begin


async def test_a_short_stall_is_caught_up() -> None:
    bus = Bus()
    bus.waits_s = CATCH_UP_S / 2
    fed = await Feed(bus, clock).play([tape("A", 1_000)], 1_000, 1)
    assert (fed.sent, fed.late_s) == (1_000, 0)
    assert fed.took_s == pytest.approx(1)


async def test_a_long_stall_is_told_and_no_burst_follows() -> None:
    bus = Bus()
    bus.waits_s = 5
    fed = await Feed(bus, clock).play([tape("A", 1_000)], 1_000, 1)

    assert fed.sent == 1_000
    assert fed.late_s == pytest.approx(5, abs=CATCH_UP_S + 2 * SLICE_S)
    assert fed.took_s == pytest.approx(1 + fed.late_s)
    assert max(fed.seconds[5:]) <= 1_000 + 2 * CATCH_UP_S * 1_000
    assert sum(fed.seconds) == fed.sent


async def test_it_knows_what_it_said_last_over_all_tapes() -> None:
    early, late = (
        tape("A", 2),
        Tape(Millis(1_000), [Said(Millis(700), "A1", b'{"value":77,"x":1}')]),
    )
    feed = Feed(Bus(), clock)

    await feed.play([early, late], 3, 1)
    assert feed.last("A1") == b'{"value":77,"x":1}'
    assert (feed.last("A0") or b"").startswith(b'{"value":0,')

    await feed.play([early, late], 3, 0.6)
    assert (feed.last("A1") or b"").startswith(b'{"value":1,')
    assert feed.last("nobody") is None


async def test_publishers_live_until_it_ends() -> None:
    bus, beats = Bus(), list[int]()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(25):
            await Feed(bus, clock).live(["H0", "H1"], beats.append)
    assert beats == [2, 2, 2]
    assert bus.stream.count(b"H1") == 3
    assert b'{"value":%d,"timestamp":%d' % (at(20), at(20)) in bus.stream
