import asyncio
from collections.abc import Mapping

from held_disk import Gate, turns
from services.notify.held import held_post, held_publish
from services.notify.posting import Answer


async def test_nothing_is_published_before_it_may_be_shown() -> None:
    gate, said = Gate(), list[tuple[str, bytes, bool, int]]()

    async def publish(topic: str, payload: bytes, *, retain: bool = False, qos: int = 0) -> None:
        said.append((topic, payload, retain, qos))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(held_publish(publish, gate)("t", b"1", retain=True, qos=1))
        await turns()
        assert (gate.asked, said) == (1, [])
        gate.open()
    assert said == [("t", b"1", True, 1)]


async def test_nothing_is_posted_before_it_may_be_shown() -> None:
    gate, said = Gate(), list[tuple[str, bytes]]()

    async def post(url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        assert headers == {"a": "b"}
        said.append((url, body))
        return Answer(204)

    async with asyncio.TaskGroup() as tasks:
        posted = tasks.create_task(held_post(post, gate)("u", b"1", {"a": "b"}))
        await turns()
        assert (gate.asked, said) == (1, [])
        gate.open()
    assert posted.result().taken
    assert said == [("u", b"1")]
