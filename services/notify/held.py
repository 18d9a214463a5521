"""Held: whatever is told outside, once what it tells of faults is on the disk."""

from collections.abc import Mapping

from services.broker.publish import Publish
from services.hub import Settled
from services.notify.posting import Answer, Post


def held_publish(publish: Publish, settled: Settled) -> Publish:
    """The same, but nothing goes out before all is ``settled`` that it may tell of."""

    async def held(topic: str, payload: bytes, *, retain: bool = False, qos: int = 0) -> None:
        await settled()
        await publish(topic, payload, retain=retain, qos=qos)

    return held


def held_post(post: Post, settled: Settled) -> Post:
    """The same, but nothing goes out before all is ``settled`` that it may tell of."""

    async def held(url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        await settled()
        return await post(url, body, headers)

    return held
