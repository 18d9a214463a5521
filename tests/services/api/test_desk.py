import asyncio
from collections.abc import Sequence

from live import Live, a_client, a_live_fleet, an_app
from services.api.desk import AT_ONCE
from twin.changes import Change
from twin.instants import Millis, after


class FullDisk(Live):
    """Keeps nothing any more after so many acts."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    @property
    def trouble(self) -> str | None:
        """Why nothing can be kept."""
        return "no space left" if len(self.done) >= self.room else None


def leaking(room: int) -> tuple[FullDisk, str]:
    live = FullDisk(room)
    live.leak("R1")
    (fault,) = live.fleet.faults.standing()
    return live, fault.id


async def test_nothing_is_done_that_cannot_be_kept() -> None:
    live, fault = leaking(0)
    async with a_client(an_app(live)) as client:
        answer = await client.post(f"faults/{fault}/ack")
    assert (answer.status_code, answer.json()["detail"]) == (503, "no space left")
    assert live.fleet.faults.standing()[0].unacked


async def test_whoever_did_what_could_not_be_kept_is_told_so() -> None:
    live, fault = leaking(1)
    async with a_client(an_app(live)) as client:
        answer = await client.post(f"faults/{fault}/ack")
    assert answer.status_code == 503
    assert "as soon as that is possible" in answer.json()["detail"]


async def test_of_several_what_comes_behind_trouble_is_not_done_and_told_so() -> None:
    live = FullDisk(AT_ONCE + 1)
    for rack in range(2 * AT_ONCE + 1):
        live.leak(f"L{rack}")
    ids = [each.id for each in live.fleet.faults.standing()]
    async with a_client(an_app(live)) as client:
        answer = await client.post("faults/ack", json={"ids": ids})
    items = answer.json()["items"]
    assert [each["status"] for each in items] == [200] * AT_ONCE + [503] * (AT_ONCE + 1)
    assert [each["id"] for each in items] == ids
    assert items[-1]["fault"]["state"] == "UNACK"


async def test_of_several_none_is_told_of_where_nothing_can_be_kept() -> None:
    live, fault = leaking(1)
    async with a_client(an_app(live)) as client:
        answer = await client.post("faults/ack", json={"ids": [fault]})
    assert answer.status_code == 503


class Written(Live):
    """Notes what it is given, in order."""

    def emit(self, changes: Sequence[Change], address: str | None = None) -> None:
        """Note it."""
        super().emit(changes, address)
        self.given = [*getattr(self, "given", []), (len(changes), address)]


async def test_what_fell_due_is_told_before_what_is_done_and_all_that_is_done_at_once() -> None:
    live = Written()
    for rack in ("R1", "R2"):
        live.leak(rack)
    ids = [each.id for each in live.fleet.faults.standing()]
    del live.given
    async with a_client(an_app(live)) as client:
        await client.post("faults/ack", json={"ids": ids})
    assert live.given == [(0, None), (2, "127.0.0.1")]


async def test_others_have_their_turn_between_the_beats_that_come_before_what_is_done() -> None:
    live = Written()
    live.leak("R1")
    (fault,) = live.fleet.faults.standing()
    live.now = after(live.now, Millis(3_000))
    del live.given
    seen: set[int] = set()

    async def look() -> None:
        while True:
            seen.add(len(getattr(live, "given", [])))
            await asyncio.sleep(0)

    looking = asyncio.create_task(look())
    async with a_client(an_app(live)) as client:
        await client.post(f"faults/{fault.id}/ack")
    looking.cancel()
    *beats, done = [address for _, address in live.given]
    assert (set(beats), done) == ({None}, "127.0.0.1")
    assert len(beats) > 2
    assert seen >= set(range(1, len(beats)))


async def test_what_is_done_is_news_of_the_stream_before_it_is_answered() -> None:
    live = a_live_fleet()
    live.leak("R1")
    (fault,) = live.fleet.faults.standing()
    seq, revision = live.hub.faults.seq, live.hub.revision
    async with a_client(an_app(live)) as client:
        answer = await client.post(f"faults/{fault.id}/ack")
    assert live.hub.faults.seq == seq + 1
    assert answer.headers["twin-revision"] == f"e1:{revision + 1}"
